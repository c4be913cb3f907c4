/** What a comparison knows so far. */
import type { ComparisonPlan } from '../../plan/plan.ts';
import type { BothCounters } from '../counters.ts';
import { type EquivalenceEvidence, NO_EQUIVALENCE, withEqualLook } from '../sequential/equivalence.ts';
import { type MeanEvidence, type MeanLook, NO_MEANS, withMeanLook } from '../sequential/mean-ratio.ts';
import {
  growthsAt,
  logEvidenceOfHarm,
  NO_EVIDENCE,
  type RatioEvidence,
  shareOf,
  withLook,
} from '../sequential/ratio.ts';
import type { Crests } from './crests.ts';
import type { Looks } from './look.ts';

/** Evidence about one event: `events`, or "slower than this bound". */
export interface EventEvidence {
  readonly whole: RatioEvidence;
  /** Since the present weight was set. */
  readonly atWeight: EquivalenceEvidence;
}

/** Evidence about the means. */
export interface MeansEvidence {
  readonly whole: MeanEvidence;
  /** Since the present weight was set. */
  readonly atWeight: MeanEvidence;
  /** How many requests took longer than the last bound. */
  readonly beyond: { readonly canary: number; readonly stable: number };
}

/** All that a comparison knows, as plain numbers: kept in the release's state, it goes on exactly where it was. */
export interface ComparisonProgress {
  /** Where the counters stood at the last look; `null`: nobody looked yet. */
  readonly counters: BothCounters | null;
  /** Where requests stood before they fell; absent: they did not. */
  readonly crests?: Crests;
  /** The canary's weight then, in percent. */
  readonly weight: number;
  readonly events: Readonly<Record<string, EventEvidence>>;
  /** How much each event counts, in sum 1, set by the first look; absent: all alike. */
  readonly parts?: Readonly<Record<string, number>>;
  /** Of a mean: instead of events. */
  readonly means?: MeansEvidence;
  /** ln of the strongest evidence of harm at any look so far. */
  readonly harm: number;
  /** Looks that count, and such that could not. */
  readonly looks: number;
  readonly skipped: number;
}

export const NOT_COMPARED: ComparisonProgress = {
  counters: null,
  weight: 0,
  events: {},
  harm: 0,
  looks: 0,
  skipped: 0,
};

/** A look that counts for nothing adds nothing; what was seen at another weight says nothing of this one. */
export function atWeight(progress: ComparisonProgress, weight: number): ComparisonProgress {
  if (weight === progress.weight) return progress;
  const { means } = progress;
  const events: Record<string, EventEvidence> = {};
  for (const [name, { whole }] of Object.entries(progress.events)) events[name] = { whole, atWeight: NO_EQUIVALENCE };
  return { ...progress, events, weight, ...(means && { means: { ...means, atWeight: NO_MEANS } }) };
}

/** Adds a look to the evidence. A look during which the weight changed says nothing of the new weight alone. */
export function withLooks(
  { margin }: Pick<ComparisonPlan, 'margin'>,
  before: ComparisonProgress,
  looks: Looks,
  weight: number,
): ComparisonProgress {
  const [any] = Object.values(looks);
  // All bounds of a histogram are about the same requests.
  const growths = any ? growthsAt(shareOf(any)) : [];
  const added: Record<string, EventEvidence> = {};
  for (const [name, look] of Object.entries(looks)) {
    const known = before.events[name] ?? { whole: NO_EVIDENCE, atWeight: NO_EQUIVALENCE };
    const atWeight =
      margin === null || weight !== before.weight ? NO_EQUIVALENCE : withEqualLook(known.atWeight, look, margin);
    added[name] = { whole: withLook(known.whole, look, growths), atWeight };
  }
  // What was once weighed goes on counting, also if it is seen no more.
  for (const [name, known] of Object.entries(before.events)) added[name] ??= known;
  const progress = { ...before, events: added, weight, looks: before.looks + 1 };
  return { ...progress, harm: Math.max(before.harm, logEvidenceOfHarmOf(progress)) };
}

/** The same of means: 1 is the ratio that does no harm. */
export function withMeans(
  before: ComparisonProgress,
  look: MeanLook,
  beyond: MeansEvidence['beyond'],
  weight: number,
): ComparisonProgress {
  const known = before.means ?? { whole: NO_MEANS, atWeight: NO_MEANS, beyond: { canary: 0, stable: 0 } };
  const means: MeansEvidence = {
    whole: withMeanLook(known.whole, look),
    atWeight: weight === before.weight ? withMeanLook(known.atWeight, look) : NO_MEANS,
    beyond: { canary: known.beyond.canary + beyond.canary, stable: known.beyond.stable + beyond.stable },
  };
  return { ...before, means, weight, looks: before.looks + 1 };
}

/** ln of an event's part in the evidence of harm. */
export const logPartOf = ({ parts, events }: ComparisonProgress, name: string): number =>
  Math.log(parts ? (parts[name] ?? 0) : 1 / Object.keys(events).length);

/** A weighted mean of e-processes is one: with a histogram, whatever bound shows the difference finds it. */
function logEvidenceOfHarmOf(progress: ComparisonProgress): number {
  const logs = Object.entries(progress.events).map(
    ([name, { whole }]) => logPartOf(progress, name) + logEvidenceOfHarm(whole),
  );
  const top = Math.max(...logs);
  return top > Number.NEGATIVE_INFINITY ? top + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - top), 0)) : top;
}

/** The event that tells most against the canary, with its name. There is one after every look. */
export function mostTelling(progress: ComparisonProgress): readonly [string, EventEvidence] {
  let [most, strongest]: [readonly [string, EventEvidence] | undefined, number] = [undefined, Number.NEGATIVE_INFINITY];
  for (const one of Object.entries(progress.events)) {
    const strength = logPartOf(progress, one[0]) + logEvidenceOfHarm(one[1].whole);
    if (most !== undefined && !(strength > strongest)) continue;
    [most, strongest] = [one, strength];
  }
  if (most === undefined) throw new Error('unreachable: nothing was seen');
  return most;
}
