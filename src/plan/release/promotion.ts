import { isHttpAddress } from '../argo/providers/index.ts';
import type { MonitorPlan, PrometheusQuery, PromotionPlan } from '../plan.ts';
import { piece, valueAt } from '../shape/check.ts';
import { show } from '../shape/show.ts';
import { approvalPlan } from './approval.ts';
import type { Context } from './context.ts';
import { monitorSchema, promotionSchema } from './schema.ts';

/** The mission's numbers: healthy and unhealthy bounds, and rhythm. */
const DEFAULTS = {
  healthy: { success: 0.99, p95Seconds: 0.5 },
  unhealthy: { success: 0.95, p95Seconds: 1 },
  intervalMs: 5_000,
  attempts: 60,
  windowMs: 120_000,
  timeoutMs: 30_000,
} as const;

export interface PromotionOptions {
  /** `AUTO_PROMOTE`; `undefined` where nobody said. */
  readonly autoPromote: boolean | undefined;
  /** False where a cutover comes without a canary: then it is the cutover that asks. */
  readonly ramped: boolean;
  /** The series that the default queries read. */
  readonly canaryService: string;
  /** The first that an analysis asks, and how; `undefined` where the ramp is wrong and nobody can tell. */
  readonly prometheus: PrometheusQuery | null | undefined;
}

export function compilePromotion(context: Context, options: PromotionOptions): PromotionPlan {
  const raw = valueAt(context.source.value, ['promotion']);
  const written = piece(promotionSchema.shape.automatic, valueAt(raw, ['automatic']));
  if (written !== undefined && options.autoPromote !== undefined && written !== options.autoPromote) {
    const message = `is ${written}, but ${options.autoPromote} was asked for (AUTO_PROMOTE); leave it out where CI decides`;
    context.report.error(context.source, ['promotion', 'automatic'], 'SHIPLOCK_PLAN_AUTO_PROMOTE', message);
  }
  const approval = piece(promotionSchema.shape.approval, valueAt(raw, ['approval']));
  const asked = options.ramped || approval !== undefined;
  const automatic = written ?? (asked ? (options.autoPromote ?? false) : true);
  const monitor = options.ramped ? compileMonitor(context, raw, options) : null;
  if (!options.ramped && valueAt(raw, ['monitor']) !== undefined) {
    const message = 'looks at traffic of the canary, which gets none before the cutover; use cutover.before';
    context.report.error(context.source, ['promotion', 'monitor'], 'SHIPLOCK_PLAN_NEEDS', message, 'key');
  }
  return { monitor, approval: automatic ? null : approvalPlan(approval) };
}

function compileMonitor(context: Context, promotion: unknown, options: PromotionOptions): MonitorPlan | null {
  const raw = valueAt(promotion, ['monitor']);
  if (raw === undefined) return null;
  const monitor = piece(monitorSchema, raw);
  if (monitor === undefined) return null;
  if (monitor.address === undefined && options.prometheus === undefined) return null;
  const address = monitor.address ?? options.prometheus?.address ?? null;
  const { headers, basicAuth, insecure } = (monitor.address === undefined && options.prometheus) || {};
  if (address === null || !isHttpAddress(address)) {
    const found = address === null ? 'is missing' : `is ${show(address)}`;
    const message = `${found}; expected Prometheus, for example http://prometheus:9090`;
    context.report.error(context.source, ['promotion', 'monitor', 'address'], 'SHIPLOCK_PLAN_VALUE', message, 'key');
    return null;
  }
  const query = (text: string): PrometheusQuery => ({
    kind: 'prometheus',
    address,
    query: text.trim(),
    timeoutMs: monitor.timeout ?? DEFAULTS.timeoutMs,
    ...(headers && { headers }),
    ...(basicAuth && { basicAuth }),
    ...(insecure && { insecure }),
  });
  const queries = defaultQueries(options.canaryService, monitor.window ?? DEFAULTS.windowMs);
  const plan: MonitorPlan = {
    success: query(monitor.success ?? queries.success),
    p95Seconds: query(monitor.p95 ?? queries.p95),
    healthy: bounds(monitor.healthy, DEFAULTS.healthy),
    unhealthy: bounds(monitor.unhealthy, DEFAULTS.unhealthy),
    intervalMs: monitor.interval ?? DEFAULTS.intervalMs,
    attempts: monitor.attempts ?? DEFAULTS.attempts,
  };
  checkBounds(context, plan);
  return plan;
}

function bounds(
  written: { success?: number; p95?: number } | undefined,
  fallback: { readonly success: number; readonly p95Seconds: number },
) {
  const p95Seconds = written?.p95 === undefined ? fallback.p95Seconds : written.p95 / 1_000;
  return { success: written?.success ?? fallback.success, p95Seconds };
}

/** What is unhealthy must not be healthy too. */
function checkBounds(context: Context, { healthy, unhealthy }: MonitorPlan): void {
  if (unhealthy.success > healthy.success) {
    const message = `unhealthy below ${unhealthy.success} overlaps healthy from ${healthy.success}`;
    context.report.error(
      context.source,
      ['promotion', 'monitor', 'unhealthy', 'success'],
      'SHIPLOCK_PLAN_RANGE',
      message,
    );
  }
  if (unhealthy.p95Seconds < healthy.p95Seconds) {
    const message = `unhealthy above ${unhealthy.p95Seconds} s overlaps healthy up to ${healthy.p95Seconds} s`;
    context.report.error(context.source, ['promotion', 'monitor', 'unhealthy', 'p95'], 'SHIPLOCK_PLAN_RANGE', message);
  }
}

/** They read what `shiplock/express` counts; the label `service` comes from the scrape target. */
function defaultQueries(service: string, windowMs: number): { success: string; p95: string } {
  const range = `[${Math.max(1, Math.round(windowMs / 1_000))}s]`;
  const of = (series: string, more = '') => `sum(rate(${series}{service="${service}"${more}}${range}))`;
  return {
    success: `${of('http_requests_total', ',code!~"5.."')} / ${of('http_requests_total')}`,
    p95: `histogram_quantile(0.95, ${of('http_request_duration_seconds_bucket')} by (le))`,
  };
}
