import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { V1Deployment, V1Pod } from '@kubernetes/client-node';
import type { ScaleRequest } from '../../activities/workload/port.ts';
import { openCluster, type TestCluster, until } from './support/index.ts';
import { deployment } from './support/workloads.ts';
import { inActivity, openStage, type Stage } from './workload-stage.ts';

test('revisions are scaled up and down, and waited for until pods are ready or gone', async (t) => {
  const cluster = await openCluster(t);
  const stage = openStage(cluster);
  const fence = await bothSides(stage, { stable: 3, canary: 1 });
  const up = await scale(stage, { replicas: { '2.0.0': 3 }, fence });
  assert.ok(up.ready, up.because);
  assert.deepEqual(await counts(stage), { '1.0.0': 3, '2.0.0': 3 });
  const down = await scale(stage, { replicas: { '1.0.0': 1, '2.0.0': 3 }, fence });
  assert.ok(down.ready, down.because);
  assert.equal((await live(cluster, '1.0.0')).length, 1);
  const begun = stage.requests.length;
  assert.ok((await scale(stage, { replicas: { '1.0.0': 1, '2.0.0': 3 }, fence })).ready);
  assert.deepEqual(
    stage.requests.slice(begun).filter(({ verb }) => verb === 'patch'),
    [],
  );
});

test('a side that carries traffic is not scaled to zero', async (t) => {
  const cluster = await openCluster(t);
  const stage = openStage(cluster);
  const fence = await bothSides(stage, { stable: 1, canary: 1 });
  stage.weights['1.0.0'] = 50;
  await assert.rejects(ask(stage, { replicas: { '1.0.0': 0 }, fence }), {
    type: 'SHIPLOCK_KUBERNETES_CARRIES_TRAFFIC',
  });
  await assert.rejects(ask(stage, { replicas: { '3.0.0': 1 }, fence }), {
    type: 'SHIPLOCK_KUBERNETES_REVISION_GONE',
  });
});

test('without a router pods are replaced within surge and what must be available, at every moment', async (t) => {
  const cluster = await openCluster(t);
  const stage = openStage(cluster, { traffic: { kind: 'replicas' } });
  const fence = await bothSides(stage, { stable: 5, canary: 0 }, { readyAfter: '300ms' });
  const seen: { wanted: number; available: number }[] = [];
  let watching = true;
  const watched = (async () => {
    while (watching) {
      const pods = await cluster.list<V1Pod>('v1', 'Pod', 'app=shop');
      const alive = pods.filter(({ metadata }) => !metadata?.deletionTimestamp);
      const { revisions } = await stage.workload.describeWorkload(stage.at);
      const wanted = revisions.reduce((sum, { replicas }) => sum + replicas, 0);
      seen.push({ wanted, available: alive.filter(isReady).length });
      await delay(20);
    }
  })();
  const within = { replicas: 5, maxSurge: 2, maxUnavailable: 1 };
  const half = await scale(stage, { replicas: { '1.0.0': 3, '2.0.0': 2 }, fence, within });
  assert.ok(half.ready, half.because);
  assert.deepEqual(await counts(stage), { '1.0.0': 3, '2.0.0': 2 });
  const all = await scale(stage, { replicas: { '1.0.0': 0, '2.0.0': 5 }, fence, within });
  assert.ok(all.ready, all.because);
  const back = await scale(stage, { replicas: { '1.0.0': 5, '2.0.0': 0 }, fence, within });
  assert.ok(back.ready, back.because);
  watching = false;
  await watched;
  assert.deepEqual(await counts(stage), { '1.0.0': 5, '2.0.0': 0 });
  assert.ok(Math.max(...seen.map(({ wanted }) => wanted)) === 7, 'as many as surge allows, and no more');
  assert.ok(Math.min(...seen.map(({ available }) => available)) >= 4, 'never more than one missing');
});

test('without a router a side that is not asked for keeps its pods, which count', async (t) => {
  const cluster = await openCluster(t);
  const stage = openStage(cluster, { traffic: { kind: 'replicas' } });
  const fence = await bothSides(stage, { stable: 1, canary: 1 });
  const within = { replicas: 1, maxSurge: 1, maxUnavailable: 0 };
  const { ready, because } = await scale(stage, { replicas: { '1.0.0': 0 }, fence, within }, 5_000);
  assert.ok(ready, because);
  assert.deepEqual(await counts(stage), { '1.0.0': 0, '2.0.0': 1 });
});

test('pods that do not come are a reason at the deadline, and the others keep serving', async (t) => {
  const cluster = await openCluster(t);
  if (!cluster.played) return t.skip('the pods of this cluster are not played');
  const stage = openStage(cluster, { traffic: { kind: 'replicas' } });
  const fence = await bothSides(stage, { stable: 4, canary: 0 }, { fails: 'ImagePullBackOff' });
  const within = { replicas: 4, maxSurge: 1, maxUnavailable: 0 } as const;
  const { ready, because } = await scale(stage, { replicas: { '1.0.0': 2, '2.0.0': 2 }, fence, within }, 2_500);
  assert.equal(ready, false);
  assert.match(because, /2\.0\.0: .*image registry\.example\/shop:2\.0\.0 cannot be pulled \(ImagePullBackOff/);
  assert.equal((await live(cluster, '1.0.0')).filter(isReady).length, 4);
});

test('an adopted Deployment shrinks before its time only progressively', async (t) => {
  const cluster = await openCluster(t);
  await cluster.apply(deployment({ name: 'shop', replicas: 3, image: 'registry.example/shop:1.0.0' }));
  await until(
    'three pods',
    async () => (await cluster.list<V1Pod>('v1', 'Pod', 'app=shop')).filter(isReady).length === 3,
  );
  const replicas = async () => (await cluster.get<V1Deployment>('apps/v1', 'Deployment', 'shop'))?.spec?.replicas;
  const adopted = { kind: 'Deployment', name: 'shop' } as const;
  const patient = openStage(cluster, { adopts: { ...adopted, scaleDown: 'onsuccess' } });
  const fence = await patient.fence('release-1');
  assert.ok((await scale(patient, { replicas: { '1.0.0': 1 }, fence })).ready);
  assert.equal(await replicas(), 3);
  const without = openStage(cluster, { adopts: { ...adopted, scaleDown: 'never' }, traffic: { kind: 'replicas' } });
  await assert.rejects(ask(without, { replicas: { '1.0.0': 1 }, fence }), { type: 'SHIPLOCK_KUBERNETES_TARGET' });
  const eager = openStage(cluster, { adopts: { ...adopted, scaleDown: 'progressively' } });
  assert.ok((await scale(eager, { replicas: { '1.0.0': 1 }, fence })).ready);
  assert.equal(await replicas(), 1);
  assert.ok((await scale(patient, { replicas: { '1.0.0': 3 }, fence })).ready, 'and grows again');
  assert.equal(await replicas(), 3);
});

/** 1.0.0 is stable, 2.0.0 the canary. */
async function bothSides(
  stage: Stage,
  { stable, canary }: { stable: number; canary: number },
  play: Parameters<Stage['target']>[2] = {},
): Promise<number> {
  const { workload, at } = stage;
  const fence = await stage.fence('release-1');
  await workload.startRevision({ ...at, version: '1.0.0', target: stage.target('1.0.0'), fence, replicas: stable });
  await workload.setRoles({ ...at, stable: '1.0.0', canary: '2.0.0', fence });
  const target = stage.target('2.0.0', {}, play);
  await workload.startRevision({ ...at, version: '2.0.0', target, fence, replicas: canary });
  const wait = { ...at, version: '1.0.0', deadlineMs: 15_000, sinceMs: Date.now() };
  assert.ok((await inActivity(() => workload.awaitReady(wait))).ready);
  return fence;
}

type Asked = Pick<ScaleRequest, 'replicas' | 'fence' | 'within'>;

function scale(stage: Stage, request: Asked, deadlineMs = 20_000) {
  return inActivity(() => ask(stage, request, deadlineMs));
}

/** What is refused at once needs no activity to wait in. */
function ask(stage: Stage, request: Asked, deadlineMs = 20_000) {
  return stage.workload.scaleRevisions({ ...stage.at, ...request, deadlineMs, sinceMs: Date.now() });
}

async function counts({ workload, at }: Stage): Promise<Record<string, number>> {
  const { revisions } = await workload.describeWorkload(at);
  return Object.fromEntries(revisions.map(({ version, replicas }) => [version, replicas]));
}

async function live(cluster: TestCluster, version: string): Promise<readonly V1Pod[]> {
  const pods = await cluster.list<V1Pod>('v1', 'Pod', 'app=shop');
  return pods.filter(
    ({ metadata }) => metadata?.annotations?.['shiplock.dev/version'] === version && !metadata.deletionTimestamp,
  );
}

function isReady({ status }: V1Pod): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
}
