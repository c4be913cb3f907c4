/** Header and mirror routes on a real API server; Argo's TestIstioHostHeaderRoute and TestIstioHostMirrorRoute. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { writeRoles } from '../../activities/kubernetes/index.ts';
import type { ManagedRoute } from '../../activities/traffic/port.ts';
import { openCluster } from './support/index.ts';
import {
  failureOf,
  GATEWAY,
  HTTP_ROUTE,
  ISTIO,
  openShop,
  SERVICE,
  type Shop,
  VIRTUAL_SERVICE,
} from './support/shop.ts';

const MANAGED = ['beta', 'shadow'];
const BETA: ManagedRoute = {
  kind: 'header',
  name: 'beta',
  matches: [{ headers: { agent: { kind: 'exact', value: 'Chrome' } } }],
};
const SHADOW: ManagedRoute = {
  kind: 'mirror',
  name: 'shadow',
  percentage: 35,
  matches: [{ method: { kind: 'exact', value: 'GET' }, path: { kind: 'prefix', value: '/cart' } }],
};

for (const [router, plan] of [
  ['Istio', { ...ISTIO, managedRoutes: MANAGED }],
  ['Gateway API', { ...GATEWAY, managedRoutes: MANAGED }],
] as const)
  describe(`header and mirror routes of ${router}`, () => {
    const setRoutes = (shop: Shop, fence: number, ...routes: ManagedRoute[]) =>
      shop.traffic.setRoutes({ service: SERVICE, place: shop.place, routes, fence, key: 'test' });
    const object = async (shop: Shop) =>
      shop.place.traffic.kind === 'istio' ? shop.cluster.get(...VIRTUAL_SERVICE) : shop.cluster.get(...HTTP_ROUTE);
    const names = async (shop: Shop) => {
      const { spec } = (await object(shop)) as unknown as {
        spec: { http?: { name?: string }[]; rules?: { name?: string }[] };
      };
      return (spec.http ?? spec.rules ?? []).map(({ name }) => name ?? '');
    };
    const begun = async (t: Parameters<typeof openCluster>[0]) => {
      const shop = await openShop(await openCluster(t), plan);
      await shop.start('1.0.0', 1);
      await shop.moveStable('1.0.0', null, 1000);
      await shop.start('1.1.0', 1);
      const at = { namespace: shop.place.namespace, service: SERVICE };
      await writeRoles(shop.clusters.client('test'), at, { fence: 2000, stable: '1.0.0', canary: '1.1.0' });
      return shop;
    };

    test('stand before the others in the order of the plan, follow the weights, and go without a trace', async (t) => {
      const shop = await begun(t);
      const before = (await object(shop)) as unknown as { spec: object };
      await setRoutes(shop, 2000, SHADOW, BETA);
      assert.deepEqual(await names(shop), ['beta', 'shadow', '']);
      assert.deepEqual(await shop.written(), [router === 'Istio' ? '100' : '1', '100/0', '100/0']);
      assert.deepEqual(await shop.weights(), { '1.0.0': 100 }, 'they are no weights');
      await shop.setWeights({ '1.0.0': 80, '1.1.0': 20 }, 2000);
      assert.deepEqual((await shop.written()).slice(1), ['80/20', '80/20']);
      const version = (await object(shop))?.metadata.resourceVersion;
      await setRoutes(shop, 2000, SHADOW, BETA);
      assert.equal((await object(shop))?.metadata.resourceVersion, version, 'the same again writes nothing');
      await setRoutes(shop, 2000, SHADOW);
      assert.deepEqual(await names(shop), ['shadow', '']);
      await setRoutes(shop, 2001);
      await shop.setWeights({ '1.0.0': 100 }, 2001, true);
      assert.deepEqual(((await object(shop)) as unknown as { spec: object }).spec, before.spec);
    });

    test('lead to no canary that is not ready, and to none that there is not', async (t) => {
      const shop = await begun(t);
      await shop.start('1.2.0', 1, { ready: 'false' });
      const at = { namespace: shop.place.namespace, service: SERVICE };
      const client = shop.clusters.client('test');
      await writeRoles(client, at, { fence: 2000, stable: '1.0.0', canary: '1.2.0' });
      const failed = await failureOf(setRoutes(shop, 2000, BETA));
      assert.deepEqual([failed.code, failed.again], ['SHIPLOCK_KUBERNETES_NOT_READY', true]);
      assert.match(failed.message, /shop-canary leads to no ready pod of 1\.2\.0/);
      await writeRoles(client, at, { fence: 2000, stable: '1.0.0', canary: null });
      assert.match((await failureOf(setRoutes(shop, 2000, BETA))).message, /shop has no canary/);
      assert.deepEqual(await names(shop), ['']);
    });

    test('of the past are refused', async (t) => {
      const shop = await begun(t);
      await setRoutes(shop, 2001);
      const late = await failureOf(setRoutes(shop, 2000, BETA));
      assert.deepEqual([late.code, late.again], ['SHIPLOCK_FENCE_STALE', false]);
      assert.deepEqual(await names(shop), ['']);
    });
  });
