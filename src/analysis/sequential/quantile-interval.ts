import { betaBinomialMixture } from './mixtures.ts';

/** About as many requests as a step of a ramp sees; fixed beforehand. The sequence holds at any other number, too. */
const TIGHTEST_AFTER = 5_000;

/** How many requests took at most `bound` seconds; ascending by bound, the counts with it. */
export interface AtMost {
  readonly bound: number;
  readonly count: number;
}

/**
 * Where a side's `quantile` (0..1, exclusive) lies, in seconds, from its buckets: `low` < quantile ≤ `high`, at every
 * look at once with probability at least 1 - `alpha`, if its requests are independent and their distribution stays what
 * it is. `low` 0: no bound is known to be below it; `high` Infinity: none is known to be at or above it.
 *
 * Source: Howard and Ramdas, arXiv 1906.09712, theorem 1 with the beta-binomial mixture. A bound is known to be below the
 * quantile once the share of requests at or under it contradicts `quantile` from below. All bounds together cost no more
 * alpha than one: with U uniform, {U ≤ F(b)} contains {U ≤ quantile} or is contained in it, so a wrong answer about any
 * bound is a wrong answer of the one test of {U ≤ quantile}.
 *
 * @example quantileInterval([{ bound: 0.1, count: 900 }, { bound: 0.5, count: 999 }], 1_000, 0.95, 0.05)
 * // { low: 0.1, high: 0.5 }
 */
export function quantileInterval(
  atMost: readonly AtMost[],
  total: number,
  quantile: number,
  alpha: number,
): { readonly low: number; readonly high: number } {
  if (!(total > 0)) return { low: 0, high: Number.POSITIVE_INFINITY };
  const variance = quantile * (1 - quantile);
  const mixture = betaBinomialMixture({ v: TIGHTEST_AFTER * variance, alpha: 0.05 }, quantile, 1 - quantile, 'two');
  const contradicts = (count: number): boolean =>
    mixture.logValue(count - quantile * total, variance * total) >= Math.log(1 / alpha);
  const below = ({ count }: AtMost): boolean => count < quantile * total && contradicts(count);
  const above = ({ count }: AtMost): boolean => count > quantile * total && contradicts(count);
  const firstNotBelow = firstWhere(atMost, (one) => !below(one));
  return {
    low: atMost[firstNotBelow - 1]?.bound ?? 0,
    high: atMost[firstWhere(atMost, above)]?.bound ?? Number.POSITIVE_INFINITY,
  };
}

/** Bisection: `holds` changes from false to true at most once. */
function firstWhere(all: readonly AtMost[], holds: (one: AtMost) => boolean): number {
  let [low, high] = [0, all.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const one = all[middle];
    if (one !== undefined && holds(one)) high = middle;
    else low = middle + 1;
  }
  return low;
}
