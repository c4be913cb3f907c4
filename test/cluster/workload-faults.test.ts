import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { V1Pod, V1ReplicaSet } from '@kubernetes/client-node';
import type { Readiness } from '../../activities/workload/port.ts';
import { gateOf } from './support/gate.ts';
import { openCluster, type Rule, until } from './support/index.ts';
import { openWebhook } from './support/webhook.ts';
import { inActivity, openStage, type Stage } from './workload-stage.ts';

const CORE = '';
/** What the workload adapter needs, no more and no less. */
const NEEDED: readonly Rule[] = [
  { apiGroups: [CORE], resources: ['configmaps'], verbs: ['get', 'create', 'update'] },
  { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['get', 'list', 'create', 'patch', 'delete'] },
  { apiGroups: [CORE], resources: ['pods'], verbs: ['list', 'patch'] },
  { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs: ['list'] },
  { apiGroups: ['keda.sh'], resources: ['scaledobjects'], verbs: ['list'] },
];

test('a release goes through with just the rights it needs; the events of pods it does without', async (t) => {
  const cluster = await openCluster(t);
  const kubeconfig = await cluster.account('worker', NEEDED);
  await wholeRelease(openStage({ ...cluster, kubeconfig }));
});

for (const rule of NEEDED) {
  for (const verb of rule.verbs) {
    const [resource = ''] = rule.resources;
    test(`without the right to ${verb} ${resource} it is said which one is missing`, async (t) => {
      const cluster = await openCluster(t);
      const less = NEEDED.map((each) =>
        each === rule ? { ...each, verbs: each.verbs.filter((one) => one !== verb) } : each,
      ).filter(({ verbs }) => verbs.length > 0);
      const kubeconfig = await cluster.account('worker', less);
      const name = rule.apiGroups[0] === CORE ? resource : `${resource}.${rule.apiGroups[0]}`;
      await assert.rejects(wholeRelease(openStage({ ...cluster, kubeconfig })), (error: Error & { type?: string }) => {
        assert.equal(error.type, 'SHIPLOCK_KUBERNETES_FORBIDDEN', error.message);
        assert.match(
          error.message,
          new RegExp(`may not ${verb} ${name} in namespace ${cluster.namespace} of cluster test`),
        );
        assert.match(error.message, /shiplock doctor/);
        return true;
      });
    });
  }
}

test('a webhook that denies the ReplicaSet, or its pods, is a reason in its own words; a silent one is waited out', async (t) => {
  const cluster = await openCluster(t);
  const stage = openStage(cluster);
  const { workload, at } = stage;
  const webhook = await openWebhook(t, cluster, ['pods', 'replicasets']);
  const fence = await stage.fence('release-1');
  const start = () => workload.startRevision({ ...at, version: '1.0.0', target: stage.target('1.0.0'), fence });
  webhook.denies.set('ReplicaSet', 'no releases on Fridays');
  await until('the webhook is asked', async () => {
    try {
      await start();
      await workload.removeRevision({ ...at, version: '1.0.0', fence });
      return false;
    } catch (error) {
      assert.equal((error as { type?: string }).type, 'SHIPLOCK_KUBERNETES_ADMISSION_DENIED');
      assert.match(
        (error as Error).message,
        /admission webhook "policy\.example\.com" denied the request: no releases on Fridays/,
      );
      return (error as { nonRetryable?: boolean }).nonRetryable === true;
    }
  });
  webhook.denies.clear();
  webhook.silent = true;
  await assert.rejects(start, { type: 'SHIPLOCK_KUBERNETES_ADMISSION_SILENT', nonRetryable: false });
  webhook.silent = false;
  webhook.denies.set('Pod', 'images must be signed');
  await start();
  const { ready, because } = await awaitReady(stage, '1.0.0', 2_000);
  assert.equal(ready, false);
  assert.match(
    because,
    /0 of 2 replicas ready after .* pods cannot be created, admission denies them: .*images must be signed/,
  );
  webhook.denies.clear();
});

test('a quota that is used up is the reason, and what fits runs', async (t) => {
  const cluster = await openCluster(t);
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'pods' },
    spec: { hard: { pods: '1' } },
  });
  await until('the quota is counted', async () => {
    const quota = await cluster.get<{ status?: { hard?: object } }>('v1', 'ResourceQuota', 'pods');
    return quota?.status?.hard;
  });
  const stage = openStage(cluster, { replicas: 3 });
  const { workload, at } = stage;
  const fence = await stage.fence('release-1');
  await workload.startRevision({ ...at, version: '1.0.0', target: stage.target('1.0.0'), fence });
  const { ready, because } = await awaitReady(stage, '1.0.0', 3_000);
  assert.equal(ready, false);
  assert.match(
    because,
    /^1 of 3 replicas ready after .* pods cannot be created, the quota is used up: .*exceeded quota: pods/,
  );
});

test('pods that cannot start, crash, or fail their probe are told apart at the deadline', async (t) => {
  const cluster = await openCluster(t);
  if (!cluster.played) return t.skip('the pods of this cluster are not played');
  const stage = openStage(cluster, { replicas: 1 });
  const { workload, at } = stage;
  const fence = await stage.fence('release-1');
  const rows = [
    ['1.0.0', { fails: 'ImagePullBackOff' }, /image registry\.example\/shop:1\.0\.0 cannot be pulled/],
    [
      '2.0.0',
      { fails: 'InvalidImageName' },
      /image registry\.example\/shop:2\.0\.0 cannot be pulled \(InvalidImageName/,
    ],
    ['3.0.0', { fails: 'CreateContainerConfigError' }, /container app cannot be started \(CreateContainerConfigError/],
    [
      '4.0.0',
      { fails: 'CrashLoopBackOff', exitCode: '3', backOff: '5s' },
      /crashes again and again \(CrashLoopBackOff, \d restarts?; container app ended with exit code 3/,
    ],
    ['5.0.0', { fails: 'OOMKilled', backOff: '5s' }, /killed for its memory \(OOMKilled\)/],
  ] as const;
  await Promise.all(
    rows.map(async ([version, play, says]) => {
      await workload.startRevision({ ...at, version, target: stage.target(version, {}, play), fence });
      const { ready, because } = await awaitReady(stage, version, 3_000);
      assert.equal(ready, false);
      assert.match(because, says);
    }),
  );
  const unschedulable = stage.target('6.0.0', {
    template: {
      metadata: { labels: { app: 'shop' } },
      spec: { nodeSelector: { disk: 'none' }, containers: [{ name: 'app', image: 'registry.example/shop:6.0.0' }] },
    },
  });
  await workload.startRevision({ ...at, version: '6.0.0', target: unschedulable, fence });
  assert.match((await awaitReady(stage, '6.0.0', 2_000)).because, /cannot be scheduled \(0\/3 nodes are available/);
});

for (const [when, side] of [
  ['before its ReplicaSet is there', 'before'],
  ['before its pods are asked for', 'after'],
] as const)
  test(`a creator who stalls ${when} leaves nothing`, async (t) => {
    const cluster = await openCluster(t);
    const gate = gateOf('create', 'replicasets', side);
    const stalled = openStage(cluster, { wrap: gate.wrap });
    const { at, workload } = stalled;
    const fence = await stalled.fence('release-1');
    const starting = workload.startRevision({ ...at, version: '1.0.0', target: stalled.target('1.0.0'), fence });
    await gate.reached;
    const sets = await cluster.list<V1ReplicaSet>('apps/v1', 'ReplicaSet');
    assert.deepEqual(
      sets.map(({ spec }) => spec?.replicas),
      side === 'before' ? [] : [0],
    );
    const later = openStage(cluster);
    // Where it is not there yet, an abort of this very version finds nothing to remove.
    const removed = side === 'before' ? '1.0.0' : '9.0.0';
    await later.workload.removeRevision({ ...at, version: removed, fence: fence + 1 });
    gate.open();
    await assert.rejects(starting, { type: 'SHIPLOCK_FENCE_STALE', nonRetryable: true });
    assert.deepEqual(await cluster.list('apps/v1', 'ReplicaSet'), []);
    assert.deepEqual(await cluster.list<V1Pod>('v1', 'Pod', 'app=shop'), []);
  });

for (const [where, traffic, within] of [
  ['', undefined, undefined],
  [' without a router', { kind: 'replicas' }, { replicas: 2, maxSurge: 1, maxUnavailable: 1 }],
] as const)
  test(`a writer who stalls between reading and writing changes nothing a later one decided${where}`, async (t) => {
    const cluster = await openCluster(t);
    const options = traffic ? { traffic } : {};
    const later = openStage(cluster, options);
    const { workload, at } = later;
    const fence = await later.fence('release-1');
    await workload.startRevision({ ...at, version: '1.0.0', target: later.target('1.0.0'), fence });
    await workload.setRoles({ ...at, stable: '1.0.0', canary: null, fence });
    assert.ok((await awaitReady(later, '1.0.0')).ready);
    const gate = gateOf('jsonPatch', 'replicasets', 'before');
    const stalled = openStage(cluster, { ...options, wrap: gate.wrap });
    const request = { ...at, deadlineMs: 0, sinceMs: Date.now(), ...(within && { within }) };
    const fewer = { '1.0.0': 1 };
    const scaling = inActivity(() => stalled.workload.scaleRevisions({ ...request, replicas: fewer, fence }));
    await gate.reached;
    // The later one wants what is so already: only its number is written.
    const replicas = { '1.0.0': 2 };
    await inActivity(() => workload.scaleRevisions({ ...request, replicas, fence: fence + 1 }));
    gate.open();
    await assert.rejects(scaling, { type: 'SHIPLOCK_FENCE_STALE', nonRetryable: true });
    const [set] = await cluster.list<V1ReplicaSet>('apps/v1', 'ReplicaSet');
    assert.equal(set?.spec?.replicas, 2);
    assert.equal(set?.metadata?.annotations?.['shiplock.dev/fence'], `${fence + 1}`);
    await assert.rejects(workload.removeRevision({ ...at, version: '1.0.0', fence }), { type: 'SHIPLOCK_FENCE_STALE' });
  });

for (const [where, traffic, within] of [
  ['', undefined, undefined],
  [' without a router', { kind: 'replicas' }, { replicas: 2, maxSurge: 4, maxUnavailable: 2 }],
] as const)
  test(`an attempt that wakes up after another one of the same release scaled does not scale${where}`, async (t) => {
    const cluster = await openCluster(t);
    const options = traffic ? { traffic } : {};
    const stage = openStage(cluster, options);
    const { workload, at } = stage;
    const fence = await stage.fence('release-1');
    await workload.startRevision({ ...at, version: '1.0.0', target: stage.target('1.0.0'), fence });
    await workload.setRoles({ ...at, stable: '1.0.0', canary: null, fence });
    assert.ok((await awaitReady(stage, '1.0.0')).ready);
    const gate = gateOf('jsonPatch', 'replicasets', 'before');
    const late = openStage(cluster, { ...options, wrap: gate.wrap });
    const scale = (by: Stage, replicas: number) => {
      const request = { ...at, replicas: { '1.0.0': replicas }, deadlineMs: 0, sinceMs: Date.now(), fence };
      return inActivity(() => by.workload.scaleRevisions({ ...request, ...(within && { within }) }));
    };
    const waking = scale(late, 3);
    await gate.reached;
    await scale(stage, 4);
    gate.open();
    await assert.rejects(waking, { type: 'SHIPLOCK_KUBERNETES_OVERTAKEN', nonRetryable: false });
    assert.equal((await cluster.list<V1ReplicaSet>('apps/v1', 'ReplicaSet'))[0]?.spec?.replicas, 4);
  });

test('somebody who keeps changing the same objects holds nothing up', async (t) => {
  const cluster = await openCluster(t);
  const stage = openStage(cluster);
  const { workload, at } = stage;
  const fence = await stage.fence('release-1');
  await workload.startRevision({ ...at, version: '1.0.0', target: stage.target('1.0.0'), fence });
  assert.ok((await awaitReady(stage, '1.0.0')).ready);
  const [set] = await cluster.list('apps/v1', 'ReplicaSet');
  let busy = true;
  let changes = 0;
  const meddling = (async () => {
    while (busy) {
      changes += 1;
      const annotations = { 'example.com/changes': `${changes}` };
      await cluster.patch('apps/v1', 'ReplicaSet', set?.metadata.name ?? '', { metadata: { annotations } });
    }
  })();
  const conflicts = () => stage.requests.filter(({ status }) => status === 409).length;
  for (let turn = 0; turn < 200 && conflicts() === 0; turn += 1)
    await workload.setRoles({
      ...at,
      stable: turn % 2 ? '1.0.0' : null,
      canary: turn % 2 ? null : '1.0.0',
      fence: fence + turn,
    });
  busy = false;
  await meddling;
  assert.ok(conflicts() > 0, 'they met');
  const [after] = await cluster.list('apps/v1', 'ReplicaSet');
  assert.equal(after?.metadata.annotations?.['example.com/changes'], `${changes}`);
});

test('a ReplicaSet of somebody else that has the name is left alone', async (t) => {
  const cluster = await openCluster(t);
  const stage = openStage(cluster);
  const { workload, at } = stage;
  const fence = await stage.fence('release-1');
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'd' }] } };
  const spec = { replicas: 0, selector: { matchLabels: { a: 'b' } }, template };
  await cluster.create({ apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'shop-1-0-0-92521fc3' }, spec });
  const start = workload.startRevision({ ...at, version: '1.0.0', target: stage.target('1.0.0'), fence });
  await assert.rejects(start, { type: 'SHIPLOCK_KUBERNETES_NAME_TAKEN', nonRetryable: true });
});

async function wholeRelease(stage: Stage): Promise<void> {
  const { workload, at } = stage;
  const fence = await stage.fence('release-1');
  await workload.setRoles({ ...at, stable: null, canary: '1.0.0', fence });
  const configMaps = [{ name: 'settings', data: { a: 'b' } }];
  const target = stage.target('1.0.0', { configMaps }, { readyAfter: '300ms' });
  await workload.startRevision({ ...at, version: '1.0.0', target, fence });
  assert.ok((await awaitReady(stage, '1.0.0')).ready);
  await workload.setRoles({ ...at, stable: '1.0.0', canary: null, fence });
  await workload.describeWorkload(at);
  await workload.removeRevision({ ...at, version: '1.0.0', fence });
}

function awaitReady({ workload, at }: Stage, version: string, deadlineMs = 15_000): Promise<Readiness> {
  return inActivity(() => workload.awaitReady({ ...at, version, deadlineMs, sinceMs: Date.now() }));
}
