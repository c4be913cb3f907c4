/** The `sequential` judge: may be asked after every look, as often as one likes; see `docs/analysis.md`. */
import type { ComparisonPlan } from '../../plan/plan.ts';
import type { ReadingVerdict } from '../reading.ts';
import { logEvidenceOfSafety, NO_EQUIVALENCE, withEqualLook } from '../sequential/equivalence.ts';
import { logEvidenceOfHarm, NO_EVIDENCE, ratioInterval, withLook } from '../sequential/ratio.ts';
import { type ComparisonProgress, type EventEvidence, mostTelling } from './evidence.ts';
import { type Looks, looksBetween, readSides } from './look.ts';
import { describe } from './words.ts';

/** What one look makes of a comparison. */
export interface Compared {
  readonly progress: ComparisonProgress;
  readonly verdict: ReadingVerdict;
  /** It was shown, at the present weight, that the canary is within the margin. */
  readonly safe: boolean;
  readonly because: string;
  /** The canary's side and the stable side's, in short. */
  readonly value: string;
  readonly beside: string;
}

/**
 * Judges one look. `fail`: the canary is worse, with false alarms in at most the share `alpha` of all releases of an
 * equal version, however often one looks. `pass`: enough was seen, and nothing of that kind. `inconclusive`: too little
 * was seen. `error`: an answer that is none.
 */
export function compareLook(
  plan: ComparisonPlan,
  before: ComparisonProgress,
  answer: { readonly raw: string; readonly beside: string; readonly error: string | null },
  weight: number,
): Compared {
  const without = (progress: ComparisonProgress, verdict: ReadingVerdict, because: string): Compared => ({
    progress,
    verdict,
    safe: false,
    because,
    value: '',
    beside: '',
  });
  const sides = readSides(plan.of, answer);
  if (sides.kind === 'error') return without(before, 'error', sides.because);
  if (sides.kind === 'none') return without(before, 'inconclusive', `too little was seen: ${sides.because}`);
  const { counters } = sides;
  if (before.counters === null)
    return without({ ...before, counters, weight }, 'inconclusive', 'from now on both sides are counted');
  const between = looksBetween(plan.of, before.counters, counters);
  if (between.kind === 'error') return without(before, 'error', between.because);
  if (between.kind === 'lost') {
    const progress = { ...before, counters, weight, skipped: before.skipped + 1 };
    return without(progress, 'inconclusive', `this look counts for nothing: ${between.because}`);
  }
  return judge(plan, withLooks(plan, { ...before, counters }, between.looks, weight));
}

/** Adds a look to the evidence. A look during which the weight changed says nothing of the new weight alone. */
function withLooks(plan: ComparisonPlan, before: ComparisonProgress, looks: Looks, weight: number): ComparisonProgress {
  const margin = plan.margin;
  const events = Object.fromEntries(
    Object.entries(looks).map(([name, look]) => {
      const known = before.events[name] ?? { whole: NO_EVIDENCE, atWeight: NO_EQUIVALENCE };
      const atWeight =
        margin === null || weight !== before.weight ? NO_EQUIVALENCE : withEqualLook(known.atWeight, look, margin);
      return [name, { whole: withLook(known.whole, look), atWeight }];
    }),
  );
  const harm = Math.max(before.harm, logEvidenceOfHarmOf(events));
  return { ...before, events, weight, harm, looks: before.looks + 1 };
}

/** The mean of e-processes is one: with a histogram, whatever bound shows the difference finds it. */
function logEvidenceOfHarmOf(events: ComparisonProgress['events']): number {
  const logs = Object.values(events).map(({ whole }) => logEvidenceOfHarm(whole));
  const top = Math.max(...logs);
  return top + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - top), 0) / logs.length);
}

function judge(plan: ComparisonPlan, progress: ComparisonProgress): Compared {
  const told = describe(plan, progress);
  const answer = (verdict: ReadingVerdict, because: string, safe = false): Compared => ({
    progress,
    verdict,
    safe,
    because,
    value: told.canary,
    beside: told.stable,
  });
  const [, event] = mostTelling(progress.events);
  const { canary, stable } = event.whole;
  const enough = Math.min(canary.total, stable.total) >= plan.minimumRequests;
  const needed = Math.log(1 / plan.alpha);
  if (enough && progress.harm >= needed && isBeyondMargin(plan, event)) return answer('fail', told.harmful);
  if (!enough) return answer('inconclusive', told.tooFew);
  return isSafe(plan, progress) ? answer('pass', told.safe, true) : answer('pass', told.undecided);
}

/** What is worse, but by less than the release calls equivalent, does it no harm. */
function isBeyondMargin({ margin, alpha }: ComparisonPlan, { whole }: EventEvidence): boolean {
  return margin === null || (ratioInterval(whole, alpha).estimate ?? 0) > 1 + margin;
}

/** Counts: the one event. A histogram: the bounds on both sides of the quantile, as the stable side shows it. */
function isSafe(plan: ComparisonPlan, { events }: ComparisonProgress): boolean {
  const { margin, alpha } = plan;
  if (margin === null) return false;
  const all = Object.values(events);
  // Which bounds are asked about depends on the data: every bound must bear its part of the error.
  const needed = Math.log(all.length / alpha);
  const asked = plan.of === 'counts' ? all : aroundQuantile(all, 1 - (plan.quantile ?? 0.99));
  return asked.length > 0 && asked.every(({ atWeight }) => logEvidenceOfSafety(atWeight, margin) >= needed);
}

function aroundQuantile(byBound: readonly EventEvidence[], slower: number): readonly EventEvidence[] {
  const share = ({ whole }: EventEvidence): number => whole.stable.events / Math.max(1, whole.stable.total);
  const after = byBound.findIndex((one) => share(one) <= slower);
  const at = after < 0 ? byBound.length - 1 : after;
  // Beyond the quantile a bound may have seen nothing at all, which tells nothing about it.
  return byBound
    .slice(Math.max(0, at - 1), at + 1)
    .filter(({ whole }) => whole.stable.events + whole.canary.events > 0);
}
