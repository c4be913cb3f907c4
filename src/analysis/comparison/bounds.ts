/** The bounds of a histogram: what they must be, and how much each of them counts. */
import type { ComparisonPlan } from '../../plan/plan.ts';
import { parseFloatText } from '../condition/index.ts';
import { bucketBounds, type Counters } from '../counters.ts';
import { showNumber } from '../show.ts';

/** A histogram with more bounds is refused: each is an event of its own, and is kept in the release's state. */
const MOST_BOUNDS = 32;
/** Fewer requests do not say where a quantile lies. */
const ENOUGH_FOR_QUANTILE = 100;

/** As release files leave it out. */
const QUANTILE = 0.99;
export const quantileOf = ({ quantile }: Pick<ComparisonPlan, 'quantile'>): number => quantile ?? QUANTILE;

/** Bounds by their names (`le`), ascending. */
export const inSeconds = (names: readonly string[]): readonly { readonly name: string; readonly bound: number }[] =>
  names
    .map((name) => ({ name, bound: name === '+Inf' ? Number.POSITIVE_INFINITY : (parseFloatText(name) ?? Number.NaN) }))
    .sort((one, other) => (one.bound === other.bound ? 0 : one.bound < other.bound ? -1 : 1));

/** Why two sides' buckets cannot be compared; `null`: they can. */
export function faultOfBounds(canary: Counters, stable: Counters): string | null {
  const [ours, theirs] = [bucketBounds(canary), bucketBounds(stable)];
  if (ours === null || theirs === null) return 'a bucket has no number as its bound (le)';
  if (ours.some(Number.isNaN)) return 'a bucket has NaN as its bound (le)';
  if (ours.join() !== theirs.join())
    return `the sides have different buckets: ${ours.map(showNumber).join(', ')} and ${theirs.map(showNumber).join(', ')} seconds`;
  if (ours.at(-1) !== Number.POSITIVE_INFINITY) return 'the histogram has no bucket le="+Inf"';
  if (ours.length > MOST_BOUNDS + 1) return `the histogram has ${ours.length} buckets; at most ${MOST_BOUNDS + 1}`;
  if (ours.length < 2) return 'the histogram has no bucket but le="+Inf", which tells nothing';
  return null;
}

/**
 * How much the evidence at each bound counts, in sum 1: the more, the nearer it is to the quantile, as the stable side's
 * counters stood before anything was compared. Evidence may be weighed by what was known before it, never by itself.
 * Where too little is known, all count alike.
 */
export function weightsOfBounds(stable: Counters, quantile: number): Readonly<Record<string, number>> {
  const bounds = inSeconds(Object.keys(stable)).map(({ name }) => name);
  const total = stable[bounds.pop() ?? ''] ?? 0;
  const nearness = bounds.map((name) => {
    if (total < ENOUGH_FOR_QUANTILE) return 1;
    const slower = (total - (stable[name] ?? 0) + 0.5) / (total + 1);
    return Math.exp(-0.5 * (Math.log(slower / (CENTRE * (1 - quantile))) / SPREAD) ** 2);
  });
  const sum = nearness.reduce((so, one) => so + one, 0);
  return Object.fromEntries(
    bounds.map((name, i) => [
      name,
      (1 - EVEN) * (sum > 0 ? (nearness[i] ?? 0) / sum : 1 / bounds.length) + EVEN / bounds.length,
    ]),
  );
}

/** A bound that somewhat more requests pass than the quantile's tells more: it has more events. */
const CENTRE = 3;
const SPREAD = Math.log(4);
/** So much is spread over all bounds alike: a difference may show anywhere. */
const EVEN = 0.25;
