/** What it would cost to decide by the confidence sequences of the two quantiles, instead of showing them. */
import { quantileInterval } from '../../../src/analysis/sequential/quantile-interval.ts';
import { ALPHA, type Judge, type LatencyLook } from './judges.ts';
import { inBuckets, type Observed } from './latencies.ts';

const QUANTILE = 0.99;

export const quantilesApart =
  (bounds: readonly number[]): Judge<LatencyLook> =>
  () => {
    const sides = { canary: side(bounds), stable: side(bounds) };
    return ({ canary, stable }) => {
      const [ours, theirs] = [sides.canary(canary), sides.stable(stable)];
      return ours.low >= theirs.high;
    };
  };

function side(bounds: readonly number[]) {
  const counts = bounds.map(() => 0);
  let total = 0;
  return ({ byBucket }: Observed) => {
    let below = 0;
    for (const [i, n] of inBuckets(bounds, byBucket).entries()) {
      below += n;
      if (i < counts.length) counts[i] = (counts[i] ?? 0) + below;
    }
    total += below;
    const atMost = bounds.map((bound, i) => ({ bound, count: counts[i] ?? 0 }));
    return quantileInterval(atMost, total, QUANTILE, ALPHA / 2);
  };
}
