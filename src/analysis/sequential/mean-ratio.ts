/**
 * Evidence about how many times as long the canary's requests take on average, gathered look by look.
 *
 * Within a look the canary's mean is compared with the stable side's in the same minutes: of n and m requests with the sums
 * S and T, a = S·m / (n + m) and b = T·n / (n + m) have the same expectation where the means are equal, whatever they are
 * and however the traffic was split. So a level that wanders for both sides alike, and weights that change, cancel
 * out. `a - r·b`, summed over looks, is asymptotically a Brownian motion if the canary takes r times as long; its mixture
 * with a normal prior is valid at every look once both sides have seen many requests.
 *
 * Source: Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas, "Time-uniform central limit theory and asymptotic confidence
 * sequences" (arXiv 2103.06476), theorem 2.2 and its extension to means and variances that change; the ratio of two
 * means by Fieller's method (JRSS B 1954), which agrees with the delta method of `asymptotic.ts` for narrow intervals.
 */
import { bestRho, normalMixture } from './mixtures.ts';

/** One side since the last look; `squares`: no smaller than the sum of its squares. */
export interface SideSums {
  readonly n: number;
  readonly sum: number;
  readonly squares: number;
}

export interface MeanLook {
  readonly canary: SideSums;
  readonly stable: SideSums;
}

/** `n` and `sum` of all requests; the others weighted as in `a` and `b`: Σw², Σw²x, Σw²x². */
export interface SideOfMeans {
  readonly n: number;
  readonly sum: number;
  readonly weights: number;
  readonly weightedSum: number;
  readonly weightedSquares: number;
}

/** What was seen so far, as plain numbers: it survives in a workflow's state, and goes on exactly where it was. */
export interface MeanEvidence {
  readonly canary: SideOfMeans;
  readonly stable: SideOfMeans;
  readonly a: number;
  readonly b: number;
  /** Σ n·m / (n + m): as many requests on each of two sides as tell about as much, halved. */
  readonly reach: number;
}

const NOTHING: SideOfMeans = { n: 0, sum: 0, weights: 0, weightedSum: 0, weightedSquares: 0 };
export const NO_MEANS: MeanEvidence = { canary: NOTHING, stable: NOTHING, a: 0, b: 0, reach: 0 };

/**
 * Fixed beforehand, for every release: tightest at a reach of 300, where a fifth more is found if latencies vary about as
 * much as they are long.
 */
const TUNING = { v: 300, alpha: 0.05 };
const ONE_SIDED = normalMixture(TUNING, 'one');
const RHO = bestRho(TUNING);

/** Adds what was seen since the last look. A look in which one side had no request compares nothing. */
export function withMeanLook(before: MeanEvidence, { canary, stable }: MeanLook): MeanEvidence {
  const both = canary.n + stable.n;
  const [ours, theirs] = both > 0 ? [stable.n / both, canary.n / both] : [0, 0];
  return {
    canary: added(before.canary, canary, ours),
    stable: added(before.stable, stable, theirs),
    a: before.a + canary.sum * ours,
    b: before.b + stable.sum * theirs,
    reach: before.reach + canary.n * ours,
  };
}

function added(before: SideOfMeans, { n, sum, squares }: SideSums, weight: number): SideOfMeans {
  const squared = weight * weight;
  return {
    n: before.n + n,
    sum: before.sum + sum,
    weights: before.weights + squared * n,
    weightedSum: before.weightedSum + squared * sum,
    weightedSquares: before.weightedSquares + squared * squares,
  };
}

/** ln of the e-process against "on average at most `ratio` times as long": at least ln(1/α) is evidence at α. */
export const logEvidenceOfMore = (evidence: MeanEvidence, ratio: number): number => logBeyond(evidence, ratio, 1);

/** ln of the e-process against "on average at least `ratio` times as long". */
export const logEvidenceOfLess = (evidence: MeanEvidence, ratio: number): number => logBeyond(evidence, ratio, -1);

function logBeyond(evidence: MeanEvidence, ratio: number, sign: 1 | -1): number {
  const { a, b, reach } = evidence;
  const variance = varianceOf(evidence.canary) + ratio * ratio * varianceOf(evidence.stable);
  if (!(variance > 0 && reach > 0)) return 0;
  return ONE_SIDED.logValue(sign * (a - ratio * b) * Math.sqrt(reach / variance), reach);
}

/**
 * The ratios of the means that the evidence does not contradict, at every look at once with probability at least
 * 1 - `alpha`, asymptotically; and the estimate, `null` while there is none.
 */
export function meanRatioInterval(
  evidence: MeanEvidence,
  alpha: number,
): { readonly low: number; readonly estimate: number | null; readonly high: number } {
  const { a, b, reach } = evidence;
  if (!(b > 0)) return { low: 0, estimate: null, high: Number.POSITIVE_INFINITY };
  // |a - r b| ≤ √(variance / reach) · boundary of the two-sided mixture: a quadratic in r.
  const widest = ((reach + RHO) * (2 * Math.log(1 / alpha) + Math.log((reach + RHO) / RHO))) / reach;
  const square = b * b - widest * varianceOf(evidence.stable);
  const constant = a * a - widest * varianceOf(evidence.canary);
  const root = Math.sqrt(Math.max(0, a * a * b * b - square * constant));
  if (!(square > 0)) return { low: 0, estimate: a / b, high: Number.POSITIVE_INFINITY };
  return { low: Math.max(0, (a * b - root) / square), estimate: a / b, high: (a * b + root) / square };
}

/** The same means, seen `times` as long. */
export function prolongedMeans(evidence: MeanEvidence, times: number): MeanEvidence {
  const side = (one: SideOfMeans): SideOfMeans => ({
    n: one.n * times,
    sum: one.sum * times,
    weights: one.weights * times,
    weightedSum: one.weightedSum * times,
    weightedSquares: one.weightedSquares * times,
  });
  const { canary, stable, a, b, reach } = evidence;
  return { canary: side(canary), stable: side(stable), a: a * times, b: b * times, reach: reach * times };
}

/** Of the side's part of `a` or `b`. A level that wanders makes it larger, never smaller. */
function varianceOf({ n, weights, weightedSum, weightedSquares }: SideOfMeans): number {
  if (!(n > 1 && weights > 0)) return Number.POSITIVE_INFINITY;
  return (Math.max(0, weightedSquares - (weightedSum * weightedSum) / weights) * n) / (n - 1);
}
