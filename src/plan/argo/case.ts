import type { Compatibility, MetricPlan } from '../plan.ts';
import { createReport } from '../problem.ts';
import { checkShape } from '../shape/check.ts';
import type { Source } from '../yaml/read.ts';
import { metricSchema } from './analysis-schema.ts';
import { checkConditions, checkRhythm, metricPlan } from './metric.ts';

/** Nothing is asked: the measurements are given. */
const NO_PROVIDER = { kind: 'prometheus', address: '', query: '', timeoutMs: 0 } as const;

/** Stands nowhere in a file. */
const NOWHERE = { file: '', place: () => ({ line: 1, column: 1 }) };

/**
 * One metric by itself, as in an AnalysisTemplate; it needs no provider. With `compatibility: 'argo'` a condition that
 * cannot be read is let through, since there it is an error of each measurement.
 *
 * @example metricCase({ name: 'm', count: 2 }).because // 'count: is 2 without an interval; expected …'
 */
export function metricCase(
  value: Readonly<Record<string, unknown>>,
  compatibility?: Compatibility,
): { readonly ok: true; readonly metric: MetricPlan } | { readonly ok: false; readonly because: string } {
  const report = createReport();
  const source: Source = { ...NOWHERE, value };
  const metric = checkShape(metricSchema, source, { provider: {}, ...value }, [], report);
  if (metric !== undefined) {
    checkRhythm(source, [], metric, report);
    if (compatibility !== 'argo') checkConditions(source, [], metric, report);
  }
  const problems = report.errors().map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  if (metric === undefined || problems.length > 0) return { ok: false, because: problems.join('; ') };
  return { ok: true, metric: metricPlan(metric, NO_PROVIDER) };
}
