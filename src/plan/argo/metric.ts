import { checkCondition } from '../../analysis/index.ts';
import { formatDuration } from '../duration.ts';
import type { MetricPlan } from '../plan.ts';
import type { Path, Report } from '../problem.ts';
import { piece } from '../shape/check.ts';
import { isPlaceholder } from '../shape/fields.ts';
import { show } from '../shape/show.ts';
import type { Source } from '../yaml/read.ts';
import { type ArgoMetric, metricSchema } from './analysis-schema.ts';
import { entries } from './pod.ts';

/** Argo's defaults (argo-rollouts `utils/defaults`, `metricproviders/prometheus`). */
export const CONSECUTIVE_ERROR_LIMIT = 4;
const PROMETHEUS_TIMEOUT_MS = 30_000;

/**
 * One metric, its arguments filled in: Argo's rules checked, defaults applied. `undefined` where it cannot be
 * used yet; why is reported.
 */
export function compileMetric(source: Source, path: Path, filled: unknown, report: Report): MetricPlan | undefined {
  const metric = piece(metricSchema, filled);
  if (metric === undefined) return undefined;
  checkRhythm(source, path, metric, report);
  checkConditions(source, path, metric, report);
  checkSecrets(source, path, filled, report);
  const prometheus = metric.provider.prometheus;
  if (prometheus == null) {
    const message = 'has no provider; expected prometheus';
    report.error(source, [...path, 'provider'], 'SHIPLOCK_PLAN_FIELD_MISSING', message, 'key');
    return undefined;
  }
  const address = prometheus.address ?? null;
  if (address === null) {
    const message = "prometheus without an address (Argo's controller-wide default) is not supported; give its address";
    report.error(source, [...path, 'provider', 'prometheus'], 'SHIPLOCK_PLAN_UNSUPPORTED', message, 'key');
    return undefined;
  }
  if (!isPlaceholder(address) && !isHttpAddress(address)) {
    const message = `is ${show(address)}; expected for example http://prometheus:9090`;
    report.error(source, [...path, 'provider', 'prometheus', 'address'], 'SHIPLOCK_PLAN_VALUE', message);
  }
  return metricPlan(metric, {
    kind: 'prometheus',
    address,
    query: prometheus.query.trim(),
    timeoutMs: prometheus.timeout == null ? PROMETHEUS_TIMEOUT_MS : prometheus.timeout * 1_000,
  });
}

/** The metric with Argo's defaults. */
function metricPlan(metric: ArgoMetric, provider: MetricPlan['provider']): MetricPlan {
  return {
    name: metric.name,
    provider,
    intervalMs: metric.interval ?? null,
    count: metric.count ?? (metric.interval == null ? 1 : null),
    initialDelayMs: metric.initialDelay ?? 0,
    successCondition: metric.successCondition || null,
    failureCondition: metric.failureCondition || null,
    failureLimit: metric.failureLimit ?? 0,
    inconclusiveLimit: metric.inconclusiveLimit ?? 0,
    consecutiveErrorLimit: metric.consecutiveErrorLimit ?? CONSECUTIVE_ERROR_LIMIT,
    ...(metric.consecutiveSuccessLimit ? { consecutiveSuccessLimit: metric.consecutiveSuccessLimit } : {}),
  };
}

/** Argo's `ValidateMetric` (argo-rollouts `utils/analysis/factory.go`). */
function checkRhythm(source: Source, path: Path, metric: ArgoMetric, report: Report): void {
  const { count, interval } = metric;
  const failures = metric.failureLimit ?? 0;
  const successes = metric.consecutiveSuccessLimit ?? 0;
  if (failures < 0 && successes === 0) {
    const message = 'is -1, which switches it off, and there is no consecutiveSuccessLimit: nothing would ever end it';
    report.error(source, [...path, 'failureLimit'], 'SHIPLOCK_PLAN_METRIC_LIMIT', message);
  }
  if (count == null || count === 0) return;
  if (count > 1 && interval === undefined) {
    const message = `is ${count} without an interval; expected an interval, for example interval: 5m`;
    report.error(source, [...path, 'count'], 'SHIPLOCK_PLAN_METRIC_INTERVAL', message);
  }
  const never = (field: keyof ArgoMetric, is: string) => {
    const message = `is ${is}, more than the count of ${count}; it could never be reached`;
    report.error(source, [...path, field], 'SHIPLOCK_PLAN_METRIC_LIMIT', message);
  };
  if (failures > count) never('failureLimit', `${failures}`);
  else if (successes > 0 && Math.max(0, failures) + successes > count) {
    never(
      'consecutiveSuccessLimit',
      failures > 0 ? `${successes}, with the failureLimit ${failures + successes}` : `${successes}`,
    );
  }
  if ((metric.inconclusiveLimit ?? 0) > count) never('inconclusiveLimit', `${metric.inconclusiveLimit}`);
}

/** A secret never stands in what is recorded or shown. */
function checkSecrets(source: Source, path: Path, filled: unknown, report: Report): void {
  for (const [at, value] of entries(filled, path)) {
    const secret = typeof value === 'string' ? /\{\{secret\.[^}]*\}\}/.exec(value)?.[0] : undefined;
    if (secret === undefined) continue;
    const message = `holds the secret ${secret.slice(9, -2)}, and would be recorded and shown; no secret may stand here`;
    report.error(source, at, 'SHIPLOCK_PLAN_SECRET', message);
  }
}

type Conditions = Pick<ArgoMetric, 'successCondition' | 'failureCondition' | 'provider'>;

export function checkConditions(source: Source, path: Path, metric: Conditions, report: Report): void {
  for (const field of ['successCondition', 'failureCondition'] as const) {
    const condition = metric[field];
    if (condition == null || condition === '' || isPlaceholder(condition)) continue;
    const checked = checkCondition(condition, metric.provider.prometheus == null ? 'any' : 'numbers');
    if (checked.ok) continue;
    const message = `${show(condition)}: ${checked.message} (at character ${checked.column} of the condition)`;
    report.error(source, [...path, field], 'SHIPLOCK_PLAN_CONDITION', message);
  }
}

export function isHttpAddress(text: string): boolean {
  return /^https?:\/\/[^\s/]/.test(text) && URL.canParse(text);
}

/** The least time a metric needs for all its readings; `null` where it has no end of its own. */
export function shortestMs(metric: MetricPlan): number | null {
  if (metric.count === null) return null;
  return metric.initialDelayMs + Math.max(0, metric.count - 1) * (metric.intervalMs ?? 0);
}

/** `10 readings 5m apart`. */
export function describeRhythm(metric: MetricPlan): string {
  const apart = metric.intervalMs === null ? '' : ` ${formatDuration(metric.intervalMs)} apart`;
  if (metric.count === null) return `readings${apart} until the ramp ends`;
  return `${metric.count} reading${metric.count === 1 ? '' : 's'}${metric.count > 1 ? apart : ''}`;
}
