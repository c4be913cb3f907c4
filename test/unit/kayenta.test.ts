import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { judgeKayenta, type KayentaJudgement, type Samples, verdictOf } from '../../src/analysis/kayenta/index.ts';
import type { KayentaMetric } from '../../src/plan/kayenta-plan.ts';
import { around, EQUAL, HIGH, LOW, label, METRIC, NONE, scoring } from './kayenta-samples.ts';

const { effectSize } = METRIC;

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
