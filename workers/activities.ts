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
import { kubernetesClusters } from '../activities/kubernetes/index.ts';
import { argoRollouts } from '../activities/rollout/argo/index.ts';
import { prometheusAddress, type SupervisorClient } from '../infra/local/index.ts';
import { activitySignal, argoPlatform, byPlatform, kubernetesPlatform, localPlatform } from './platforms.ts';
import {
  databaseConnection,
  gateEnvironment,
  locate,
  movedAddress,
  type Policy,
  policyDigest,
  policyRefusals,
  restartRefusals,
  secretValue,
} from './policy.ts';

/** Releases on the embedded stack, and on the clusters of the policy. */
export function quickActivities(policy: Policy | null, supervisor: SupervisorClient): QuickActivities {
  const clusters = kubernetesClusters(policy?.clusters ?? {}, { signal: activitySignal });
  // A cancelled activity ends its Job all the same.
  const endings = kubernetesClusters(policy?.clusters ?? {}, { signal: () => undefined });
  const metricsOf = (cluster: string) => policy?.clusters[cluster]?.routerMetrics;
  const rollout = argoRollouts({ clusters });
  const platform = byPlatform({
    local: localPlatform(supervisor),
    kubernetes: kubernetesPlatform(clusters, metricsOf),
    argo: argoPlatform(clusters, rollout),
  });
  return createQuickActivities({
    admission: {
      policyRefusals: (plan) => policyRefusals(plan, policy),
      policyDigest: policyDigest(policy),
      acquireFence: platform.acquireFence,
    },
    metrics: {
      locate: (provider, environment) => locate(provider, policy, environment, () => prometheusAddress(supervisor)),
      secretOf: (use) => secretValue(use, policy, process.env),
    },
    jobs: { clusters, endings },
    workload: platform.workload,
    traffic: platform.traffic,
    rollout,
    database: { connectionOf: (name) => databaseConnection(name, policy, process.env) },
    flags: localFlags({ client: supervisor }),
    validation: { sideOf: platform.sideOf },
    restart: {
      restartRefusals: (plan) => restartRefusals(plan, policy),
      policyDigest: policyDigest(policy),
      restart: platform.restart,
    },
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
