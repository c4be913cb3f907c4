/** The `sequential` judge: may be asked after every look, as often as one likes; see `docs/analysis.md`. */
import type { ComparisonPlan } from '../../plan/plan.ts';
import type { ReadingVerdict } from '../reading.ts';
import { ratioInterval } from '../sequential/ratio.ts';
import { quantileOf, weightsOfBounds } from './bounds.ts';
import type { Compared } from './compared.ts';
import { crestsAfter, returned } from './crests.ts';
import {
  atWeight,
  type ComparisonProgress,
  type EventEvidence,
  mostTelling,
  withLooks,
  withMeans,
} from './evidence.ts';
import { growthBetween, looksOf, readSides } from './look.ts';
import { meanLookOf } from './mean-look.ts';
import { judgeMeans } from './means.ts';
import { isSafe } from './safety.ts';
import { describe } from './words.ts';

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
  if (before.counters === null) {
    const parts = plan.of === 'histogram' ? { parts: weightsOfBounds(counters.stable, quantileOf(plan)) } : {};
    return without({ ...before, counters, weight, ...parts }, 'inconclusive', 'from now on both sides are counted');
  }
  const { crests = {}, ...known } = before;
  const since = growthBetween(plan.of, before.counters, counters);
  const growth = (since.kind === 'grown' ? returned(plan.of, crests, counters) : null) ?? since;
  if (growth.kind === 'lost') {
    const fallen = crestsAfter(plan.of, crests, before.counters, counters);
    const progress = { ...atWeight(known, weight), ...fallen, counters, skipped: before.skipped + 1 };
    return without(progress, 'inconclusive', `this look counts for nothing: ${growth.because}`);
  }
  const seen = { ...before, counters };
  if (plan.of === 'mean') {
    const mean = meanLookOf(growth.by);
    if (mean.kind === 'error') return without(before, 'error', mean.because);
    return judgeMeans(plan, withMeans(seen, mean.look, mean.beyond, weight));
  }
  const looks = looksOf(plan.of, growth.by);
  if (looks.kind === 'error') return without(before, 'error', looks.because);
  return judge(plan, withLooks(plan, seen, looks.looks, weight));
}

function judge(plan: ComparisonPlan, progress: ComparisonProgress): Compared {
  const telling = mostTelling(progress);
  const told = describe(plan, progress, telling);
  const answer = (verdict: ReadingVerdict, because: string, safe = false): Compared => ({
    progress,
    verdict,
    safe,
    because,
    value: told.canary,
    beside: told.stable,
  });
  const [, event] = telling;
  const { canary, stable } = event.whole;
  const enough = Math.min(canary.total, stable.total) >= plan.minimumRequests;
  const needed = Math.log(1 / plan.alpha);
  if (enough && progress.harm >= needed && isBeyondMargin(plan, event)) return answer('fail', told.harmful());
  if (!enough) return answer('inconclusive', told.tooFew());
  return isSafe(plan, progress) ? answer('pass', told.safe(), true) : answer('pass', told.undecided());
}

/** What is worse, but by less than the release calls equivalent, does it no harm. */
function isBeyondMargin({ margin, alpha }: ComparisonPlan, { whole }: EventEvidence): boolean {
  return margin === null || (ratioInterval(whole, alpha).estimate ?? 0) > 1 + margin;
}
