/** `canary.comparison` with the judge `kayenta`: one metric of the background analysis. */
import { PART_LABEL } from '../../analysis/comparison/look.ts';
import type { KayentaMetric, KayentaPlan } from '../kayenta-plan.ts';
import type { MetricPlan } from '../plan.ts';
import type { Context } from './context.ts';
import { kayentaFaults, type Ramp } from './kayenta-faults.ts';
import type { WrittenKayenta, WrittenKayentaMetric } from './schema-kayenta.ts';

const DEFAULTS = {
  intervalMs: 300_000,
  stepMs: 15_000,
  timeoutMs: 30_000,
  pass: 95,
  marginal: 75,
  group: 'all',
  outlierFactor: 3,
} as const;
/** So many readings in a row without an answer end the analysis, as Argo's default for errors. */
const CONSECUTIVE_ERRORS = 4;
/** A marginal score is no reason to stop; at the end of the ramp the last one decides. */
const NO_LIMIT = 1_000_000_000;

/** The metric, and its name. */
export const KAYENTA = 'kayenta';

export function compileKayenta(context: Context, written: WrittenKayenta, ramp: Ramp): MetricPlan {
  const comparison: KayentaPlan = {
    judge: 'kayenta',
    stepMs: written.step ?? DEFAULTS.stepMs,
    lookbackMs: written.lookback ?? null,
    pass: written.pass ?? DEFAULTS.pass,
    marginal: written.marginal ?? DEFAULTS.marginal,
    groups: written.groups ?? {},
    metrics: written.metrics.map(metricOf),
  };
  const query = written.metrics.map(partOf).join(' or ');
  const intervalMs = written.interval ?? DEFAULTS.intervalMs;
  for (const { path, code, message, at } of kayentaFaults(written, { ...ramp, comparison, query, intervalMs }))
    context.report.error(context.source, ['canary', 'comparison', ...path], code, message, at);
  return {
    name: KAYENTA,
    provider: {
      kind: 'prometheus',
      address: written.prometheus,
      query,
      timeoutMs: written.timeout ?? DEFAULTS.timeoutMs,
    },
    intervalMs,
    count: null,
    // Before that there is nothing to compare.
    initialDelayMs: intervalMs,
    successCondition: null,
    failureCondition: null,
    failureLimit: 0,
    inconclusiveLimit: NO_LIMIT,
    consecutiveErrorLimit: CONSECUTIVE_ERRORS,
    comparison,
  };
}

function metricOf(metric: WrittenKayentaMetric): KayentaMetric {
  const { measure = 'meanRatio', ...limits } = metric.effectSize ?? {};
  const equal = measure === 'cles' ? 0.5 : 1;
  return {
    name: metric.name,
    groups: [metric.group ?? DEFAULTS.group],
    direction: metric.direction ?? 'either',
    critical: metric.critical ?? false,
    mustHaveData: metric.mustHaveData ?? false,
    muted: metric.muted ?? false,
    nan: metric.nan ?? 'remove',
    outliers:
      metric.outliers === 'remove'
        ? { strategy: 'remove', detector: 'iqr', factor: metric.outlierFactor ?? DEFAULTS.outlierFactor }
        : { strategy: 'keep' },
    effectSize: {
      measure,
      allowedIncrease: limits.allowedIncrease ?? equal,
      allowedDecrease: limits.allowedDecrease ?? equal,
      criticalIncrease: limits.criticalIncrease ?? equal,
      criticalDecrease: limits.criticalDecrease ?? equal,
    },
  };
}

/** One question for all metrics, so that their windows are the same. */
const partOf = ({ name, query }: WrittenKayentaMetric): string =>
  `label_replace(${query}, "${PART_LABEL}", "${name}", "", "")`;
