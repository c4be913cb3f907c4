/** Objects that others wrote, writers of the past, and an API server that does not answer. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  acquireFence,
  type KubernetesClient,
  kubernetesClusters,
  listRevisions,
  raiseFence,
} from '../../activities/kubernetes/index.ts';
import { type KubernetesTraffic, kubernetesTraffic } from '../../activities/traffic/kubernetes/index.ts';
import { serverOf, startCluster, stopCluster } from '../../infra/test-cluster/index.ts';
import { revisionId } from '../../src/rollout/revision-id.ts';
import { gateOf } from './support/gate.ts';
import { openCluster, until } from './support/index.ts';
import {
  begun,
  failureOf,
  GATEWAY,
  HTTP_ROUTE,
  ISTIO,
  istioTo,
  leasedFence,
  openShop,
  released,
  SERVICE,
  VIRTUAL_SERVICE,
  virtualService,
} from './support/shop.ts';
import { service } from './support/workloads.ts';

const onLinux = { skip: process.platform === 'linux' ? false : 'the test cluster needs Linux' };

const weigh = (canary: number) => ({
  spec: {
    http: [
      {
        route: [istioTo('shop-stable'), istioTo('shop-canary')].map((to, i) => ({
          ...to,
          weight: i ? canary : 100 - canary,
        })),
      },
    ],
  },
});

test('a VirtualService without the route is refused at its place, and nothing is written', async (t) => {
  const shop = await openShop(await openCluster(t), ISTIO);
  await begun(shop);
  await shop.cluster.patch(...VIRTUAL_SERVICE, { spec: { http: [{ route: [istioTo('shop-stable')] }] } });
  const before = await shop.cluster.get(...VIRTUAL_SERVICE);
  const failed = await failureOf(shop.setWeights({ '1.0.0': 75, '1.1.0': 25 }, 2000));
  assert.deepEqual([failed.code, failed.again], ['SHIPLOCK_KUBERNETES_ROUTE', false]);
  assert.match(
    failed.message,
    /VirtualService .*\/shop: spec\.http\[0\] has no destination shop-canary; add it, with weight 0/,
  );
  assert.deepEqual(await shop.cluster.get(...VIRTUAL_SERVICE), before);
  const back = await failureOf(shop.setWeights({ '1.0.0': 100 }, 2001, true));
  assert.deepEqual(
    [back.code, back.again],
    ['SHIPLOCK_KUBERNETES_ROUTE', true],
    'the way back is tried until it is mended',
  );
  await shop.cluster.patch(...VIRTUAL_SERVICE, weigh(10));
  await shop.setWeights({ '1.0.0': 100 }, 2001, true);
  assert.deepEqual(await shop.written(), ['100/0']);
});

test('weights that somebody edits are reported with their writer, waited on, and overwritten on the way back', async (t) => {
  const shop = await openShop(await openCluster(t), ISTIO);
  await begun(shop);
  await shop.cluster.patch(...VIRTUAL_SERVICE, weigh(60), { fieldManager: 'somebody' });
  assert.deepEqual(await shop.weights(), { '1.0.0': 40, '1.1.0': 60 }, 'what is there is what is shown');
  const failed = await failureOf(shop.setWeights({ '1.0.0': 75, '1.1.0': 25 }, 2000));
  assert.deepEqual([failed.code, failed.again], ['SHIPLOCK_KUBERNETES_DRIFT', true]);
  assert.match(failed.message, /spec\.http\[0\] gives the canary 60 %, where this release wrote 10 % .*somebody at /);
  assert.deepEqual(await shop.written(), ['40/60'], 'it was left alone');
  await shop.cluster.patch(...VIRTUAL_SERVICE, weigh(10), { fieldManager: 'somebody' });
  await shop.setWeights({ '1.0.0': 75, '1.1.0': 25 }, 2000);
  await shop.cluster.patch(...VIRTUAL_SERVICE, weigh(60), { fieldManager: 'somebody' });
  await shop.setWeights({ '1.0.0': 100 }, 2001, true);
  assert.deepEqual(await shop.written(), ['100/0']);
});

test('who applies server-side is told of shiplock; forced, it puts back the whole, which is drift', async (t) => {
  const shop = await openShop(await openCluster(t), ISTIO);
  await begun(shop);
  const { cluster } = shop;
  const path = await cluster.pathOf(...VIRTUAL_SERVICE);
  const manifest = { body: virtualService(), contentType: 'application/apply-patch+yaml' };
  const asked = await cluster.api.send('PATCH', `${path}?fieldManager=kubectl`, manifest);
  const { message } = asked.body as { message: string };
  assert.deepEqual([asked.status, /conflict with "shiplock".*\.spec\.http/.test(message)], [409, true], message);
  assert.deepEqual(await shop.written(), ['90/10']);
  await cluster.apply(virtualService(), 'kustomize-controller');
  const failed = await failureOf(shop.setWeights({ '1.0.0': 75, '1.1.0': 25 }, 2000));
  assert.equal(failed.code, 'SHIPLOCK_KUBERNETES_DRIFT');
  assert.match(failed.message, /gives the canary 0 %, where this release wrote 10 % .*kustomize-controller.* at /);
  await shop.setWeights({ '1.0.0': 100 }, 2001, true);
  // A selector is one value, too: what we chose by is gone with it, and on the way back it is there again.
  await cluster.apply(service('shop-stable', { app: SERVICE }), 'kustomize-controller');
  assert.deepEqual(await shop.selected('shop-stable'), {});
  await shop.setWeights({ '1.0.0': 100 }, 2001, true);
  assert.deepEqual(await shop.selected('shop-stable'), { 'shiplock.dev/revision': revisionId('1.0.0') });
});

test('other fields of a VirtualService may be edited in mid-release, and stay', async (t) => {
  const shop = await openShop(await openCluster(t), ISTIO);
  await begun(shop);
  const edit = [
    { op: 'add', path: '/spec/http/0/timeout', value: '7s' },
    { op: 'add', path: '/spec/http/0/route/0/headers', value: { request: { set: { a: 'b' } } } },
  ];
  await shop.cluster.patch(...VIRTUAL_SERVICE, edit, { kind: 'json', fieldManager: 'somebody' });
  await shop.setWeights({ '1.0.0': 75, '1.1.0': 25 }, 2000);
  const found = await shop.cluster.get<{ spec: { http: object[] } }>(...VIRTUAL_SERVICE);
  assert.deepEqual(found?.spec.http, [
    {
      route: [
        { ...istioTo('shop-stable'), weight: 75, headers: { request: { set: { a: 'b' } } } },
        { ...istioTo('shop-canary'), weight: 25 },
      ],
      timeout: '7s',
    },
  ]);
});

for (const [title, plan, object] of [
  ['VirtualService', ISTIO, VIRTUAL_SERVICE],
  ['HTTPRoute', GATEWAY, HTTP_ROUTE],
] as const)
  test(`a deleted ${title} is named and waited for`, async (t) => {
    const shop = await openShop(await openCluster(t), plan);
    await begun(shop);
    const [api, kind, name] = object;
    await shop.cluster.remove(api, kind, name);
    const failed = await failureOf(shop.setWeights({ '1.0.0': 75, '1.1.0': 25 }, 2000));
    assert.deepEqual([failed.code, failed.again], ['SHIPLOCK_KUBERNETES_NOT_FOUND', true]);
    assert.match(failed.message, new RegExp(`there is no ${title} shop in namespace`));
  });

test('a Service without a selector is refused by its name', async (t) => {
  const shop = await openShop(await openCluster(t), ISTIO);
  await begun(shop);
  await shop.cluster.patch('v1', 'Service', 'shop-canary', { spec: { selector: null } });
  const failed = await failureOf(shop.setWeights({ '1.0.0': 75, '1.1.0': 25 }, 2000));
  assert.deepEqual([failed.code, failed.again], ['SHIPLOCK_KUBERNETES_SERVICE', false]);
  assert.match(failed.message, /Service .*\/shop-canary has no selector/);
});

test('a selector that somebody moves is reported, and put back on the way back', async (t) => {
  const shop = await openShop(await openCluster(t), ISTIO);
  await begun(shop);
  const selector = { 'shiplock.dev/revision': revisionId('1.1.0') };
  await shop.cluster.patch('v1', 'Service', 'shop-stable', { spec: { selector } }, { fieldManager: 'somebody' });
  const failed = await failureOf(shop.setWeights({ '1.0.0': 75, '1.1.0': 25 }, 2000));
  assert.deepEqual([failed.code, failed.again], ['SHIPLOCK_KUBERNETES_DRIFT', true]);
  assert.match(
    failed.message,
    /the stable side of Service shop-stable chooses .*1-1-0.*, where this release wrote .*1-0-0/,
  );
  await shop.setWeights({ '1.0.0': 100 }, 2001, true);
  assert.deepEqual(await shop.selected('shop-stable'), { 'shiplock.dev/revision': revisionId('1.0.0') });
  assert.deepEqual([await shop.written(), await shop.weights()], [['100/0'], { '1.0.0': 100 }]);
});

test('a writer of the past writes nothing, whatever it read before', async (t) => {
  const shop = await openShop(await openCluster(t), ISTIO);
  await begun(shop);
  await shop.setWeights({ '1.0.0': 100 }, 2001, true);
  const late = await failureOf(shop.setWeights({ '1.1.0': 100 }, 2000));
  assert.deepEqual([late.code, late.again], ['SHIPLOCK_FENCE_STALE', false]);
  assert.deepEqual(await shop.written(), ['100/0']);
  // The lease is behind, as if this writer had looked at it before the other one came: the object knows better.
  await shop.cluster.patch('v1', 'ConfigMap', `shiplock-${SERVICE}`, { data: { fence: '2000' } });
  const stalled = await failureOf(shop.setWeights({ '1.1.0': 100 }, 2000));
  assert.deepEqual([stalled.code, stalled.again], ['SHIPLOCK_FENCE_STALE', false]);
  assert.match(stalled.message, /fence 2000 is lower than 2001, which (VirtualService|Service) shop/);
  assert.deepEqual(await shop.written(), ['100/0']);
  const client = shop.clusters.client('test');
  const at = { namespace: shop.place.namespace, service: SERVICE };
  await raiseFence(client, at, 2001);
  assert.equal(await acquireFence(client, at, 'next'), 3000);
  await shop.setWeights({ '1.0.0': 90, '1.1.0': 10 }, 3000);
  assert.deepEqual([await shop.written(), await leasedFence(shop)], [['90/10'], 3000]);
});

test('a Service that a writer of the past moves beside the way back is noticed, and put right', async (t) => {
  const shop = await openShop(await openCluster(t), ISTIO);
  await begun(shop);
  const revision = (version: string) => ({ 'shiplock.dev/revision': revisionId(version) });
  let isMoved = false;
  const client = shop.clusters.client('test');
  const beside: KubernetesClient = {
    ...client,
    jsonPatch: async (reference, operations) => {
      if (!isMoved && reference.type.kind === 'VirtualService') {
        isMoved = true;
        await shop.cluster.patch('v1', 'Service', 'shop-stable', { spec: { selector: revision('1.1.0') } });
      }
      return client.jsonPatch(reference, operations);
    },
  };
  const traffic = kubernetesTraffic({ clusters: { client: () => beside }, signal: () => undefined });
  const goBack = () =>
    traffic.setWeights({
      service: SERVICE,
      place: shop.place,
      weights: { '1.0.0': 100 },
      fence: 2001,
      key: 'test',
      partial: true,
    });
  const failed = await failureOf(goBack());
  assert.deepEqual([failed.code, failed.again], ['SHIPLOCK_KUBERNETES_CONFLICT', true]);
  await goBack();
  assert.deepEqual(await shop.selected('shop-stable'), revision('1.0.0'));
  assert.deepEqual(await shop.written(), ['100/0']);
});

test('an attempt that wakes up after another one of the same release wrote other weights writes none', async (t) => {
  const shop = await openShop(await openCluster(t), ISTIO);
  await begun(shop);
  const gate = gateOf('jsonPatch', 'virtualservices', 'before');
  const late = kubernetesTraffic({ clusters: gate.wrap(shop.clusters), signal: () => undefined });
  const asked = {
    service: SERVICE,
    place: shop.place,
    weights: { '1.0.0': 75, '1.1.0': 25 },
    fence: 2000,
    key: 'test',
  };
  const waking = failureOf(late.setWeights(asked));
  await gate.reached;
  await shop.setWeights({ '1.0.0': 75, '1.1.0': 25 }, 2000);
  await shop.setWeights({ '1.0.0': 50, '1.1.0': 50 }, 2000);
  gate.open();
  const failed = await waking;
  assert.deepEqual([failed.code, failed.again], ['SHIPLOCK_KUBERNETES_OVERTAKEN', true]);
  assert.deepEqual(await shop.written(), ['50/50']);
});

test('a Service that was left behind its subset by a failure between the two is pointed on the next attempt', async (t) => {
  const rule = { name: 'shop', stableSubset: 'old', canarySubset: 'new' };
  const shop = await openShop(await openCluster(t), { ...ISTIO, destinationRule: rule });
  const route = ['old', 'new'].map((subset, index) => ({
    destination: { host: 'shop', subset },
    weight: index ? 0 : 100,
  }));
  await shop.cluster.apply([
    service('shop', { app: SERVICE }),
    virtualService([{ route }]),
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { name: 'shop' },
      spec: { host: 'shop', subsets: ['old', 'new'].map((name) => ({ name, labels: { app: SERVICE } })) },
    },
  ]);
  await released(shop, '1.0.0');
  await shop.start('1.1.0', 2);
  const client = shop.clusters.client('test');
  /** Attempts until one succeeds, the first patches that change this Service's selector failing. */
  const failing = async (name: string, work: (traffic: KubernetesTraffic) => Promise<unknown>) => {
    let failures = 0;
    const failsOnce: KubernetesClient = {
      ...client,
      jsonPatch: async (reference, operations) => {
        const moves = operations.some(({ path }) => path.startsWith('/spec/selector'));
        if (failures === 0 && reference.name === name && moves) {
          failures += 1;
          throw new Error('the API server is away');
        }
        return client.jsonPatch(reference, operations);
      },
    };
    const traffic = kubernetesTraffic({ clusters: { client: () => failsOnce }, signal: () => undefined });
    assert.match((await failureOf(work(traffic))).message, /the API server is away/);
    await work(traffic);
  };
  const revision = (version: string) => ({ 'shiplock.dev/revision': revisionId(version) });
  const weigh = (weights: Record<string, number>) => (traffic: KubernetesTraffic) =>
    traffic.setWeights({ service: SERVICE, place: shop.place, weights, fence: 2000, key: 'test' });
  await failing('shop-canary', weigh({ '1.0.0': 75, '1.1.0': 25 }));
  assert.deepEqual(await shop.selected('shop-canary'), revision('1.1.0'));
  assert.deepEqual(await shop.written(), ['75/25']);
  await shop.setWeights({ '1.1.0': 100 }, 2000);
  await failing('shop-stable', async (traffic) =>
    traffic.moveStable({
      place: shop.place,
      service: SERVICE,
      fence: 2000,
      stable: '1.1.0',
      canary: null,
      revisions: await listRevisions(client, shop.place, SERVICE),
    }),
  );
  assert.deepEqual(await shop.selected('shop-stable'), revision('1.1.0'));
  assert.deepEqual([await shop.written(), await shop.weights()], [['100/0'], { '1.1.0': 100 }]);
});

test('two services share one route, each with numbers of its own', async (t) => {
  const shop = await openShop(await openCluster(t), {
    kind: 'istio',
    virtualServices: [{ name: 'shop', routes: ['shop'] }],
  });
  const other = { fence: 9000, service: 'cart' };
  await shop.cluster.apply(virtualService([{ name: 'shop', route: ['shop-stable', 'shop-canary'].map(istioTo) }]));
  await shop.cluster.patch(...VIRTUAL_SERVICE, {
    metadata: { annotations: { [`fence.shiplock.dev/${other.service}`]: `${other.fence}` } },
  });
  await begun(shop);
  assert.deepEqual(await shop.written(), ['90/10']);
});

test('whoever writes the object at the same moment loses nothing, and neither do we', async (t) => {
  const shop = await openShop(await openCluster(t), ISTIO);
  await begun(shop);
  let writes = 0;
  let done = false;
  const noise = (async () => {
    for (; !done; writes += 1)
      await shop.cluster.patch(
        ...VIRTUAL_SERVICE,
        { metadata: { labels: { noise: `${writes}` } } },
        { fieldManager: 'noise' },
      );
  })();
  for (const weight of [20, 30, 40, 50]) await shop.setWeights({ '1.0.0': 100 - weight, '1.1.0': weight }, 2000);
  done = true;
  await noise;
  const found = await shop.cluster.get(...VIRTUAL_SERVICE);
  assert.ok(writes > 4, `${writes} writes at the same time`);
  assert.deepEqual([await shop.written(), found?.metadata.labels], [['50/50'], { noise: `${writes - 1}` }]);
});

test('a missing right is named with its verb', async (t) => {
  const shop = await openShop(await openCluster(t), ISTIO);
  await begun(shop);
  const kubeconfig = await shop.cluster.account('reader', [
    { apiGroups: ['', 'apps', 'discovery.k8s.io', 'networking.istio.io'], resources: ['*'], verbs: ['get', 'list'] },
    { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'update'] },
  ]);
  const clusters = kubernetesClusters({ test: { kubeconfig, namespaces: ['*'] } }, { signal: () => undefined });
  const { setWeights } = kubernetesTraffic({ clusters, signal: () => undefined });
  const asked = {
    service: SERVICE,
    place: shop.place,
    weights: { '1.0.0': 75, '1.1.0': 25 },
    fence: 2000,
    key: 'test',
  };
  const failed = await failureOf(setWeights(asked));
  assert.deepEqual([failed.code, failed.again], ['SHIPLOCK_KUBERNETES_FORBIDDEN', false]);
  assert.match(failed.message, /may not patch virtualservices\.networking\.istio\.io/);
});

test('an API server that hangs is named in time, and nothing is half done when it goes on', onLinux, async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'shiplock-hung-cluster-'));
  const after: (() => Promise<void>)[] = [];
  t.after(async () => {
    for (const work of after) await work();
    await stopCluster({ home });
    await rm(home, { recursive: true, force: true });
  });
  const own = await startCluster({ home, ownNetwork: false });
  const { KUBECONFIG = '', SHIPLOCK_TEST_CONTEXT = '' } = process.env;
  Object.assign(process.env, { KUBECONFIG: own.kubeconfig, SHIPLOCK_TEST_CONTEXT: '' });
  const scope = { after: (work: () => Promise<void>) => void after.push(work) };
  const cluster = await openCluster(scope).finally(() =>
    Object.assign(process.env, { KUBECONFIG, SHIPLOCK_TEST_CONTEXT }),
  );
  const shop = await openShop(cluster, ISTIO);
  await begun(shop);
  const server = serverOf(own, 'kube-apiserver');
  server.pause();
  const began = performance.now();
  const failed = await failureOf(shop.setWeights({ '1.0.0': 75, '1.1.0': 25 }, 2000));
  const took = performance.now() - began;
  server.resume();
  assert.deepEqual([failed.code, failed.again], ['SHIPLOCK_KUBERNETES_TIMEOUT', true]);
  assert.ok(took < 9_000, `${took} ms, below the attempt's 10 s`);
  await until('it goes on', async () =>
    shop.setWeights({ '1.0.0': 75, '1.1.0': 25 }, 2000).then(
      () => true,
      () => false,
    ),
  );
  assert.deepEqual(await shop.written(), ['75/25']);
});
