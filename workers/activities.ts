import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { localFlags } from '../activities/flags/local.ts';
import {
  type BuildActivities,
  createBuildActivities,
  createQuickActivities,
  createTellingActivities,
  type QuickActivities,
  type TellingActivities,
} from '../activities/index.ts';
import { localTraffic } from '../activities/traffic/local.ts';
import { localSides } from '../activities/validation/sides.ts';
import { localWorkload } from '../activities/workload/local.ts';
import { prometheusAddress, type SupervisorClient } from '../infra/local/index.ts';
import {
  databaseConnection,
  gateEnvironment,
  locate,
  movedAddress,
  type Policy,
  policyDigest,
  policyRefusals,
  secretValue,
} from './policy.ts';

/** Releases on the local platform: revisions, traffic and metrics are asked of the embedded stack. */
export function quickActivities(policy: Policy | null, supervisor: SupervisorClient): QuickActivities {
  return createQuickActivities({
    admission: {
      policyRefusals: (plan) => policyRefusals(plan, policy),
      policyDigest: policyDigest(policy),
      acquireFence: async ({ service }, holder) => (await supervisor.grantFence(service, { holder })).fence,
    },
    metrics: {
      locate: (provider, environment) => locate(provider, policy, environment, () => prometheusAddress(supervisor)),
      secretOf: (use) => secretValue(use, policy, process.env),
    },
    workload: localWorkload({ client: supervisor }),
    traffic: localTraffic({ client: supervisor }),
    database: { connectionOf: (name) => databaseConnection(name, policy, process.env) },
    flags: localFlags({ client: supervisor }),
    validation: { sideOf: localSides({ client: supervisor }) },
  });
}

/** Gates, the image and files of a working copy on this host. */
export function buildActivities(policy: Policy | null, host: { queue: string; state: string }): BuildActivities {
  const directories = policy?.directories ?? [];
  const commands = {
    logs: join(host.state, 'logs'),
    environment: gateEnvironment(process.env, policy),
    directories,
    runAs: policy?.runAs ?? null,
  };
  return createBuildActivities({
    gates: {
      hostQueue: host.queue,
      ...commands,
      locate: (url, environment) => (policy === null ? url : (movedAddress(url, policy, environment) ?? url)),
    },
    image: { ...commands, dockerConfig: resolve(process.env.DOCKER_CONFIG || join(homedir(), '.docker')) },
    configuration: { state: join(host.state, 'configuration'), directories },
  });
}

/** Telling others, on a queue of its own: a receiver that is slow holds up no release. */
export function tellingActivities(policy: Policy | null): TellingActivities {
  return createTellingActivities({ webhooks: policy?.webhooks ?? {} });
}
