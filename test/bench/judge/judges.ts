/** Our judges as they are measured, with one setting for all cells: alpha 5 %, no margin, what else is the default. */
import { weightsOfBounds } from '../../../src/analysis/comparison/bounds.ts';
import {
  type ComparisonProgress,
  NOT_COMPARED,
  withLooks,
  withMeans,
} from '../../../src/analysis/comparison/evidence.ts';
import { mostSquares } from '../../../src/analysis/comparison/mean-look.ts';
import { withHarmOfMeans } from '../../../src/analysis/comparison/means.ts';
import type { SideSums } from '../../../src/analysis/sequential/mean-ratio.ts';
import type { Look, SideCounts } from '../../../src/analysis/sequential/ratio.ts';
import type { ComparisonPlan } from '../../../src/plan/plan.ts';
import { countersOf, inBuckets, type Observed } from './latencies.ts';

export const ALPHA = 0.05;
const DECIDES = Math.log(1 / ALPHA);
/** Evidence holds at any number of requests, so counts and quantiles are measured without their least number. */
const PLAN: ComparisonPlan = { of: 'counts', alpha: ALPHA, margin: null, minimumRequests: 1 };
/** A mean's holds once there are many: the default. */
const MEAN: ComparisonPlan = { ...PLAN, of: 'mean', minimumRequests: 100 };
const WEIGHT = 10;

export interface LatencyLook {
  readonly canary: Observed;
  readonly stable: Observed;
}

/** Told look after look of one release; says whether it calls the canary worse by now. */
export type Judge<Seen> = (stableBefore: Observed | null) => (look: Seen) => boolean;

export const countsJudge: Judge<Look> = () => {
  let progress = NOT_COMPARED;
  return (events) => {
    progress = withLooks(PLAN, progress, { events }, WEIGHT);
    return progress.harm >= DECIDES;
  };
};

export const quantileJudge =
  (bounds: readonly number[]): Judge<LatencyLook> =>
  (stableBefore) => {
    const before = stableBefore ? countersOf(bounds, stableBefore) : {};
    let progress: ComparisonProgress = { ...NOT_COMPARED, parts: weightsOfBounds(before, 0.99) };
    return ({ canary, stable }) => {
      const [ours, theirs] = [slowerThan(bounds, canary), slowerThan(bounds, stable)];
      const looks: Record<string, Look> = {};
      for (const [i, bound] of bounds.entries())
        looks[bound] = { canary: ours[i] as SideCounts, stable: theirs[i] as SideCounts };
      progress = withLooks(PLAN, progress, looks, WEIGHT);
      return progress.harm >= DECIDES;
    };
  };

function slowerThan(bounds: readonly number[], { byBucket }: Observed): readonly SideCounts[] {
  const inside = inBuckets(bounds, byBucket);
  const total = inside.reduce((sum, n) => sum + n, 0);
  let events = total;
  return bounds.map((_, i) => {
    events -= inside[i] as number;
    return { events, total };
  });
}

export const meanJudge =
  (bounds: readonly number[]): Judge<LatencyLook> =>
  () => {
    let progress = NOT_COMPARED;
    return ({ canary, stable }) => {
      const look = { canary: sumsOf(bounds, canary), stable: sumsOf(bounds, stable) };
      // No latency here is beyond the last bound.
      progress = withHarmOfMeans(MEAN, withMeans(progress, look, { canary: 0, stable: 0 }, WEIGHT));
      return progress.harm >= DECIDES;
    };
  };

function sumsOf(bounds: readonly number[], { byBucket, sum }: Observed): SideSums {
  const buckets = inBuckets(bounds, byBucket).map((n, i) => ({
    low: bounds[i - 1] ?? 0,
    high: bounds[i] ?? 2 * (bounds.at(-1) ?? 0),
    n,
  }));
  const squares = mostSquares(buckets, sum);
  if (squares === null) throw new Error(`a sum of ${sum} does not fit its buckets`);
  return { n: byBucket.reduce((so, n) => so + n, 0), sum, squares };
}
