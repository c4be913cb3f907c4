import path from 'node:path';
import { z } from 'zod';
import { checkCondition } from '../analysis/index.ts';
import { ShiplockError } from '../errors.ts';
import { isHttpAddress } from './argo/metric.ts';
import { MAX_DURATION_MS, MAX_GATES, MAX_METRICS, MAX_STEPS, MIN_INTERVAL_MS } from './limits.ts';
import { PLAN_FORMAT, type Plan, TRUST_LEVELS } from './plan.ts';
import { formatPath } from './problem.ts';
import { DNS_LABEL } from './shape/fields.ts';

const label = z.string().regex(DNS_LABEL, 'expected a DNS label');
const text = z.string().min(1).max(16_384);
const absolute = text.refine((value) => path.isAbsolute(value), 'expected an absolute path');
const command = z.array(text).min(1).max(100).readonly();
const ms = z.int().min(0).max(MAX_DURATION_MS);
const interval = z.int().min(MIN_INTERVAL_MS).max(MAX_DURATION_MS);
const percent = z.number().min(0).max(100);
const whole = z.int().min(0).max(1_000_000_000);
const condition = z
  .string()
  .max(4_096)
  .refine((value) => checkCondition(value, 'numbers').ok, 'expected a condition such as result[0] >= 0.99')
  .nullable();

const prometheus = z.strictObject({
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

const analysis = z.strictObject({
  templates: z.array(text).readonly(),
  metrics: z.array(metric).min(1).max(MAX_METRICS).readonly(),
  minimumReadings: z.int().min(1).max(10_000),
  inconclusiveDeadlineMs: ms,
  deadlineMs: ms,
});

const step = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('setWeight'), weight: z.int().min(0).max(100) }),
  z.strictObject({ kind: z.literal('pause'), durationMs: ms.nullable(), deadlineMs: ms }),
  z.strictObject({ kind: z.literal('analysis'), analysis }),
]);

const gateBase = { name: label, directory: absolute, timeoutMs: ms };
const gate = z.discriminatedUnion('kind', [
  z.strictObject({ ...gateBase, kind: z.literal('command'), command }),
  z.strictObject({ ...gateBase, kind: z.literal('coverage'), report: text, minimumPercent: percent }),
  z
    .strictObject({
      ...gateBase,
      kind: z.literal('audit'),
      command: command.optional(),
      report: text.optional(),
      level: z.enum(['low', 'moderate', 'high', 'critical']),
    })
    .refine((value) => (value.command === undefined) !== (value.report === undefined), 'expected command or report'),
]);

const bounds = z.strictObject({ success: z.number().min(0).max(1), p95Seconds: z.number().min(0) });

const planSchema = z.strictObject({
  format: z.literal(PLAN_FORMAT),
  service: label,
  environment: label,
  version: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/, 'expected an image tag'),
  target: z
    .strictObject({
      platform: z.literal('local'),
      command,
      directory: absolute,
      environment: z.record(z.string(), z.string()),
      replicas: z.int().min(1).max(100),
      readinessPath: z.string().regex(/^\/\S*$/),
      stableService: text,
      canaryService: text,
    })
    .refine((target) => target.stableService !== target.canaryService, 'expected two different services'),
  gates: z
    .array(gate)
    .max(MAX_GATES)
    .readonly()
    .refine((gates) => new Set(gates.map(({ name }) => name)).size === gates.length, 'expected names that differ'),
  configuration: z
    .array(
      z.strictObject({ kind: z.enum(['helm', 'rollout']), file: absolute, field: text, resource: text.optional() }),
    )
    .max(20)
    .readonly(),
  canary: z
    .strictObject({
      steps: z.array(step).max(MAX_STEPS).readonly(),
      background: z.strictObject({ startingStep: whole, analysis }).nullable(),
      readyDeadlineMs: ms,
    })
    .refine(
      ({ steps, background }) => background === null || background.startingStep <= Math.max(0, steps.length - 1),
      'expected background.startingStep to be the index of a step',
    ),
  promotion: z.strictObject({
    monitor: z
      .strictObject({
        success: prometheus,
        p95Seconds: prometheus,
        healthy: bounds,
        unhealthy: bounds,
        intervalMs: interval,
        attempts: z.int().min(1).max(10_000),
      })
      .nullable(),
    approval: z
      .strictObject({
        deadlineMs: ms,
        requires: z.enum(TRUST_LEVELS),
        quorum: z.int().min(1).max(20),
        notStarter: z.boolean(),
      })
      .nullable(),
  }),
  window: z.strictObject({ durationMs: ms }),
}) satisfies z.ZodType<Plan>;

/**
 * The plan itself, where it is one. For whoever receives a plan that a client did not compile: the first activity of
 * a release calls it.
 *
 * @throws ShiplockError `SHIPLOCK_PLAN_INVALID`, naming every wrong field (at most ten).
 */
export function validatePlan(value: unknown): Plan {
  const result = planSchema.safeParse(value);
  if (result.success) return result.data;
  const { issues } = result.error;
  const shown = issues.slice(0, 10).map((issue) => {
    const at = formatPath(issue.path.filter((part) => typeof part !== 'symbol'));
    return `${at === '' ? 'plan' : at}: ${issue.message}`;
  });
  const more = issues.length > shown.length ? `; and ${issues.length - shown.length} more` : '';
  throw new ShiplockError({
    code: 'SHIPLOCK_PLAN_INVALID',
    message: `this is not a plan this version can execute: ${shown.join('; ')}${more}`,
    mend: 'start the release from its file with shiplock start, which compiles and checks the plan',
  });
}
