import type { KayentaMetric } from '../../plan/kayenta-plan.ts';
import { cles, meanRatio } from './effect-size.ts';
import { mannWhitney, normalQuantile, type Shift } from './mann-whitney.ts';
import { withNoise } from './noise.ts';
import { sorted } from './ranks.ts';

/** Kayenta's labels. */
export type Label = 'Pass' | 'High' | 'Low' | 'Nodata' | 'NodataFailMetric' | 'Error';

/** Why a metric has its label. */
export type Grounds =
  | { readonly kind: 'noData' }
  | { readonly kind: 'identical' }
  /** Every value of both sides is the same. */
  | { readonly kind: 'constant' }
  | { readonly kind: 'compared'; readonly shift: Shift; readonly effect: number };

export interface Classified {
  readonly label: Label;
  /** The metric is critical, and its label makes the whole canary fail. */
  readonly critical: boolean;
  readonly grounds: Grounds;
}

/** How sure, and how large by itself, a difference must be. */
export interface Rule {
  /** The normal quantile of the confidence interval. */
  readonly z: number;
  /** The interval must lie beyond this share of the estimate. */
  readonly tolerance: number;
}

/** `NetflixACAJudge-v1.0`: a confidence of 98 % and a tolerance of a quarter, whatever is configured. */
export const NETFLIX_ACA_JUDGE: Rule = { z: -normalQuantile((1 - 0.98) / 2), tolerance: 0.25 };

type Configured = Pick<KayentaMetric, 'direction' | 'nan' | 'critical' | 'mustHaveData' | 'effectSize'>;

/** Labels one metric by its transformed samples; the first match of Kayenta's rules wins. */
export function classify(
  canary: readonly number[],
  baseline: readonly number[],
  metric: Configured,
  rule: Rule = NETFLIX_ACA_JUDGE,
): Classified {
  if (canary.length === 0 || baseline.length === 0) return withoutData(metric);
  if (![...canary, ...baseline].every(Number.isFinite)) return notJudged({ kind: 'unbounded' });
  const [ours, theirs] = [sorted(canary), sorted(baseline)];
  if (ours.length === theirs.length && ours.every((value, i) => value === theirs[i])) return passes('identical');
  const constant = ours[0] === ours.at(-1) && theirs[0] === theirs.at(-1);
  if (constant && ours[0] === theirs[0]) return passes('constant');
  return compared(constant ? withNoise(canary, baseline) : { canary, baseline }, metric, rule);
}

const passes = (kind: 'identical' | 'constant' | 'noData'): Classified => ({
  label: 'Pass',
  critical: false,
  grounds: { kind },
});

const notJudged = (shift: Shift): Classified => ({
  label: 'Error',
  critical: false,
  grounds: { kind: 'compared', shift, effect: Number.NaN },
});

function withoutData({ nan, critical, mustHaveData }: Configured): Classified {
  if (nan === 'replace') return passes('noData');
  const label = mustHaveData && !critical ? 'NodataFailMetric' : 'Nodata';
  return { label, critical, grounds: { kind: 'noData' } };
}

function compared(
  { canary, baseline }: { readonly canary: readonly number[]; readonly baseline: readonly number[] },
  { direction, critical, effectSize }: Configured,
  { z, tolerance }: Rule,
): Classified {
  const shift = mannWhitney(canary, baseline, z);
  if (shift.kind !== 'shift') return notJudged(shift);
  const effect = (effectSize.measure === 'cles' ? cles : meanRatio)(canary, baseline);
  const grounds: Grounds = { kind: 'compared', shift, effect };
  const bound = tolerance * Math.abs(shift.estimate);
  // An effect that cannot be computed is no limit: a metric that was 0 so far may have no ratio.
  const atLeast = (limit: number): boolean => Number.isNaN(effect) || effect >= limit;
  const atMost = (limit: number): boolean => Number.isNaN(effect) || effect <= limit;
  if (direction !== 'decrease' && shift.low > bound && atLeast(effectSize.allowedIncrease))
    return { label: 'High', critical: critical && atLeast(effectSize.criticalIncrease), grounds };
  if (direction !== 'increase' && shift.high < -bound && atMost(effectSize.allowedDecrease))
    return { label: 'Low', critical: critical && atMost(effectSize.criticalDecrease), grounds };
  return { label: 'Pass', critical: false, grounds };
}
