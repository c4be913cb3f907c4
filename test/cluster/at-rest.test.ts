/** Argo Rollouts #3112, #2855, #4571, #3929, #2982: releases that wait cost nothing, and those that have ended leave nothing. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { V1Deployment } from '@kubernetes/client-node';
import { until } from './support/index.ts';
import { istio, virtualService } from './support/manifests.ts';
import { openProxiedEngine, type ProxiedEngine } from './support/proxied.ts';
import { given } from './support/story.ts';
import type { Update } from './support/update.ts';
import { deployment } from './support/workloads.ts';

const EACH = 3;
/** Whatever the engine waits for in a cluster it looks at again after 5 s at most. */
const REST_MS = 6_000;

let proxied: ProxiedEngine;
before(async () => {
  proxied = await openProxiedEngine();
});
after(() => proxied.close());

/** From an adopted Deployment to 1.1.0, at the pause after 50 %. */
async function atPause(t: Parameters<typeof given>[0], service: string): Promise<Update> {
  const shop = await given(t, proxied.engine, {
    service,
    objects: [virtualService(service), deployment({ name: service })],
    canary: istio(service, [{ setWeight: 50 }, { pause: {} }], { abortScaleDownDelaySeconds: 1 }),
    release: { target: { adopts: { name: service, scaleDown: 'never' } }, window: { duration: '10m' } },
    prepared: ({ get }) =>
      until('a pod', async () => {
        const found = await get<V1Deployment>('apps/v1', 'Deployment', service);
        return found?.status?.availableReplicas === 1;
      }),
  });
  const update = await shop.releases('1.1.0');
  await update.pauses();
  return update;
}

/** How much there is of each history. */
function lengthsOf(updates: readonly Update[]): Promise<readonly number[]> {
  const { workflow } = proxied.engine.shiplock.session.client;
  return Promise.all(updates.map(async ({ id }) => (await workflow.getHandle(id).describe()).historyLength));
}

/** A gauge of the worker's metrics, summed over what it is told of. */
async function gauge(name: string): Promise<number> {
  const text = await (await fetch(`http://${proxied.engine.metrics}/metrics`)).text();
  const lines = [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))];
  assert.ok(lines.length > 0, `the worker tells no ${name}`);
  return lines.reduce((sum, [, value]) => sum + Number(value), 0);
}

async function comesToHold(releases: number): Promise<void> {
  await until(`the worker holds ${releases} releases`, async () => {
    const now = await gauge('sticky_cache_size');
    if (now === releases) return true;
    throw new Error(`${now}`);
  });
}

test('releases that wait, at a pause or in their window, ask the API server for nothing and are given no task, however many; ended, none is held', {
  timeout: 120_000,
}, async (t) => {
  const names = Array.from({ length: 2 * EACH }, (_, index) => `rests-${index}`);
  const updates = await Promise.all(names.map((name) => atPause(t, name)));
  const [paused, released] = [updates.slice(EACH), updates.slice(0, EACH)];
  for (const update of released) await update.promotes();
  for (const update of released) await update.sees('its window', ({ waiting }) => waiting?.kind === 'window');
  await comesToHold(2 * EACH);

  const asked: string[] = [];
  t.after(async () => proxied.proxy.through(null));
  proxied.proxy.through(({ method, path }, forward) => {
    asked.push(`${method} ${path}`);
    return forward();
  });
  const before = await lengthsOf(updates);
  await delay(REST_MS);
  assert.deepEqual(asked, []);
  assert.deepEqual(await lengthsOf(updates), before, 'no task was given to any of them');

  for (const update of paused) await update.aborts();
  for (const update of released) await update.sends('finalise');
  for (const update of paused) await update.ends('rolledBack');
  for (const update of released) await update.ends('released');
  assert.ok(asked.length > 0, 'what is asked is counted');
  await comesToHold(0);
  asked.length = 0;
  await delay(REST_MS / 3);
  assert.deepEqual(asked, []);
});
