/** `dryRun` and `measurementRetention`: rules that name metrics by a regular expression, as Argo reads them. */
import { matchesPattern } from '../../analysis/index.ts';
import type { MetricPlan } from '../plan.ts';
import type { Path, Report } from '../problem.ts';
import { valueAt } from '../shape/check.ts';
import { isPlaceholder } from '../shape/fields.ts';
import { show } from '../shape/show.ts';
import type { Source } from '../yaml/read.ts';

/** Where rules stand: `spec` of a template, or the analysis of a Rollout. */
export interface RulePlace {
  readonly source: Source;
  readonly path: Path;
}

/** The metrics with what the rules say of them. A rule that names no metric is an error, as in Argo. */
export function applySelections(
  metrics: readonly MetricPlan[],
  places: readonly RulePlace[],
  report: Report,
): MetricPlan[] {
  const dry = new Set<string>();
  const retained = new Map<string, number>();
  for (const place of places) {
    for (const { names } of rules(place, 'dryRun', metrics, report)) for (const name of names) dry.add(name);
    for (const { names, limit } of rules(place, 'measurementRetention', metrics, report)) {
      if (limit !== null) for (const name of names) retained.set(name, limit);
    }
  }
  return metrics.map((metric) => {
    const limit = retained.get(metric.name);
    return {
      ...metric,
      ...(dry.has(metric.name) ? { dryRun: true as const } : {}),
      ...(limit === undefined ? {} : { retained: limit }),
    };
  });
}

function rules(place: RulePlace, field: string, metrics: readonly MetricPlan[], report: Report) {
  const list = valueAt(place.source.value, [...place.path, field]);
  return (Array.isArray(list) ? list : []).flatMap((rule, index) => {
    const pattern = valueAt(rule, ['metricName']);
    const limit = valueAt(rule, ['limit']);
    if (typeof pattern !== 'string' || isPlaceholder(pattern)) return [];
    const path = [...place.path, field, index, 'metricName'];
    const names: string[] = [];
    for (const { name } of metrics) {
      const found = matchesPattern(pattern, name);
      if (!found.ok) {
        report.error(place.source, path, 'SHIPLOCK_PLAN_PATTERN', `${show(pattern)}: ${found.message}`);
        return [];
      }
      if (found.matches) names.push(name);
    }
    if (names.length === 0 && metrics.length > 0) {
      const known = metrics.map(({ name }) => name).join(', ');
      const message = `${show(pattern)} names no metric of this analysis; it has ${known}`;
      report.error(place.source, path, 'SHIPLOCK_PLAN_SELECTION', message);
    }
    return [{ names, limit: limit == null ? null : Number(limit) }];
  });
}
