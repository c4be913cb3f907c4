/** Analyses and the steps that hold them, in a compiled plan. */
import { z } from 'zod';
import { checkCondition } from '../../analysis/index.ts';
import { isHttpAddress } from '../argo/metric.ts';
import { MAX_METRICS } from '../limits.ts';
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
    failureLimit: whole,
    inconclusiveLimit: whole,
    consecutiveErrorLimit: whole,
  })
  .refine((value) => value.intervalMs !== null || (value.count ?? 2) <= 1, 'expected an interval where count is not 1');

export const analysis = z.strictObject({
  templates: z.array(text).readonly(),
  metrics: z.array(metric).min(1).max(MAX_METRICS).readonly(),
  minimumReadings: z.int().min(1).max(10_000),
  inconclusiveDeadlineMs: ms,
  deadlineMs: ms,
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
