import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mannWhitney, normalQuantile } from '../../src/analysis/kayenta/mann-whitney.ts';
import { rankSum } from '../../src/analysis/kayenta/ranks.ts';
import { scoreOf } from '../../src/analysis/kayenta/score.ts';
import { percentile, summary } from '../../src/analysis/kayenta/statistics.ts';
import { transformed } from '../../src/analysis/kayenta/transforms.ts';
import { around, chance, METRIC, REMOVE } from './kayenta-samples.ts';

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
