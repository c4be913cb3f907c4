/**
 * Evidence about how many times as often an event happens on the canary as on the stable side, gathered look by look.
 *
 * Of the x events that both sides had since the last look, the canary's are Binomial(x, ρr / (ρr + 1 - ρ)) when it has
 * r times the stable side's rate and had the share ρ of the requests. So a look changes the log-likelihood of r by
 * `events of the canary · ln r - x · ln(1 + ρ(r - 1))`, relative to r = 1. It holds whatever ρ is and however many
 * requests there were: changing weights never restarts it. (Where an event is a property of a request, the exact law
 * is hypergeometric; the mixtures are convex in the canary's events, so Hoeffding's 1963 theorem keeps them valid.)
 */

/** One side since the last look: how many requests, and how many of them had the event. Whole numbers. */
export interface SideCounts {
  readonly events: number;
  readonly total: number;
}

export interface Look {
  readonly canary: SideCounts;
  readonly stable: SideCounts;
}

/** What was seen so far, as plain numbers: it survives in a workflow's state, and goes on exactly where it was. */
export interface RatioEvidence {
  readonly canary: SideCounts;
  readonly stable: SideCounts;
  /** Events the canary would have had by now at the stable side's rate. */
  readonly expected: number;
  /** Sum over looks of x · ln(1 + ρ(r - 1)), for each r of `RATIOS`. */
  readonly norms: readonly number[];
}

const HALF = 20;
/** Dense around 1, where equivalence is decided; from 1/100 to 100. */
const LOG_RATIOS: readonly number[] = Array.from({ length: 2 * HALF + 1 }, (_, i) => {
  const steps = i - HALF;
  return (Math.sign(steps) * Math.log(100) * Math.expm1(0.13 * Math.abs(steps))) / Math.expm1(0.13 * HALF);
});
/** The rate ratios that are weighed, ascending; the middle one is 1. */
export const RATIOS: readonly number[] = LOG_RATIOS.map(Math.exp);

export const NO_EVIDENCE: RatioEvidence = {
  canary: { events: 0, total: 0 },
  stable: { events: 0, total: 0 },
  expected: 0,
  norms: RATIOS.map(() => 0),
};

/** The canary's share of the requests of a look, 0..1. */
export const shareOf = ({ canary, stable }: Look): number => {
  const total = canary.total + stable.total;
  return total > 0 ? canary.total / total : 0;
};

/** By how much one event more changes the normalising constant of each ratio, at this share of the requests. */
export const growthsAt = (share: number): readonly number[] => RATIOS.map((ratio) => logGrowth(share, ratio));

/** Adds what was seen since the last look. Events of the same requests share their `growths`. */
export function withLook(
  before: RatioEvidence,
  look: Look,
  growths: readonly number[] = growthsAt(shareOf(look)),
): RatioEvidence {
  const { canary, stable } = look;
  const events = canary.events + stable.events;
  const share = shareOf(look);
  return {
    canary: { events: before.canary.events + canary.events, total: before.canary.total + canary.total },
    stable: { events: before.stable.events + stable.events, total: before.stable.total + stable.total },
    expected: before.expected + events * share,
    norms: events === 0 ? before.norms : grown(before.norms, events, growths),
  };
}

function grown(norms: readonly number[], events: number, growths: readonly number[]): readonly number[] {
  const sums = new Array<number>(norms.length);
  for (let i = 0; i < norms.length; i += 1) sums[i] = (norms[i] as number) + events * (growths[i] as number);
  return sums;
}

/** ln of the mixture e-process against "at most as often as on the stable side": at least ln(1/α) is evidence at α. */
export function logEvidenceOfHarm(evidence: RatioEvidence): number {
  return logMixture(evidence, HARM_PRIOR);
}

/**
 * The ratios that the evidence does not contradict, at every look at once with probability at least 1 - `alpha`; and
 * the one it speaks for most. Without an event: everything, and `null`.
 */
export function ratioInterval(
  evidence: RatioEvidence,
  alpha: number,
): { readonly low: number; readonly estimate: number | null; readonly high: number } {
  const events = evidence.canary.events + evidence.stable.events;
  if (events === 0) return { low: 0, estimate: null, high: Number.POSITIVE_INFINITY };
  const least = logMixture(evidence, WIDE_PRIOR) - Math.log(1 / alpha);
  const possible = (i: number): boolean => logLikelihood(evidence, i) > least;
  const first = RATIOS.findIndex((_, i) => possible(i));
  const last = RATIOS.findLastIndex((_, i) => possible(i));
  const best = logLikelihoods(evidence).reduce((top, value, i, all) => (value > (all[top] ?? 0) ? i : top), 0);
  // Between two neighbours of the grid nobody looked: the interval ends at the first ratio that is excluded.
  return {
    low: first < 0 ? (RATIOS[best - 1] ?? 0) : first === 0 ? 0 : (RATIOS[first - 1] ?? 0),
    estimate: estimateOf(evidence),
    high: last < 0 ? (RATIOS[best + 1] ?? 100) : (RATIOS[last + 1] ?? Number.POSITIVE_INFINITY),
  };
}

/**
 * Events of the canary over those expected of it, given how many the stable side had; 0 events of the stable side
 * leave no finite answer.
 */
function estimateOf({ canary, stable, expected }: RatioEvidence): number {
  const expectedOfStable = canary.events + stable.events - expected;
  return (canary.events * expectedOfStable) / (stable.events * expected);
}

/** Smaller than this of the largest term changes no sum of doubles. */
const NEGLIGIBLE = -40;

/** ln of the mixture of likelihoods relative to r = 1. Plain loops: every bound of every look comes by here. */
function logMixture({ canary, norms }: RatioEvidence, logPrior: readonly number[]): number {
  const term = (i: number): number =>
    (logPrior[i] as number) + canary.events * (LOG_RATIOS[i] as number) - (norms[i] as number);
  let top = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logPrior.length; i += 1) top = Math.max(top, term(i));
  let sum = 0;
  for (let i = 0; i < logPrior.length; i += 1) {
    const below = term(i) - top;
    if (below > NEGLIGIBLE) sum += Math.exp(below);
  }
  return top + Math.log(sum);
}

/** The same rates, seen `times` as long. */
export function prolonged(evidence: RatioEvidence, times: number): RatioEvidence {
  const side = ({ events, total }: SideCounts): SideCounts => ({ events: events * times, total: total * times });
  return {
    canary: side(evidence.canary),
    stable: side(evidence.stable),
    expected: evidence.expected * times,
    norms: evidence.norms.map((norm) => norm * times),
  };
}

const logLikelihood = ({ canary, norms }: RatioEvidence, i: number): number =>
  canary.events * (LOG_RATIOS[i] ?? 0) - (norms[i] ?? 0);

const logLikelihoods = (evidence: RatioEvidence): readonly number[] => RATIOS.map((_, i) => logLikelihood(evidence, i));

/** By how much one event more changes the normalising constant. */
export const logGrowth = (share: number, ratio: number): number => Math.log1p(share * (ratio - 1));

/**
 * Fixed beforehand, for every release: a worsening is thought to be about threefold, within a factor of 2.5 or so;
 * one of a few percent is found too, given time.
 */
const HARM_PRIOR = logPrior((logRatio) => (logRatio > 0 ? Math.exp(-0.5 * ((logRatio - Math.log(3)) / 0.9) ** 2) : 0));
const WIDE_PRIOR = logPrior((logRatio) => Math.exp(-0.5 * (logRatio / 1.2) ** 2));

/** Weights in proportion to a density, as logarithms; the grid's cells are not equally wide. */
function logPrior(density: (logRatio: number) => number): readonly number[] {
  const masses = LOG_RATIOS.map((logRatio, i) => {
    const below = LOG_RATIOS[i - 1] ?? logRatio;
    const above = LOG_RATIOS[i + 1] ?? logRatio;
    return (density(logRatio) * (above - below)) / 2;
  });
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  return masses.map((mass) => Math.log(mass / total));
}
