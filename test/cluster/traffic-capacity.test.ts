/** No traffic without pods that carry it, in both directions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { revisionId } from '../../src/rollout/revision-id.ts';
import { openCluster, until } from './support/index.ts';
import { begun, failureOf, ISTIO, openShop } from './support/shop.ts';

test('a canary without ready pods gets nothing, and with one of two not everything', async (t) => {
  const shop = await openShop(await openCluster(t), ISTIO);
  await shop.start('1.0.0', 2);
  await shop.moveStable('1.0.0', null, 1000);
  await shop.start('1.1.0', 1, { ready: 'false' });
  const failed = await failureOf(shop.setWeights({ '1.0.0': 90, '1.1.0': 10 }, 2000));
  assert.deepEqual([failed.code, failed.again], ['SHIPLOCK_KUBERNETES_NOT_READY', true]);
  assert.match(failed.message, /shop-canary leads to no ready pod of 1\.1\.0/);
  const missing = await failureOf(shop.setWeights({ '1.0.0': 90, '9.9.9': 10 }, 2000));
  assert.match(missing.message, /there is no revision 9\.9\.9/);
  assert.deepEqual(await shop.written(), ['100/0']);
});

test('on the way back as much goes as the stable side carries, until it carries all', async (t) => {
  const shop = await openShop(await openCluster(t), ISTIO);
  await begun(shop);
  await shop.setWeights({ '1.1.0': 100 }, 2000);
  const pods = await shop.cluster.list('v1', 'Pod', `shiplock.dev/revision=${revisionId('1.0.0')}`);
  const [lame] = pods;
  assert.ok(lame);
  const play = (ready: string | null) =>
    shop.cluster.patch('v1', 'Pod', lame.metadata.name, {
      metadata: { annotations: { 'played.shiplock.dev/ready': ready } },
    });
  await play('false');
  // Before that all of it could go back.
  await until('one of them is behind the Service', async () => (await readyBehind(shop.cluster, 'shop-stable')) === 1);
  await until('one of two', async () => {
    const failed = await failureOf(shop.setWeights({ '1.0.0': 100 }, 2001, true)).catch(() => null);
    return failed?.message.includes("leads to 1 of 2 pods of 1.0.0; the canary's side has 50 %");
  });
  assert.deepEqual(await shop.written(), ['50/50']);
  await play(null);
  await until('all of it', async () =>
    shop.setWeights({ '1.0.0': 100 }, 2001, true).then(
      () => true,
      () => false,
    ),
  );
  assert.deepEqual(await shop.written(), ['100/0']);
});

test('a role is not taken from what has traffic, and pods that nobody owns are not cut off', async (t) => {
  const shop = await openShop(await openCluster(t), ISTIO);
  await begun(shop);
  const early = await failureOf(shop.moveStable('1.1.0', null, 2000));
  assert.deepEqual([early.code, early.again], ['SHIPLOCK_KUBERNETES_CARRIES_TRAFFIC', true]);
  assert.match(early.message, /shop-stable still serves 1\.0\.0/);
  const silence = await failureOf(shop.setWeights({}, 2000));
  assert.deepEqual([silence.code, silence.again], ['SHIPLOCK_KUBERNETES_REQUEST', false]);
  const other = await openShop(await openCluster(t), ISTIO);
  const { deployment } = await import('./support/workloads.ts');
  await other.cluster.apply(deployment({ name: 'shop', replicas: 1 }));
  await until('its pod behind the Service', async () => (await readyBehind(other.cluster, 'shop-stable')) > 0);
  const cut = await failureOf(other.moveStable(null, '1.0.0', 1000));
  assert.deepEqual([cut.code, cut.again], ['SHIPLOCK_KUBERNETES_SERVICE', false]);
  assert.match(
    cut.message,
    /Service shop-stable leads to 1 ready pods that no revision of shop owns; name what runs them under adopts/,
  );
  assert.deepEqual(await other.selected('shop-stable'), {});
});

async function readyBehind(cluster: Awaited<ReturnType<typeof openCluster>>, service: string): Promise<number> {
  const slices = await cluster.list<{ endpoints?: { conditions: { ready?: boolean } }[] }>(
    'discovery.k8s.io/v1',
    'EndpointSlice',
    `kubernetes.io/service-name=${service}`,
  );
  return slices.flatMap(({ endpoints }) => endpoints ?? []).filter(({ conditions }) => conditions.ready).length;
}
