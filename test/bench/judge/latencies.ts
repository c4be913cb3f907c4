/** Latencies as a service has them, drawn one by one and counted in buckets as a client library counts them. */
import { normalDistribution } from '../../../src/analysis/sequential/special-functions.ts';
import { DURATION_BUCKETS_SECONDS } from '../../../src/express/histogram.ts';
import type { Random } from './chance.ts';

/** The middleware's. */
export const COARSE = DURATION_BUCKETS_SECONDS;
/** OpenTelemetry's for `http.server.request.duration` (semantic conventions 1.23), which hold all of the coarse ones. */
export const FINE: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** Lognormal: half of the requests take at most 0.12 s, 99 % at most 0.8 s. */
export const MEDIAN = 0.12;
export const P99 = 0.8;
const SIGMA = Math.log(P99 / MEDIAN) / 2.3263;

/** Equally likely latencies, ascending, and in which fine bucket each is (the last: beyond all bounds). */
export interface Latencies {
  readonly seconds: Float64Array;
  readonly bucket: Uint8Array;
}

/** A lognormal law as `size` equally likely values, each through `change`, which keeps their order. */
export function lognormal(size: number, change: (seconds: number, share: number) => number = (x) => x): Latencies {
  const seconds = new Float64Array(size);
  let z = -6;
  for (let i = 0; i < size; i += 1) {
    const share = (i + 0.5) / size;
    // Newton's method, from the neighbour.
    for (let round = 0; round < 8; round += 1)
      z += Math.max(-1, Math.min(1, (share - normalDistribution(z)) / density(z)));
    seconds[i] = change(MEDIAN * Math.exp(SIGMA * z), share);
  }
  return { seconds, bucket: bucketsOf(seconds, 1) };
}

const density = (z: number): number => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);

/** The same law, every latency `level` times as long. */
export const atLevel = ({ seconds }: Latencies, level: number): Latencies => ({
  seconds,
  bucket: bucketsOf(seconds, level),
});

function bucketsOf(seconds: Float64Array, level: number): Uint8Array {
  const bucket = new Uint8Array(seconds.length).fill(FINE.length);
  let from = 0;
  for (const [i, bound] of FINE.entries()) {
    const to = firstAbove(seconds, bound / level);
    bucket.fill(i, from, to);
    from = to;
  }
  return bucket;
}

function firstAbove(ascending: Float64Array, bound: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) > bound) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** What one side's client has counted: requests by fine bucket, not cumulated, and their sum in seconds. */
export interface Observed {
  readonly byBucket: readonly number[];
  readonly sum: number;
}

export function observe(random: Random, { seconds, bucket }: Latencies, n: number, level = 1): Observed {
  const byBucket = new Array<number>(FINE.length + 1).fill(0);
  const size = seconds.length;
  let sum = 0;
  for (let i = 0; i < n; i += 1) {
    const at = (random() * size) | 0;
    sum += seconds[at] as number;
    (byBucket[bucket[at] as number] as number) += 1;
  }
  return { byBucket, sum: sum * level };
}

/** Cumulated buckets, by `le`: what Prometheus answers. */
export function countersOf(bounds: readonly number[], { byBucket }: Observed): Record<string, number> {
  const counters: Record<string, number> = {};
  let [at, below] = [0, 0];
  for (const bound of bounds) {
    while (at < FINE.length && (FINE[at] as number) <= bound) below += byBucket[at++] as number;
    counters[bound] = below;
  }
  while (at < byBucket.length) below += byBucket[at++] as number;
  counters['+Inf'] = below;
  return counters;
}

/** The share of latencies in each bucket between these bounds. */
export function sharesOf(bounds: readonly number[], { bucket, seconds }: Latencies): readonly number[] {
  const byBucket = new Array<number>(FINE.length + 1).fill(0);
  for (const at of bucket) (byBucket[at] as number) += 1 / seconds.length;
  return inBuckets(bounds, byBucket);
}

/** From fine buckets to those between these bounds, which are some of the fine ones. */
export function inBuckets(bounds: readonly number[], byBucket: readonly number[]): readonly number[] {
  if (bounds === FINE) return byBucket;
  const inside = new Array<number>(bounds.length + 1).fill(0);
  let at = 0;
  for (let fine = 0; fine < byBucket.length; fine += 1) {
    while (at < bounds.length && (bounds[at] as number) < (FINE[fine] ?? Number.POSITIVE_INFINITY)) at += 1;
    (inside[at] as number) += byBucket[fine] as number;
  }
  return inside;
}
