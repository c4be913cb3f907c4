/** The release file: what a team writes. `release.schema.json` is made from this, for editors. */
import { z } from 'zod';
import { backgroundSchema, stepsSchema } from '../argo/rollout-schema.ts';
import { MAX_GATES } from '../limits.ts';
import { TRUST_LEVELS } from '../plan.ts';
import { dnsLabel, duration, interval, rule, text } from '../shape/fields.ts';

const path = (description: string) => text().describe(`${description} Relative to the release file.`);
const command = (description: string) =>
  z.array(text()).min(1).max(100).describe(`${description} An argument list; no shell.`);
const fraction = () => z.number().min(0).max(1);

/** How many of the named fields of an object are there. */
const given = (value: unknown, fields: readonly string[]) =>
  fields.filter((field) => (value as Record<string, unknown>)[field] !== undefined);

const exactlyOne = (fields: readonly string[]) =>
  rule<unknown>(
    (value) => given(value, fields).length === 1,
    'SHIPLOCK_PLAN_CHOICE',
    (value) => {
      const found = given(value, fields);
      return `has ${found.length === 0 ? 'none' : found.join(' and ')}; expected exactly one of ${fields.join(', ')}`;
    },
  );

export const targetSchema = z.strictObject({
  platform: z.literal('local').describe('Processes of this machine behind the embedded Envoy.'),
  command: command('Starts one replica; {{version}} stands for the released version.'),
  directory: path('Working directory of the processes.').optional(),
  environment: z.record(z.string().regex(/^[A-Za-z_]\w*$/), z.string().max(4_096)).optional(),
  replicas: z.int().min(1).max(100).optional().describe("Default: the Rollout's replicas."),
  readinessPath: z
    .string()
    .regex(/^\/\S*$/, 'a path that starts with /')
    .optional()
    .describe('Default: /ready.'),
  stableService: text().optional().describe("Default: the Rollout's stableService, else SERVICE-stable."),
  canaryService: text().optional().describe("Default: the Rollout's canaryService, else SERVICE-canary."),
});

export const auditLevel = z.enum(['low', 'moderate', 'high', 'critical']);

export const gateSchema = z
  .strictObject({
    name: dnsLabel(),
    directory: path('Where the gate runs. Default: the directory of the release file.').optional(),
    timeout: duration('Default: 10m.').optional(),
    command: command('Must exit with 0.').optional(),
    coverage: z
      .strictObject({
        report: text().describe("coverage-summary.json or lcov.info, relative to the gate's directory."),
        minimum: z.number().min(0).max(100).describe('Percent of lines.'),
      })
      .optional(),
    audit: z
      .strictObject({
        command: command('Prints the report.').optional(),
        report: text().optional().describe("A recorded report, relative to the gate's directory."),
        level: auditLevel.optional().describe('Nothing at or above this may stand. Default: moderate.'),
      })
      .check(exactlyOne(['command', 'report']))
      .optional(),
  })
  .check(exactlyOne(['command', 'coverage', 'audit']));

export const configurationSchema = z
  .strictObject({
    helm: z
      .strictObject({
        file: path('A Helm values file.'),
        tag: text().optional().describe('Dotted path of the tag. Default: image.tag.'),
      })
      .optional(),
    rollout: z
      .strictObject({
        file: path('An Argo Rollout manifest.'),
        name: text().optional().describe('Default: the only Rollout of the file.'),
        container: text().describe('The container whose image carries the tag.'),
      })
      .optional(),
  })
  .check(exactlyOne(['helm', 'rollout']));

export const analysisSettingsSchema = z.strictObject({
  minimumReadings: z.int().min(1).max(10_000).optional().describe('Good readings needed of each metric. Default: 3.'),
  inconclusiveDeadline: duration('How long a person has to decide. Default: 30m.').optional(),
  deadline: duration('When an inline analysis becomes an error. Default: twice its readings and 10m more.').optional(),
});

export const canarySchema = z
  .strictObject({
    rollout: z
      .strictObject({
        file: path('An Argo Rollout manifest.'),
        name: text().optional().describe('Default: the only Rollout of the file.'),
      })
      .optional(),
    steps: stepsSchema.min(1).optional().describe("Steps in Argo's format, instead of a Rollout."),
    background: backgroundSchema.optional().describe("Analysis beside `steps`, in Argo's format."),
    templates: z.array(text()).max(20).optional().describe("Files with Argo's AnalysisTemplates."),
    readyDeadline: duration("Default: the Rollout's progressDeadlineSeconds, else 5m.").optional(),
    openPauseDeadline: duration('How long `pause: {}` waits for promote. Default: 1h.').optional(),
    analysis: analysisSettingsSchema.optional(),
  })
  .check(exactlyOne(['rollout', 'steps']));

const bounds = () => z.strictObject({ success: fraction().optional(), p95: duration('For example 500ms.').optional() });

export const monitorSchema = z.strictObject({
  address: text().optional().describe('Prometheus. Default: that of the first analysis metric.'),
  window: duration('Range of the default queries. Default: 2m.').optional(),
  success: text().optional().describe('Query of the share of good answers, 0..1.'),
  p95: text().optional().describe('Query of the 95th percentile of latency, in seconds.'),
  healthy: bounds().optional(),
  unhealthy: bounds().optional(),
  interval: interval('Default: 5s.').optional(),
  attempts: z.int().min(1).max(10_000).optional().describe('Default: 60.'),
  timeout: duration('Of one query. Default: 30s.').optional(),
});

export const promotionSchema = z.strictObject({
  automatic: z.boolean().optional().describe('Unset: AUTO_PROMOTE decides, and without it a person.'),
  approval: z
    .strictObject({
      deadline: duration('Unanswered, the release goes back. Default: 5m.').optional(),
      requires: z.enum(TRUST_LEVELS).optional().describe('How far the person must be proven. Default: anonymous.'),
      quorum: z.int().min(1).max(20).optional().describe('Different persons. Default: 1.'),
      notStarter: z.boolean().optional().describe('Nobody approves what they started. Default: false.'),
    })
    .optional(),
  monitor: monitorSchema.optional(),
});

export const releaseSchema = z
  .strictObject({
    apiVersion: z.literal('shiplock/v1'),
    kind: z.literal('Release'),
    service: dnsLabel(),
    environment: dnsLabel().optional().describe('Default: production.'),
    target: targetSchema,
    gates: z.array(gateSchema).max(MAX_GATES).optional(),
    configuration: z.array(configurationSchema).max(20).optional(),
    canary: canarySchema,
    promotion: promotionSchema.optional(),
    window: z.strictObject({ duration: duration('The old side stays warm. Default: 10m.').optional() }).optional(),
  })
  .meta({ title: 'Shiplock release', description: 'What one release of one service does.' });
