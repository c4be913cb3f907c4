/** The judges that others use, as they would be asked after every look. */
import { judgeKayenta } from '../../../../src/analysis/kayenta/index.ts';
import type { Look } from '../../../../src/analysis/sequential/ratio.ts';
import type { KayentaScoring } from '../../../../src/plan/kayenta-plan.ts';
import { scoring } from '../../../unit/kayenta-samples.ts';
import type { Judge, LatencyLook } from '../judges.ts';
import type { Observed } from '../latencies.ts';
import { mannWhitneyPValue } from './mann-whitney-u.ts';

/** Argo, with the condition of CredLink's templates: more than three readings of a success share below 0.99. */
export const threshold: Judge<Look> = () => {
  let failed = 0;
  return ({ canary }) => {
    if (1 - canary.events / canary.total < 0.99) failed += 1;
    return failed > 3;
  };
};

/** A point of a series on either side: the share of failed requests, or the mean latency. */
type Point<Seen> = (look: Seen) => readonly [canary: number, stable: number];

const failing: Point<Look> = ({ canary, stable }) => [canary.events / canary.total, stable.events / stable.total];
const meanOf = ({ byBucket, sum }: Observed): number => sum / byBucket.reduce((so, n) => so + n, 0);
const lasting: Point<LatencyLook> = ({ canary, stable }) => [meanOf(canary), meanOf(stable)];

/** What is asked of the whole series at every look. */
const growing =
  <Seen>(point: Point<Seen>, worse: (canary: readonly number[], stable: readonly number[]) => boolean): Judge<Seen> =>
  () => {
    const [ours, theirs]: [number[], number[]] = [[], []];
    return (look) => {
      const [canary, stable] = point(look);
      ours.push(canary);
      theirs.push(stable);
      return worse(ours, theirs);
    };
  };

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const atFivePercent = (ours: readonly number[], theirs: readonly number[]): boolean =>
  mean(ours) > mean(theirs) && mannWhitneyPValue(ours, theirs) < 0.05;

/** Kayenta's documentation's thresholds; one metric, of which more is worse; everything else its default. */
export const KAYENTA: KayentaScoring = scoring({ name: 'metric', direction: 'increase' });
const byKayenta = (canary: readonly number[], baseline: readonly number[]): boolean =>
  judgeKayenta(KAYENTA, { metric: { canary, baseline } }).verdict === 'fail';

export const mannWhitneyOfShares = growing(failing, atFivePercent);
export const mannWhitneyOfMeans = growing(lasting, atFivePercent);
export const kayentaOfShares = growing(failing, byKayenta);
export const kayentaOfMeans = growing(lasting, byKayenta);
