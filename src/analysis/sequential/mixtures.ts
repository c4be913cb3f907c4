import { turningPoint } from './search.ts';
import { incompleteBeta, incompleteGamma, logBeta, logGamma, normalDistribution } from './special-functions.ts';

/**
 * A mixture supermartingale: under the null hypothesis its expected value is at most 1 at every time, whatever one
 * looks at before stopping. `s` is the sum of the centred observations, `v` their intrinsic variance so far.
 *
 * Source: Howard, Ramdas, McAuliffe, Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence sequences",
 * Annals of Statistics 2021 (arXiv 1810.08240), section 3 and its table of conjugate mixtures.
 */
export interface Mixture {
  /** ln of the supermartingale at sum `s` and intrinsic variance `v` ≥ 0. */
  logValue(s: number, v: number): number;
  /** No sum can be larger than this at intrinsic variance `v`. */
  largestSum(v: number): number;
}

/** Where a mixture is tightest: at intrinsic variance `v` > 0 and level `alpha` in 0..1. */
export interface Tuning {
  readonly v: number;
  readonly alpha: number;
}

/** The prior precision ρ that makes the two-sided normal mixture about tightest at the tuning (their eq. 14). */
export function bestRho({ v, alpha }: Tuning): number {
  const twice = 2 * Math.log(1 / alpha);
  return v / (twice + Math.log(1 + twice));
}

const oneSidedRho = ({ v, alpha }: Tuning): number => bestRho({ v, alpha: 2 * alpha });

/** For sub-Gaussian sums; either one-sided (large sums count) or two-sided. */
export function normalMixture(tuning: Tuning, sides: 'one' | 'two'): Mixture {
  const rho = sides === 'two' ? bestRho(tuning) : oneSidedRho(tuning);
  return {
    logValue(s, v) {
      const twoSided = 0.5 * Math.log(rho / (v + rho)) + (s * s) / (2 * (v + rho));
      return sides === 'two' ? twoSided : twoSided + Math.log(2 * normalDistribution(s / Math.sqrt(v + rho)));
    },
    largestSum: () => Number.POSITIVE_INFINITY,
  };
}

/** For sub-exponential sums of scale `c` > 0. */
export function gammaExponentialMixture(tuning: Tuning, c: number): Mixture {
  const shape = oneSidedRho(tuning) / (c * c);
  const constant = shape * Math.log(shape) - logGamma(shape) - Math.log(incompleteGamma(shape, shape).lower);
  return {
    logValue(s, v) {
      const sum = (c * s + v) / (c * c);
      const total = v / (c * c) + shape;
      const rate = sum + shape;
      return constant + logGamma(total) + Math.log(incompleteGamma(total, rate).lower) - total * Math.log(rate) + sum;
    },
    largestSum: () => Number.POSITIVE_INFINITY,
  };
}

/** For sub-Poisson sums of scale `c` > 0. */
export function gammaPoissonMixture(tuning: Tuning, c: number): Mixture {
  const shape = oneSidedRho(tuning) / (c * c);
  const constant = shape * Math.log(shape) - logGamma(shape) - Math.log(incompleteGamma(shape, shape).upper);
  return {
    logValue(s, v) {
      const rate = v / (c * c) + shape;
      const total = s / c + rate;
      return (
        constant + logGamma(total) + Math.log(incompleteGamma(total, rate).upper) - total * Math.log(rate) + v / (c * c)
      );
    },
    largestSum: () => Number.POSITIVE_INFINITY,
  };
}

/** For sums of observations that lie in -g..h around their mean (`g`, `h` > 0). */
export function betaBinomialMixture(tuning: Tuning, g: number, h: number, sides: 'one' | 'two'): Mixture {
  const rho = sides === 'one' ? oneSidedRho(tuning) : bestRho(tuning);
  const r = Math.max(rho - g * h, 1e-3 * g * h);
  const split = h / (g + h);
  const logMass = (a: number, b: number): number =>
    logBeta(a, b) + (sides === 'one' ? Math.log(incompleteBeta(a, b, split)) : 0);
  const constant = logMass(r / (g * (g + h)), r / (h * (g + h)));
  return {
    logValue(s, v) {
      const below = (v - g * s) / (g * (g + h));
      const above = (v + h * s) / (h * (g + h));
      return (
        (v / (g * h)) * Math.log(g + h) -
        above * Math.log(g) -
        below * Math.log(h) +
        logMass(below + r / (g * (g + h)), above + r / (h * (g + h))) -
        constant
      );
    },
    largestSum: (v) => v / g,
  };
}

/**
 * The smallest sum at which the mixture reaches 1/`alpha`: a boundary that the sum crosses, at any time whatever, with
 * probability at most `alpha`.
 *
 * @example boundary(normalMixture({ v: 100, alpha: 0.05 }, 'two'), 100, 0.05) // 30.352…
 */
export function boundary(mixture: Mixture, v: number, alpha: number): number {
  const reached = (s: number): boolean => mixture.logValue(s, v) >= Math.log(1 / alpha);
  let high = mixture.largestSum(v);
  if (high === Number.POSITIVE_INFINITY) {
    high = Math.max(v, 1);
    for (let i = 0; i < 50 && !reached(high); i += 1) high *= 2;
  }
  // Where no possible sum is evidence enough, the largest possible one is the boundary.
  return reached(high) ? turningPoint(0, high, reached) : high;
}
