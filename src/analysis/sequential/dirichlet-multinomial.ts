import { turningPoint } from './search.ts';
import { logGamma } from './special-functions.ts';

/** What a Dirichlet-multinomial test expects: shares that sum to 1, and how strongly its prior believes in them. */
export interface Shares {
  /** The shares under the null hypothesis, each > 0, sum 1. For canary counts: the traffic split. */
  readonly expected: readonly number[];
  /** The prior's concentration k > 0; 100 notices shifts of some ten percent. */
  readonly concentration: number;
}

/**
 * ln of the evidence (a Bayes factor, an e-value at every sample size) against "the counts have these `shares`".
 * `1 / exp` of it, at most 1, is a p-value that may be looked at after every observation.
 *
 * Source: Lindon and Malek, "Anytime-valid inference for multinomial count data", NeurIPS 2022 (arXiv 2011.03567).
 */
export function multinomialLogEvidence(
  counts: readonly number[],
  prior: Shares,
  shares: readonly number[] = prior.expected,
): number {
  const { expected, concentration } = prior;
  let total = 0;
  let log = logGamma(concentration);
  for (const [i, count] of counts.entries()) {
    const believed = concentration * (expected[i] ?? 0);
    total += count;
    log += logGamma(believed + count) - logGamma(believed);
    if (count > 0) log -= count * Math.log(shares[i] ?? 0);
  }
  return log - logGamma(concentration + total);
}

/** The always-valid p-value after these counts; a user of many looks keeps the smallest. */
export function multinomialPValue(counts: readonly number[], prior: Shares): number {
  return Math.min(1, Math.exp(-multinomialLogEvidence(counts, prior)));
}

/**
 * The shares of one group that the counts do not contradict at level `alpha`: the projection of the confidence set on
 * that group. The other groups' best shares are in proportion to their counts, so no solver is needed.
 */
export function shareInterval(
  counts: readonly number[],
  group: number,
  prior: Shares,
  alpha: number,
): readonly [low: number, high: number] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const own = counts[group] ?? 0;
  const others = total - own;
  if (!(total > 0)) return [0, 1];
  const excluded = (share: number): boolean => {
    if ((share <= 0 && own > 0) || (share >= 1 && others > 0)) return true;
    const shares = counts.map((count, i) => (i === group ? share : others > 0 ? ((1 - share) * count) / others : 0));
    return multinomialLogEvidence(counts, prior, shares) >= Math.log(1 / alpha);
  };
  const best = own / total;
  return [excluded(0) ? turningPoint(0, best, excluded) : 0, excluded(1) ? turningPoint(1, best, excluded) : 1];
}
