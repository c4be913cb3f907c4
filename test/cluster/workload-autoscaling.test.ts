import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { V1ReplicaSet, V2HorizontalPodAutoscaler } from '@kubernetes/client-node';
import { gateOf } from './support/gate.ts';
import { type ClusterObject, openCluster, type TestCluster, until } from './support/index.ts';
import { deployment } from './support/workloads.ts';
import { inActivity, openStage, type Stage } from './workload-stage.ts';

const API = 'autoscaling/v2';

test('an autoscaler is held while there is a canary, then scales the new stable revision, and is otherwise as it was', async (t) => {
  const cluster = await openCluster(t);
  await cluster.apply([
    deployment({ name: 'shop', replicas: 2, image: 'registry.example/shop:0.9.0' }),
    deployment({ name: 'other' }),
    autoscaler('shop', { kind: 'Deployment', name: 'shop' }),
    autoscaler('other', { kind: 'Deployment', name: 'other' }),
  ]);
  const before = await read(cluster, 'shop');
  const stage = openStage(cluster, { adopts: { kind: 'Deployment', name: 'shop', scaleDown: 'onsuccess' } });
  const { workload, at } = stage;
  const fence = await stage.fence('release-1');
  await until('the Deployment is a revision', async () => (await workload.describeWorkload(at)).stable === '0.9.0');

  await workload.setRoles({ ...at, stable: '0.9.0', canary: '1.0.0', fence });
  const held = await read(cluster, 'shop');
  assert.equal(held.spec?.behavior?.scaleUp?.selectPolicy, 'Disabled');
  assert.equal(held.spec?.behavior?.scaleDown?.selectPolicy, 'Disabled');
  const begun = stage.requests.length;
  await workload.setRoles({ ...at, stable: '0.9.0', canary: '1.0.0', fence });
  assert.deepEqual(writesOf(stage, begun), []);

  await workload.setRoles({ ...at, stable: '0.9.0', canary: null, fence: fence + 1 });
  const back = await read(cluster, 'shop');
  assert.deepEqual(back.spec, before.spec, 'after an abort all is as before');

  const next = await stage.fence('release-2');
  await workload.setRoles({ ...at, stable: '0.9.0', canary: '1.0.0', fence: next });
  const target = stage.target('1.0.0', { replicas: 1 });
  await workload.startRevision({ ...at, version: '1.0.0', target, fence: next });
  const waited = { ...at, version: '1.0.0', deadlineMs: 15_000, sinceMs: Date.now() };
  assert.ok((await inActivity(() => workload.awaitReady(waited))).ready);
  await workload.setRoles({ ...at, stable: '1.0.0', canary: null, fence: next });
  const [set] = await cluster.list<V1ReplicaSet>('apps/v1', 'ReplicaSet', 'shiplock.dev/role=stable');
  const moved = await read(cluster, 'shop');
  const reference = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: set?.metadata?.name ?? '' };
  assert.deepEqual(moved.spec, { ...before.spec, scaleTargetRef: reference });
  await until('Kubernetes scales the new revision to the least number', async () => {
    const found = await cluster.get<V1ReplicaSet>('apps/v1', 'ReplicaSet', reference.name);
    return found?.spec?.replicas === 2;
  });
  assert.equal((await read(cluster, 'other')).metadata?.annotations?.['shiplock.dev/held'], undefined);
});

test('an autoscaler that a writer of the past is about to hold while the way back finds it free stays free', async (t) => {
  const cluster = await openCluster(t);
  await cluster.apply([
    deployment({ name: 'shop', replicas: 2, image: 'registry.example/shop:0.9.0' }),
    autoscaler('shop', { kind: 'Deployment', name: 'shop' }),
  ]);
  const before = await read(cluster, 'shop');
  const adopted = { adopts: { kind: 'Deployment', name: 'shop', scaleDown: 'onsuccess' } } as const;
  const gate = gateOf('jsonPatch', 'horizontalpodautoscalers', 'before');
  const stalled = openStage(cluster, { ...adopted, wrap: gate.wrap });
  const { at } = stalled;
  const fence = await stalled.fence('release-1');
  await until('it is a revision', async () => (await stalled.workload.describeWorkload(at)).stable === '0.9.0');
  const holding = stalled.workload.setRoles({ ...at, stable: '0.9.0', canary: '1.0.0', fence });
  await gate.reached;
  const later = openStage(cluster, adopted);
  await later.workload.setRoles({ ...at, stable: '0.9.0', canary: null, fence: fence + 1 });
  gate.open();
  await assert.rejects(holding, { type: 'SHIPLOCK_FENCE_STALE', nonRetryable: true });
  const after = await read(cluster, 'shop');
  assert.deepEqual(after.spec, before.spec);
  assert.equal(after.metadata?.annotations?.['shiplock.dev/held'], undefined);
});

test('a ScaledObject of KEDA is paused meanwhile, and what KEDA makes of it is left to KEDA', async (t) => {
  const cluster = await openCluster(t);
  if (!(await cluster.serves('keda.sh/v1alpha1', 'ScaledObject'))) return t.skip('no KEDA on this cluster');
  await cluster.apply(deployment({ name: 'shop', image: 'registry.example/shop:0.9.0' }));
  const [scaled] = await cluster.apply({
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: { name: 'shop' },
    spec: { scaleTargetRef: { name: 'shop' }, triggers: [{ type: 'cpu', metadata: { value: '50' } }] },
  });
  const owned = autoscaler('keda-hpa-shop', { kind: 'Deployment', name: 'shop' });
  const owner = { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', name: 'shop', uid: scaled?.metadata.uid };
  await cluster.apply({ ...owned, metadata: { ...owned.metadata, ownerReferences: [owner] } });
  const stage = openStage(cluster, { adopts: { kind: 'Deployment', name: 'shop', scaleDown: 'onsuccess' } });
  const { workload, at } = stage;
  const fence = await stage.fence('release-1');
  await until('the Deployment is a revision', async () => (await workload.describeWorkload(at)).stable === '0.9.0');
  const paused = async () => {
    const found = await cluster.get('keda.sh/v1alpha1', 'ScaledObject', 'shop');
    return found?.metadata.annotations?.['autoscaling.keda.sh/paused'];
  };
  await workload.setRoles({ ...at, stable: '0.9.0', canary: '1.0.0', fence });
  assert.equal(await paused(), 'true');
  assert.equal((await read(cluster, 'keda-hpa-shop')).spec?.behavior, undefined);
  await workload.setRoles({ ...at, stable: '0.9.0', canary: null, fence });
  assert.equal(await paused(), undefined);
  const after = await cluster.get<ClusterObject & { spec: object }>('keda.sh/v1alpha1', 'ScaledObject', 'shop');
  assert.deepEqual(after?.spec, scaled?.spec);
});

function autoscaler(name: string, target: { kind: string; name: string }) {
  const resource = { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } };
  return {
    apiVersion: API,
    kind: 'HorizontalPodAutoscaler',
    metadata: { name },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', ...target },
      minReplicas: 2,
      maxReplicas: 6,
      metrics: [{ type: 'Resource', resource }],
    },
  };
}

async function read(cluster: TestCluster, name: string): Promise<V2HorizontalPodAutoscaler> {
  const found = await cluster.get<V2HorizontalPodAutoscaler>(API, 'HorizontalPodAutoscaler', name);
  assert.ok(found);
  return found;
}

function writesOf({ requests }: Stage, from: number) {
  return requests.slice(from).filter(({ verb }) => verb !== 'get' && verb !== 'list');
}
