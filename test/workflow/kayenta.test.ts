import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MeasureRequest } from '../../activities/metrics/port.ts';
import type { KayentaPlan } from '../../src/plan/kayenta-plan.ts';
import type { MetricPlan, Plan } from '../../src/plan/plan.ts';
import type { ReleaseStatus } from '../../workflows/messages.ts';
import { metricNamed } from '../unit/kayenta-samples.ts';
import { withWorld } from './environment.ts';
import { automatic, credlinkPlan } from './plans.ts';
import { createWorld } from './world.ts';

const limit = { timeout: 60_000 };
const version = '1.1.0';
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** Off the pauses' minutes: see `OFF_THE_STEPS_MS`. */
const INTERVAL = 183 * SECOND;

function planWith(comparison: Partial<KayentaPlan> = {}): Plan {
  const plan = automatic(credlinkPlan());
  const { background } = plan.canary;
  const first = background?.analysis.metrics[0];
  assert.ok(background && first);
  const metric: MetricPlan = {
    ...first,
    name: 'kayenta',
    provider: { ...first.provider, query: `errors{service="${plan.target.canaryService}"}` },
    intervalMs: INTERVAL,
    count: null,
    initialDelayMs: INTERVAL,
    successCondition: null,
    failureCondition: null,
    failureLimit: 0,
    inconclusiveLimit: Number.MAX_SAFE_INTEGER,
    comparison: {
      judge: 'kayenta',
      stepMs: 15 * SECOND,
      lookbackMs: null,
      pass: 95,
      marginal: 75,
      groups: {},
      metrics: [metricNamed('errors'), metricNamed('latency')],
      ...comparison,
    },
  };
  return {
    ...plan,
    canary: {
      ...plan.canary,
      steps: [
        { kind: 'setWeight', weight: 10 },
        { kind: 'pause', durationMs: 10 * MINUTE, deadlineMs: 60 * MINUTE },
        { kind: 'setWeight', weight: 50 },
        { kind: 'pause', durationMs: 20 * MINUTE, deadlineMs: 60 * MINUTE },
      ],
      background: { startingStep: 0, analysis: { ...background.analysis, metrics: [metric] } },
    },
  };
}

/** How many times as high the canary's errors are at its nth reading; `null`: no series of any side. */
type Canary = (reading: number) => number | null;

async function released(plan: Plan, canary: Canary, eventsPerRun?: number) {
  const world = createWorld({ canaryVersion: version });
  const measure = world.activities.measure;
  const asked: MeasureRequest[] = [];
  const matrix = (times: number | null, points: number): string => {
    const series = (name: string, centre: number) => ({
      metric: { shiplock_part: name },
      values: Array.from({ length: points }, (_, i) => [i, String(centre * (1 + ((i * 7) % points) / (10 * points)))]),
    });
    const result = times === null ? [] : [series('errors', times), series('latency', 100)];
    return JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } });
  };
  world.activities.measure = async (request) => {
    const reading = await measure(request);
    if (!request.provider.query.startsWith('errors')) return reading;
    asked.push(request);
    const { range } = request.provider;
    const points = range ? Math.floor((range.startMs - range.endMs) / range.stepMs) + 1 : 0;
    const times = canary(asked.length);
    return { ...reading, raw: matrix(times, points), beside: matrix(times === null ? null : 1, points) };
  };
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
  const { status, metric, asked } = await released(planWith(), () => 1);
  assert.equal(status.outcome, 'released');
  assert.match(metric.because, /^score 100 is at least the 95 to pass; groups: all 100/);
  assert.equal(metric.condition, 'score of at least 95, above 75 (Kayenta)');
  assert.ok(metric.readings.length >= 8);
  assert.ok(metric.readings.every(({ value }) => value === 'score 100'));
  const { canaryService, stableService } = credlinkPlan().target;
  asked.forEach(({ provider, beside }, i) => {
    const wholeSteps = Math.floor((INTERVAL * (i + 1)) / (15 * SECOND)) * 15 * SECOND;
    assert.deepEqual(provider.range, { startMs: wholeSteps, endMs: 0, stepMs: 15 * SECOND });
    assert.ok(provider.query.includes(canaryService));
    assert.equal(beside, provider.query.replaceAll(canaryService, stableService));
  });
});

test('a canary at or below the marginal score goes back at once, and the reason says by what', limit, async () => {
  const { status, metric } = await released(planWith(), (reading) => (reading < 3 ? 1 : 2));
  assert.equal(status.outcome, 'rolledBack');
  assert.equal(metric.readings.length, 3);
  assert.match(
    status.because,
    /kayenta: score 50 is not above the marginal 75; .*errors High: canary mean 2\.\d.*ratio 2/,
  );
});

test('what the last score is worth decides: after good ones a marginal one asks a person', limit, async () => {
  const plan = planWith({ marginal: 40 });
  const better = await released(plan, (reading) => (reading < 4 ? 2 : 1));
  assert.equal(better.status.outcome, 'released');
  assert.equal(better.metric.readings[0]?.verdict, 'inconclusive');
  const worse = await released(plan, (reading) => (reading < 9 ? 1 : 2));
  assert.equal(worse.status.outcome, 'rolledBack');
  assert.match(worse.status.because, /inconclusive and nobody decided: kayenta: .* the last reading is inconclusive/);
});

test('the window goes on growing in a new run of the workflow', limit, async () => {
  const whole = await released(planWith(), () => 1);
  const parts = await released(planWith(), () => 1, 60);
  assert.equal(parts.status.outcome, 'released');
  const ranges = ({ asked }: typeof whole) => asked.map(({ provider }) => provider.range);
  assert.deepEqual(ranges(parts), ranges(whole));
});

test('a window slides where it has a length', limit, async () => {
  const { asked } = await released(planWith({ lookbackMs: 5 * MINUTE }), () => 1);
  assert.deepEqual(new Set(asked.slice(2).map(({ provider }) => provider.range?.startMs)), new Set([5 * MINUTE]));
});

test('no data is no pass, also where missing points count as 0', limit, async () => {
  const nothing = await released(planWith(), () => null);
  assert.equal(nothing.status.outcome, 'rolledBack');
  assert.match(nothing.status.because, /2 of 2 metrics had no data/);
  const metrics = ['errors', 'latency'].map((name) => ({ ...metricNamed(name), nan: 'replace' as const }));
  const zeros = await released(planWith({ metrics }), () => null);
  assert.equal(zeros.status.outcome, 'rolledBack');
  assert.match(zeros.status.because, /inconclusive and nobody decided/);
  assert.ok(zeros.metric.readings.every(({ verdict }) => verdict === 'inconclusive'));
});
