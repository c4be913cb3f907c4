import { turningPoint } from '../sequential/search.ts';
import { normalDistribution } from '../sequential/special-functions.ts';
import { brentRoot } from './brent.ts';
import { rankSum, sorted } from './ranks.ts';

/** Absolute, in the metric's unit: the judgement is not scale-invariant, and Kayenta's is not. */
const TOLERANCE = 1e-4;

/** By how much the first sample lies above the second: Hodges and Lehmann's estimate, and its confidence interval. */
export type Shift =
  | { readonly kind: 'shift'; readonly low: number; readonly high: number; readonly estimate: number }
  /** One value on each side, or all equal after a shift: no interval exists. */
  | { readonly kind: 'tied' }
  /** The distance of the samples is no finite number. */
  | { readonly kind: 'unbounded' };

/**
 * The Mann-Whitney U test's confidence interval for a shift, by the normal approximation with a correction for ties and
 * continuity, as R's `wilcox.test(x, y, conf.int = TRUE, exact = FALSE)` and Kayenta compute it.
 *
 * @param x the canary's values, not empty, without NaN
 * @param z the normal quantile of the interval: 2.326… for 98 %
 * @example mannWhitney([10, 20, 30, 40], [1, 2, 3, 4], normalQuantile(0.975))
 * // { kind: 'shift', low: 6, high: 39, estimate: 22.5 }
 */
export function mannWhitney(x: readonly number[], y: readonly number[], z: number): Shift {
  // By rounding alone a shift may leave them unequal.
  if (x.length === 1 && y.length === 1) return { kind: 'tied' };
  const [a, b] = [sorted(x), sorted(y)];
  const least = (a[0] ?? 0) - (b.at(-1) ?? 0);
  const most = (a.at(-1) ?? 0) - (b[0] ?? 0);
  if (!Number.isFinite(most - least)) return { kind: 'unbounded' };
  let tied = false;
  const statistic = (shift: number, quantile: number): number => {
    const value = standardised(a, b, shift, quantile);
    if (Number.isNaN(value)) tied = true;
    return value;
  };
  const root = (quantile: number, atEnds: boolean): number => {
    const [low, high] = [least, most].map((at) => ({ x: at, y: statistic(at, quantile) })) as [Point, Point];
    if (tied) return Number.NaN;
    if (atEnds && low.y <= 0) return least;
    if (atEnds && high.y >= 0) return most;
    return brentRoot(low, high, TOLERANCE, (shift) => (tied ? 0 : statistic(shift, quantile)));
  };
  const [low, high, estimate] = [root(z, true), root(-z, true), root(0, false)];
  return tied ? { kind: 'tied' } : { kind: 'shift', low, high, estimate };
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * How many standard deviations U, after `shift` was taken from the first sample, lies above its mean, less `quantile`:
 * falls as the shift grows. NaN if all values are equal. Both sorted. Source: R's `wilcox.test`, `wdiff`.
 */
export function standardised(
  first: readonly number[],
  second: readonly number[],
  shift: number,
  quantile: number,
): number {
  const [m, n] = [first.length, second.length];
  const { sum, ties } = rankSum(first, second, shift);
  const above = sum - (m * (m + 1)) / 2 - (m * n) / 2;
  const deviation = Math.sqrt(((m * n) / 12) * (m + n + 1 - ties / ((m + n) * (m + n - 1))));
  return deviation > 0 ? (above - Math.sign(above) * 0.5) / deviation - quantile : Number.NaN;
}

/** The z below which the share `p` of a standard normal distribution lies, for p in 0..1 without its ends. */
export function normalQuantile(p: number): number {
  return turningPoint(-38, 38, (z) => normalDistribution(z) < p);
}
