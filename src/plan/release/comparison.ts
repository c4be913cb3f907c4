/** `canary.comparison`: the analysis that compares the canary with the stable side. */
import { PART_LABEL } from '../../analysis/comparison/look.ts';
import { isHttpAddress } from '../argo/providers/index.ts';
import type { CanaryPlan, MetricPlan, Target } from '../plan.ts';
import { piece, valueAt } from '../shape/check.ts';
import { show } from '../shape/show.ts';
import { rolloutSettings } from './canary.ts';
import { faultOfCounter, faultOfSide } from './compared-query.ts';
import type { Context } from './context.ts';
import { compileKayenta } from './kayenta.ts';
import { comparisonSchema, type WrittenComparison } from './schema-comparison.ts';
import { kayentaSchema } from './schema-kayenta.ts';

const DEFAULTS = { alpha: 0.05, intervalMs: 30_000, minimumRequests: 100, quantile: 0.99, timeoutMs: 30_000 } as const;
/** So many looks in a row without an answer end the analysis, as Argo's default for errors. */
const CONSECUTIVE_ERRORS = 4;
/** Too little seen is no reason to stop; at the end of the ramp a person is asked. */
const NO_LIMIT = 1_000_000_000;
/** Only an analysis that a step waits for is ended by it. */
const DEADLINE_MS = 600_000;

/** The canary with what the release file compares; as it was where it compares nothing. */
export function withComparison(
  context: Context,
  canary: CanaryPlan,
  target: Pick<Target, 'canaryService' | 'stableService'>,
): CanaryPlan {
  const raw = valueAt(context.source.value, ['canary', 'comparison']);
  const written = raw === undefined ? undefined : (piece(comparisonSchema, raw) ?? piece(kayentaSchema, raw));
  if (written === undefined) return canary;
  const { analysis } = rolloutSettings(valueAt(context.source.value, ['canary']), context.platform);
  const metrics =
    written.judge === 'kayenta'
      ? [compileKayenta(context, written, { target, canary, minimumReadings: analysis.minimumReadings })]
      : compileMetrics(context, written, target);
  return {
    ...canary,
    comparison: {
      templates: [],
      metrics,
      minimumReadings: analysis.minimumReadings,
      inconclusiveDeadlineMs: analysis.inconclusiveDeadlineMs,
      deadlineMs: analysis.deadlineMs ?? DEADLINE_MS,
    },
    ...(written.baseline ? { baselineService: `${context.service}-baseline` } : {}),
  };
}

function compileMetrics(
  context: Context,
  written: WrittenComparison,
  { canaryService, stableService }: Pick<Target, 'canaryService' | 'stableService'>,
): MetricPlan[] {
  const refuse = (path: (string | number)[], code: 'SHIPLOCK_PLAN_VALUE' | 'SHIPLOCK_PLAN_CHOICE', message: string) =>
    context.report.error(context.source, ['canary', 'comparison', ...path], code, message);
  if (!isHttpAddress(written.prometheus))
    refuse(['prometheus'], 'SHIPLOCK_PLAN_VALUE', `is ${show(written.prometheus)}; expected an http address`);
  // One budget of false alarms for the release: each metric has its part.
  const weights = written.metrics.reduce((sum, { weight = 1 }) => sum + weight, 0);
  return written.metrics.map((metric, index) => {
    const of = metric.counts ? 'counts' : metric.mean ? 'mean' : 'histogram';
    const query = queryOf(metric);
    for (const [path, part] of partsOf(metric)) {
      const fault = faultOfSide(part, { canaryService, stableService }) ?? faultOfCounter(part);
      if (fault !== null) refuse(['metrics', index, ...path], 'SHIPLOCK_PLAN_VALUE', fault);
    }
    if (written.metrics.findIndex(({ name }) => name === metric.name) !== index)
      refuse(['metrics', index, 'name'], 'SHIPLOCK_PLAN_VALUE', `is ${show(metric.name)} a second time`);
    return {
      name: metric.name,
      provider: {
        kind: 'prometheus',
        address: written.prometheus,
        query,
        timeoutMs: written.timeout ?? DEFAULTS.timeoutMs,
      },
      intervalMs: written.interval ?? DEFAULTS.intervalMs,
      count: null,
      initialDelayMs: 0,
      successCondition: null,
      failureCondition: null,
      failureLimit: 0,
      inconclusiveLimit: NO_LIMIT,
      consecutiveErrorLimit: CONSECUTIVE_ERRORS,
      comparison: {
        of,
        alpha: ((written.alpha ?? DEFAULTS.alpha) * (metric.weight ?? 1)) / weights,
        margin: metric.margin ?? written.margin ?? null,
        minimumRequests: metric.minimumRequests ?? written.minimumRequests ?? DEFAULTS.minimumRequests,
        ...(of === 'histogram' ? { quantile: metric.quantile ?? DEFAULTS.quantile } : {}),
      },
    };
  });
}

/** Every PromQL of a metric, with its place. */
function partsOf({
  counts,
  histogram,
  mean,
}: WrittenComparison['metrics'][number]): [path: string[], promql: string][] {
  const within = (name: string, parts: Readonly<Record<string, string>> = {}): [string[], string][] =>
    Object.entries(parts).map(([part, promql]) => [[name, part], promql]);
  return histogram === undefined
    ? [...within('counts', counts), ...within('mean', mean)]
    : [[['histogram'], histogram]];
}

/** One question for all that a look needs, so that its parts are of the same moment. */
function queryOf({ counts, histogram, mean }: WrittenComparison['metrics'][number]): string {
  const part = (name: string, promql: string) => `label_replace(sum(${promql}), "${PART_LABEL}", "${name}", "", "")`;
  if (counts) return `${part('events', counts.events)} or ${part('total', counts.total)}`;
  if (mean) return `sum by (le) (${mean.histogram}) or ${part('sum', mean.sum)}`;
  return `sum by (le) (${histogram ?? ''})`;
}
