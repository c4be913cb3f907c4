/** What a comparison knows so far. */
import type { EquivalenceEvidence } from '../sequential/equivalence.ts';
import { logEvidenceOfHarm, type RatioEvidence } from '../sequential/ratio.ts';
import type { BothCounters } from './look.ts';

/** Evidence about one event: `events`, or "slower than this bound". */
export interface EventEvidence {
  readonly whole: RatioEvidence;
  /** Since the present weight was set. */
  readonly atWeight: EquivalenceEvidence;
}

/** All that a comparison knows, as plain numbers: kept in the release's state, it goes on exactly where it was. */
export interface ComparisonProgress {
  /** Where the counters stood at the last look; `null`: nobody looked yet. */
  readonly counters: BothCounters | null;
  /** The canary's weight then, in percent. */
  readonly weight: number;
  readonly events: Readonly<Record<string, EventEvidence>>;
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

/** The event in which the sides differ most, with its name. There is one after every look. */
export function mostTelling(events: ComparisonProgress['events']): readonly [string, EventEvidence] {
  const all = Object.entries(events);
  return all.reduce(
    (so, one) => (logEvidenceOfHarm(one[1].whole) > logEvidenceOfHarm(so[1].whole) ? one : so),
    all[0] as [string, EventEvidence],
  );
}
