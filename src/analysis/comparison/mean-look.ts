/** From a sum and buckets to what a mean's evidence needs: how many, how long together, and how much they vary. */
import { type BothCounters, type Counters, type CountersAnswer, countersOf } from '../counters.ts';
import { parseVector } from '../prometheus.ts';
import type { MeanLook, SideSums } from '../sequential/mean-ratio.ts';
import { showNumber } from '../show.ts';
import { inSeconds } from './bounds.ts';

/** Beside the buckets, by their bounds. */
export const SUM = 'sum';
/** The largest sum and bound, in seconds, with whose squares one can still reckon: 30 million years. */
const LARGEST = 1e15;
/** Requests beyond the last bound are taken to last no longer than so many times that bound. */
const BEYOND_LAST = 2;

/** Reads an instant vector of buckets (by `le`) and one series without `le`, the sum of what was observed. */
export function readSumAndBuckets(raw: string): CountersAnswer {
  const vector = parseVector(raw);
  if (!vector.ok) return vector;
  const sums = vector.series.filter(({ labels }) => labels.le === undefined);
  const buckets = countersOf(
    vector.series.filter(({ labels }) => labels.le !== undefined),
    'le',
  );
  if (!buckets.ok) return buckets;
  const [sum] = sums;
  if (sum === undefined || sums.length > 1) return refused(`${sums.length} series have no le; one is the sum`);
  if (!(sum.value >= 0 && sum.value <= LARGEST))
    return refused(`the sum is ${showNumber(sum.value)}, which is no sum of seconds`);
  const wrong = inSeconds(Object.keys(buckets.counters)).find(
    ({ name, bound }) => name !== '+Inf' && !(bound > 0 && bound <= LARGEST),
  );
  if (wrong !== undefined) return refused(`the bound ${wrong.name} is no latency in seconds`);
  return { ok: true, counters: { ...buckets.counters, [SUM]: sum.value + 0 } };
}

/** The buckets alone. */
export function bucketsOf(counters: Counters): Counters {
  const buckets: Record<string, number> = {};
  for (const [name, count] of Object.entries(counters)) if (name !== SUM) buckets[name] = count;
  return buckets;
}

export type MeanLookOrNot =
  | { readonly kind: 'look'; readonly look: MeanLook; readonly beyond: Record<'canary' | 'stable', number> }
  | { readonly kind: 'error'; readonly because: string };

/** What both sides had since the last look; `beyond`: how many of them took longer than the last bound. */
export function meanLookOf({ canary, stable }: BothCounters): MeanLookOrNot {
  const [ours, theirs] = [sideOf(canary), sideOf(stable)];
  if (typeof ours === 'string') return { kind: 'error', because: `canary: ${ours}` };
  if (typeof theirs === 'string') return { kind: 'error', because: `stable side: ${theirs}` };
  return {
    kind: 'look',
    look: { canary: ours.sums, stable: theirs.sums },
    beyond: { canary: ours.beyond, stable: theirs.beyond },
  };
}

function sideOf(grown: Counters): { readonly sums: SideSums; readonly beyond: number } | string {
  const buckets: Bucket[] = [];
  let [low, below] = [0, 0];
  for (const { name, bound } of inSeconds(Object.keys(bucketsOf(grown)))) {
    const count = grown[name] ?? 0;
    if (count < below) return `bucket le="${name}" counts less than the one before`;
    const high = Number.isFinite(bound) ? bound : low * BEYOND_LAST;
    buckets.push({ low, high, n: count - below });
    [low, below] = [bound, count];
  }
  const sum = grown[SUM] ?? 0;
  const squares = mostSquares(buckets, sum);
  if (squares === null)
    return `the sum of ${sum} s does not fit the buckets: is it of the same histogram, and are both in seconds?`;
  return { sums: { n: below, sum, squares }, beyond: buckets.at(-1)?.n ?? 0 };
}

interface Bucket {
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

/** A client may count a request in its bucket a moment before it adds it to the sum. */
const LATE = 0.01;

/**
 * The largest sum of squares that values in these buckets, of this sum, can have; `null`: none have this sum. Within a
 * bucket x² lies under the chord, (low + high)x - low·high; with all at their lower ends, what is left of the sum
 * adds most in the highest buckets.
 */
export function mostSquares(buckets: readonly Bucket[], sum: number): number | null {
  const least = buckets.reduce((so, { low, n }) => so + low * n, 0);
  const most = buckets.reduce((so, { high, n }) => so + high * n, 0);
  const slack = LATE * most + (buckets.at(-1)?.low ?? 0);
  if (sum < least - slack || sum > most + slack) return null;
  let left = Math.max(0, sum - least);
  let squares = 0;
  for (const { low, high, n } of [...buckets].reverse()) {
    const taken = Math.min(left, (high - low) * n);
    squares += low * low * n + (low + high) * taken;
    left -= taken;
  }
  return squares;
}

const refused = (message: string) => ({ ok: false, message }) as const;
