import { checkCondition } from '../../analysis/index.ts';
import { formatDuration } from '../duration.ts';
import type { MetricPlan, Provider } from '../plan.ts';
import type { Path, Report } from '../problem.ts';
import { isJob } from '../provider.ts';
import { piece } from '../shape/check.ts';
import { isPlaceholder } from '../shape/fields.ts';
import { show } from '../shape/show.ts';
import type { Source } from '../yaml/read.ts';
import { type ArgoMetric, metricSchema } from './analysis-schema.ts';
import type { RolloutPlatform } from './platform.ts';
import { entries } from './pod.ts';
import { compileProvider, maySecretStand } from './providers/index.ts';

/** Argo's default (argo-rollouts `utils/defaults`). */
export const CONSECUTIVE_ERROR_LIMIT = 4;

/**
 * One metric, its arguments filled in: Argo's rules checked, defaults applied. `undefined` where it cannot be
 * used yet; why is reported.
 */
export function compileMetric(
  source: Source,
  path: Path,
  filled: unknown,
  report: Report,
  platform: RolloutPlatform,
): MetricPlan | undefined {
  const metric = piece(metricSchema[platform], filled);
  if (metric === undefined) return undefined;
  checkRhythm(source, path, metric, report);
  checkConditions(source, path, metric, report);
  checkSecrets(source, path, filled, report);
  const placed = { source, path: [...path, 'provider'], report };
  const provider = compileProvider(metric.provider, placed, platform);
  return provider && metricPlan(withoutConditions(metric, provider, source, path, report), provider);
}

/** A job answers by its exit code; Argo looks at no condition of it. */
function withoutConditions(
  metric: ArgoMetric,
  provider: Provider,
  source: Source,
  path: Path,
  report: Report,
): ArgoMetric {
  if (!isJob(provider)) return metric;
  for (const field of ['successCondition', 'failureCondition'] as const) {
    if (!metric[field]) continue;
    const good = provider.kind === 'job' ? 'its command exits with 0' : 'it completes';
    const message = `is not looked at: a job is good where ${good}`;
    report.warning(source, [...path, field], 'SHIPLOCK_PLAN_FIELD_IGNORED', message, 'key');
  }
  return { ...metric, successCondition: null, failureCondition: null };
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

/** A secret stands in what authenticates a provider, and never in what is recorded or shown. */
function checkSecrets(source: Source, path: Path, filled: unknown, report: Report): void {
  for (const [at, value] of entries(filled, path)) {
    const secret = typeof value === 'string' ? /\{\{secret\.[^}]*\}\}/.exec(value)?.[0] : undefined;
    const within = at.slice(path.length);
    if (secret === undefined || (within[0] === 'provider' && maySecretStand(within.slice(1)))) continue;
    const message = `holds the secret ${secret.slice(9, -2)}, and would be recorded and shown; no secret may stand here`;
    report.error(source, at, 'SHIPLOCK_PLAN_SECRET', message);
  }
}

type Conditions = Pick<ArgoMetric, 'successCondition' | 'failureCondition' | 'provider'>;

/** A job's conditions are not looked at; elsewhere any answer may come, but numbers of Prometheus. */
const shapeOf = ({ provider }: Conditions) => (provider.prometheus == null ? 'any' : 'numbers');

export function checkConditions(source: Source, path: Path, metric: Conditions, report: Report): void {
  for (const field of ['successCondition', 'failureCondition'] as const) {
    const condition = metric[field];
    if (condition == null || condition === '' || isPlaceholder(condition)) continue;
    const checked = checkCondition(condition, shapeOf(metric));
    if (checked.ok) continue;
    const message = `${show(condition)}: ${checked.message} (at character ${checked.column} of the condition)`;
    report.error(source, [...path, field], 'SHIPLOCK_PLAN_CONDITION', message);
  }
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
