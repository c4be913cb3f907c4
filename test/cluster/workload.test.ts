import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { V1ConfigMap, V1Deployment, V1Pod, V1ReplicaSet } from '@kubernetes/client-node';
import type { Readiness } from '../../activities/workload/port.ts';
import { PLAYED } from '../../infra/test-cluster/index.ts';
import { openCluster, type TestCluster, until } from './support/index.ts';
import { deployment } from './support/workloads.ts';
import { inActivity, openStage, type Stage } from './workload-stage.ts';

test('a revision is a ReplicaSet of its own, with its own copies of the ConfigMaps, whatever is asked twice', async (t) => {
  const cluster = await openCluster(t);
  const stage = openStage(cluster);
  const { workload, at } = stage;
  const fence = await stage.fence('release-1');
  const target = stage.target('1.0.0', {
    configMaps: [{ name: 'settings', data: { 'shop.yaml': 'greeting: hello' } }],
    template: {
      metadata: { labels: { app: 'shop', team: 'a' } },
      spec: {
        containers: [
          {
            name: 'app',
            image: 'registry.example/shop:1.0.0',
            envFrom: [{ configMapRef: { name: 'settings' } }, { configMapRef: { name: 'of-others' } }],
          },
        ],
        volumes: [
          { name: 'a', configMap: { name: 'settings' } },
          { name: 'b', projected: { sources: [{ configMap: { name: 'settings' } }] } },
        ],
      },
    },
  });
  await workload.setRoles({ ...at, stable: null, canary: '1.0.0', fence });
  await workload.startRevision({ ...at, version: '1.0.0', target, fence });
  const { ready, because } = await awaitReady(stage, '1.0.0');
  assert.ok(ready, because);
  assert.match(because, /^2 of 2 replicas ready after \d+\.\d s$/);

  const [set] = await cluster.list<V1ReplicaSet>('apps/v1', 'ReplicaSet');
  const id = set?.metadata?.labels?.['shiplock.dev/revision'] ?? '';
  assert.match(id, /^1-0-0-[0-9a-f]{8}$/);
  assert.equal(set?.metadata?.name, `shop-${id}`);
  assert.deepEqual(set?.spec?.selector.matchLabels, { app: 'shop', 'shiplock.dev/revision': id });
  assert.equal(set?.metadata?.annotations?.['shiplock.dev/fence'], `${fence}`);
  const [pod] = await podsOf(cluster, '1.0.0');
  assert.equal(pod?.metadata?.labels?.team, 'a');
  assert.equal(pod?.metadata?.labels?.['shiplock.dev/role'], 'canary');
  assert.deepEqual(
    pod?.spec?.containers[0]?.envFrom?.map(({ configMapRef }) => configMapRef?.name),
    [`settings-${id}`, 'of-others'],
  );
  assert.equal(pod?.spec?.volumes?.[0]?.configMap?.name, `settings-${id}`);
  assert.equal(pod?.spec?.volumes?.[1]?.projected?.sources?.[0]?.configMap?.name, `settings-${id}`);
  const copy = await cluster.get<V1ConfigMap>('v1', 'ConfigMap', `settings-${id}`);
  assert.deepEqual(copy?.data, { 'shop.yaml': 'greeting: hello' });
  assert.equal(copy?.metadata?.ownerReferences?.[0]?.uid, set?.metadata?.uid);

  const before = stage.requests.length;
  await workload.startRevision({ ...at, version: '1.0.0', target, fence });
  const writes = stage.requests
    .slice(before)
    .filter(({ verb, status }) => verb !== 'get' && verb !== 'list' && status !== 409);
  assert.deepEqual(writes, [], 'what is so already is not written');

  await workload.removeRevision({ ...at, version: '1.0.0', fence });
  await workload.removeRevision({ ...at, version: '1.0.0', fence });
  await until('no pod and no copy', async () => {
    const copies = await cluster.get('v1', 'ConfigMap', `settings-${id}`);
    return copies === null && (await podsOf(cluster, '1.0.0')).length === 0;
  });
});

test('an adopted Deployment is a revision: not a pod of it restarts, and its controller leaves ours alone', async (t) => {
  const cluster = await openCluster(t);
  await cluster.apply(deployment({ name: 'shop', replicas: 2, image: 'registry.example/shop:0.9.0' }));
  const old = await until('two pods', async () => {
    const pods = await cluster.list<V1Pod>('v1', 'Pod', 'app=shop');
    return pods.length === 2 && pods.every(isReady) && pods;
  });
  const adopts = { kind: 'Deployment', name: 'shop', scaleDown: 'onsuccess' } as const;
  const stage = openStage(cluster, { adopts });
  const { workload, at } = stage;
  stage.weights['0.9.0'] = 100;
  const fence = await stage.fence('release-1');
  assert.deepEqual(await workload.describeWorkload(at), {
    stable: '0.9.0',
    canary: null,
    weights: { '0.9.0': 100 },
    revisions: [{ version: '0.9.0', replicas: 2, ready: 2, restarts: 0, because: '' }],
  });
  await workload.setRoles({ ...at, stable: '0.9.0', canary: '1.0.0', fence });
  await workload.startRevision({ ...at, version: '1.0.0', target: stage.target('1.0.0'), fence });
  assert.ok((await awaitReady(stage, '1.0.0')).ready);
  assert.ok((await awaitReady(stage, '0.9.0')).ready);
  await cluster.patch('apps/v1', 'Deployment', 'shop', { metadata: { labels: { touched: 'yes' } } });
  await until('the controller has seen the Deployment', async () => {
    const found = await cluster.get<V1Deployment>('apps/v1', 'Deployment', 'shop');
    return found?.status?.observedGeneration === found?.metadata?.generation;
  });
  assert.equal((await podsOf(cluster, '1.0.0')).length, 2, 'the ReplicaSet was not adopted');
  await assert.rejects(workload.removeRevision({ ...at, version: '0.9.0', fence }), {
    type: 'SHIPLOCK_KUBERNETES_CARRIES_TRAFFIC',
  });

  delete stage.weights['0.9.0'];
  stage.weights['1.0.0'] = 100;
  await workload.setRoles({ ...at, stable: '1.0.0', canary: null, fence });
  assert.deepEqual(stage.moved, ['0.9.0', '1.0.0']);
  const kept = (await cluster.list<V1Pod>('v1', 'Pod', 'app=shop')).filter(
    ({ metadata }) => metadata?.labels?.['pod-template-hash'],
  );
  assert.deepEqual(uids(kept), uids(old), 'the old pods run as they did');
  const promoted = await podsOf(cluster, '1.0.0');
  assert.deepEqual(
    promoted.map(({ metadata }) => metadata?.labels?.['shiplock.dev/role']),
    ['stable', 'stable'],
  );

  await workload.removeRevision({ ...at, version: '0.9.0', fence });
  const scaled = await cluster.get<V1Deployment>('apps/v1', 'Deployment', 'shop');
  assert.equal(scaled?.spec?.replicas, 0, 'scaled to zero, and still there');
  assert.equal(scaled?.spec?.template.metadata?.annotations, undefined);
  await until('the old pods are gone', async () => (await cluster.list('v1', 'Pod', 'app=shop')).length === 2);
  const after = await workload.describeWorkload(at);
  assert.deepEqual([after.stable, after.revisions.map(({ version }) => version)], ['1.0.0', ['1.0.0']]);
});

test('a Deployment that may never be scaled down keeps its pods, and is nobody’s remains', async (t) => {
  const cluster = await openCluster(t);
  await cluster.apply(deployment({ name: 'shop', image: 'registry.example/shop:0.9.0' }));
  const stage = openStage(cluster, { adopts: { kind: 'Deployment', name: 'shop', scaleDown: 'never' } });
  const { workload, at } = stage;
  const fence = await stage.fence('release-1');
  await workload.startRevision({ ...at, version: '1.0.0', target: stage.target('1.0.0'), fence });
  await workload.setRoles({ ...at, stable: '1.0.0', canary: null, fence });
  await workload.removeRevision({ ...at, version: '0.9.0', fence });
  assert.equal((await cluster.get<V1Deployment>('apps/v1', 'Deployment', 'shop'))?.spec?.replicas, 1);
  const { revisions } = await workload.describeWorkload(at);
  assert.deepEqual(
    revisions.map(({ version }) => version),
    ['1.0.0'],
  );
});

test('roles flip on live pods and on the template, with what the plan gives each role; nothing restarts', async (t) => {
  const cluster = await openCluster(t);
  const stage = openStage(cluster, {
    roleMetadata: {
      canary: { labels: { tier: 'new', only: 'canary' }, annotations: { 'example.com/note': 'watch it' } },
      stable: { labels: { tier: 'old' }, annotations: {} },
    },
  });
  const { workload, at } = stage;
  const fence = await stage.fence('release-1');
  const target = stage.target('1.0.0', {
    template: {
      metadata: { labels: { app: 'shop', only: 'template' } },
      spec: { containers: [{ name: 'app', image: 'registry.example/shop:1.0.0' }] },
    },
  });
  await workload.setRoles({ ...at, stable: null, canary: '1.0.0', fence });
  await workload.startRevision({ ...at, version: '1.0.0', target, fence });
  assert.ok((await awaitReady(stage, '1.0.0')).ready);
  const before = await podsOf(cluster, '1.0.0');
  const carried = ({ metadata }: V1Pod) => {
    const { tier, only, 'shiplock.dev/role': role } = metadata?.labels ?? {};
    return { tier, only, role, note: metadata?.annotations?.['example.com/note'] };
  };
  const asCanary = { tier: 'new', only: 'canary', role: 'canary', note: 'watch it' };
  assert.deepEqual(before.map(carried), [asCanary, asCanary]);

  await workload.setRoles({ ...at, stable: '1.0.0', canary: null, fence });
  const after = await podsOf(cluster, '1.0.0');
  const asStable = { tier: 'old', only: 'template', role: 'stable', note: undefined };
  assert.deepEqual(after.map(carried), [asStable, asStable]);
  assert.deepEqual(uids(after), uids(before));
  const [set] = await cluster.list<V1ReplicaSet>('apps/v1', 'ReplicaSet');
  const template = set?.spec?.template?.metadata?.labels;
  assert.deepEqual([template?.tier, template?.['shiplock.dev/role']], ['old', 'stable']);
  assert.equal(set?.metadata?.labels?.['shiplock.dev/role'], 'stable');

  const begun = stage.requests.length;
  await workload.setRoles({ ...at, stable: '1.0.0', canary: null, fence });
  assert.deepEqual(
    stage.requests.slice(begun).filter(({ verb }) => verb === 'patch' || verb === 'update'),
    [],
  );
});

test('the same version with another template is replaced only where nobody sees it', async (t) => {
  const cluster = await openCluster(t);
  const stage = openStage(cluster);
  const { workload, at } = stage;
  const fence = await stage.fence('release-1');
  await workload.startRevision({ ...at, version: '1.0.0', target: stage.target('1.0.0'), fence });
  const [first] = await cluster.list<V1ReplicaSet>('apps/v1', 'ReplicaSet');
  const other = stage.target('1.0.0', { minReadySeconds: 1 });
  stage.weights['1.0.0'] = 10;
  await assert.rejects(workload.startRevision({ ...at, version: '1.0.0', target: other, fence }), {
    type: 'SHIPLOCK_KUBERNETES_CARRIES_TRAFFIC',
    nonRetryable: false,
  });
  stage.weights['1.0.0'] = 0;
  await workload.startRevision({ ...at, version: '1.0.0', target: other, fence });
  const [second] = await cluster.list<V1ReplicaSet>('apps/v1', 'ReplicaSet');
  assert.notEqual(second?.metadata?.uid, first?.metadata?.uid);
  assert.ok((await awaitReady(stage, '1.0.0')).ready);
  await workload.setRoles({ ...at, stable: '1.0.0', canary: null, fence });
  await assert.rejects(workload.startRevision({ ...at, version: '1.0.0', target: stage.target('1.0.0'), fence }), {
    type: 'SHIPLOCK_KUBERNETES_REVISION_DIFFERS',
    nonRetryable: true,
  });
});

test('the canary of an anti-affinity keeps away from the nodes of the stable side', async (t) => {
  const cluster = await openCluster(t);
  const stage = openStage(cluster, { antiAffinity: { kind: 'required' }, replicas: 1 });
  const { workload, at } = stage;
  const fence = await stage.fence('release-1');
  await workload.startRevision({ ...at, version: '1.0.0', target: stage.target('1.0.0'), fence });
  await workload.setRoles({ ...at, stable: '1.0.0', canary: '2.0.0', fence });
  await workload.startRevision({ ...at, version: '2.0.0', target: stage.target('2.0.0', { replicas: 3 }), fence });
  const { ready, because } = await awaitReady(stage, '2.0.0', 3_000);
  const nodes = async (version: string) => (await podsOf(cluster, version)).map(({ spec }) => spec?.nodeName);
  const [taken] = await nodes('1.0.0');
  assert.ok(taken && !(await nodes('2.0.0')).includes(taken), `${taken} has none of the canary's pods`);
  assert.ok(ready, because);
});

test('restarts and memory kills are told of pods that are ready again', async (t) => {
  const cluster = await openCluster(t);
  if (!cluster.played) return t.skip('the pods of this cluster are not played');
  const stage = openStage(cluster);
  const { workload, at } = stage;
  const fence = await stage.fence('release-1');
  const target = stage.target('1.0.0', { replicas: 1 }, { fails: 'OOMKilled', failsTimes: '2', backOff: '100ms' });
  await workload.startRevision({ ...at, version: '1.0.0', target, fence });
  assert.ok((await awaitReady(stage, '1.0.0')).ready);
  const { revisions } = await workload.describeWorkload(at);
  const [{ ready, restarts, because } = { ready: 0, restarts: 0, because: '' }] = revisions;
  assert.deepEqual([ready, restarts], [1, 2]);
  assert.equal(because, '2 restarts: container app was killed for its memory (OOMKilled)');
  assert.ok(PLAYED.fails);
});

function awaitReady({ workload, at }: Stage, version: string, deadlineMs = 15_000): Promise<Readiness> {
  return inActivity(() => workload.awaitReady({ ...at, version, deadlineMs, sinceMs: Date.now() }));
}

async function podsOf(cluster: TestCluster, version: string): Promise<readonly V1Pod[]> {
  const pods = await cluster.list<V1Pod>('v1', 'Pod', 'app=shop');
  return pods.filter(
    ({ metadata }) => metadata?.annotations?.['shiplock.dev/version'] === version && !metadata.deletionTimestamp,
  );
}

function isReady({ status }: V1Pod): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
}

function uids(pods: readonly V1Pod[]): readonly (string | undefined)[] {
  return pods.map(({ metadata }) => metadata?.uid).toSorted();
}
