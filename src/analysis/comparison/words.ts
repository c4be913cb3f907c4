/** Why a comparison of counts or of a histogram says what it says, in words and numbers. */
import type { KayentaPlan } from '../../plan/kayenta-plan.ts';
import type { ComparisonPlan } from '../../plan/plan.ts';
import { scoringText } from '../kayenta/index.ts';
import { quantileInterval } from '../sequential/quantile-interval.ts';
import { logEvidenceOfHarm, prolonged, ratioInterval, type SideCounts } from '../sequential/ratio.ts';
import { inSeconds, quantileOf } from './bounds.ts';
import { type ComparisonProgress, type EventEvidence, logPartOf } from './evidence.ts';
import { looksInWords, more, odds, round, timesMore, tooFew } from './numbers.ts';
import { safetyOf } from './safety.ts';

/** What a comparison asks for: `no more often than the stable side (alpha 0.05, margin 0.5)`. */
export function comparisonText(plan: ComparisonPlan | KayentaPlan): string {
  if (plan.judge === 'kayenta') return scoringText(plan);
  const { of, alpha, margin } = plan;
  const rule = of === 'counts' ? 'no more often' : 'no slower';
  return `${rule} than the stable side (alpha ${round(alpha)}${margin === null ? '' : `, margin ${margin}`})`;
}

export interface ComparisonInWords {
  readonly canary: string;
  readonly stable: string;
  readonly harmful: () => string;
  readonly safe: () => string;
  readonly undecided: () => string;
  readonly tooFew: () => string;
}

export function describe(
  plan: ComparisonPlan,
  progress: ComparisonProgress,
  [name, event]: readonly [string, EventEvidence],
): ComparisonInWords {
  const { whole } = event;
  const what = plan.of === 'counts' ? '' : ` slower than ${name} s`;
  const quantiles = plan.of === 'counts' ? '' : `; ${quantilesInWords(plan, progress)}`;
  const seen =
    `${share(whole.canary)}${what} on the canary, ${share(whole.stable)} on the stable side; ` +
    `at equal rates ${round(whole.expected)} of the canary's were expected, ${whole.canary.events} were seen`;
  const ratio = ratioInWords(ratioInterval(whole, plan.alpha));
  const evidence = `evidence of harm ${odds(progress.harm)}, ${odds(Math.log(1 / plan.alpha))} decides`;
  const looks = looksInWords(progress);
  const margin = plan.margin === null ? '' : `${round(1 + plan.margin)} times as often`;
  return {
    canary: share(whole.canary) + what,
    stable: share(whole.stable) + what,
    harmful: () => `worse than the stable side: ${seen}; ${ratio}${quantiles}; ${evidence}; ${looks}`,
    safe: () => `shown to be less than ${margin} at ${progress.weight} %: ${seen}; ${ratio}${quantiles}; ${looks}`,
    undecided: () =>
      `nothing against it: ${seen}; ${ratio}${quantiles}; ${evidence}; ${looks}; ` +
      more(requestsNeeded(plan, progress, [name, event])),
    tooFew: () => tooFew(plan, whole.canary.total, whole.stable.total),
  };
}

/** `4 times as often (the interval: 2.5 to 6.3)`; the stable side may have had no event at all. */
function ratioInWords({ low, estimate, high }: ReturnType<typeof ratioInterval>): string {
  if (estimate === null) return 'no ratio yet';
  const interval = high === Number.POSITIVE_INFINITY ? `${round(low)} or more` : `${round(low)} to ${round(high)}`;
  if (estimate === Number.POSITIVE_INFINITY)
    return low > 0 ? `at least ${round(low)} times as often` : 'no ratio yet: the stable side had none';
  return `${round(estimate)} times as often (the interval: ${interval})`;
}

/** Where both sides' quantiles lie; the two intervals share the metric's alpha. */
function quantilesInWords(plan: ComparisonPlan, { events }: ComparisonProgress): string {
  const quantile = quantileOf(plan);
  const bounds = inSeconds(Object.keys(events));
  const lies = (side: 'canary' | 'stable'): string => {
    const atMost = bounds.map(({ name, bound }) => {
      const { events: slower = 0, total = 0 } = events[name]?.whole[side] ?? {};
      return { bound, count: total - slower };
    });
    const total = Math.max(0, ...Object.values(events).map(({ whole }) => whole[side].total));
    return between(quantileInterval(atMost, total, quantile, plan.alpha / 2));
  };
  const [ours, theirs] = [lies('canary'), lies('stable')];
  return `the canary's ${percentile(quantile)} lies ${ours}, the stable side's ${theirs} (both hold at every look)`;
}

function between({ low, high }: { readonly low: number; readonly high: number }): string {
  if (high === Number.POSITIVE_INFINITY) return low > 0 ? `above ${low} s` : 'anywhere so far';
  return low > 0 ? `between ${low} and ${high} s` : `at or below ${high} s`;
}

/** `99th percentile`, `99.9th percentile`, `median`. */
function percentile(quantile: number): string {
  if (quantile === 0.5) return 'median';
  const percent = String(Number((100 * quantile).toFixed(4)));
  const ending = { '1': 'st', '2': 'nd', '3': 'rd' }[/^\d?([123])$/.exec(percent)?.[1] ?? ''] ?? 'th';
  return `${percent}${ending} percentile`;
}

/**
 * How many more requests (of both sides, split and failing as so far) would decide, one way or the other; `null`: no
 * number would.
 */
export function requestsNeeded(
  plan: ComparisonPlan,
  progress: ComparisonProgress,
  [name, { whole, atWeight }]: readonly [string, EventEvidence],
): number | null {
  const goal = Math.log(1 / plan.alpha) - logPartOf(progress, name);
  const total = whole.canary.total + whole.stable.total;
  // How many requests there were at this weight is not kept; the canary's events tell about how many.
  const atThisWeight = (total * atWeight.canaryEvents) / Math.max(1, whole.canary.events);
  const fewest = Math.min(
    total * timesMore((times) => logEvidenceOfHarm(prolonged(whole, times)) >= goal),
    plan.margin === null || atThisWeight === 0
      ? Number.POSITIVE_INFINITY
      : atThisWeight * timesMore(safetyOf(plan, progress)),
  );
  return Number.isFinite(fewest) ? Math.max(1, Math.ceil(fewest)) : null;
}

const share = ({ events, total }: SideCounts): string =>
  total === 0 ? '0 requests' : `${round((100 * events) / total)} % of ${total}`;
