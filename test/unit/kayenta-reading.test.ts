import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_ANSWER_BYTES } from '../../activities/metrics/prometheus.ts';
import { endOfBackground } from '../../src/analysis/index.ts';
import { judgeWindow, mostPoints, windowOf } from '../../src/analysis/kayenta/index.ts';
import { ANSWER_BYTES } from '../../src/analysis/kayenta/window.ts';
import type { KayentaPlan } from '../../src/plan/kayenta-plan.ts';
import type { MetricPlan } from '../../src/plan/plan.ts';
import { metricNamed } from './kayenta-samples.ts';

const SECOND = 1_000;
const PLAN: KayentaPlan = {
  judge: 'kayenta',
  stepMs: 15 * SECOND,
  lookbackMs: null,
  pass: 95,
  marginal: 75,
  groups: {},
  metrics: [metricNamed('errors'), metricNamed('latency')],
};

type Values = Readonly<Record<string, readonly (number | string)[]>>;

const series = (name: string, values: readonly (number | string)[]) => ({
  metric: { service: 'shop', shiplock_part: name },
  values: values.map((value, i) => [1_764_140_000 + 15 * i, String(value)]),
});
const matrix = (result: readonly object[]): string =>
  JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } });
const answer = (canary: Values, stable: Values) => ({
  raw: matrix(Object.entries(canary).map(([name, values]) => series(name, values))),
  beside: matrix(Object.entries(stable).map(([name, values]) => series(name, values))),
  error: null,
});
const around = (centre: number): number[] => Array.from({ length: 20 }, (_, i) => centre + ((i * 7) % 20) / 100);

describe('the window of a reading', () => {
  test('reaches back to where the comparison began, in whole steps', () => {
    assert.deepEqual(windowOf(PLAN, 307 * SECOND), {
      range: { startMs: 300 * SECOND, endMs: 0, stepMs: 15 * SECOND },
      expected: 20,
    });
    assert.deepEqual(windowOf(PLAN, 0).range, { startMs: 0, endMs: 0, stepMs: 15 * SECOND });
  });

  test('slides where it is told how far to look back', () => {
    const sliding = { ...PLAN, lookbackMs: 60 * SECOND };
    assert.equal(windowOf(sliding, 45 * SECOND).expected, 3);
    assert.deepEqual(windowOf(sliding, 3_600 * SECOND), {
      range: { startMs: 60 * SECOND, endMs: 0, stepMs: 15 * SECOND },
      expected: 4,
    });
  });

  test('takes points farther apart before they fit into no answer, and still covers the whole time', () => {
    assert.equal(ANSWER_BYTES, MAX_ANSWER_BYTES);
    for (const count of [1, 2, 7, 20]) {
      const metrics = Array.from({ length: count }, (_, i) => metricNamed(`m${i}`));
      for (const elapsedMs of [60 * SECOND, 3_600 * SECOND, 86_400 * SECOND, 7 * 86_400 * SECOND]) {
        const { range, expected } = windowOf({ ...PLAN, metrics }, elapsedMs);
        assert.ok(expected + 1 <= mostPoints(count), `${count} metrics, ${elapsedMs} ms: ${expected}`);
        assert.equal(range.stepMs % PLAN.stepMs, 0);
        assert.ok(elapsedMs - range.startMs < range.stepMs);
      }
    }
  });

  test('of so many points is within an answer, even of the longest numbers', () => {
    for (const count of [1, 2, 7, 20]) {
      const values = Array.from({ length: mostPoints(count) }, () => [1_764_140_000.123, '-1.2345678901234567e-308']);
      const labels = { __name__: 'x'.repeat(100), instance: 'y'.repeat(100), shiplock_part: 'z'.repeat(63) };
      const raw = matrix(Array.from({ length: count }, () => ({ metric: labels, values })));
      assert.ok(raw.length <= MAX_ANSWER_BYTES, `${count} metrics: ${raw.length}`);
    }
  });
});

describe('a reading of the judge kayenta', () => {
  const good = { errors: around(1), latency: around(100) };

  test('is good where no metric differs', () => {
    const judged = judgeWindow(PLAN, answer(good, good), 20);
    assert.deepEqual([judged.verdict, judged.value], ['pass', 'score 100']);
    assert.match(judged.because, /^score 100 is at least the 95 to pass; .*latency Pass: .*20 and 20 samples$/);
  });

  test('fails at or below the marginal score', () => {
    const judged = judgeWindow(PLAN, answer({ ...good, errors: around(2) }, good), 20);
    assert.deepEqual([judged.verdict, judged.value], ['fail', 'score 50']);
    assert.match(judged.because, /not above the marginal 75; .*; errors High: canary mean 2\.0.*, baseline mean 1\.0/);
  });

  test('is inconclusive between the scores', () => {
    const judged = judgeWindow({ ...PLAN, marginal: 40 }, answer({ ...good, errors: around(2) }, good), 20);
    assert.deepEqual([judged.verdict, judged.value], ['inconclusive', 'score 50']);
  });

  test('counts missing points up to the number that the window should have', () => {
    const replaced = { ...PLAN, metrics: [{ ...metricNamed('errors'), nan: 'replace' as const }] };
    const judged = judgeWindow(replaced, answer({ errors: [1, 'NaN', 3] }, { errors: [1, 2] }), 6);
    assert.match(judged.because, /; 6 and 6 samples$/);
    assert.match(
      judgeWindow(replaced, answer({ errors: [1, 2, 3] }, { errors: [1] }), 2).because,
      /; 3 and 2 samples$/,
    );
  });

  test('without any series fails, or is inconclusive where missing points count as 0, and is never good', () => {
    const judged = judgeWindow(PLAN, answer({}, good), 20);
    assert.equal(judged.verdict, 'fail');
    assert.match(judged.because, /the score is 0 because 2 of 2 metrics had no data/);
    const replaced = { ...PLAN, metrics: PLAN.metrics.map((metric) => ({ ...metric, nan: 'replace' as const })) };
    const nothing = judgeWindow(replaced, answer({}, {}), 20);
    assert.equal(nothing.verdict, 'inconclusive');
    assert.match(nothing.because, /no metric had numbers on both sides: never a pass/);
  });

  const whole = answer(good, good);
  const vector = JSON.stringify({ status: 'success', data: { resultType: 'vector', result: [] } });
  for (const [says, broken, because] of [
    ['no answer', { ...whole, raw: '', error: 'time-out' }, /^no answer: time-out$/],
    ['none of the stable side', { ...whole, beside: '' }, /^no answer about the stable side$/],
    ['a vector', { ...whole, beside: vector }, /^stable side: the query answers a vector, no matrix$/],
    ['no JSON', { ...whole, raw: '<html>' }, /^canary: the answer is not that of a Prometheus$/],
    [
      'two series of one metric',
      { ...whole, raw: matrix([series('errors', [1]), series('errors', [2])]) },
      /errors is more than one series/,
    ],
    ['a series of no metric', { ...whole, raw: matrix([series('other', [1])]) }, /belongs to no metric/],
    ['a series without the label', { ...whole, raw: matrix([{ metric: {}, values: [] }]) }, /belongs to no metric/],
    ['a value that is no number', { ...whole, raw: matrix([series('errors', ['x'])]) }, /no readable value/],
  ] as const)
    test(`${says}: an error`, () => {
      const judged = judgeWindow(PLAN, broken, 20);
      assert.equal(judged.verdict, 'error');
      assert.match(judged.because, because);
    });
});

test('at the end of the ramp the last reading decides', () => {
  const metric: MetricPlan = {
    name: 'kayenta',
    provider: { kind: 'prometheus', address: 'http://prometheus', query: 'x', timeoutMs: 1 },
    intervalMs: 300_000,
    count: null,
    initialDelayMs: 300_000,
    successCondition: null,
    failureCondition: null,
    failureLimit: 0,
    inconclusiveLimit: 1_000_000_000,
    consecutiveErrorLimit: 4,
    comparison: PLAN,
  };
  const end = (verdicts: readonly ('pass' | 'inconclusive' | 'error')[], plan = metric) =>
    endOfBackground(
      { metrics: [plan], minimumReadings: 3 },
      [{ metric: 'kayenta', readings: verdicts.map((verdict) => ({ verdict, weight: 50 })) }],
      50,
    );
  assert.equal(end(['inconclusive', 'pass', 'pass', 'pass']).verdict, 'pass');
  const marginal = end(['pass', 'pass', 'pass', 'inconclusive']);
  assert.equal(marginal.verdict, 'inconclusive');
  assert.match(marginal.because, /3 good readings .*, but the last reading is inconclusive/);
  assert.equal(end(['pass', 'pass', 'pass', 'error']).verdict, 'inconclusive');
  const { comparison: _, ...argos } = metric;
  assert.equal(end(['pass', 'pass', 'pass', 'inconclusive'], argos).verdict, 'pass', 'of other metrics it does not');
});
