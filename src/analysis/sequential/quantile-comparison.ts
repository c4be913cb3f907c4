import { betaBinomialMixture } from './mixtures.ts';
import { minimum } from './search.ts';

/**
 * An always-valid p-value for "both samples have the same `quantile`" (0..1, exclusive), about tightest after `tOpt`
 * values a side. The samples need not be of equal size; an empty one gives 1.
 *
 * Source: Howard and Ramdas, arXiv 1906.09712, section 4: the product of the two sides' beta-binomial mixtures,
 * minimised over the common value of the quantile.
 */
export function quantileComparison(
  a: readonly number[],
  b: readonly number[],
  rules: { readonly quantile: number; readonly tOpt: number },
): number {
  if (a.length === 0 || b.length === 0) return 1;
  const sides = [evidenceAgainst(a, rules), evidenceAgainst(b, rules)] as const;
  const together = (x: number): number => sides[0].logAt(x) + sides[1].logAt(x);
  const [first, second] = sides[0].upper <= sides[1].upper ? sides : [sides[1], sides[0]];
  let least = Math.min(together(first.upper), together(second.lower));
  for (const x of second.sorted) if (x >= first.upper && x <= second.lower) least = Math.min(least, together(x));
  return Math.min(1, Math.exp(-least));
}

interface Side {
  readonly sorted: readonly number[];
  /** Between these two the side holds no evidence against a value. */
  readonly lower: number;
  readonly upper: number;
  /** ln of the evidence against the quantile being `x`. */
  readonly logAt: (x: number) => number;
}

function evidenceAgainst(values: readonly number[], rules: { quantile: number; tOpt: number }): Side {
  const { quantile, tOpt } = rules;
  const variance = quantile * (1 - quantile);
  const mixture = betaBinomialMixture({ v: tOpt * variance, alpha: 0.05 }, quantile, 1 - quantile, 'two');
  const sorted = [...values].sort((x, y) => x - y);
  const n = sorted.length;
  const logAtShare = (share: number): number => mixture.logValue((share - quantile) * n, variance * n);
  const calm = minimum(0, 1, logAtShare).at;
  const at = (rank: number): number => sorted[Math.min(Math.max(rank, 1), n) - 1] ?? Number.NaN;
  const [lower, upper] = [at(Math.ceil(calm * n)), at(Math.floor(calm * n) + 1)];
  return {
    sorted,
    lower,
    upper,
    logAt(x) {
      if (x < lower) return logAtShare(rankOf(sorted, x, 'atMost') / n);
      if (x > upper) return logAtShare(rankOf(sorted, x, 'below') / n);
      return logAtShare(calm);
    },
  };
}

/** How many of the sorted values are below, or at most, `x`. */
function rankOf(sorted: readonly number[], x: number, which: 'below' | 'atMost'): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const value = sorted[middle] ?? Number.NaN;
    if (which === 'below' ? value < x : value <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}
