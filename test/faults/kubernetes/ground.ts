/** A service on the test cluster whose requests go through a real router. */
import { kubernetesClusters } from '../../../activities/kubernetes/index.ts';
import type { Router } from '../../../infra/test-cluster/router/index.ts';
import { whereabouts } from '../../../src/plan/target.ts';
import { revisionId } from '../../../src/rollout/revision-id.ts';
import { kubernetesPlatform } from '../../../workers/platforms.ts';
import { CLUSTER } from '../../cluster/support/engine.ts';
import { type TestCluster, until } from '../../cluster/support/index.ts';
import { kindsOf, leftIn, presentIn } from '../../cluster/support/left.ts';
import type { Names } from '../../cluster/support/names.ts';
import { route, service as serviceObject } from '../../cluster/support/workloads.ts';
import { inActivity } from '../../cluster/workload-stage.ts';
import { watchFile } from '../effects.ts';
import type { Canary } from '../kinds.ts';
import { CANARY, STABLE, valuesFile } from '../plan.ts';
import type { Ground, Writes } from '../platform.ts';
import { sample } from '../service.ts';
import { recordJournal } from './journal.ts';
import { canaryOf, clusterPlan, stableOf, targetOf } from './plan.ts';

/** @param folder for files that the policy allows */
export async function prepareOn(
  cluster: TestCluster,
  router: Router,
  { kind, service, folder, writes }: { kind: Canary; service: string; folder: string; writes: Writes },
): Promise<Ground> {
  const plan = clusterPlan(kind, { service, folder, namespace: cluster.namespace });
  const kinds = await kindsOf(cluster);
  const present = await presentIn(cluster, kinds);
  const backends = { [stableOf(service)]: 100, [canaryOf(service)]: 0 };
  await cluster.apply([
    ...Object.keys(backends).map((name) => serviceObject(name, { app: service })),
    route({ name: service, gateway: router.gateway, weights: backends }),
  ]);
  await serveStable(cluster, plan.target, service);
  await until(`${service} answers`, async () => (await sample(router.address, 4))[STABLE] === 4);
  const names: Names = [
    [revisionId(STABLE), STABLE],
    [revisionId(CANARY), CANARY],
    [service, '<service>'],
  ];
  const journal = await recordJournal(cluster, service, names);
  const file = watchFile(valuesFile(folder, service));
  return {
    plan,
    address: router.address,
    writes,
    found: async () => {
      file.stop();
      const left = await leftIn(cluster, kinds, present, names);
      const effects = await journal();
      await endService(cluster, service);
      return { effects, left, contents: file.contents };
    },
  };
}

/** As its first release by the engine would: the stable version with all requests. */
async function serveStable(
  cluster: TestCluster,
  target: ReturnType<typeof clusterPlan>['target'],
  service: string,
): Promise<void> {
  const { kubeconfig, context, namespace } = cluster;
  const clusters = kubernetesClusters(
    { [CLUSTER]: { kubeconfig, context, namespaces: [namespace] } },
    { signal: () => undefined },
  );
  const { workload, traffic, acquireFence } = kubernetesPlatform(clusters, () => undefined);
  const at = whereabouts({ service, target });
  await inActivity(async () => {
    const fence = await acquireFence(at, `before ${service}`);
    await workload.setRoles({ ...at, stable: null, canary: STABLE, fence });
    const first = targetOf({ service, namespace, folder: '' }, STABLE);
    await workload.startRevision({ ...at, version: STABLE, target: first, fence });
    const waited = await workload.awaitReady({ ...at, version: STABLE, deadlineMs: 30_000, sinceMs: Date.now() });
    if (!waited.ready) throw new Error(`${service} ${STABLE}: ${waited.because}`);
    const weigh = () => traffic.setWeights({ ...at, weights: { [STABLE]: 100 }, fence, key: 'before' });
    await until(`${service} ${STABLE} has its traffic`, () => weigh());
    await workload.setRoles({ ...at, stable: STABLE, canary: null, fence });
  });
}

/** Nothing of it answers any more; its pods end in their own time. */
async function endService(cluster: TestCluster, service: string): Promise<void> {
  await cluster.remove('gateway.networking.k8s.io/v1', 'HTTPRoute', service);
  for (const name of [stableOf(service), canaryOf(service)]) await cluster.remove('v1', 'Service', name);
  for (const version of [STABLE, CANARY])
    await cluster.remove('apps/v1', 'ReplicaSet', `${service}-${revisionId(version)}`);
  await cluster.remove('v1', 'ConfigMap', `shiplock-${service}`);
}
