import type { ComparisonPlan } from '../../plan/plan.ts';
import { logEvidenceOfSafety, prolongedEquality } from '../sequential/equivalence.ts';
import { inSeconds, quantileOf } from './bounds.ts';
import type { ComparisonProgress, EventEvidence } from './evidence.ts';

/** Whether it is shown, at the present weight, that the canary is within the margin. */
export const isSafe = (plan: ComparisonPlan, progress: ComparisonProgress): boolean => safetyOf(plan, progress)(1);

/**
 * Whether it would be, had the same been seen so many times as long. Counts: the one event. A histogram: the bounds on both
 * sides of the quantile, as the stable side shows it.
 */
export function safetyOf(plan: ComparisonPlan, { events }: ComparisonProgress): (times: number) => boolean {
  const { margin, alpha } = plan;
  if (margin === null) return () => false;
  const all =
    plan.of === 'counts'
      ? Object.values(events)
      : inSeconds(Object.keys(events)).flatMap(({ name }) => events[name] ?? []);
  // Which bounds are asked about depends on the data: every bound must bear its part of the error.
  const needed = Math.log(all.length / alpha);
  const asked = plan.of === 'counts' ? all : aroundQuantile(all, 1 - quantileOf(plan));
  return (times) =>
    asked.length > 0 &&
    asked.every(({ atWeight }) => logEvidenceOfSafety(prolongedEquality(atWeight, times), margin) >= needed);
}

/** Ascending by bound. */
function aroundQuantile(byBound: readonly EventEvidence[], slower: number): readonly EventEvidence[] {
  const share = ({ whole }: EventEvidence): number => whole.stable.events / Math.max(1, whole.stable.total);
  const after = byBound.findIndex((one) => share(one) <= slower);
  const at = after < 0 ? byBound.length - 1 : after;
  // Beyond the quantile a bound may have seen nothing at all, which tells nothing about it.
  return byBound
    .slice(Math.max(0, at - 1), at + 1)
    .filter(({ whole }) => whole.stable.events + whole.canary.events > 0);
}
