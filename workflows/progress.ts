/** What a release knows of its metrics, and shows. */
import { comparisonText } from '../src/analysis/index.ts';
import type { AnalysisPlan, MetricPlan } from '../src/plan/plan.ts';
import { queryText } from '../src/plan/provider.ts';
import type { Release } from './control.ts';
import type { EarlierReading, JudgedReading, MetricProgress } from './messages.ts';

/** A dry run decides nothing. */
export const decides = (metric: MetricProgress): boolean => !metric.dryRun;

/** Every reading as far as judging needs it, oldest first. */
export const allOf = ({ earlier = [], readings }: MetricProgress): Pick<JudgedReading, 'verdict' | 'weight'>[] => [
  ...earlier.flatMap((one) => (one.times === undefined ? one : Array.from({ length: one.times }, () => one))),
  ...readings,
];

/** Keeps the last readings whole; of those before only what judging needs. */
export function retain(metric: MetricProgress, limit: number | undefined): void {
  if (limit === undefined || metric.readings.length <= limit) return;
  const dropped = metric.readings.splice(0, metric.readings.length - limit);
  metric.earlier = [...(metric.earlier ?? []), ...dropped.map(({ verdict, weight }) => ({ verdict, weight }))];
}

/**
 * Readings that a release carries along whole, of all metrics together: about half a megabyte. A status, and what a run
 * hands on to the next one, may have 2 MiB, and beyond that the server ends the release where it stands.
 */
const MOST_READINGS = 1_000;

export function isTooMuch(metrics: readonly MetricProgress[]): boolean {
  return metrics.reduce((sum, { readings, earlier = [] }) => sum + readings.length + earlier.length, 0) > MOST_READINGS;
}

/** Keeps the metrics' last readings whole, of those with the most fewer, and counts equal ones before that together. */
export function shorten(metrics: readonly MetricProgress[]): void {
  const whole = () => metrics.reduce((sum, { readings }) => sum + readings.length, 0);
  while (whole() > MOST_READINGS / 2) {
    const longest = metrics.reduce((so, one) => (one.readings.length > so.readings.length ? one : so));
    retain(longest, Math.floor(longest.readings.length / 2));
  }
  for (const metric of metrics) if (metric.earlier) metric.earlier = counted(metric.earlier);
}

function counted(all: readonly EarlierReading[]): EarlierReading[] {
  const runs: EarlierReading[] = [];
  for (const { verdict, weight, times = 1 } of all) {
    const last = runs.at(-1);
    const alike = last !== undefined && last.verdict === verdict && last.weight === weight;
    if (alike) runs.pop();
    runs.push({ verdict, weight, times: times + (alike ? (last.times ?? 1) : 0) });
  }
  return runs;
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
  if (provider.kind === 'kubernetesJob') return 'Job complete';
  if (comparison) return comparisonText(comparison);
  return [successCondition, failureCondition && `not ${failureCondition}`].filter(Boolean).join(', ');
}

/** Names a metric within a release: `background/success-rate`. */
export function keyOf(metric: MetricProgress | undefined): string {
  return metric ? `${metric.analysis}/${metric.metric}` : '';
}
