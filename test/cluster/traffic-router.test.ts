/** Weights and roles while real requests pass a real router: none fails, and each weight is what the answers show. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failed, splitIn } from '../../infra/load/observe.ts';
import { startTraffic } from '../../infra/load/traffic.ts';
import { followPods, startTraefik } from '../../infra/test-cluster/router/index.ts';
import { judgeSplit } from '../../src/rollout/observed-split.ts';
import { revisionId } from '../../src/rollout/revision-id.ts';
import { startPrometheus } from '../e2e/support/prometheus.ts';
import { openCluster, until } from './support/index.ts';
import { failureOf, GATEWAY, openShop, type Shop } from './support/shop.ts';
import { route } from './support/workloads.ts';

const RATE = 100;

test('Traefik takes each weight before it counts, and a release and its way back lose no request', async (t) => {
  const cluster = await openCluster(t);
  if (!cluster.played) return t.skip('the pods of this cluster are not played');
  const follower = followPods(cluster);
  t.after(() => follower.stop());
  const router = await startTraefik({ ...cluster, objects: cluster });
  t.after(() => router.stop());
  const shop = await openShop(cluster, GATEWAY);
  await cluster.remove('gateway.networking.k8s.io/v1', 'HTTPRoute', 'shop');
  await cluster.apply(
    route({ name: 'shop', gateway: router.gateway, weights: { 'shop-stable': 100, 'shop-canary': 0 } }),
  );
  const play = { served: 'true' } as const;
  await shop.start('1.0.0', 2, play);
  await shop.moveStable('1.0.0', null, 1000);
  await until('it answers', async () => (await fetch(`${router.address}/credentials/1`)).ok);
  await shop.start('1.1.0', 2, play);
  const load = startTraffic({
    address: router.address,
    ratePerSecond: RATE,
    atMost: { seconds: 120, requests: 12_000 },
  });
  t.after(() => load.stop());

  const shown = async (version: string, weight: number) => {
    const accepted = Date.now();
    // Traefik reports what it has read; its workers have it a moment later, on a busy machine a second or more.
    const { observed, after } = await until(`${weight} % of 300 answers`, async () => {
      const last = load.responses.slice(-300);
      const from = last[0]?.dueAtMs ?? 0;
      const { observed } = splitIn(last, version, from, Number.POSITIVE_INFINITY);
      const canary = last.filter((answer) => answer.version === version).length;
      const { verdict, because } = judgeSplit({ stable: last.length - canary, canary }, weight);
      if (from < accepted || verdict !== 'agrees') throw new Error(because);
      return { observed, after: from - accepted };
    });
    t.diagnostic(`${version} asked ${weight} %, observed ${observed.toFixed(1)} % from ${after.toFixed(0)} ms on`);
  };
  await shown('1.1.0', 0);
  for (const weight of [10, 50, 100]) {
    const { verified } = await shop.setWeights({ '1.0.0': 100 - weight, '1.1.0': weight }, 2000);
    assert.equal(verified, true, 'Traefik reports it');
    await shown('1.1.0', weight);
  }
  await shop.moveStable('1.1.0', null, 2000);
  await shown('1.1.0', 100);
  assert.deepEqual(await shop.selected('shop-stable'), { 'shiplock.dev/revision': revisionId('1.1.0') });
  const back = await shop.setWeights({ '1.0.0': 100 }, 2001, true);
  assert.equal(back.verified, true);
  await shown('1.0.0', 100);
  await shop.moveStable('1.0.0', null, 2001);
  await shown('1.0.0', 100);
  await gone(shop, '1.1.0');
  await shown('1.0.0', 100);
  await load.stop();
  await follower.stop();
  t.diagnostic(`${load.responses.length} requests, ${load.responses.filter(failed).length} failed`);
  assert.deepEqual(load.responses.filter(failed), []);
});

async function gone({ cluster }: Shop, version: string): Promise<void> {
  await cluster.remove('apps/v1', 'ReplicaSet', `shop-${revisionId(version)}`);
  await until(
    'its pods are gone',
    async () => (await cluster.list('v1', 'Pod', `shiplock.dev/revision=${revisionId(version)}`)).length === 0,
  );
}

test('a weight counts once requests show it, and one that the router does not follow never does', async (t) => {
  const cluster = await openCluster(t);
  if (!cluster.played) return t.skip('the pods of this cluster are not played');
  const follower = followPods(cluster);
  t.after(() => follower.stop());
  const router = await startTraefik({ ...cluster, objects: cluster });
  t.after(() => router.stop());
  const prometheus = await startPrometheus(undefined, [new URL(router.metrics).host]);
  t.after(() => prometheus.stop());
  const requests =
    'traefik_service_requests_total{service=~".*-svc-{{namespace}}-{{service}}-[0-9]+@kubernetesgateway"}';
  const shop = await openShop(cluster, GATEWAY, {}, { prometheus: prometheus.address, requests });
  const spec = route({ name: 'shop', gateway: router.gateway, weights: { 'shop-stable': 100, 'shop-canary': 0 } });
  await cluster.remove('gateway.networking.k8s.io/v1', 'HTTPRoute', 'shop');
  await cluster.apply(spec);
  await shop.start('1.0.0', 1, { served: 'true' });
  await shop.moveStable('1.0.0', null, 1000);
  await until('it answers', async () => (await fetch(`${router.address}/credentials/1`)).ok);
  await shop.start('1.1.0', 1, { served: 'true' });
  const load = startTraffic({
    address: router.address,
    ratePerSecond: RATE,
    atMost: { seconds: 120, requests: 12_000 },
  });
  t.after(() => load.stop());

  const began = Date.now();
  const sent = await until('the weight is shown', () =>
    shop.setWeights({ '1.0.0': 75, '1.1.0': 25 }, 2000).catch(() => null),
  );
  t.diagnostic(`25 % shown after ${Date.now() - began} ms`);
  assert.equal(sent.verified, true);
  // An older, more specific route takes the requests: ours is accepted all the same.
  const matches = [{ path: { type: 'PathPrefix', value: '/credentials' } }];
  const rules = [{ matches, backendRefs: [{ name: 'shop-stable', port: 80 }] }];
  await cluster.apply({ ...spec, metadata: { name: 'mine' }, spec: { ...spec.spec, rules } });
  const weights = { '1.0.0': 40, '1.1.0': 60 };
  const said = await until('it is contradicted', async () => {
    const failed = await failureOf(shop.setWeights(weights, 2000));
    return failed.message.includes('not 60 %') && failed;
  });
  assert.deepEqual([said.code, said.again], ['SHIPLOCK_KUBERNETES_ROUTER', true]);
  t.diagnostic(said.message);
  assert.match(said.message, /^0 of \d+ requests went to the canary: 0\.0 to [\d.]+ %, not 60 %/);
  assert.deepEqual(await shop.written(), ['40/60'], 'the route itself says so');
  const back = await shop.setWeights({ '1.0.0': 100 }, 2001, true);
  assert.deepEqual(back, { weights: { '1.0.0': 100 }, verified: true });
  await load.stop();
  await follower.stop();
});
