import type { AnalysisPlan, MetricPlan } from '../plan/plan.ts';
import { assessMetric, type MetricState } from './metric.ts';
import type { ReadingVerdict } from './reading.ts';
import { counted } from './show.ts';

/** Argo's `analysisStatusOrder`, best first; its Pending is `running` here. */
const BEST_FIRST: readonly MetricState[] = ['pass', 'running', 'inconclusive', 'error', 'fail'];

/** Where a whole analysis stands, and why. */
export interface AnalysisAssessment {
  readonly state: MetricState;
  readonly because: string;
}

export interface AssessedMetric {
  readonly metric: string;
  readonly state: MetricState;
  readonly because: string;
  readonly dryRun?: true | undefined;
}

/** A metric's readings so far, oldest first, each with the canary's weight when it was taken. */
export interface MetricReadings {
  readonly metric: string;
  readonly readings: readonly { readonly verdict: ReadingVerdict; readonly weight: number }[];
}

/**
 * The worst of its metrics: pass < running < inconclusive < error < fail. As soon as it is one of the last three, the
 * analysis ends and the other metrics with it. A metric on a dry run counts for nothing. Without a metric it is
 * inconclusive: nothing was shown.
 */
export function assessAnalysis(all: readonly AssessedMetric[]): AnalysisAssessment {
  const metrics = all.filter(({ dryRun }) => !dryRun);
  const rank = (state: MetricState): number => BEST_FIRST.indexOf(state);
  const worst = metrics.reduce<(typeof metrics)[number] | null>(
    (so, one) => (so === null || rank(one.state) > rank(so.state) ? one : so),
    null,
  );
  if (worst === null && all.length > 0) return { state: 'pass', because: 'every metric is on a dry run' };
  if (worst === null) return { state: 'inconclusive', because: 'the analysis has no metric' };
  if (worst.state === 'pass')
    return { state: 'pass', because: metrics.map(({ metric, because }) => `${metric}: ${because}`).join('; ') };
  const alike = metrics.filter(({ state }) => state === worst.state);
  return { state: worst.state, because: alike.map(({ metric, because }) => `${metric}: ${because}`).join('; ') };
}

/**
 * How a background analysis ends with the ramp: it passes if no metric failed and each has at least `minimumReadings`
 * good readings, at least one of them at the last weight; of the judge `kayenta` the last reading must be good. Argo would call an analysis
 * that is cut short successful; here it is inconclusive.
 *
 * @param lastWeight The canary's weight at the end of the ramp, in percent.
 */
export function endOfBackground(
  analysis: Pick<AnalysisPlan, 'metrics' | 'minimumReadings' | 'compatibility'>,
  taken: readonly MetricReadings[],
  lastWeight: number,
): { readonly verdict: Exclude<MetricState, 'running'>; readonly because: string } {
  const ends = analysis.metrics.map((plan) => {
    const readings = taken.find(({ metric }) => metric === plan.name)?.readings ?? [];
    return {
      metric: plan.name,
      dryRun: plan.dryRun,
      ...(analysis.compatibility === 'argo'
        ? endAsInArgo(plan, readings)
        : endOfMetric(plan, readings, analysis.minimumReadings, lastWeight)),
    };
  });
  const { state, because } = assessAnalysis(ends);
  // What still runs when the ramp is over was cut short.
  return { verdict: state === 'running' ? 'inconclusive' : state, because };
}

/** Argo: what was cut short and is not bad is successful, even without a reading. */
function endAsInArgo(plan: MetricPlan, readings: MetricReadings['readings']): AnalysisAssessment {
  const { state, because } = assessMetric(plan, readings, 'argo');
  return state === 'running' ? { state: 'pass', because: `${because}; cut short` } : { state, because };
}

function endOfMetric(
  plan: MetricPlan,
  readings: MetricReadings['readings'],
  least: number,
  lastWeight: number,
): AnalysisAssessment {
  const { state, because, good } = assessMetric(plan, readings);
  if (state !== 'running' && state !== 'pass') return { state, because };
  const last = readings.filter(({ verdict, weight }) => verdict === 'pass' && weight === lastWeight).length;
  const seen = `${counted(good, 'good reading')} (at least ${least} needed), ${last} at ${lastWeight} %`;
  if (good < least) return { state: 'inconclusive', because: `only ${seen}` };
  if (last === 0) return { state: 'inconclusive', because: `${seen}, where one is needed` };
  const latest = readings.at(-1)?.verdict;
  // As in Kayenta: every window holds the whole time, so only the last score says what is known.
  if (plan.comparison?.judge === 'kayenta' && latest !== 'pass')
    return { state: 'inconclusive', because: `${seen}, but the last reading is ${latest}` };
  return { state: 'pass', because: seen };
}
