/** What comparisons make of answers that nobody meant: other spellings, lost series, names that objects have already. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { judgeWindow } from '../../src/analysis/kayenta/index.ts';
import type { KayentaPlan } from '../../src/plan/kayenta-plan.ts';
import type { ComparisonPlan } from '../../src/plan/plan.ts';
import { buckets, counts, looks, means } from './comparison-answers.ts';
import { metricNamed, scoring } from './kayenta-samples.ts';

const COUNTS: ComparisonPlan = { of: 'counts', alpha: 0.05, margin: null, minimumRequests: 100 };
const LATENCY: ComparisonPlan = { ...COUNTS, of: 'histogram', quantile: 0.9 };
const MEAN: ComparisonPlan = { ...COUNTS, of: 'mean' };
const WITHIN = 0.5;

describe('a bound that clients spell otherwise', () => {
  const side = (bound: string, fast: number, all: number) => ({ [bound]: fast, '+Inf': all });

  test('is the same bound on both sides', () => {
    const start = buckets(side('1.0', 0, 0), side('1', 0, 0));
    const [, last] = looks(LATENCY, [start, buckets(side('1.0', 500, 1_000), side('1', 8_910, 9_000))]);
    assert.equal(last?.verdict, 'fail');
    assert.match(last?.because ?? '', /50 % of 1000 slower than 1 s on the canary, 1 % of 9000 on the stable side/);
  });

  test('may change while the counters go on', () => {
    const start = buckets(side('1', 100, 100), side('1', 900, 900));
    const [, last] = looks(LATENCY, [start, buckets(side('1.0', 200, 200), side('1e0', 1_800, 1_800))]);
    assert.equal(last?.verdict, 'pass');
  });

  test('twice within a side is an error', () => {
    const twice = buckets({ '1': 90, '1.0': 90, '+Inf': 100 }, side('1', 900, 1_000));
    assert.match(looks(LATENCY, [twice])[0]?.because ?? '', /two series have the le 1$/);
  });
});

describe('evidence at a weight', () => {
  test('is not carried into the next one by a look that counts for nothing', () => {
    const at = (canary: number, stable: number) =>
      counts({ events: canary / 100, total: canary }, { events: stable / 100, total: stable });
    const plan = { ...COUNTS, margin: WITHIN };
    const shown = looks(
      plan,
      [at(0, 100_000), at(100_000, 1_000_000), at(100, 1_100_000), at(200, 1_100_100), at(300, 1_100_200)],
      [10, 10, 50, 50, 50],
    );
    assert.deepEqual(
      shown.map(({ safe }) => safe),
      [false, true, false, false, false],
    );
  });

  test('nor is that of means', () => {
    const side = (n: number) => ({ '0.1': 0.9 * n, '0.5': n, '+Inf': n, sum: 0.08 * n });
    const at = (canary: number, stable: number) => means(side(canary), side(stable));
    const shown = looks(
      { ...MEAN, margin: WITHIN },
      [at(0, 0), at(10_000, 90_000), at(100, 100_000), at(200, 100_100), at(300, 100_200)],
      [10, 10, 50, 50, 50],
    );
    assert.deepEqual(
      shown.map(({ safe }) => safe),
      [false, true, false, false, false],
    );
  });

  test('of a mean shows nothing before there are enough requests at that weight', () => {
    // All of them near the lower end of a bucket, so that they seem not to vary.
    const side = (n: number) => ({ '0.1': 0, '0.2': n, '+Inf': n, sum: 0.1001 * n });
    const answers = [means(side(0), side(0)), means(side(500), side(500)), means(side(520), side(520))];
    const more = [means(side(530), side(530)), means(side(640), side(640))];
    const shown = looks({ ...MEAN, margin: WITHIN }, [...answers, ...more], [10, 10, 20, 20, 20]);
    assert.deepEqual(
      shown.map(({ safe }) => safe),
      [false, true, false, false, true],
    );
  });
});

describe('a process that is gone for a while, and comes back with all that it had counted', () => {
  // Both sides now fail 5 %, as the database does; over the days before it was next to nothing.
  const now = (total: number) => total / 20;

  test('makes no canary worse', () => {
    const answers = [
      counts({ events: 0, total: 0 }, { events: 10, total: 3_000_000 }),
      counts({ events: now(1_000), total: 1_000 }, { events: 10 + now(9_000), total: 3_009_000 }),
      // One of three replicas is not scraped.
      counts({ events: now(2_000), total: 2_000 }, { events: 7 + now(12_000), total: 2_012_000 }),
      counts({ events: now(3_000), total: 3_000 }, { events: 10 + now(27_000), total: 3_027_000 }),
      counts({ events: now(4_000), total: 4_000 }, { events: 10 + now(36_000), total: 3_036_000 }),
    ];
    const judged = looks(COUNTS, answers);
    assert.deepEqual(
      judged.map(({ verdict }) => verdict),
      ['inconclusive', 'pass', 'inconclusive', 'inconclusive', 'pass'],
    );
    assert.match(judged[3]?.because ?? '', /stable side: total is above where it stood before it fell/);
    assert.equal(judged.at(-1)?.progress.skipped, 2);
  });

  test('of a histogram, too, and once only', () => {
    const side = (total: number) => ({ '0.1': total / 2, '+Inf': total });
    const at = (canary: number, stable: number) => buckets(side(canary), side(stable));
    const judged = looks(LATENCY, [at(0, 3_000), at(500, 2_000), at(1_000, 3_500), at(1_500, 4_000)]);
    assert.deepEqual(
      judged.map(({ progress }) => progress.skipped),
      [0, 1, 2, 2],
    );
  });
});

describe('labels that are no text', () => {
  const hostile = (label: string, resultType: 'vector' | 'matrix') =>
    JSON.stringify({
      status: 'success',
      data: {
        resultType,
        result: [{ metric: { [label]: { toString: 1, valueOf: 1 } }, value: [1, '1'], values: [[1, '1']] }],
      },
    });

  for (const [plan, label] of [
    [COUNTS, 'shiplock_part'],
    [LATENCY, 'le'],
    [MEAN, 'le'],
  ] as const)
    test(`are none: ${plan.of}`, () => {
      const raw = hostile(label, 'vector');
      assert.doesNotThrow(() => looks(plan, [{ raw, beside: raw, error: null }]));
    });

  test('are none: kayenta', () => {
    const raw = hostile('shiplock_part', 'matrix');
    const plan = { ...scoring({ name: 'errors' }), judge: 'kayenta' } as KayentaPlan;
    assert.equal(judgeWindow(plan, { raw, beside: raw, error: null }, 4).verdict, 'error');
  });
});

describe('the judge kayenta with names that every object has', () => {
  const PLAN: KayentaPlan = {
    judge: 'kayenta',
    stepMs: 15_000,
    lookbackMs: null,
    pass: 95,
    marginal: 75,
    groups: {},
    metrics: [{ ...metricNamed('constructor'), groups: ['constructor'] }],
  };
  const matrix = (centre: number | null) => {
    const values = Array.from({ length: 20 }, (_, i) => [i, String((centre ?? 0) + i / 100)]);
    const result = centre === null ? [] : [{ metric: { shiplock_part: 'constructor' }, values }];
    return JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } });
  };

  test('finds no data where there is none', () => {
    const answer = { raw: matrix(null), beside: matrix(null), error: null };
    assert.equal(judgeWindow(PLAN, answer, 20).verdict, 'fail');
  });

  test('scores their group', () => {
    const answer = { raw: matrix(200), beside: matrix(100), error: null };
    const judged = judgeWindow(PLAN, answer, 20);
    assert.equal(judged.verdict, 'fail');
    assert.equal(judged.value, 'score 0');
  });
});
