import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { cancellationSignal } from '@temporalio/activity';
import { localFlags } from '../activities/flags/local.ts';
import {
  type BuildActivities,
  createBuildActivities,
  createQuickActivities,
  createTellingActivities,
  type QuickActivities,
  type TellingActivities,
} from '../activities/index.ts';
import { acquireFence, kubernetesClusters } from '../activities/kubernetes/index.ts';
import { kubernetesTraffic } from '../activities/traffic/kubernetes/index.ts';
import { localTraffic } from '../activities/traffic/local.ts';
import { localSides } from '../activities/validation/sides.ts';
import { kubernetesWorkload } from '../activities/workload/kubernetes/index.ts';
import { localWorkload } from '../activities/workload/local.ts';
import { prometheusAddress, type SupervisorClient } from '../infra/local/index.ts';
import type { Whereabouts } from '../src/plan/target.ts';
import {
  databaseConnection,
  gateEnvironment,
  locate,
  type Policy,
  policyDigest,
  policyRefusals,
  secretValue,
} from './policy.ts';

/** Releases on the local platform: revisions, traffic and metrics are asked of the embedded stack. */
export function quickActivities(policy: Policy | null, supervisor: SupervisorClient): QuickActivities {
  const clusters = kubernetesClusters(policy?.clusters ?? {}, { signal: cancellationSignal });
  const routed = kubernetesTraffic({ clusters, signal: cancellationSignal });
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
    workload: byPlatform(localWorkload({ client: supervisor }), kubernetesWorkload({ clusters, ...routed })),
    traffic: byPlatform(localTraffic({ client: supervisor }), routed),
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
    gates: { hostQueue: host.queue, ...commands },
    image: { ...commands, dockerConfig: resolve(process.env.DOCKER_CONFIG || join(homedir(), '.docker')) },
    configuration: { state: join(host.state, 'configuration'), directories },
  });
}

/** Telling others, on a queue of its own: a receiver that is slow holds up no release. */
export function tellingActivities(policy: Policy | null): TellingActivities {
  return createTellingActivities({ webhooks: policy?.webhooks ?? {} });
}

/** Each request goes to the adapter of the platform whose place it names; one without a place is the embedded one's. */
function byPlatform<Port extends object>(local: Port, kubernetes: Port): Port {
  const activities = Object.keys(local).map((name) => {
    const activity = (request: Whereabouts) => {
      const adapter = request.place ? kubernetes : local;
      return (adapter as Record<string, (request: Whereabouts) => unknown>)[name]?.(request);
    };
    return [name, activity];
  });
  return Object.fromEntries(activities);
}
