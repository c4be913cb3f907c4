/** Analyses and the steps that hold them, in a compiled plan. */
import { z } from 'zod';
import { checkCondition } from '../../analysis/index.ts';
import { isHttpAddress } from '../argo/metric.ts';
import { MAX_METRICS } from '../limits.ts';
import { kayenta } from './kayenta.ts';
import { interval, ms, text, whole, wholePercent } from './pieces.ts';

const condition = z
  .string()
  .max(4_096)
  .refine((value) => checkCondition(value, 'numbers').ok, 'expected a condition such as result[0] >= 0.99')
  .nullable();

export const prometheus = z.strictObject({
  kind: z.literal('prometheus'),
  address: text.refine(isHttpAddress, 'expected an http address'),
  query: text,
  timeoutMs: ms,
  range: z.strictObject({ startMs: ms, endMs: ms, stepMs: interval }).optional(),
});

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
    provider: prometheus,
    intervalMs: interval.nullable(),
    count: whole.nullable(),
    initialDelayMs: ms,
    successCondition: condition,
    failureCondition: condition,
    failureLimit: z.union([whole, z.literal(-1)]),
    inconclusiveLimit: whole,
    consecutiveErrorLimit: whole,
    consecutiveSuccessLimit: whole.optional(),
    dryRun: z.literal(true).optional(),
    retained: whole.optional(),
    comparison: z.discriminatedUnion('judge', [comparison, kayenta]).optional(),
  })
  .refine(
    ({ failureLimit, consecutiveSuccessLimit }) => failureLimit >= 0 || (consecutiveSuccessLimit ?? 0) > 0,
    'expected a consecutiveSuccessLimit where failureLimit is -1',
  )
  .refine((value) => value.intervalMs !== null || (value.count ?? 2) <= 1, 'expected an interval where count is not 1');

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

export const step = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('setWeight'), weight: wholePercent }),
  pauseStep,
  analysisStep,
]);

export const flagStep = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('setPercent'), percent: wholePercent }),
  pauseStep,
  analysisStep,
]);
