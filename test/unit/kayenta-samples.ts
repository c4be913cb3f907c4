/** Metrics and samples for the tests of the judge `kayenta`. */
import { judgeKayenta, type Samples } from '../../src/analysis/kayenta/index.ts';
import type { KayentaMetric, KayentaScoring } from '../../src/plan/kayenta-plan.ts';

export const METRIC: KayentaMetric = {
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
export const REMOVE = { strategy: 'remove', detector: 'iqr', factor: 3 } as const;
export const scoring = (...metrics: readonly Partial<KayentaMetric>[]): KayentaScoring => ({
  metrics: metrics.map((metric) => ({ ...METRIC, ...metric })),
  groups: {},
  marginal: 75,
  pass: 95,
});

/** Around `centre`, evenly spread over ±5 % of it. */
export const around = (centre: number, count = 20): number[] =>
  Array.from({ length: count }, (_, i) => centre * (0.95 + (0.1 * ((i * 7) % count)) / (count - 1)));
export const EQUAL: Samples = { canary: around(100), baseline: around(100.01) };
export const HIGH: Samples = { canary: around(200), baseline: around(100) };
export const LOW: Samples = { canary: around(100), baseline: around(200) };
export const NONE: Samples = { canary: [Number.NaN], baseline: [] };

export function label(samples: Samples, metric: Partial<KayentaMetric> = {}): string {
  const [judged] = judgeKayenta(scoring(metric), { errors: samples }).metrics;
  return `${judged?.label}${judged?.critical ? ' critical' : ''}`;
}

/** Numbers of a fixed seed, 0..1. */
export function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** With every default, in one group. */
export const metricNamed = (name: string): KayentaMetric => ({ ...METRIC, name });
