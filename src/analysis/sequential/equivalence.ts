/** Evidence that an event happens at most 1 + margin times as often on the canary, gathered anew at every weight. */
import { type Look, logGrowth } from './ratio.ts';

/** Plain numbers, as `RatioEvidence`. */
export interface EquivalenceEvidence {
  readonly canaryEvents: number;
  /** Sum over looks of x · ln((1 + ρ(r - 1)) / (1 + ρm)), for each of the ratios that are thought possible. */
  readonly norms: readonly number[];
}

/** What a healthy version's ratio may be, below the margin m, with how much that is believed. Fixed beforehand. */
const HEALTHY: readonly { readonly ratio: (margin: number) => number; readonly prior: number }[] = [
  { ratio: () => 0.5, prior: 0.1 },
  { ratio: () => 0.75, prior: 0.2 },
  { ratio: () => 1, prior: 0.5 },
  { ratio: (margin) => 1 + margin / 4, prior: 0.2 },
];

export const NO_EQUIVALENCE: EquivalenceEvidence = { canaryEvents: 0, norms: HEALTHY.map(() => 0) };

export function withEqualLook(
  before: EquivalenceEvidence,
  { canary, stable }: Look,
  margin: number,
): EquivalenceEvidence {
  const events = canary.events + stable.events;
  if (events === 0) return before;
  const share = canary.total / (canary.total + stable.total);
  const atMargin = logGrowth(share, 1 + margin);
  return {
    canaryEvents: before.canaryEvents + canary.events,
    norms: before.norms.map((norm, i) => norm + events * (logGrowth(share, HEALTHY[i]?.ratio(margin) ?? 1) - atMargin)),
  };
}

/**
 * ln of the e-process against "1 + `margin` times as often, or more": the mixture of the likelihoods of healthy ratios
 * over that of 1 + margin. At least ln(1/α), at whatever look, is evidence at α.
 */
export function logEvidenceOfSafety({ canaryEvents, norms }: EquivalenceEvidence, margin: number): number {
  const terms = HEALTHY.map(
    ({ ratio, prior }, i) => Math.log(prior) + canaryEvents * Math.log(ratio(margin) / (1 + margin)) - (norms[i] ?? 0),
  );
  const top = Math.max(...terms);
  return top + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - top), 0));
}

/** The same rates, seen `times` as long. */
export const prolongedEquality = (evidence: EquivalenceEvidence, times: number): EquivalenceEvidence => ({
  canaryEvents: evidence.canaryEvents * times,
  norms: evidence.norms.map((norm) => norm * times),
});
