import type { Compatibility, MetricPlan } from '../plan/plan.ts';
import type { Value } from './condition/index.ts';
import { assessMetric, type MetricState } from './metric.ts';
import { assessResult, type ReadingVerdict } from './reading.ts';
import { counted } from './show.ts';

/** What a provider answered, as a condition sees it, or why it did not. */
export type Measurement = { readonly value: Value } | { readonly error: string };

/** As Argo's AnalysisPhase; its Pending is Running here. */
export type CasePhase = 'Successful' | 'Failed' | 'Inconclusive' | 'Error' | 'Running';

const PHASES: Readonly<Record<MetricState, CasePhase>> = {
  pass: 'Successful',
  fail: 'Failed',
  inconclusive: 'Inconclusive',
  error: 'Error',
  running: 'Running',
};

/** Good readings that a metric needs which is cut short, as a release file's `minimumReadings` by default. */
const MINIMUM_READINGS = 3;

/**
 * One metric and its measurements, oldest first, by the rules that a release is judged by. What comes after the metric
 * has ended is not looked at.
 *
 * @param terminated The analysis was ended from outside after the last measurement.
 * @example judgeCase(metric, [{ value: [0.995] }], false).phase // 'Running'
 */
export function judgeCase(
  metric: MetricPlan,
  measurements: readonly Measurement[],
  terminated: boolean,
  compatibility?: Compatibility,
): { readonly phase: CasePhase; readonly because: string } {
  const readings: { verdict: ReadingVerdict }[] = [];
  let last = '';
  let assessed = assessMetric(metric, readings, compatibility);
  for (const measurement of measurements) {
    if (assessed.state !== 'running') break;
    const { verdict, because } =
      'error' in measurement
        ? { verdict: 'error' as const, because: `no answer: ${measurement.error}` }
        : assessResult(metric, measurement.value, { compatibility });
    readings.push({ verdict });
    last = `; last: ${because}`;
    assessed = assessMetric(metric, readings, compatibility);
  }
  const { state, because } = assessed.state === 'running' && terminated ? cutShort(assessed, compatibility) : assessed;
  return { phase: PHASES[state], because: `${because}${last}` };
}

/** Argo calls it successful, even without a reading; here it needs as many good readings as a background analysis. */
function cutShort(
  { good, because }: { good: number; because: string },
  compatibility?: Compatibility,
): { state: MetricState; because: string } {
  if (compatibility === 'argo') return { state: 'pass', because: `${because}; cut short` };
  const seen = counted(good, 'good reading');
  return good < MINIMUM_READINGS
    ? { state: 'inconclusive', because: `cut short with ${seen}, at least ${MINIMUM_READINGS} needed` }
    : { state: 'pass', because: `cut short with ${seen}` };
}
