/** Weights, Services and roles on a real API server, through a release and back. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { revisionId } from '../../src/rollout/revision-id.ts';
import { openCluster } from './support/index.ts';
import { failureOf, GATEWAY, HTTP_ROUTE, ISTIO, openShop, released, VIRTUAL_SERVICE } from './support/shop.ts';
import { deployment } from './support/workloads.ts';

const key = (version: string) => ({ 'shiplock.dev/revision': revisionId(version) });
const RAMP = [10, 25, 50, 75, 100];

for (const [router, plan] of [
  ['Istio', ISTIO],
  ['Gateway API', GATEWAY],
] as const)
  describe(`a release through ${router}`, () => {
    test('goes 0, 10, 25, 50, 75, 100, and then both Services choose the new version', async (t) => {
      const shop = await openShop(await openCluster(t), plan);
      await released(shop, '1.0.0');
      assert.deepEqual([await shop.written(), await shop.weights()], [['100/0'], { '1.0.0': 100 }]);
      assert.deepEqual(await shop.selected('shop-stable'), key('1.0.0'));
      await shop.moveStable('1.0.0', '1.1.0', 2000);
      await shop.start('1.1.0', 2);
      const seen = [];
      for (const weight of RAMP) {
        const { weights, verified } = await shop.setWeights({ '1.0.0': 100 - weight, '1.1.0': weight }, 2000);
        assert.deepEqual(weights, weight === 100 ? { '1.1.0': 100 } : { '1.0.0': 100 - weight, '1.1.0': weight });
        assert.equal(verified, false, 'no router reports here');
        assert.deepEqual(await shop.selected('shop-stable'), key('1.0.0'));
        assert.deepEqual(await shop.selected('shop-canary'), key('1.1.0'));
        assert.deepEqual(await shop.weights(), weights);
        seen.push(...(await shop.written()));
      }
      assert.deepEqual(seen, ['90/10', '75/25', '50/50', '25/75', '0/100']);
      await shop.moveStable('1.1.0', null, 2000);
      assert.deepEqual([await shop.written(), await shop.weights()], [['100/0'], { '1.1.0': 100 }]);
      for (const name of ['shop-stable', 'shop-canary']) assert.deepEqual(await shop.selected(name), key('1.1.0'));
    });

    test('goes back from any weight, and from the window', async (t) => {
      const shop = await openShop(await openCluster(t), plan);
      await released(shop, '1.0.0');
      await shop.start('1.1.0', 2);
      await shop.setWeights({ '1.0.0': 50, '1.1.0': 50 }, 2000);
      await shop.setWeights({ '1.0.0': 100 }, 2001, true);
      assert.deepEqual([await shop.written(), await shop.weights()], [['100/0'], { '1.0.0': 100 }]);
      await shop.moveStable('1.0.0', null, 2001);
      await shop.setWeights({ '1.1.0': 100 }, 3000);
      await shop.moveStable('1.1.0', null, 3000);
      await shop.setWeights({ '1.0.0': 100 }, 3001, true);
      assert.deepEqual([await shop.written(), await shop.weights()], [['0/100'], { '1.0.0': 100 }]);
      await shop.moveStable('1.0.0', null, 3001);
      assert.deepEqual([await shop.written(), await shop.weights()], [['100/0'], { '1.0.0': 100 }]);
      assert.deepEqual(await shop.selected('shop-stable'), key('1.0.0'));
    });

    test('the same request again writes nothing', async (t) => {
      const shop = await openShop(await openCluster(t), plan);
      await released(shop, '1.0.0');
      await shop.start('1.1.0', 1);
      const objects = [
        ...(plan === ISTIO ? [VIRTUAL_SERVICE] : [HTTP_ROUTE]),
        ['v1', 'Service', 'shop-stable'],
        ['v1', 'Service', 'shop-canary'],
      ] as const;
      const versions = () =>
        Promise.all(
          objects.map(async ([api, kind, name]) => (await shop.cluster.get(api, kind, name))?.metadata.resourceVersion),
        );
      await shop.setWeights({ '1.0.0': 90, '1.1.0': 10 }, 2000);
      const before = await versions();
      await shop.setWeights({ '1.0.0': 90, '1.1.0': 10 }, 2000);
      assert.deepEqual(await versions(), before);
      await shop.setWeights({ '1.0.0': 90, '1.1.0': 10 }, 2001);
      const after = await versions();
      assert.ok(
        after.every((version, index) => version !== before[index]),
        'a newer number is written everywhere',
      );
    });

    test('an undone first release serves nobody, and the next one starts from there', async (t) => {
      const shop = await openShop(await openCluster(t), plan);
      await released(shop, '1.0.0');
      await shop.setWeights({}, 1001, true);
      assert.deepEqual(await shop.weights(), {});
      await shop.moveStable(null, null, 1001);
      await shop.cluster.remove('apps/v1', 'ReplicaSet', `shop-${revisionId('1.0.0')}`);
      await released(shop, '1.0.1', 2000);
      assert.deepEqual(await shop.weights(), { '1.0.1': 100 });
    });
  });

test('an adopted Deployment is chosen by its hash, and keeps the traffic until it is given away', async (t) => {
  const shop = await openShop(await openCluster(t), ISTIO, {
    adopts: { kind: 'Deployment', name: 'shop', scaleDown: 'onsuccess' },
  });
  await shop.cluster.apply(deployment({ name: 'shop', replicas: 2, image: 'registry.example/shop:0.9.0' }));
  const { until } = await import('./support/index.ts');
  await until('the adopted version', async () => (await shop.weights())['0.9.0'] === 100);
  await until(
    'its pods',
    async () =>
      (
        await shop.cluster.list<{ endpoints?: { conditions: { ready?: boolean } }[] }>(
          'discovery.k8s.io/v1',
          'EndpointSlice',
          'kubernetes.io/service-name=shop-stable',
        )
      )
        .flatMap(({ endpoints }) => endpoints ?? [])
        .filter(({ conditions }) => conditions.ready).length === 2,
  );
  await shop.moveStable('0.9.0', '1.0.0', 1000);
  assert.deepEqual(Object.keys(await shop.selected('shop-stable')), ['pod-template-hash']);
  await shop.start('1.0.0', 2);
  assert.deepEqual(await shop.weights(), { '0.9.0': 100 }, 'the new pods have none of it');
  await shop.setWeights({ '0.9.0': 75, '1.0.0': 25 }, 1000);
  await shop.setWeights({ '1.0.0': 100 }, 1000);
  await shop.moveStable('1.0.0', null, 1000);
  assert.deepEqual(await shop.selected('shop-stable'), key('1.0.0'));
  await shop.setWeights({ '0.9.0': 100 }, 1001, true);
  await shop.moveStable('0.9.0', null, 1001);
  assert.deepEqual(Object.keys(await shop.selected('shop-stable')), ['pod-template-hash']);
  assert.deepEqual(await shop.weights(), { '0.9.0': 100 });
});

test("a router's word is waited for, and what it refuses does not count", async (t) => {
  const shop = await openShop(await openCluster(t), GATEWAY);
  const { cluster } = shop;
  await released(shop, '1.0.0');
  await shop.start('1.1.0', 1);
  const report = async (status: 'True' | 'False', behind = 0) => {
    const { metadata } = (await cluster.get(...HTTP_ROUTE)) as { metadata: { generation: number } };
    const observedGeneration = metadata.generation - behind;
    const condition = (type: string, value: string) => ({
      type,
      status: value,
      reason: value === 'True' ? type : 'BackendNotFound',
      message: 'as the router says',
      lastTransitionTime: new Date().toISOString(),
      observedGeneration,
    });
    const parents = [
      {
        parentRef: { name: 'public' },
        controllerName: 'example.com/router',
        conditions: [condition('Accepted', 'True'), condition('ResolvedRefs', status)],
      },
    ];
    await cluster.patch(...HTTP_ROUTE, { status: { parents } }, { subresource: 'status' });
  };
  await report('True');
  const silent = await failureOf(shop.setWeights({ '1.0.0': 90, '1.1.0': 10 }, 2000));
  assert.deepEqual([silent.code, silent.again], ['SHIPLOCK_KUBERNETES_ROUTER', true]);
  assert.match(
    silent.message,
    /HTTPRoute shop: example\.com\/router \(Gateway .*\/public\) has seen generation \d+ of \d+/,
  );
  assert.deepEqual(await shop.written(), ['90/10'], 'written it is');
  await report('True');
  assert.deepEqual(await shop.setWeights({ '1.0.0': 90, '1.1.0': 10 }, 2000), {
    weights: { '1.0.0': 90, '1.1.0': 10 },
    verified: true,
  });
  const moving = shop.setWeights({ '1.0.0': 80, '1.1.0': 20 }, 2000);
  const { until } = await import('./support/index.ts');
  await until('the new weight', async () => (await shop.written())[0] === '80/20');
  await report('False');
  const refused = await failureOf(moving);
  assert.match(refused.message, /does not take it: ResolvedRefs is False \(BackendNotFound: as the router says\)/);
});
