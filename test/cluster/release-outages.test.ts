/** Whole releases whose API server refuses for a while, is slow, hangs, cuts connections, or is started again. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type ApiProxy, refusal } from './support/api-proxy.ts';
import { begun, isHeldUp, standing } from './support/disturbed.ts';
import type { Engine } from './support/engine.ts';
import { until } from './support/index.ts';
import { openProxiedEngine, type ProxiedEngine } from './support/proxied.ts';
import { hasWeights, recordWeights } from './support/routes.ts';

const limit = { timeout: 240_000 };
let proxied: ProxiedEngine;
let engine: Engine;
let proxy: ApiProxy;
before(async () => {
  proxied = await openProxiedEngine();
  ({ engine, proxy } = proxied);
});
after(() => proxied.close());

const FORTH = ['80,20', '50,50', '0,100', '100,0'];
const REFUSALS = [
  refusal(409, 'Conflict', 'the object has been modified; please apply your changes to the latest version'),
  refusal(429, 'TooManyRequests', 'too many requests', { 'retry-after': '1' }),
  refusal(500, 'InternalError', 'etcdserver: leader changed'),
  refusal(503, 'ServiceUnavailable', 'apiserver is shutting down'),
];

test(
  'an API server that refuses every second write, each time in another way, changes nothing but the time',
  limit,
  async (t) => {
    t.after(() => proxy.through(null));
    const { shop } = await standing(t, engine, { service: 'refused-once' });
    const recorded = await recordWeights(shop);
    let writes = 0;
    proxy.through(async (asked, forward) => {
      if (!asked.writes) return forward();
      writes += 1;
      return writes % 2 === 1 ? (REFUSALS[((writes - 1) / 2) % REFUSALS.length] ?? forward()) : forward();
    });
    const update = await shop.releases('1.1.0');
    await update.promotes();
    await update.pauses('step-4');
    await update.promotes();
    await update.ends('released');
    await until('the old side is gone', async () => (await shop.replicaSetOf('1.0.0')) === null);
    await shop.hasPods({ '1.0.0': 0, '1.1.0': 1 });
    assert.deepEqual(await recorded(), FORTH);
    assert.ok(writes > 30, `${writes} writes`);
  },
);

test(
  'a write that is refused with 500 for as long as it lasts: an abort waits for it, and both sides serve meanwhile',
  limit,
  async (t) => {
    t.after(() => proxy.through(null));
    const stands = await begun(t, engine, { service: 'refuses' });
    const { shop, update } = stands;
    proxy.through(async ({ writes, resource }, forward) =>
      writes && resource === 'virtualservices' ? refusal(500, 'InternalError', 'no leader') : forward(),
    );
    await update.promotes();
    await isHeldUp(stands, update, 'SHIPLOCK_KUBERNETES_UNAVAILABLE');
    await update.aborts();
    await update.sees('it goes back', ({ phase }) => phase === 'undoing');
    await hasWeights(shop, [80, 20]);
    await shop.hasPods({ '1.0.0': 1, '1.1.0': 1 });
    proxy.through(null);
    await update.ends('rolledBack', /a test/);
    await stands.isAsBefore();
  },
);

test('an API server that hangs is named, and the release goes on with it', limit, async (t) => {
  t.after(() => proxy.through(null));
  const stands = await begun(t, engine, { service: 'hangs' });
  const { update } = stands;
  let hangs = true;
  proxy.through(async (_, forward) => {
    await until('it goes on', async () => !hangs, 60_000);
    return forward();
  });
  await update.promotes();
  await isHeldUp(stands, update, 'SHIPLOCK_KUBERNETES_TIMEOUT');
  hangs = false;
  await update.pauses('step-4');
  await hasWeights(stands.shop, [50, 50]);
  await update.aborts();
  await update.ends('rolledBack', /a test/);
  await stands.isAsBefore();
});

test('an API server that takes half a second for every answer is slow, not broken', limit, async (t) => {
  t.after(() => proxy.through(null));
  const stands = await standing(t, engine, { service: 'slow' });
  const { shop } = stands;
  const recorded = await recordWeights(shop);
  proxy.through(async (_, forward) => {
    await delay(500);
    return forward();
  });
  const update = await shop.releases('1.1.0');
  await update.promotes();
  await update.pauses('step-4');
  await update.aborts();
  await update.ends('rolledBack', /a test/);
  assert.deepEqual(await recorded(), ['80,20', '50,50', '100,0']);
  await stands.isAsBefore();
});

test(
  'connections that are cut while pods are waited for are made again: nothing hangs on a watch',
  limit,
  async (t) => {
    t.after(() => proxy.through(null));
    const stands = await standing(t, engine, { service: 'cut', play: { readyAfter: '3s' } });
    const { shop } = stands;
    let reads = 0;
    proxy.through(async ({ writes }, forward) => {
      // Four in a row of each 24: any one in so many would meet every attempt that reads so much.
      const isCut = !writes && reads++ % 24 < 4;
      const reply = await forward();
      return isCut ? 'cut' : reply;
    });
    const update = await shop.releases('1.1.0');
    await update.pauses();
    await hasWeights(shop, [80, 20]);
    await update.aborts();
    await update.ends('rolledBack', /a test/);
    proxy.through(null);
    assert.ok(reads > 24, `${reads} reads`);
    await stands.isAsBefore();
  },
);
