/**
 * Releases by a worker with exactly the Role of the chart: every request of the adapters passes, and there is no verb in
 * the Role that none of them needs.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createJobActivities } from '../../activities/jobs/index.ts';
import { kubernetesClusters, type Made, SERVICE_LABEL } from '../../activities/kubernetes/index.ts';
import { type Feature, PERMISSIONS } from '../../activities/kubernetes/permissions.ts';
import type { Reading } from '../../activities/metrics/port.ts';
import type { KubernetesTarget, TrafficPlan } from '../../src/plan/target.ts';
import { revisionId } from '../../src/rollout/revision-id.ts';
import { kubernetesPlatform } from '../../workers/platforms.ts';
import { SCALE } from '../fixtures/some-cluster-plan.ts';
import { openCluster, type TestCluster, until } from './support/index.ts';
import { GATEWAY, httpRoute, ISTIO, revision, virtualService } from './support/shop.ts';
import { jobPlan, jobsIn } from './support/smoke.ts';
import { deployment, playing, service } from './support/workloads.ts';
import { inActivity } from './workload-stage.ts';

const GRPC: TrafficPlan = { kind: 'gateway', routes: [{ kind: 'GRPCRoute', name: 'shop' }] };
const SUBSETS: TrafficPlan = {
  kind: 'istio',
  virtualServices: [{ name: 'shop', routes: [] }],
  destinationRule: { name: 'shop', stableSubset: 'stable', canarySubset: 'canary' },
};

test('a release over from a Deployment, by VirtualService, and back, has the rights it needs and no others', async (t) => {
  const features: readonly Feature[] = ['revisions', 'adoption', 'istio'];
  const shop = await open(t, features, ISTIO);
  await shop.cluster.apply(virtualService());
  await inActivity(shop.overFromDeployment);
  const subsets = await open(t, features, SUBSETS);
  await subsets.cluster.apply([destinationRule(), subsetRoutes()]);
  await inActivity(subsets.overFromDeployment);
  // A ReplicaSet that was replaced leaves copies, and Services that change roles are noted on the lease: see below.
  const rest = ['patch configmaps', 'delete configmaps'];
  assert.deepEqual(unused(features, [...shop.made, ...subsets.made]), rest);
});

test('a release whose Services change roles, over the remains of another, has the rights it needs', async (t) => {
  const pingPong = await open(t, ['revisions', 'istio'], { ...ISTIO, pingPong: true });
  await pingPong.cluster.apply([virtualService(), remains('1.0.0')]);
  await inActivity(pingPong.first);
  await inActivity(pingPong.second);
  assert.deepEqual(
    unused(['revisions', 'istio'], pingPong.made).filter((one) => one.endsWith('configmaps')),
    [],
  );
});

test('a release by routes of the Gateway API has the rights it needs and no others', async (t) => {
  const features: readonly Feature[] = ['revisions', 'gateway'];
  const shop = await open(t, features, GATEWAY);
  await shop.cluster.apply(httpRoute());
  await inActivity(shop.first);
  await inActivity(shop.second);
  const calls = await open(t, features, GRPC);
  await calls.cluster.apply({ ...httpRoute(), kind: 'GRPCRoute' });
  await inActivity(calls.first);
  await inActivity(calls.second);
  assert.deepEqual(unused(['gateway'], [...shop.made, ...calls.made]), []);
});

test('a release without a router has the rights it needs', async (t) => {
  const shop = await open(t, ['revisions'], { kind: 'replicas' });
  await inActivity(shop.first);
  await inActivity(shop.second);
});

test('metrics that run Jobs have the rights they need and no others', async (t) => {
  const cluster = await openCluster(t);
  const made: Made[] = [];
  const kubeconfig = await cluster.account('worker', rulesOf(['jobs']));
  const clusters = kubernetesClusters(
    { here: { kubeconfig, namespaces: [cluster.namespace] } },
    { signal: () => undefined, made: (request) => void made.push(request) },
  );
  const { runKubernetesJob, endKubernetesJobs } = createJobActivities({ clusters, endings: clusters });
  const at = { service: 'shop', cluster: 'here', namespace: cluster.namespace };
  const run = (number: number, play: Parameters<typeof playing>[0]) =>
    new MockActivityEnvironment({ scheduledTimestampMs: Date.now() }).run(() => {
      const reading = { key: `id/run/step-1/smoke/${number}`, metric: 'smoke', number };
      return runKubernetesJob({ ...at, reading, job: jobPlan(play, 3), release: 'run', deadlineMs: 30_000, kept: 1 });
    }) as Promise<Reading>;
  assert.match((await run(1, {})).raw, /exit code 0/);
  assert.match((await run(2, { exitCode: '3' })).raw, /exit code 3 of container smoke/);
  const endless = run(3, { endsAfter: 'never' });
  const reading = { key: 'id/run/step-1/smoke/3', metric: 'smoke', number: 3 };
  await until('the Job runs', async () => (await jobsIn(cluster)).some(({ status }) => status?.active === 1));
  await endKubernetesJobs({ ...at, readings: [reading] });
  assert.match((await endless).error ?? '', /is gone: somebody deleted it/);
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'no-pods' },
    spec: { hard: { pods: '0' } },
  });
  await until('the quota counts', async () => {
    const quota = await cluster.get<{ status?: { hard?: object } }>('v1', 'ResourceQuota', 'no-pods');
    return quota?.status?.hard !== undefined;
  });
  assert.match(
    (await run(4, {})).raw,
    /ran out of time \(DeadlineExceeded\).*pods cannot be created: .*exceeded quota: no-pods/,
  );
  assert.deepEqual(unused(['jobs'], made), []);
});

test('a restart has the rights it needs and no others, and without them nothing is looked at', async (t) => {
  const features: readonly Feature[] = ['restart'];
  const shop = await open(t, features, ISTIO);
  await shop.cluster.apply(revision('1.0.0', 2));
  await until('two pods', async () => (await shop.cluster.list('v1', 'Pod', 'app=shop')).length === 2);
  const { revisions, progress } = await inActivity(shop.restart);
  assert.deepEqual([revisions.length, progress.done, progress.replaced], [1, true, 2]);
  assert.deepEqual(unused(features, shop.made), []);

  const without = await open(t, ['revisions', 'istio'], ISTIO);
  await assert.rejects(inActivity(without.restart), {
    type: 'SHIPLOCK_KUBERNETES_FORBIDDEN',
    nonRetryable: true,
    message: /what this restart needs: create pods\/eviction/,
  });
});

test('a release without a right that it needs is not admitted, and nothing is written', async (t) => {
  const shop = await open(t, ['revisions'], ISTIO);
  await shop.cluster.apply(virtualService());
  await assert.rejects(shop.fence('release-1'), { type: 'SHIPLOCK_KUBERNETES_FORBIDDEN', nonRetryable: true });
  assert.equal(await shop.cluster.get('v1', 'ConfigMap', 'shiplock-shop'), null);
  assert.deepEqual(
    shop.made.filter(({ resource }) => !resource.includes('selfsubject')),
    [],
  );
});

async function open(t: { after(work: () => Promise<void>): void }, features: readonly Feature[], traffic: TrafficPlan) {
  const cluster = await openCluster(t);
  await cluster.apply([service('shop-stable', { app: 'shop' }), service('shop-canary', { app: 'shop' })]);
  const access = { kubeconfig: await cluster.account('worker', rulesOf(features)), namespaces: [cluster.namespace] };
  const made: Made[] = [];
  const clusters = kubernetesClusters(
    { here: access },
    { signal: () => undefined, made: (request) => void made.push(request) },
  );
  const { workload, traffic: routes, acquireFence, restart } = kubernetesPlatform(clusters, () => undefined);
  const place = targetOf(cluster, traffic, '0');
  const adopting = { ...place, adopts: { kind: 'Deployment', name: 'shop', scaleDown: 'onsuccess' } } as const;
  const soon = () => ({ deadlineMs: 30_000, sinceMs: Date.now() });

  /** The whole way of a version: beside the stable one, weight by weight, the roles, and the old one away. */
  const release = async (where: KubernetesTarget, version: string, old: string, holder: string) => {
    const at = { service: 'shop', place: where };
    const fence = await acquireFence(at, holder);
    await workload.describeWorkload(at);
    await workload.setRoles({ ...at, stable: old, canary: version, fence });
    const target = targetOf(cluster, where.traffic, version);
    await workload.startRevision({ ...at, version, target, fence });
    await ready(workload.awaitReady, at, version);
    const move = async (canary: number) => {
      await scaled(canary);
      await routed({ [version]: canary, [old]: 100 - canary });
    };
    const scaled = async (canary: number) => {
      if (where.traffic.kind !== 'replicas') return;
      const share = Math.round((2 * canary) / 100);
      const replicas = { [version]: Math.max(share, 1), [old]: 2 - share };
      const done = await workload.scaleRevisions({ ...at, replicas, fence, ...soon() });
      assert.ok(done.ready, done.because);
    };
    const routed = (weights: Record<string, number>) => routes.setWeights({ ...at, weights, fence, key: holder });
    await move(50);
    await move(100);
    await workload.setRoles({ ...at, stable: version, canary: null, fence });
    return { at, fence };
  };

  return {
    cluster,
    made,
    fence: (holder: string) => acquireFence({ service: 'shop', place }, holder),
    restart: async () => {
      const at = { service: 'shop', place };
      const sinceMs = Date.now();
      const revisions = await restart.podsToRestart(at);
      const shown = { replaced: 0, waitsFor: 'replacements' } as const;
      const request = { ...at, revisions, sinceMs, untilMs: sinceMs + 30_000, maxUnavailable: 1, shown };
      return { revisions, progress: await restart.restartPods(request) };
    },
    /** Nothing runs yet. */
    first: async () => {
      const at = { service: 'shop', place };
      const fence = await acquireFence(at, 'release-1');
      await workload.setRoles({ ...at, stable: null, canary: '1.0.0', fence });
      await workload.startRevision({ ...at, version: '1.0.0', target: targetOf(cluster, traffic, '1.0.0'), fence });
      await ready(workload.awaitReady, at, '1.0.0');
      await routes.setWeights({ ...at, weights: { '1.0.0': 100 }, fence, key: 'release-1' });
      await workload.setRoles({ ...at, stable: '1.0.0', canary: null, fence });
    },
    second: async () => {
      const { at, fence } = await release(place, '1.1.0', '1.0.0', 'release-2');
      await workload.removeRevision({ ...at, version: '1.0.0', fence });
    },
    overFromDeployment: async () => {
      await cluster.apply(deployment({ name: 'shop', replicas: 2, image: 'registry.example/shop:1.0.0' }));
      await ready(workload.awaitReady, { service: 'shop', place: adopting }, '1.0.0');
      const { at, fence } = await release(adopting, '1.1.0', '1.0.0', 'release-2');
      await workload.removeRevision({ ...at, version: '1.0.0', fence });
      const next = await release(adopting, '1.2.0', '1.1.0', 'release-3');
      await workload.removeRevision({ ...next.at, version: '1.1.0', fence: next.fence });
      // One whose probe fails is asked for its events.
      const target = targetOf(cluster, traffic, '1.3.0', { readyAfter: '1h' });
      const fourth = await acquireFence(next.at, 'release-4');
      await workload.setRoles({ ...next.at, stable: '1.2.0', canary: '1.3.0', fence: fourth });
      await workload.startRevision({ ...next.at, version: '1.3.0', target, fence: fourth });
      const waited = { ...next.at, version: '1.3.0', deadlineMs: 1_000, sinceMs: Date.now() };
      assert.equal((await workload.awaitReady(waited)).ready, false);
      await workload.removeRevision({ ...next.at, version: '1.3.0', fence: fourth });
    },
  };
}

const rulesOf = (features: readonly Feature[]) =>
  features
    .flatMap((feature) => PERMISSIONS[feature])
    .map(({ group, resource, verbs }) => ({ apiGroups: [group], resources: [resource], verbs }));

async function ready(
  awaitReady: ReturnType<typeof kubernetesPlatform>['workload']['awaitReady'],
  at: { readonly service: string; readonly place: KubernetesTarget },
  version: string,
): Promise<void> {
  const waited = await awaitReady({ ...at, version, deadlineMs: 30_000, sinceMs: Date.now() });
  assert.ok(waited.ready, waited.because);
}

function targetOf(
  { namespace }: TestCluster,
  traffic: TrafficPlan,
  version: string,
  play: Parameters<typeof playing>[0] = {},
): KubernetesTarget {
  return {
    platform: 'kubernetes',
    cluster: 'here',
    namespace,
    selector: { app: 'shop' },
    stableService: 'shop-stable',
    canaryService: 'shop-canary',
    traffic,
    replicas: 2,
    template: {
      metadata: { labels: { app: 'shop' }, annotations: playing(play) },
      spec: {
        containers: [
          {
            name: 'app',
            image: `registry.example/shop:${version}`,
            envFrom: [{ configMapRef: { name: 'settings' } }],
          },
        ],
      },
    },
    configMaps: [{ name: 'settings', data: { greeting: version } }],
    minReadySeconds: 0,
    readinessPath: '/ready',
    scale: SCALE,
  };
}

/** What the Role grants and nothing asked for. */
function unused(features: readonly Feature[], made: readonly Made[]): readonly string[] {
  const asked = new Set(made.map(({ verb, resource }) => `${verb} ${resource}`));
  const granted = features
    .flatMap((feature) => PERMISSIONS[feature])
    .flatMap(({ group, resource, verbs }) => verbs.map((verb) => `${verb} ${resource}${group && `.${group}`}`));
  assert.deepEqual(
    made.filter(({ status }) => status === 403).map(({ verb, resource }) => `${verb} ${resource}`),
    [],
  );
  return granted.filter((request) => !asked.has(request));
}

/** A copy of a ConfigMap whose ReplicaSet is gone, and which is not collected yet. */
function remains(version: string) {
  const metadata = { name: `settings-${revisionId(version)}`, labels: { [SERVICE_LABEL]: 'shop' } };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: {} };
}

function destinationRule() {
  const subset = (name: string) => ({ name, labels: { app: 'shop' } });
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name: 'shop' },
    spec: { host: 'shop-stable', subsets: [subset('stable'), subset('canary')] },
  };
}

function subsetRoutes() {
  const to = (subset: string, weight: number) => ({ destination: { host: 'shop-stable', subset }, weight });
  return virtualService([{ route: [to('stable', 100), to('canary', 0)] }]);
}
