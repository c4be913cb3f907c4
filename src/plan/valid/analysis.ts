/** Analyses and the steps that hold them, in a compiled plan. */
import { z } from 'zod';
import { checkCondition } from '../../analysis/index.ts';
import { MAX_METRICS, MAX_PODS } from '../limits.ts';
import type { MetricPlan } from '../plan.ts';
import { kayenta } from './kayenta.ts';
import { interval, ms, text, whole, wholePercent } from './pieces.ts';
import { provider } from './provider.ts';
import { matches } from './routes.ts';

const condition = z.string().max(4_096).nullable();

const comparison = z.strictObject({
  judge: z.literal('sequential').optional(),
  of: z.enum(['counts', 'histogram', 'mean']),
  alpha: z.number().gt(0).max(0.5),
  margin: z.number().gt(0).max(99).nullable(),
  minimumRequests: whole,
  quantile: z.number().gt(0).lt(1).optional(),
});

const metric = z
  .strictObject({
    name: text,
    provider,
    intervalMs: interval.nullable(),
    count: whole.nullable(),
    initialDelayMs: ms,
    successCondition: condition,
    failureCondition: condition,
    failureLimit: z.union([whole, z.literal(-1)]),
    inconclusiveLimit: whole,
    consecutiveErrorLimit: whole,
    consecutiveSuccessLimit: whole.optional(),
    lowTraffic: z.strictObject({ requests: text, atLeast: z.int().min(1).max(1_000_000_000) }).optional(),
    dryRun: z.literal(true).optional(),
    retained: whole.optional(),
    comparison: z.discriminatedUnion('judge', [comparison, kayenta]).optional(),
  })
  .refine((value) => areUnderstood(value), 'expected conditions such as result[0] >= 0.99')
  .refine(({ comparison, provider }) => !comparison || provider.kind === 'prometheus', 'expected Prometheus to compare')
  .refine(
    ({ failureLimit, consecutiveSuccessLimit }) => failureLimit >= 0 || (consecutiveSuccessLimit ?? 0) > 0,
    'expected a consecutiveSuccessLimit where failureLimit is -1',
  )
  .refine((value) => value.intervalMs !== null || (value.count ?? 2) <= 1, 'expected an interval where count is not 1');

/** Prometheus answers numbers; of others nobody knows. */
function areUnderstood(value: Pick<MetricPlan, 'successCondition' | 'failureCondition' | 'provider'>): boolean {
  const shape = value.provider.kind === 'prometheus' ? 'numbers' : 'any';
  return [value.successCondition, value.failureCondition].every(
    (condition) => condition === null || checkCondition(condition, shape).ok,
  );
}

export const analysis = z.strictObject({
  templates: z.array(text).readonly(),
  metrics: z.array(metric).min(1).max(MAX_METRICS).readonly(),
  minimumReadings: z.int().min(1).max(10_000),
  inconclusiveDeadlineMs: ms,
  deadlineMs: ms,
  compatibility: z.literal('argo').optional(),
});

const pauseStep = z.strictObject({ kind: z.literal('pause'), durationMs: ms.nullable(), deadlineMs: ms });
const analysisStep = z.strictObject({ kind: z.literal('analysis'), analysis });

const canaryScale = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('replicas'), replicas: z.int().min(0).max(MAX_PODS) }),
  z.strictObject({ kind: z.literal('weight'), weight: wholePercent }),
  z.strictObject({ kind: z.literal('matchTrafficWeight') }),
]);

export const step = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('setWeight'), weight: wholePercent }),
  z.strictObject({ kind: z.literal('setCanaryScale'), scale: canaryScale }),
  z.strictObject({ kind: z.literal('setHeaderRoute'), name: text, matches }),
  z.strictObject({ kind: z.literal('setMirrorRoute'), name: text, matches, percentage: wholePercent }),
  pauseStep,
  analysisStep,
]);

export const flagStep = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('setPercent'), percent: wholePercent }),
  pauseStep,
  analysisStep,
]);
