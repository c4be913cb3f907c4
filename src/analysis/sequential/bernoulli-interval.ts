import { betaBinomialMixture } from './mixtures.ts';
import { turningPoint } from './search.ts';

/**
 * A confidence interval for the share of successes that holds at every number of trials at once, with probability at
 * least 1 - `alpha`; about tightest after `tOpt` trials. No trials yet: `[0, 1]`.
 *
 * Source: Howard et al., arXiv 1810.08240, the beta-binomial mixture, inverted over the share.
 *
 * @example bernoulliInterval({ successes: 15, trials: 50 }, { alpha: 0.05, tOpt: 50 }) // [0.1296, 0.5119]
 */
export function bernoulliInterval(
  counts: { readonly successes: number; readonly trials: number },
  rules: { readonly alpha: number; readonly tOpt: number },
): readonly [low: number, high: number] {
  const { successes, trials } = counts;
  if (!(trials > 0)) return [0, 1];
  const share = successes / trials;
  const excluded = (p: number): boolean => {
    if (p <= 0 || p >= 1) return true;
    const mixture = betaBinomialMixture({ v: p * (1 - p) * rules.tOpt, alpha: 0.05 }, p, 1 - p, 'two');
    return mixture.logValue((share - p) * trials, p * (1 - p) * trials) > Math.log(1 / rules.alpha);
  };
  return [share <= 0 ? 0 : turningPoint(0, share, excluded), share >= 1 ? 1 : turningPoint(1, share, excluded)];
}
