import type { ReleaseStatus } from '../../../workflows/messages.ts';
import type { AnalysisPlan, Plan } from '../../plan/plan.ts';

/** A metric that the plan judges, and where. */
export interface Criterion {
  /** `background`, `comparison`, or the name of the step. */
  readonly analysis: string;
  readonly metric: string;
}

/** What decides whether traffic may grow or stay: every metric of every analysis of canary and cutover. */
export function trafficCriteria({ canary, cutover }: Plan): Criterion[] {
  return [
    ...(canary.background ? metricsOf('background', canary.background.analysis) : []),
    ...(canary.comparison ? metricsOf('comparison', canary.comparison) : []),
    ...canary.steps.flatMap((step, index) =>
      step.kind === 'analysis' ? metricsOf(`step-${index + 1}`, step.analysis) : [],
    ),
    ...(cutover?.before ? metricsOf('cutover-before', cutover.before) : []),
    ...(cutover?.after ? metricsOf('cutover-after', cutover.after) : []),
  ];
}

/** The same of the ramps of flags. */
export function flagCriteria({ flags }: Plan): Criterion[] {
  return (flags?.ramps ?? []).flatMap(({ steps }, ramp) =>
    steps.flatMap((step, index) =>
      step.kind === 'analysis' ? metricsOf(`flag-${ramp + 1}-${index + 1}`, step.analysis) : [],
    ),
  );
}

/** How often one was judged; errors of its provider are no judgement. */
export function judged({ metrics }: ReleaseStatus, { analysis, metric }: Criterion): number {
  const known = metrics.find((candidate) => candidate.analysis === analysis && candidate.metric === metric);
  return known ? known.good + known.failed + known.inconclusive : 0;
}

export function nameOf({ analysis, metric }: Criterion): string {
  return `${metric} (${analysis})`;
}

function metricsOf(analysis: string, { metrics }: AnalysisPlan): Criterion[] {
  return metrics.map(({ name }) => ({ analysis, metric: name }));
}
