/** Our judges as they are measured, with one setting for all cells: alpha 5 %, no margin, what else is the default. */
import { weightsOfBounds } from '../../../src/analysis/comparison/bounds.ts';
import {
  type ComparisonProgress,
  NOT_COMPARED,
  withLooks,
  withMeans,
} from '../../../src/analysis/comparison/evidence.ts';
import { looksOf } from '../../../src/analysis/comparison/look.ts';
import { meanLookOf } from '../../../src/analysis/comparison/mean-look.ts';
import { withHarmOfMeans } from '../../../src/analysis/comparison/means.ts';
import type { Look } from '../../../src/analysis/sequential/ratio.ts';
import type { ComparisonPlan } from '../../../src/plan/plan.ts';
import { countersOf, type Observed } from './latencies.ts';

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
      const looks = looksOf('histogram', { canary: countersOf(bounds, canary), stable: countersOf(bounds, stable) });
      if (looks.kind === 'error') throw new Error(looks.because);
      progress = withLooks(PLAN, progress, looks.looks, WEIGHT);
      return progress.harm >= DECIDES;
    };
  };

export const meanJudge =
  (bounds: readonly number[]): Judge<LatencyLook> =>
  () => {
    let progress = NOT_COMPARED;
    return ({ canary, stable }) => {
      const side = (one: Observed) => ({ ...countersOf(bounds, one), sum: one.sum });
      const seen = meanLookOf({ canary: side(canary), stable: side(stable) });
      if (seen.kind === 'error') throw new Error(seen.because);
      progress = withHarmOfMeans(MEAN, withMeans(progress, seen.look, seen.beyond, WEIGHT));
      return progress.harm >= DECIDES;
    };
  };
