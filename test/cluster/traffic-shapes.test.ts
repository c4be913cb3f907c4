/** Subsets, ping-pong, several routes and objects, other rules, no router at all. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { revisionId } from '../../src/rollout/revision-id.ts';
import { openCluster } from './support/index.ts';
import {
  failureOf,
  GATEWAY,
  gatewayTo,
  httpRoute,
  ISTIO,
  istioTo,
  openShop,
  released,
  virtualService,
} from './support/shop.ts';

const key = (version: string) => ({ 'shiplock.dev/revision': revisionId(version) });

test('subsets of a DestinationRule are moved instead of Services', async (t) => {
  const rule = { name: 'shop', stableSubset: 'old', canarySubset: 'new' };
  const shop = await openShop(
    await openCluster(t),
    { ...ISTIO, destinationRule: rule },
    {
      stableService: 'shop',
      canaryService: 'shop',
    },
  );
  const { cluster } = shop;
  const { service } = await import('./support/workloads.ts');
  await cluster.apply([
    service('shop'),
    virtualService([
      {
        route: ['old', 'new'].map((subset, index) => ({
          destination: { host: 'shop', subset },
          weight: index ? 0 : 100,
        })),
      },
    ]),
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { name: 'shop' },
      spec: {
        host: 'shop',
        subsets: [
          { name: 'old', labels: { tier: 'web' } },
          { name: 'new', trafficPolicy: { connectionPool: { tcp: { maxConnections: 7 } } } },
          { name: 'mine', labels: { app: 'other' } },
        ],
      },
    },
  ]);
  const subsets = async () =>
    (await cluster.get<{ spec: { subsets: unknown } }>('networking.istio.io/v1', 'DestinationRule', 'shop'))?.spec
      .subsets;
  await released(shop, '1.0.0');
  await shop.start('1.1.0', 2);
  await shop.setWeights({ '1.0.0': 75, '1.1.0': 25 }, 2000);
  assert.deepEqual(await shop.written(), ['75/25']);
  assert.deepEqual(await subsets(), [
    { name: 'old', labels: { tier: 'web', ...key('1.0.0') } },
    { name: 'new', labels: key('1.1.0'), trafficPolicy: { connectionPool: { tcp: { maxConnections: 7 } } } },
    { name: 'mine', labels: { app: 'other' } },
  ]);
  await shop.setWeights({ '1.1.0': 100 }, 2000);
  await shop.moveStable('1.1.0', null, 2000);
  assert.deepEqual([await shop.written(), await shop.weights()], [['100/0'], { '1.1.0': 100 }]);
  assert.deepEqual(await shop.selected('shop'), {}, 'the Service of both chooses all pods');
});

test('ping and pong change roles, and no Service with traffic is moved', async (t) => {
  const shop = await openShop(await openCluster(t), { ...ISTIO, pingPong: true });
  await released(shop, '1.0.0');
  const seen = [...(await shop.written())];
  for (const [stable, version, fence] of [
    ['1.0.0', '1.1.0', 2000],
    ['1.1.0', '1.2.0', 3000],
  ] as const) {
    await shop.start(version, 2);
    await shop.setWeights({ [stable]: 75, [version]: 25 }, fence);
    seen.push(...(await shop.written()));
    await shop.setWeights({ [version]: 100 }, fence);
    await shop.moveStable(version, null, fence);
    assert.deepEqual(await shop.weights(), { [version]: 100 });
    seen.push(...(await shop.written()));
  }
  // As Argo's TestIstioPingPongUpdate.
  assert.deepEqual(seen, ['100/0', '75/25', '0/100', '25/75', '100/0']);
});

test('several routes and objects have the same weights, and all else of them survives byte for byte', async (t) => {
  const plan = {
    kind: 'istio',
    virtualServices: [
      { name: 'shop', routes: ['a', 'b'] },
      { name: 'inside', routes: [] },
    ],
  } as const;
  const shop = await openShop(await openCluster(t), plan);
  const { cluster } = shop;
  const route = ['shop-stable', 'shop-canary'].map(istioTo);
  const mine = { name: 'mine', match: [{ uri: { prefix: '/mine' } }], route: [istioTo('elsewhere')], timeout: '3s' };
  await cluster.apply([
    virtualService([
      { name: 'a', match: [{ uri: { prefix: '/a' } }], route, retries: { attempts: 2 } },
      mine,
      { name: 'b', route, headers: { request: { set: { x: '1' } } } },
    ]),
    { ...virtualService([{ route }]), metadata: { name: 'inside', labels: { team: 'web' } } },
  ]);
  const rest = async (name: string) =>
    JSON.stringify((await cluster.get('networking.istio.io/v1', 'VirtualService', name))?.spec).replaceAll(
      /"weight":\d+/g,
      '"weight"',
    );
  const before = [await rest('shop'), await rest('inside')];
  await released(shop, '1.0.0');
  await shop.start('1.1.0', 2);
  await shop.setWeights({ '1.0.0': 80, '1.1.0': 20 }, 2000);
  assert.deepEqual(await shop.written(), ['80/20', '100', '80/20']);
  assert.deepEqual([await rest('shop'), await rest('inside')], before);
});

test('rules without both Services are not touched', async (t) => {
  const shop = await openShop(await openCluster(t), GATEWAY);
  const rules = [
    { matches: [{ path: { type: 'PathPrefix', value: '/admin' } }], backendRefs: [gatewayTo('shop-stable')] },
    {
      matches: [{ path: { type: 'PathPrefix', value: '/' } }],
      backendRefs: ['shop-stable', 'shop-canary'].map((name) => ({
        name,
        port: 80,
        weight: name === 'shop-stable' ? 9 : 1,
      })),
    },
  ];
  await shop.cluster.apply(httpRoute(rules));
  await shop.start('1.0.0', 1);
  await shop.start('1.1.0', 1);
  await shop.moveStable('1.0.0', null, 1000);
  await shop.setWeights({ '1.0.0': 95, '1.1.0': 5 }, 1000);
  assert.deepEqual(await shop.written(), ['100', '95/5']);
});

test('without a router weights are what the counts of ready pods come to, and no Service is moved', async (t) => {
  const shop = await openShop(await openCluster(t), { kind: 'replicas' });
  await shop.start('1.0.0', 3);
  await shop.start('1.1.0', 1);
  assert.deepEqual(await shop.setWeights({ '1.0.0': 80, '1.1.0': 20 }, 1000), {
    weights: { '1.0.0': 75, '1.1.0': 25 },
    verified: false,
  });
  await shop.moveStable('1.0.0', '1.1.0', 1000);
  assert.deepEqual(await shop.weights(), { '1.0.0': 75, '1.1.0': 25 });
  for (const name of ['shop-stable', 'shop-canary']) assert.deepEqual(await shop.selected(name), {});
  const late = await failureOf(shop.setWeights({ '1.0.0': 100 }, 999));
  assert.deepEqual([late.code, late.again], ['SHIPLOCK_FENCE_STALE', false]);
});
