/** Judging means: how much longer the canary's requests take on average. */
import type { ComparisonPlan } from '../../plan/plan.ts';
import type { ReadingVerdict } from '../reading.ts';
import {
  logEvidenceOfLess,
  logEvidenceOfMore,
  type MeanEvidence,
  meanRatioInterval,
  prolongedMeans,
} from '../sequential/mean-ratio.ts';
import type { Compared } from './compared.ts';
import type { ComparisonProgress, MeansEvidence } from './evidence.ts';
import { looksInWords, more, odds, round, timesMore, tooFew } from './numbers.ts';

/** One in a thousand: how long requests beyond the last bound take is not known, and they can be most of a mean. */
const MOST_BEYOND = 0.001;

/** Adds what the means tell so far to the evidence of harm. Before enough was seen they tell nothing, and nothing is kept. */
export function withHarmOfMeans(plan: ComparisonPlan, progress: ComparisonProgress): ComparisonProgress {
  const { means } = progress;
  if (means === undefined || isTooLittle(plan, means) || beyondLast(means) !== null) return progress;
  return { ...progress, harm: Math.max(progress.harm, logEvidenceOfMore(means.whole, 1)) };
}

const isTooLittle = ({ minimumRequests }: ComparisonPlan, { whole: { canary, stable } }: MeansEvidence): boolean =>
  Math.min(canary.n, stable.n) < minimumRequests;

export function isWithinMargin(
  { margin, alpha, minimumRequests }: ComparisonPlan,
  { atWeight }: MeansEvidence,
): boolean {
  // Its law is that of many requests, at this weight as well.
  if (Math.min(atWeight.canary.n, atWeight.stable.n) < minimumRequests) return false;
  return margin !== null && logEvidenceOfLess(atWeight, 1 + margin) >= Math.log(1 / alpha);
}

/** The progress has means. */
export function judgeMeans(plan: ComparisonPlan, before: ComparisonProgress): Compared {
  const { means } = before;
  if (means === undefined) throw new Error('unreachable: no means were added');
  const { canary, stable } = means.whole;
  const sides = {
    value: `${seconds(canary)} s on average of ${canary.n}`,
    beside: `${seconds(stable)} s on average of ${stable.n}`,
  };
  const answer = (progress: ComparisonProgress, verdict: ReadingVerdict, because: string, safe = false): Compared => ({
    progress,
    verdict,
    safe,
    because,
    ...sides,
  });
  if (isTooLittle(plan, means)) return answer(before, 'inconclusive', tooFew(plan, canary.n, stable.n));
  const beyond = beyondLast(means);
  if (beyond !== null) return answer(before, 'inconclusive', beyond);
  const progress = withHarmOfMeans(plan, before);
  const { low, estimate, high } = meanRatioInterval(means.whole, plan.alpha);
  const least = Math.log(1 / plan.alpha);
  const ratio =
    estimate === null
      ? 'no ratio yet'
      : `${round(estimate)} times as long (the interval: ${round(low)} to ${round(high)})`;
  const seen =
    `${sides.value} on the canary, ${sides.beside} on the stable side; ` +
    `at equal means ${round(expected(means.whole))} s were expected of the canary; ${ratio}`;
  const evidence = `evidence of harm ${odds(progress.harm)}, ${odds(least)} decides`;
  const looks = looksInWords(progress);
  if (progress.harm >= least && (plan.margin === null || (estimate ?? 0) > 1 + plan.margin))
    return answer(progress, 'fail', `slower than the stable side: ${seen}; ${evidence}; ${looks}`);
  if (plan.margin !== null && isWithinMargin(plan, means)) {
    const shown = `shown to be less than ${round(1 + plan.margin)} times as long at ${progress.weight} %`;
    return answer(progress, 'pass', `${shown}: ${seen}; ${looks}`, true);
  }
  return answer(
    progress,
    'pass',
    `nothing against it: ${seen}; ${evidence}; ${looks}; ${more(meanRequestsNeeded(plan, means))}`,
  );
}

const seconds = ({ n, sum }: { readonly n: number; readonly sum: number }): string => (n > 0 ? round(sum / n) : '0');

/** The canary's mean, had its requests taken as long as the stable side's in the same looks. */
const expected = ({ canary, a, b }: MeanEvidence): number => (canary.n > 0 ? (canary.sum - a + b) / canary.n : 0);

function beyondLast({ whole, beyond }: MeansEvidence): string | null {
  for (const [side, n, all] of [
    ['canary', beyond.canary, whole.canary.n],
    ['stable side', beyond.stable, whole.stable.n],
  ] as const) {
    if (n > MOST_BEYOND * all)
      return (
        `the mean cannot be judged: ${n} of ${all} requests of the ${side} took longer than the last bucket's bound, ` +
        `and how long nobody knows; at most ${100 * MOST_BEYOND} % may (add larger buckets)`
      );
  }
  return null;
}

/** How many more requests of both sides, split and as long as so far, would decide; `null`: no number would. */
export function meanRequestsNeeded(plan: ComparisonPlan, { whole, atWeight }: MeansEvidence): number | null {
  const goal = Math.log(1 / plan.alpha);
  const { margin } = plan;
  const total = ({ canary, stable }: MeanEvidence): number => canary.n + stable.n;
  const answers = [
    total(whole) * timesMore((times) => logEvidenceOfMore(prolongedMeans(whole, times), 1) >= goal),
    ...(margin === null
      ? []
      : [
          total(atWeight) *
            timesMore((times) => logEvidenceOfLess(prolongedMeans(atWeight, times), 1 + margin) >= goal),
        ]),
  ].filter((answer) => answer > 0 && Number.isFinite(answer));
  return answers.length === 0 ? null : Math.max(1, Math.ceil(Math.min(...answers)));
}
