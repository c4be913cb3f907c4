import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { Context } from '@temporalio/activity';
import { localFlags } from '../activities/flags/local.ts';
import {
  type BuildActivities,
  createBuildActivities,
  createQuickActivities,
  createTellingActivities,
  type QuickActivities,
  type TellingActivities,
} from '../activities/index.ts';
import { acquireFence, type ClusterAccess, kubernetesClusters } from '../activities/kubernetes/index.ts';
import { argoRollouts } from '../activities/rollout/argo/index.ts';
import { localTraffic } from '../activities/traffic/local.ts';
import { localSides } from '../activities/validation/sides.ts';
import { argoWorkload } from '../activities/workload/argo.ts';
import { localWorkload } from '../activities/workload/local.ts';
import { prometheusAddress, type SupervisorClient } from '../infra/local/index.ts';
import { byPlatform } from './platforms.ts';
import {
  databaseConnection,
  gateEnvironment,
  locate,
  type Policy,
  policyDigest,
  policyRefusals,
  secretValue,
} from './policy.ts';

/** Revisions and traffic are asked of the platform that a request names; without one of the embedded stack. */
export function quickActivities(policy: Policy | null, supervisor: SupervisorClient): QuickActivities {
  const clusters = kubernetesClusters(accessOf(policy), { signal: () => Context.current().cancellationSignal });
  const rollout = argoRollouts({ clusters });
  return createQuickActivities({
    admission: {
      policyRefusals: (plan) => policyRefusals(plan, policy),
      policyDigest: policyDigest(policy),
      acquireFence: async ({ service, place }, holder) =>
        place
          ? acquireFence(clusters.client(place.cluster), { namespace: place.namespace, service }, holder)
          : (await supervisor.grantFence(service, { holder })).fence,
    },
    metrics: {
      locate: (provider, environment) => locate(provider, policy, environment, () => prometheusAddress(supervisor)),
      secretOf: (use) => secretValue(use, policy, process.env),
    },
    workload: byPlatform({ local: localWorkload({ client: supervisor }), argo: argoWorkload(rollout) }),
    rollout,
    traffic: localTraffic({ client: supervisor }),
    database: { connectionOf: (name) => databaseConnection(name, policy, process.env) },
    flags: localFlags({ client: supervisor }),
    validation: { sideOf: localSides({ client: supervisor }) },
  });
}

/** What of the policy's clusters is needed to reach them. */
function accessOf(policy: Policy | null): Record<string, ClusterAccess> {
  return Object.fromEntries(
    Object.entries(policy?.clusters ?? {}).map(([name, { kubeconfig, context, namespaces }]) => [
      name,
      { namespaces, ...(kubeconfig !== undefined && { kubeconfig }), ...(context !== undefined && { context }) },
    ]),
  );
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
    gates: { hostQueue: host.queue, ...commands },
    image: { ...commands, dockerConfig: resolve(process.env.DOCKER_CONFIG || join(homedir(), '.docker')) },
    configuration: { state: join(host.state, 'configuration'), directories },
  });
}

/** Telling others, on a queue of its own: a receiver that is slow holds up no release. */
export function tellingActivities(policy: Policy | null): TellingActivities {
  return createTellingActivities({ webhooks: policy?.webhooks ?? {} });
}
