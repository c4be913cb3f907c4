import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { judgeKayenta, type KayentaJudgement, type Samples, verdictOf } from '../../src/analysis/kayenta/index.ts';
import { mannWhitney, normalQuantile } from '../../src/analysis/kayenta/mann-whitney.ts';
import { rankSum, sorted } from '../../src/analysis/kayenta/ranks.ts';
import { scoreOf } from '../../src/analysis/kayenta/score.ts';
import { percentile, summary } from '../../src/analysis/kayenta/statistics.ts';
import { transformed } from '../../src/analysis/kayenta/transforms.ts';
import type { KayentaMetric, KayentaScoring } from '../../src/plan/kayenta-plan.ts';

const METRIC: KayentaMetric = {
  name: 'errors',
  groups: ['all'],
  direction: 'either',
  critical: false,
  mustHaveData: false,
  muted: false,
  nan: 'remove',
  outliers: { strategy: 'keep' },
  effectSize: {
    measure: 'meanRatio',
    allowedIncrease: 1,
    allowedDecrease: 1,
    criticalIncrease: 1,
    criticalDecrease: 1,
  },
};
const { effectSize } = METRIC;
const REMOVE = { strategy: 'remove', detector: 'iqr', factor: 3 } as const;
const scoring = (...metrics: readonly Partial<KayentaMetric>[]): KayentaScoring => ({
  metrics: metrics.map((metric) => ({ ...METRIC, ...metric })),
  groups: {},
  marginal: 75,
  pass: 95,
});

/** Around `centre`, evenly spread over ±5 % of it. */
const around = (centre: number, count = 20): number[] =>
  Array.from({ length: count }, (_, i) => centre * (0.95 + (0.1 * ((i * 7) % count)) / (count - 1)));
const EQUAL: Samples = { canary: around(100), baseline: around(100.01) };
const HIGH: Samples = { canary: around(200), baseline: around(100) };
const LOW: Samples = { canary: around(100), baseline: around(200) };
const NONE: Samples = { canary: [Number.NaN], baseline: [] };

function label(samples: Samples, metric: Partial<KayentaMetric> = {}): string {
  const [judged] = judgeKayenta(scoring(metric), { errors: samples }).metrics;
  return `${judged?.label}${judged?.critical ? ' critical' : ''}`;
}

/** Numbers of a fixed seed, 0..1. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('the label of a metric', () => {
  const cases: readonly [name: string, Samples, Partial<KayentaMetric>, string][] = [
    ['equal sides pass', EQUAL, {}, 'Pass'],
    ['a higher canary is High', HIGH, {}, 'High'],
    ['a lower canary is Low', LOW, {}, 'Low'],
    ['only less is bad: higher passes', HIGH, { direction: 'decrease' }, 'Pass'],
    ['only more is bad: lower passes', LOW, { direction: 'increase' }, 'Pass'],
    ['only more is bad: higher is High', HIGH, { direction: 'increase' }, 'High'],
    ['only less is bad: lower is Low', LOW, { direction: 'decrease' }, 'Low'],
    ['no data', NONE, {}, 'Nodata'],
    ['no data of a critical metric', NONE, { critical: true }, 'Nodata critical'],
    ['no data where some must be', NONE, { mustHaveData: true }, 'NodataFailMetric'],
    ['no data where some must be, critical', NONE, { mustHaveData: true, critical: true }, 'Nodata critical'],
    ['no point at all, missing ones count as 0', { canary: [], baseline: [1] }, { nan: 'replace' }, 'Pass'],
    ['a missing side counts as 0', { canary: around(5), baseline: around(Number.NaN) }, { nan: 'replace' }, 'High'],
    ['the same values in another order', { canary: [1, 2, 3], baseline: [3, 1, 2] }, {}, 'Pass'],
    ['one value throughout', { canary: [2, 2], baseline: [2, 2, 2] }, {}, 'Pass'],
    ['two constants', { canary: around(0, 5).map(() => 7), baseline: [1, 1, 1, 1, 1] }, {}, 'High'],
    ['two constants, one of them 0', { canary: [0, 0, 0, 0, 0], baseline: [1, 1, 1, 1, 1] }, {}, 'Low'],
    ['one value on each side, which no interval covers', { canary: [2], baseline: [1] }, {}, 'Error'],
    ['a ratio of 2 where 2.5 is allowed', HIGH, { effectSize: { ...effectSize, allowedIncrease: 2.5 } }, 'Pass'],
    ['a ratio of 2 where 1.9 is allowed', HIGH, { effectSize: { ...effectSize, allowedIncrease: 1.9 } }, 'High'],
    ['a ratio of 0.5 where 0.4 is allowed', LOW, { effectSize: { ...effectSize, allowedDecrease: 0.4 } }, 'Pass'],
    ['a ratio of 0.5 where 0.6 is allowed', LOW, { effectSize: { ...effectSize, allowedDecrease: 0.6 } }, 'Low'],
    [
      'no ratio, because the baseline is 0, is no limit',
      { canary: around(5), baseline: around(0) },
      { effectSize: { ...effectSize, allowedIncrease: 9 } },
      'High',
    ],
    [
      'pairs: 1 where 0.8 is allowed',
      HIGH,
      { effectSize: { ...effectSize, measure: 'cles', allowedIncrease: 0.8 } },
      'High',
    ],
    [
      'pairs: 0 where 0.2 is allowed',
      LOW,
      { effectSize: { ...effectSize, measure: 'cles', allowedDecrease: 0.2 } },
      'Low',
    ],
    [
      'critical beyond the critical increase',
      HIGH,
      { critical: true, effectSize: { ...effectSize, criticalIncrease: 1.9 } },
      'High critical',
    ],
    [
      'critical, not beyond the critical increase',
      HIGH,
      { critical: true, effectSize: { ...effectSize, criticalIncrease: 2.1 } },
      'High',
    ],
    [
      'critical beyond the critical decrease',
      LOW,
      { critical: true, effectSize: { ...effectSize, criticalDecrease: 0.6 } },
      'Low critical',
    ],
    [
      'critical, not beyond the critical decrease',
      LOW,
      { critical: true, effectSize: { ...effectSize, criticalDecrease: 0.4 } },
      'Low',
    ],
    ['critical and good', EQUAL, { critical: true }, 'Pass'],
    ['an infinite value', { canary: [1, 2, Number.POSITIVE_INFINITY], baseline: [1, 2, 3] }, {}, 'Error'],
  ];
  for (const [name, samples, metric, expected] of cases)
    test(name, () => assert.equal(label(samples, metric), expected));
});

describe('the points of a series', () => {
  test('missing ones are left out or count as 0', () => {
    const values = [1, Number.NaN, 3];
    assert.deepEqual(transformed(values, METRIC), [1, 3]);
    assert.deepEqual(transformed(values, { ...METRIC, nan: 'replace' }), [1, 0, 3]);
  });

  test('outliers are left out by the distance from the quartiles, never within the 1st and 99th percentile', () => {
    const values = [...around(10, 99), 1_000, 1_001];
    assert.deepEqual(transformed(values, { ...METRIC, outliers: REMOVE }), [...around(10, 99), 1_000]);
    const few = [...around(10, 19), 1_000];
    assert.equal(transformed(few, { ...METRIC, outliers: REMOVE }).length, 19);
    assert.equal(transformed(few, METRIC).length, 20);
    const mostlyEqual = [...Array.from({ length: 200 }, () => 1), 2, 2, 2, 2];
    assert.equal(transformed(mostlyEqual, { ...METRIC, outliers: REMOVE }).length, 204, 'a range of 0 removes nothing');
  });

  test('outliers are left out by standard deviations from the mean', () => {
    const kSigma = { strategy: 'remove', detector: 'kSigma', factor: 3 } as const;
    assert.equal(transformed([...around(10, 19), 1_000], { ...METRIC, outliers: kSigma }).length, 19);
  });

  test('are summed up', () => {
    assert.deepEqual(summary([1, 2, 3, 6]), {
      count: 4,
      mean: 3,
      standardDeviation: Math.sqrt(14 / 3),
      min: 1,
      max: 6,
    });
    assert.deepEqual(summary([]), { count: 0, mean: 0, standardDeviation: 0, min: 0, max: 0 });
    assert.equal(percentile([4, 1, 3, 2], 50), 2.5);
    assert.ok(Number.isNaN(percentile([], 50)));
  });

  test('equal ones share their ranks', () => {
    assert.deepEqual(rankSum([1, 2, 2], [2, 3]), { sum: 1 + 3 + 3, ties: 24 });
    assert.deepEqual(rankSum([11, 12, 12], [2, 3], 10), { sum: 1 + 3 + 3, ties: 24 });
  });
});

describe('the interval', () => {
  const z = normalQuantile(0.975);

  test('of two small samples is that of R', () => {
    assert.ok(Math.abs(z - 1.959963984540054) < 1e-12);
    const shift = mannWhitney([10, 20, 30, 40], [1, 2, 3, 4], z);
    assert.ok(shift.kind === 'shift');
    assert.deepEqual(
      [shift.low, shift.high].map((end) => Math.round(end * 1e6) / 1e6),
      [6, 39],
    );
    assert.ok(Math.abs(shift.estimate - 22.5) < 1e-6);
  });

  test('turns round with the sides, and grows with the unit, to the tolerance of its root finder', () => {
    const random = chance(7);
    for (let i = 0; i < 200; i += 1) {
      const draw = (): number[] => Array.from({ length: 5 + Math.floor(random() * 40) }, () => 100 * random());
      const [x, y] = [draw(), draw()];
      const [there, back, large] = [
        mannWhitney(x, y, z),
        mannWhitney(y, x, z),
        mannWhitney(
          x.map((v) => v * 8),
          y.map((v) => v * 8),
          z,
        ),
      ];
      assert.ok(there.kind === 'shift' && back.kind === 'shift' && large.kind === 'shift');
      assert.ok(there.low <= there.estimate + 1e-4 && there.estimate <= there.high + 1e-4);
      assert.ok(Math.abs(there.low + back.high) < 1e-3 && Math.abs(there.high + back.low) < 1e-3);
      assert.ok(Math.abs(8 * there.low - large.low) < 2e-3 && Math.abs(8 * there.high - large.high) < 2e-3);
    }
  });

  test('is where U, counted pair by pair, is as unlikely as asked', () => {
    const random = chance(11);
    const draw = (): number[] => Array.from({ length: 30 }, () => random());
    const [x, y] = [draw(), draw()];
    const shift = mannWhitney(x, y, z);
    assert.ok(shift.kind === 'shift');
    const above = (by: number): number => x.reduce((sum, a) => sum + y.filter((b) => a - by > b).length, 0);
    const [mean, deviation] = [450, Math.sqrt((900 * 61) / 12)];
    assert.ok((above(shift.low - 0.001) - 0.5 - mean) / deviation >= z);
    assert.ok((above(shift.low + 0.001) - 0.5 - mean) / deviation <= z);
    assert.ok((above(shift.high - 0.001) + 0.5 - mean) / deviation >= -z);
    assert.ok((above(shift.high + 0.001) + 0.5 - mean) / deviation <= -z);
  });
});

describe('the score', () => {
  const of = (labelled: readonly string[], weights = {}) =>
    scoreOf(
      labelled.map((text) => {
        const [group = '', label = '', critical] = text.split(' ');
        return {
          name: text,
          groups: group === '-' ? [] : [group],
          label: label as 'Pass',
          critical: critical !== undefined,
        };
      }),
      weights,
    );

  const cases: readonly [name: string, readonly string[], Record<string, number>, number][] = [
    ['one group: the share that passes', ['a Pass', 'a High', 'a Low'], {}, 33.33],
    ['two groups weigh the same', ['a Pass', 'b High', 'b Pass', 'b Pass'], {}, 83.33],
    ['weights', ['a Pass', 'b High'], { a: 30, b: 70 }, 30],
    ['the rest of the weight is shared', ['a Pass', 'b High', 'c Pass'], { a: 40 }, 70],
    ['a group without data counts as 100', ['a High', 'a High', 'b Nodata'], {}, 50],
    ['a metric without data is left out of its group', ['a Pass', 'a High', 'a Nodata'], {}, 50],
    ['a metric that must have data counts', ['a Pass', 'a Pass', 'a NodataFailMetric'], {}, 66.67],
    ['a metric that could not be judged is left out', ['a Pass', 'a Error'], {}, 100],
    ['a critical metric that is High', ['a Pass', 'a Pass', 'a High critical'], {}, 0],
    ['a critical metric without data', ['a Pass', 'a Pass', 'a Nodata critical'], {}, 0],
    ['half without data', ['a Pass', 'b Nodata'], {}, 0],
    ['less than half without data', ['a Pass', 'a Pass', 'b Nodata'], {}, 100],
    ['a metric in no group', ['- High', 'a Pass'], {}, 100],
    ['no metric', [], {}, 0],
  ];
  for (const [name, labels, weights, expected] of cases)
    test(name, () => assert.equal(of(labels, weights).summary, expected));

  test('says its groups', () => {
    assert.deepEqual(of(['a Pass', 'b High', 'c Nodata'], { a: 40 }).groups, [
      { name: 'a', score: 100, noData: false, weight: 40 },
      { name: 'b', score: 0, noData: false, weight: 30 },
      { name: 'c', score: 0, noData: true, weight: 30 },
    ]);
  });
});

describe('the verdict', () => {
  const cases: readonly [score: number, marginal: number | null, pass: number | null, KayentaJudgement['verdict']][] = [
    [75, 75, 95, 'fail'],
    [75.01, 75, 95, 'inconclusive'],
    [94.99, 75, 95, 'inconclusive'],
    [95, 75, 95, 'pass'],
    [0, 0, 50, 'fail'],
    [85, 75, null, 'pass'],
    [85, null, 95, 'inconclusive'],
    [0, null, null, 'pass'],
  ];
  for (const [score, marginal, pass, expected] of cases)
    test(`${score} against ${marginal} and ${pass}`, () =>
      assert.equal(verdictOf(score, { marginal, pass }), expected));

  test('says in words and numbers why it passes', () => {
    const { verdict, because } = judgeKayenta(scoring({}), { errors: EQUAL });
    assert.equal(verdict, 'pass');
    assert.match(
      because,
      /^score 100 is at least the 95 to pass; groups: all 100 \(weight 100 %\); errors Pass: canary mean 100, baseline mean 100\.01.*, ratio 0\.999.*, difference -0\.01.* \(98 % interval -\d.* to \d.*\); 20 and 20 samples$/,
    );
  });

  test('names what is bad first, and the critical metric', () => {
    const { verdict, because } = judgeKayenta(scoring({ name: 'a' }, { name: 'b', critical: true }), {
      a: EQUAL,
      b: HIGH,
    });
    assert.equal(verdict, 'fail');
    assert.match(
      because,
      /^score 0 is not above the marginal 75; the score is 0 because of the critical b; groups: all 50 .*; b High \(critical\): canary mean 200.*ratio 2.*; a Pass: /,
    );
  });

  test('a muted metric is judged and shown, and counts for nothing', () => {
    const { verdict, because } = judgeKayenta(scoring({ name: 'a' }, { name: 'b', muted: true, critical: true }), {
      a: EQUAL,
      b: HIGH,
    });
    assert.equal(verdict, 'pass');
    assert.match(because, /b \(muted\) High \(critical\)/);
  });

  test('is inconclusive between the scores', () => {
    const { verdict, because } = judgeKayenta(
      { ...scoring({ name: 'a' }, { name: 'b' }), marginal: 40 },
      { a: EQUAL, b: HIGH },
    );
    assert.equal(verdict, 'inconclusive');
    assert.match(because, /^score 50 is below the 95 to pass, and above the marginal 40; /);
  });

  test('without any number is never a pass', () => {
    const replaced = judgeKayenta(scoring({ nan: 'replace' }), {
      errors: { canary: [Number.NaN, Number.NaN], baseline: [Number.NaN, Number.NaN] },
    });
    assert.equal(replaced.score.summary, 100, "Kayenta's own score");
    assert.equal(replaced.verdict, 'inconclusive');
    assert.match(
      replaced.because,
      /^score 100 is at least the 95 to pass, but no metric had numbers on both sides: never a pass/,
    );
    const oneSide = judgeKayenta(scoring({ nan: 'replace', direction: 'increase' }), {
      errors: { canary: [Number.NaN, Number.NaN], baseline: [1, 2] },
    });
    assert.equal(oneSide.verdict, 'inconclusive');
    for (const samples of [{}, { errors: NONE }] as Record<string, Samples>[]) {
      const { verdict, because } = judgeKayenta(scoring({}), samples);
      assert.equal(verdict, 'fail');
      assert.match(because, /the score is 0 because 1 of 1 metric had no data; .*errors Nodata: 0 and 0 samples/);
    }
    assert.notEqual(judgeKayenta({ ...scoring({}), pass: null, marginal: null }, {}).verdict, 'pass');
    assert.notEqual(judgeKayenta({ ...scoring(), pass: null, marginal: null }, {}).verdict, 'pass');
  });

  test('with a metric that could not be judged is never a pass', () => {
    const { verdict, because } = judgeKayenta(scoring({ name: 'a' }, { name: 'b' }), {
      a: EQUAL,
      b: { canary: [1], baseline: [2] },
    });
    assert.equal(verdict, 'inconclusive');
    assert.match(
      because,
      /but b could not be judged: never a pass; .*b Error: .*only ties: more samples are needed; 1 and 1 sample;/,
    );
  });
});

describe('whatever the data', () => {
  const ODD = [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    0,
    -0,
    5e-324,
    -5e-324,
    1e-310,
    1e308,
    -1e308,
    1.7e308,
    Number.MAX_VALUE,
    1,
    1 + Number.EPSILON,
    -1,
    1e-5,
  ];

  test('it never throws, and the same data has the same answer', () => {
    const random = chance(3);
    const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
    const seen = new Set<string>();
    for (let i = 0; i < 4_000; i += 1) {
      const draw = (): number[] => Array.from({ length: Math.floor(random() * 7) }, () => pick(ODD));
      const samples = { errors: { canary: draw(), baseline: draw() } };
      const metric: Partial<KayentaMetric> = {
        direction: pick(['increase', 'decrease', 'either'] as const),
        nan: pick(['remove', 'replace'] as const),
        critical: pick([true, false]),
        outliers: pick([METRIC.outliers, REMOVE, { ...REMOVE, detector: 'kSigma' } as const]),
        effectSize: { ...effectSize, measure: pick(['meanRatio', 'cles'] as const) },
      };
      const first = judgeKayenta(scoring(metric), samples);
      assert.deepEqual(judgeKayenta(scoring(metric), structuredClone(samples)), first);
      seen.add(first.metrics[0]?.label ?? '');
      const numbers = (values: readonly number[]) => values.filter((value) => !Number.isNaN(value)).length;
      if (numbers(samples.errors.canary) === 0 || numbers(samples.errors.baseline) === 0)
        assert.notEqual(first.verdict, 'pass', JSON.stringify(samples));
    }
    assert.ok(
      ['Pass', 'High', 'Low', 'Nodata', 'Error'].every((one) => seen.has(one)),
      [...seen].join(),
    );
  });

  test('High turns into Low with the sides, and the unit does not matter', () => {
    const random = chance(5);
    const turned: Record<string, string> = { High: 'Low', Low: 'High', Pass: 'Pass' };
    const seen = new Set<string>();
    for (let i = 0; i < 300; i += 1) {
      const shift = pickShift(random());
      const draw = (by: number): number[] => Array.from({ length: 12 }, () => 100 * random() + by);
      const [canary, baseline] = [draw(100), draw(100 + shift)];
      const there = label({ canary, baseline });
      seen.add(there);
      assert.equal(label({ canary: baseline, baseline: canary }), turned[there]);
      const scaled = (values: number[]) => values.map((value) => value * 1024);
      assert.equal(label({ canary: scaled(canary), baseline: scaled(baseline) }), there);
      assert.equal(label({ canary: sorted(canary), baseline: [...baseline].reverse() }), there, 'nor does the order');
    }
    assert.deepEqual([...seen].sort(), ['High', 'Low', 'Pass']);
  });

  const pickShift = (at: number): number => (at < 1 / 3 ? 0 : at < 2 / 3 ? 90 : -90);
});
