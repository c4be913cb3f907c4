import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Plan } from '../../src/plan/plan.ts';
import type { ReleaseStatus } from '../../workflows/messages.ts';
import { metricNamed } from '../unit/kayenta-samples.ts';
import { type Canary, KAYENTA_INTERVAL_MS as INTERVAL, kayentaPlan, scoring } from './compared-plans.ts';
import { withWorld } from './environment.ts';
import { credlinkPlan } from './plans.ts';
import { createWorld } from './world.ts';

const limit = { timeout: 300_000 };
const version = '1.1.0';
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

async function released(plan: Plan, canary: Canary, eventsPerRun?: number) {
  const world = createWorld({ canaryVersion: version });
  const asked = scoring(world, canary);
  let status: ReleaseStatus | undefined;
  await withWorld(world, async ({ start }) => {
    const handle = await start(plan, eventsPerRun === undefined ? {} : { eventsPerRun });
    status = (await handle.result().catch(() => handle.query('status'))) as ReleaseStatus;
  });
  const metric = status?.metrics.find(({ metric: name }) => name === 'kayenta');
  assert.ok(status && metric);
  return { status, metric, asked };
}

test('an equal canary is released, by windows that grow from the start of the comparison', limit, async () => {
  const { status, metric, asked } = await released(kayentaPlan(), () => 1);
  assert.equal(status.outcome, 'released');
  assert.match(metric.because, /^score 100 is at least the 95 to pass; groups: all 100/);
  assert.equal(metric.condition, 'a score of 95 or more, 75 or less fails (Kayenta: errors, latency)');
  assert.ok(metric.readings.length >= 8);
  assert.ok(metric.readings.every(({ value }) => value === 'score 100'));
  const { canaryService, stableService } = credlinkPlan().target;
  asked.forEach(({ query, beside, range }, i) => {
    const wholeSteps = Math.floor((INTERVAL * (i + 1)) / (15 * SECOND)) * 15 * SECOND;
    assert.deepEqual(range, { startMs: wholeSteps, endMs: 0, stepMs: 15 * SECOND });
    assert.ok(query.includes(canaryService));
    assert.equal(beside, query.replaceAll(canaryService, stableService));
  });
});

test('a canary at or below the marginal score goes back at once, and the reason says by what', limit, async () => {
  const { status, metric } = await released(kayentaPlan(), (reading) => (reading < 3 ? 1 : 2));
  assert.equal(status.outcome, 'rolledBack');
  assert.equal(metric.readings.length, 3);
  assert.match(
    status.because,
    /kayenta: score 50 is not above the marginal 75; .*errors High: canary mean 2\.\d.*ratio 2/,
  );
});

test('what the last score is worth decides: after good ones a marginal one asks a person', limit, async () => {
  const plan = kayentaPlan({ marginal: 40 });
  const better = await released(plan, (reading) => (reading < 4 ? 2 : 1));
  assert.equal(better.status.outcome, 'released');
  assert.equal(better.metric.readings[0]?.verdict, 'inconclusive');
  const worse = await released(plan, (reading) => (reading < 9 ? 1 : 2));
  assert.equal(worse.status.outcome, 'rolledBack');
  assert.match(worse.status.because, /inconclusive and nobody decided: kayenta: .* the last reading is inconclusive/);
});

test('the window goes on growing in a new run of the workflow', limit, async () => {
  const whole = await released(kayentaPlan(), () => 1);
  const parts = await released(kayentaPlan(), () => 1, 60);
  assert.equal(parts.status.outcome, 'released');
  const ranges = ({ asked }: typeof whole) => asked.map(({ range }) => range);
  assert.deepEqual(ranges(parts), ranges(whole));
});

test('a window slides where it has a length', limit, async () => {
  const { asked } = await released(kayentaPlan({ lookbackMs: 5 * MINUTE }), () => 1);
  assert.deepEqual(new Set(asked.slice(2).map(({ range }) => range?.startMs)), new Set([5 * MINUTE]));
});

test('no data is no pass, also where missing points count as 0', limit, async () => {
  const nothing = await released(kayentaPlan(), () => null);
  assert.equal(nothing.status.outcome, 'rolledBack');
  assert.match(nothing.status.because, /2 of 2 metrics had no data/);
  const metrics = ['errors', 'latency'].map((name) => ({ ...metricNamed(name), nan: 'replace' as const }));
  const zeros = await released(kayentaPlan({ metrics }), () => null);
  assert.equal(zeros.status.outcome, 'rolledBack');
  assert.match(zeros.status.because, /inconclusive and nobody decided/);
  assert.ok(zeros.metric.readings.every(({ verdict }) => verdict === 'inconclusive'));
});
