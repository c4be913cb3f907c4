/** Numbers and counts as the reasons of a comparison say them. */
import type { ComparisonPlan } from '../../plan/plan.ts';
import { counted } from '../show.ts';

/** Three digits, and no exponent. */
export function round(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return 'any number';
  if (!(value > 0)) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(value)));
  return String(Number(value.toFixed(Math.min(digits, 6))));
}

/** Evidence as odds: `12 : 1`. */
export const odds = (log: number): string => `${log > Math.log(1e6) ? 'over 1000000' : round(Math.exp(log))} : 1`;

export const looksInWords = ({ looks, skipped }: { readonly looks: number; readonly skipped: number }): string =>
  `${counted(looks, 'look')}${skipped > 0 ? `, ${skipped} more could not count` : ''}`;

export const tooFew = (plan: ComparisonPlan, canary: number, stable: number): string =>
  `too little was seen: ${canary} requests of the canary and ${stable} of the stable side, ` +
  `at least ${plan.minimumRequests} of each are needed`;

export const more = (requests: number | null): string =>
  requests === null
    ? 'at these rates no number of requests would decide'
    : `at these rates about ${round(requests)} more requests would decide`;

/** A thousand times as much is no answer any more. */
const MOST_TIMES = 1_000;

/**
 * How many times as much again is needed until `holds`, for something that holds once evidence has grown enough, to
 * about a twentieth; 0: it holds now. Infinity: not with a thousand times as much.
 */
export function timesMore(holds: (times: number) => boolean): number {
  if (holds(1)) return 0;
  let [low, high] = [0, Math.log(MOST_TIMES)];
  if (!holds(MOST_TIMES)) return Number.POSITIVE_INFINITY;
  while (high - low > 0.01) {
    const middle = (low + high) / 2;
    if (holds(Math.exp(middle))) high = middle;
    else low = middle;
  }
  return Math.expm1(high);
}
