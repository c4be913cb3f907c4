/** What a release knows of its metrics, and shows. */
import { comparisonText } from '../src/analysis/index.ts';
import type { AnalysisPlan, MetricPlan } from '../src/plan/plan.ts';
import { queryText } from '../src/plan/provider.ts';
import type { Release } from './control.ts';
import type { MetricProgress } from './messages.ts';

/** A dry run decides nothing. */
export const decides = (metric: MetricProgress): boolean => !metric.dryRun;

/** Every reading as far as judging needs it, oldest first. */
export const allOf = ({ earlier = [], readings }: MetricProgress) => [...earlier, ...readings];

/** Keeps the last readings whole; of those before only what judging needs. */
export function retain(metric: MetricProgress, limit: number | undefined): void {
  if (limit === undefined || metric.readings.length <= limit) return;
  const dropped = metric.readings.splice(0, metric.readings.length - limit);
  metric.earlier = [...(metric.earlier ?? []), ...dropped.map(({ verdict, weight }) => ({ verdict, weight }))];
}

/** The metrics of an analysis as they stand; those that are not known yet begin. */
export function metricsOf(release: Release, name: string, analysis: AnalysisPlan): MetricProgress[] {
  const { state } = release;
  return analysis.metrics.map((plan) => {
    const known = state.metrics.find((metric) => metric.analysis === name && metric.metric === plan.name);
    if (known) return known;
    const metric: MetricProgress = {
      analysis: name,
      metric: plan.name,
      query: queryText(plan.provider),
      condition: conditionOf(plan),
      state: 'running',
      because: '',
      good: 0,
      failed: 0,
      inconclusive: 0,
      errors: 0,
      readings: [],
      ...(plan.dryRun ? { dryRun: true as const } : {}),
    };
    state.metrics.push(metric);
    state.schedule[keyOf(metric)] = Date.now() + plan.initialDelayMs;
    if (plan.comparison?.judge === 'kayenta') {
      state.comparedSince ??= {};
      state.comparedSince[keyOf(metric)] = Date.now();
    }
    return metric;
  });
}

/** What a reading must be, in words. */
function conditionOf({ provider, comparison, successCondition, failureCondition }: MetricPlan): string {
  if (provider.kind === 'job') return 'exit code 0';
  if (comparison) return comparisonText(comparison);
  return [successCondition, failureCondition && `not ${failureCondition}`].filter(Boolean).join(', ');
}

/** Names a metric within a release: `background/success-rate`. */
export function keyOf(metric: MetricProgress | undefined): string {
  return metric ? `${metric.analysis}/${metric.metric}` : '';
}
