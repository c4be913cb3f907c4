import { minimum, turningPoint } from './search.ts';
import { zeta } from './special-functions.ts';

/**
 * The polynomial stitched boundary for sub-gamma sums of scale `c` (sub-Gaussian: 0), valid from intrinsic variance
 * `vMin` on. Source: Howard et al., arXiv 1810.08240, theorem 1 with h(k) ∝ k^s and geometric epochs of ratio `eta`.
 */
export function polynomialStitching(
  v: number,
  rules: { alpha: number; vMin: number; c: number; s: number; eta: number },
): number {
  const { alpha, vMin, c, s, eta } = rules;
  const { k1, k2 } = stitchingConstants(eta);
  const used = Math.max(v, vMin);
  const level =
    s * Math.log(Math.log((eta * used) / vMin)) + Math.log(zeta(s) / Math.log(eta) ** s) + Math.log(1 / alpha);
  const linear = k2 * c * level;
  return Math.sqrt(k1 * k1 * used * level + linear * linear) + linear;
}

/**
 * How far the empirical distribution of `t` ≥ `tMin` observations may be from the true one, at any value and any time,
 * except with probability `alpha`. Infinite before `tMin`. Source: Howard and Ramdas, "Sequential estimation of
 * quantiles with applications to A/B testing and best-arm identification" (arXiv 1906.09712), theorem 2.
 */
export function empiricalProcessBound(t: number, rules: { alpha: number; tMin: number; A: number }): number {
  const { alpha, tMin, A } = rules;
  if (t < tMin) return Number.POSITIVE_INFINITY;
  return A * Math.sqrt((Math.log(1 + Math.log(t / tMin)) + smallestConstant(alpha, A)) / t);
}

/**
 * How far the count of observations below the `p` quantile may be above its mean after `t` observations, for every
 * quantile and time at once. Source: Howard and Ramdas, arXiv 1906.09712, theorem 3.
 */
export function doubleStitching(
  p: number,
  t: number,
  rules: { alpha: number; tOpt: number; delta: number; s: number; eta: number },
): number {
  const { alpha, tOpt, delta, s, eta } = rules;
  const { k1, k2 } = stitchingConstants(eta);
  const used = Math.max(t, tOpt);
  const logit = Math.log(p / (1 - p));
  const shifted = 1 / (1 + Math.exp(-(logit + 2 * delta * Math.sqrt((tOpt * eta) / used))));
  const r = p >= 0.5 ? p : Math.min(0.5, shifted);
  const variance = r * (1 - r);
  const cell = (Math.sqrt(used / tOpt) * Math.abs(logit)) / (2 * delta) + 1;
  const mass = zeta(s);
  const level =
    s * Math.log(Math.log((eta * used) / tOpt)) +
    s * Math.log(cell) +
    Math.log((2 * mass * (2 * mass + 1)) / (alpha * Math.log(eta) ** s));
  const linear = (k2 * (1 - 2 * p) * level) / 3;
  return (
    delta * Math.sqrt((eta * used * variance) / tOpt) +
    Math.sqrt(k1 * k1 * variance * used * level + linear * linear) +
    linear
  );
}

function stitchingConstants(eta: number): { readonly k1: number; readonly k2: number } {
  return { k1: (eta ** 0.25 + eta ** -0.25) / Math.SQRT2, k2: (Math.sqrt(eta) + 1) / 2 };
}

/** The least C for which the union over epochs of ratio η, the best η, costs no more than `alpha`. */
function smallestConstant(alpha: number, A: number): number {
  const error = (C: number, eta: number): number => {
    const gamma = (2 / eta) * (A - Math.sqrt((2 * (eta - 1)) / C)) ** 2;
    return gamma <= 1 ? Number.POSITIVE_INFINITY : 4 * Math.exp(-gamma * C) * (1 + 1 / ((gamma - 1) * Math.log(eta)));
  };
  const enough = (C: number): boolean => {
    const largestEta = turningPoint(1, 2 * A * A, (eta) => Math.sqrt(eta / 2) + Math.sqrt((2 * (eta - 1)) / C) < A);
    return minimum(1, largestEta, (eta) => error(C, eta)).value <= alpha;
  };
  let high = 5;
  for (let i = 0; i < 60 && !enough(high); i += 1) high *= 2;
  return turningPoint(0.01, high, enough);
}
