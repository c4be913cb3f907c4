/** How many writes a release costs; Argo's controller needs about 53 for the same update and abort. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { V1Deployment, V1Pod } from '@kubernetes/client-node';
import { kubernetesClusters, type Made } from '../../activities/kubernetes/index.ts';
import { kubernetesPlatform } from '../../workers/platforms.ts';
import { openCluster, until } from './support/index.ts';
import { ISTIO, VIRTUAL_SERVICE, virtualService } from './support/shop.ts';
import { deployment, service } from './support/workloads.ts';
import { inActivity, openStage } from './workload-stage.ts';

test('a Deployment is adopted, replaced and kept; then an update is aborted with fewer than 26 writes', async (t) => {
  const cluster = await openCluster(t);
  await cluster.apply([
    deployment({ name: 'shop', replicas: 10, image: 'registry.example/shop:0.9.0' }),
    service('shop-stable', { app: 'shop' }),
    service('shop-canary', { app: 'shop' }),
    virtualService(),
  ]);
  await until('ten pods', async () => {
    const found = await cluster.get<V1Deployment>('apps/v1', 'Deployment', 'shop');
    return found?.status?.availableReplicas === 10;
  });
  const requests: Made[] = [];
  const access = { kubeconfig: cluster.kubeconfig, context: cluster.context, namespaces: ['*'] };
  const clusters = kubernetesClusters(
    { test: access },
    { signal: () => undefined, made: (request) => requests.push(request) },
  );
  const { workload, traffic, acquireFence } = kubernetesPlatform(clusters, () => undefined);
  const { target, at } = openStage(cluster, {
    stableService: 'shop-stable',
    canaryService: 'shop-canary',
    traffic: ISTIO,
    adopts: { kind: 'Deployment', name: 'shop', scaleDown: 'onsuccess' },
    replicas: 10,
  });

  const looks: number[] = [];
  const moveRoles = async (roles: { stable: string | null; canary: string | null; fence: number }) => {
    const from = requests.length;
    await workload.setRoles({ ...at, ...roles });
    const ofTraffic = ({ verb, resource }: Made) => verb === 'get' && resource.startsWith('virtualservices.');
    looks.push(requests.slice(from).filter(ofTraffic).length);
  };
  const bringUp = async (version: string, fence: number) => {
    const { stable } = await workload.describeWorkload(at);
    await moveRoles({ stable, canary: version, fence });
    await workload.startRevision({ ...at, version, target: target(version), fence, replicas: 1 });
    const request = { ...at, version, deadlineMs: 15_000, sinceMs: Date.now() };
    const { ready, because } = await inActivity(() => workload.awaitReady(request));
    assert.ok(ready, because);
    return stable ?? '';
  };
  const grow = async (version: string, replicas: number, fence: number) => {
    const request = { ...at, replicas: { [version]: replicas }, fence, deadlineMs: 15_000, sinceMs: Date.now() };
    const { ready, because } = await inActivity(() => workload.scaleRevisions(request));
    assert.ok(ready, because);
  };
  const weigh = (weights: Record<string, number>, fence: number, partial = false) =>
    inActivity(() => traffic.setWeights({ ...at, weights, fence, key: 'test', partial }));
  const setRoles = (stable: string, fence: number) => inActivity(() => moveRoles({ stable, canary: null, fence }));

  const first = await acquireFence(at, 'release-1');
  assert.equal(await inActivity(() => bringUp('1.0.0', first)), '0.9.0');
  const old = await cluster.list<V1Pod>('v1', 'Pod', 'app=shop,pod-template-hash');
  await weigh({ '0.9.0': 90, '1.0.0': 10 }, first);
  await grow('1.0.0', 10, first);
  await weigh({ '1.0.0': 100 }, first);
  await setRoles('1.0.0', first);
  const kept = await cluster.list<V1Pod>('v1', 'Pod', 'app=shop,pod-template-hash');
  assert.deepEqual(
    kept.map(({ metadata }) => metadata?.uid),
    old.map(({ metadata }) => metadata?.uid),
  );
  await inActivity(() => workload.removeRevision({ ...at, version: '0.9.0', fence: first }));
  assert.deepEqual(await inActivity(() => workload.describeWorkload(at)), {
    stable: '1.0.0',
    canary: null,
    weights: { '1.0.0': 100 },
    revisions: [{ version: '1.0.0', replicas: 10, ready: 10, restarts: 0, because: '' }],
    history: ['0.9.0', '1.0.0'],
  });

  const begun = requests.length;
  const second = await acquireFence(at, 'release-2');
  await inActivity(() => bringUp('1.1.0', second));
  for (const weight of [10, 25, 50, 75]) {
    await grow('1.1.0', Math.ceil(weight / 10), second);
    await weigh({ '1.0.0': 100 - weight, '1.1.0': weight }, second);
  }
  const abort = second + 1;
  await weigh({ '1.0.0': 100 }, abort, true);
  await inActivity(() => workload.removeRevision({ ...at, version: '1.1.0', fence: abort }));
  await setRoles('1.0.0', abort);
  const made = requests.slice(begun);
  const writes = made.filter(({ verb }) => verb !== 'get' && verb !== 'list');
  t.diagnostic(`${writes.length} writes, ${made.length - writes.length} reads: ${summary(writes)}`);
  assert.ok(writes.length < 26, `${writes.length} writes: ${summary(writes)}`);
  assert.deepEqual(looks, [1, 1, 1, 1], 'roles are moved by what one look at the traffic shows');
  const [{ weights, revisions }, routed] = [
    await inActivity(() => workload.describeWorkload(at)),
    await cluster.get(...VIRTUAL_SERVICE),
  ];
  assert.deepEqual([weights, revisions.length], [{ '1.0.0': 100 }, 1]);
  assert.ok(routed);
});

function summary(writes: readonly Made[]): string {
  const counts = new Map<string, number>();
  for (const { verb, resource } of writes) {
    const name = `${verb} ${resource}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => `${count} ${name}`).join(', ');
}
