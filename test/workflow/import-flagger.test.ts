/** What Flagger's users ran into (fluxcd/flagger's issues, by number), with the release that its Canary is imported as. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { compileRelease } from '../../src/plan/index.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { FLAGGER, imported } from '../fixtures/flagger/imports.ts';
import { withWorld } from './environment.ts';
import { endOf } from './invariants-scenes.ts';
import { automatic } from './plans.ts';
import { createWorld } from './world.ts';

const limit = { timeout: 300_000 };
const HOUR = 60 * 60_000;
const folder = mkdtempSync(path.join(tmpdir(), 'shiplock-import-'));
after(() => rmSync(folder, { recursive: true }));

/** The Canary `checkout`, with nobody to ask for the promotion. */
function checkout(): Plan {
  const { release, files } = imported('checkout');
  assert.ok(release);
  for (const { name, text } of [release, ...files]) writeFileSync(path.join(folder, name), text);
  cpSync(path.join(FLAGGER, 'checkout.yaml'), path.join(folder, 'checkout.yaml'));
  const { plan } = compileRelease({ file: path.join(folder, release.name), version: '1.1.0' });
  assert.ok(plan);
  return automatic(plan);
}

/** A world in which everything is well, and what was asked of it, by the metric's name. */
function scene() {
  const world = createWorld({ canaryVersion: '1.1.0' });
  const asked: string[] = [];
  const measure = world.activities.measure;
  world.activities.measure = (request) => {
    asked.push(request.metric?.split('/').at(-1) ?? '');
    return measure(request);
  };
  const good = (query: string) =>
    query.includes('histogram_quantile') ? 120 : query.startsWith('100 - sum') ? 0.1 : 99.9;
  world.metric = good;
  return { world, asked, good };
}

const BUDGET = 'POST http://budget.ops/left';
const SMOKE = 'POST http://tester.shop/smoke';

test('a Canary of Flagger’s is released: every weight, then all traffic', limit, async () => {
  const { world, asked } = scene();
  await withWorld(world, async ({ start }) => {
    const { status } = await endOf(await start(checkout()));
    assert.equal(status.outcome, 'released');
    const weights = world.journal.filter((line) => line.startsWith('weight '));
    assert.deepEqual(weights, ['weight 20', 'weight 40', 'weight 60', 'weight 100']);
    assert.ok(world.journal.indexOf('gate change-freeze') < world.journal.indexOf('start 1.1.0'));
    assert.equal(asked.filter((name) => name === 'smoke').length, 1);
  });
});

test('#1801: a threshold that is reached while confirm-traffic-increase waits rolls back', limit, async () => {
  const { world, good } = scene();
  world.metric = (query, weight) => {
    if (query === BUDGET) return weight === 0 ? 1 : new Error('answers 403: Forbidden');
    return query.includes('response_code') && weight > 0 ? 50 : good(query);
  };
  await withWorld(world, async ({ start }) => {
    const { type, because, status } = await endOf(await start(checkout()));
    assert.equal(type, 'RolledBack');
    assert.match(because, /request-success-rate/);
    const bad = status.metrics.find(({ metric }) => metric === 'request-success-rate');
    assert.equal(bad?.readings.filter(({ verdict }) => verdict === 'fail').length, 5);
    assert.deepEqual(world.weights, { '1.0.0': 100 });
  });
});

test('#1450, #738: a gate that nobody opens has a deadline, and the release goes back', limit, async () => {
  const { world, good } = scene();
  world.metric = (query, weight) =>
    query === BUDGET && weight === 20 ? new Error('answers 403: Forbidden') : good(query);
  await withWorld(world, async ({ start }) => {
    const handle = await start(checkout());
    const { type, because } = await endOf(handle);
    assert.equal(type, 'RolledBack');
    assert.match(because, /^step-5: the analysis did not end in time/);
    const { startTime, closeTime } = await handle.describe();
    const took = Number(closeTime) - Number(startTime);
    assert.ok(took >= HOUR && took < 1.2 * HOUR, `${took} ms`);
  });
});

test('#1248: what is called before the rollout is called once, however long the next gate waits', limit, async () => {
  const { world, asked, good } = scene();
  let budget = 0;
  world.metric = (query) => {
    if (query !== BUDGET) return good(query);
    budget += 1;
    return budget % 10 === 0 ? 1 : new Error('answers 403: Forbidden');
  };
  await withWorld(world, async ({ start }) => {
    const { status } = await endOf(await start(checkout()));
    assert.equal(status.outcome, 'released');
    assert.equal(asked.filter((name) => name === 'acceptance').length, 1);
    assert.equal(budget, 40);
  });
});

test('post-rollout can fail: the release goes back in one switch', limit, async () => {
  const { world, good } = scene();
  world.metric = (query) => (query === SMOKE ? new Error('answers 500: no') : good(query));
  await withWorld(world, async ({ start }) => {
    const { type, because } = await endOf(await start(checkout()));
    assert.equal(type, 'RolledBack');
    assert.match(because, /smoke/);
    const weights = world.journal.filter((line) => line.startsWith('weight '));
    assert.deepEqual(weights.slice(-2), ['weight 100', 'weight 0']);
    assert.deepEqual(world.weights, { '1.0.0': 100 });
  });
});

/** Each weight stands for three intervals, so that a reading that is missing does not leave too few. */
const slower = (plan: Plan): Plan => {
  const steps = plan.canary.steps.map((step) =>
    step.kind === 'pause' ? { ...step, durationMs: 180_000, deadlineMs: 180_000 } : step,
  );
  return { ...plan, canary: { ...plan.canary, steps } };
};

test('#1011, #1035: no traffic at the beginning is not counted as bad, and the release goes on', limit, async () => {
  const { world, good } = scene();
  let quiet = 2;
  world.metric = (query) => {
    if (!query.startsWith('sum(rate(istio_requests_total')) return good(query);
    quiet -= 1;
    return quiet >= 0 ? '' : good(query);
  };
  await withWorld(world, async ({ start }) => {
    const { status } = await endOf(await start(slower(checkout())));
    assert.equal(status.outcome, 'released');
    const rate = status.metrics.find(({ metric }) => metric === 'request-success-rate');
    assert.deepEqual(
      rate?.readings.slice(0, 2).map(({ verdict }) => verdict),
      ['error', 'error'],
    );
  });
});

test('#1515: a change of phase is told once, also where an alert has no severity', limit, async () => {
  const { world } = scene();
  await withWorld(world, async ({ start }) => {
    const plan = checkout();
    assert.ok(plan.notify?.includes('on-call'), 'the alert without a severity');
    await endOf(await start(plan));
    const ids = world.told.map(({ id }) => id);
    assert.ok(ids.length > 0);
    const times = new Map<string, number>();
    for (const id of ids) times.set(id, (times.get(id) ?? 0) + 1);
    // Once for each of the three that are told.
    assert.deepEqual([...new Set(times.values())], [3]);
  });
});
