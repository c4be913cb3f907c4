import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { judgeKayenta } from '../../src/analysis/kayenta/index.ts';
import { sorted } from '../../src/analysis/kayenta/ranks.ts';
import type { KayentaMetric } from '../../src/plan/kayenta-plan.ts';
import { chance, label, METRIC, REMOVE, scoring } from './kayenta-samples.ts';

const { effectSize } = METRIC;

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

describe('as docs/analysis.md says', () => {
  const random = chance(2026);
  /** Standard normal numbers (Box and Muller 1958). */
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const shareCalled = (runs: number, points: number, shift: number): number => {
    let called = 0;
    for (let i = 0; i < runs; i += 1) {
      const draw = (by: number): number[] => Array.from({ length: points }, () => 100 + 10 * (normal() + by));
      if (label({ canary: draw(shift), baseline: draw(0) }) !== 'Pass') called += 1;
    }
    return called / runs;
  };

  test('few points call equal versions worse', () => {
    for (const [points, expected, tolerance] of [
      [2, 0.25, 0.03],
      [3, 0.05, 0.015],
      [6, 0.002, 0.003],
    ] as const) {
      const share = shareCalled(2_000, points, 0);
      assert.ok(Math.abs(share - expected) <= tolerance, `${points} points: ${share}`);
    }
  });

  test('a shift by one standard deviation is found in so many runs', () => {
    for (const [points, expected] of [
      [10, 0.13],
      [20, 0.47],
      [50, 0.96],
    ] as const) {
      const share = shareCalled(600, points, 1);
      assert.ok(Math.abs(share - expected) <= 0.06, `${points} points: ${share}`);
    }
  });
});
