/** Why a comparison says what it says, in words and numbers. */
import type { ComparisonPlan } from '../../plan/plan.ts';
import { logEvidenceOfSafety } from '../sequential/equivalence.ts';
import { logEvidenceOfHarm, ratioInterval, type SideCounts } from '../sequential/ratio.ts';
import { counted } from '../show.ts';
import { type ComparisonProgress, type EventEvidence, mostTelling } from './evidence.ts';

/** What a comparison asks for: `no more often than the stable side (alpha 0.05, margin 0.5)`. */
export function comparisonText({ of, alpha, margin }: ComparisonPlan): string {
  const rule = of === 'counts' ? 'no more often' : 'no slower';
  return `${rule} than the stable side (alpha ${round(alpha)}${margin === null ? '' : `, margin ${margin}`})`;
}

export interface ComparisonInWords {
  readonly canary: string;
  readonly stable: string;
  readonly harmful: string;
  readonly safe: string;
  readonly undecided: string;
  readonly tooFew: string;
}

export function describe(plan: ComparisonPlan, progress: ComparisonProgress): ComparisonInWords {
  const [name, event] = mostTelling(progress.events);
  const { whole } = event;
  const what = plan.of === 'counts' ? '' : ` slower than ${name} s`;
  const { low, estimate, high } = ratioInterval(whole, plan.alpha);
  const least = 1 / plan.alpha;
  const seen =
    `${share(whole.canary)}${what} on the canary, ${share(whole.stable)} on the stable side; ` +
    `at equal rates ${round(whole.expected)} of the canary's were expected, ${whole.canary.events} were seen`;
  const ratio =
    estimate === null
      ? 'no ratio yet'
      : `${round(estimate)} times as often (the interval: ${round(low)} to ${round(high)})`;
  const evidence = `evidence of harm ${odds(progress.harm)}, ${odds(Math.log(least))} decides`;
  const looks = `${counted(progress.looks, 'look')}${progress.skipped > 0 ? `, ${progress.skipped} more could not count` : ''}`;
  const margin = plan.margin === null ? '' : `${round(1 + plan.margin)} times as often`;
  return {
    canary: share(whole.canary) + what,
    stable: share(whole.stable) + what,
    harmful: `worse than the stable side: ${seen}; ${ratio}; ${evidence}; ${looks}`,
    safe: `shown to be less than ${margin} at ${progress.weight} %: ${seen}; ${ratio}; ${looks}`,
    undecided: `nothing against it: ${seen}; ${ratio}; ${evidence}; ${looks}; ${more(plan, progress, event)}`,
    tooFew:
      `too little was seen: ${whole.canary.total} requests of the canary and ${whole.stable.total} of the stable side, ` +
      `at least ${plan.minimumRequests} of each are needed`,
  };
}

/**
 * How many more requests (of both sides, split and failing as so far) would decide, one way or the other; `null`: no
 * number would.
 */
export function requestsNeeded(plan: ComparisonPlan, harm: number, { whole, atWeight }: EventEvidence): number | null {
  const total = whole.canary.total + whole.stable.total;
  const goal = Math.log(1 / plan.alpha);
  const answers: number[] = [];
  const now = logEvidenceOfHarm(whole);
  if (now > 0) answers.push(((goal - harm) / now) * total);
  if (plan.margin !== null) {
    const log = logEvidenceOfSafety(atWeight, plan.margin);
    if (log > 0) answers.push(((goal - log) / log) * total);
  }
  const fewest = Math.min(...answers);
  return Number.isFinite(fewest) ? Math.max(1, Math.ceil(fewest)) : null;
}

function more(plan: ComparisonPlan, progress: ComparisonProgress, event: EventEvidence): string {
  const requests = requestsNeeded(plan, progress.harm, event);
  if (requests === null) return 'at these rates no number of requests would decide';
  return `at these rates about ${round(requests)} more requests would decide`;
}

const share = ({ events, total }: SideCounts): string =>
  total === 0 ? '0 requests' : `${round((100 * events) / total)} % of ${total}`;

/** Evidence as odds: `12 : 1`. */
const odds = (log: number): string => `${log > Math.log(1e6) ? 'over 1000000' : round(Math.exp(log))} : 1`;

/** Three digits, and no exponent. */
function round(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return 'any number';
  if (!(value > 0)) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(value)));
  return String(Number(value.toFixed(Math.min(digits, 6))));
}
