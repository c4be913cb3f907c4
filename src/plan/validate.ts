import { z } from 'zod';
import { ShiplockError } from '../errors.ts';
import { MAX_GATES, MAX_REVISIONS, MAX_STEPS, MAX_WEBHOOKS } from './limits.ts';
import { PLAN_FORMAT, type Plan } from './plan.ts';
import { formatPath } from './problem.ts';
import { analysis, step } from './valid/analysis.ts';
import { gate } from './valid/gates.ts';
import { targetLacks } from './valid/needs.ts';
import { cutover, database, flags, image, validation } from './valid/phases.ts';
import { absolute, approval, distinct, interval, label, ms, text, whole } from './valid/pieces.ts';
import { prometheus } from './valid/provider.ts';
import { target } from './valid/target.ts';

const bounds = z.strictObject({ success: z.number().min(0).max(1), p95Seconds: z.number().min(0) });

const planFields = z.strictObject({
  format: z.literal(PLAN_FORMAT),
  service: label,
  environment: label,
  version: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/, 'expected an image tag'),
  target,
  gates: z
    .array(gate)
    .max(MAX_GATES)
    .readonly()
    .refine((gates) => distinct(gates, ({ name }) => name), 'expected names that differ'),
  image: image.optional(),
  configuration: z
    .array(
      z.strictObject({
        kind: z.enum(['helm', 'rollout']),
        file: absolute,
        field: text,
        resource: text.optional(),
        carries: z.literal('digest').optional(),
      }),
    )
    .max(40)
    .readonly(),
  database: database.optional(),
  canary: z
    .strictObject({
      steps: z.array(step).max(MAX_STEPS).readonly(),
      background: z.strictObject({ startingStep: whole, analysis }).nullable(),
      readyDeadlineMs: ms,
      comparison: analysis.optional(),
      baselineService: text.optional(),
      rollbackWindow: z.strictObject({ revisions: z.int().min(1).max(MAX_REVISIONS) }).optional(),
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
    approval: approval.nullable(),
  }),
  cutover: cutover.optional(),
  flags: flags.optional(),
  validation: validation.optional(),
  window: z.strictObject({ durationMs: ms }),
  notify: z
    .array(label)
    .min(1)
    .max(MAX_WEBHOOKS)
    .readonly()
    .refine((webhooks) => distinct(webhooks, (name) => name), 'expected names that differ')
    .optional(),
});

/** What one phase needs of another. */
const planSchema = planFields.check(({ value, issues }) => {
  const refuse = (path: PropertyKey[], message: string) => issues.push({ code: 'custom', input: value, message, path });
  const digest = value.configuration.findIndex(({ carries }) => carries === 'digest');
  if (digest !== -1 && !value.image) refuse(['configuration', digest, 'carries'], 'expected an image');
  const security = value.validation?.security;
  if (security?.image && !value.image) refuse(['validation', 'security', 'image'], 'expected an image');
  const audit = security?.auditGate ?? null;
  if (audit !== null && !value.gates.some(({ name, kind }) => name === audit && kind === 'audit')) {
    refuse(['validation', 'security', 'auditGate'], 'expected an audit gate of that name');
  }
  for (const { path, message } of targetLacks(value)) refuse(path, message);
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
