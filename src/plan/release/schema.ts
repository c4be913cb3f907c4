/** The release file: what a team writes. `release.schema.json` is made from this, for editors. */
import { z } from 'zod';
import { eachPlatform, inCluster, type RolloutPlatform } from '../argo/platform.ts';
import { backgroundSchema, stepsSchema } from '../argo/steps-schema.ts';
import { MAX_BODY_CHARACTERS, MAX_GATES, MAX_RETRIES, MAX_REVISIONS } from '../limits.ts';
import { dnsLabel, duration, interval, text, textOf } from '../shape/fields.ts';
import { argoTargetSchema, drivenCanarySchema } from './schema-driven.ts';
import { approvalSchema, command, exactlyOne, fraction, onFailureOfRelease, path } from './schema-fields.ts';
import { comparisonByEither } from './schema-judges.ts';
import {
  cutoverSchema,
  databaseSchema,
  flagsSchema,
  imageSchema,
  notifySchema,
  validationSchema,
} from './schema-phases.ts';
import { anyTargetSchema, targetSchema } from './schema-target.ts';

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
    web: z
      .strictObject({
        url: text().describe('Is sent a POST, and must answer 2xx. http or https, without credentials.'),
        body: z
          .string()
          .max(MAX_BODY_CHARACTERS)
          .optional()
          .describe('JSON; {{version}} stands for the released version. Default: none.'),
        timeout: duration('Of one request. Default: 10s.').optional(),
        retries: z.int().min(0).max(MAX_RETRIES).optional().describe('After another answer, or none. Default: 0.'),
        interval: interval('Between two requests. Default: 10s.').optional(),
        insecure: z.boolean().optional().describe("The server's certificate is not verified. Default: false."),
      })
      .optional(),
  })
  .check(exactlyOne(['command', 'coverage', 'audit', 'web']));

export const configurationSchema = z
  .strictObject({
    helm: z
      .strictObject({
        file: path('A Helm values file.'),
        tag: text().optional().describe('Dotted path of the tag. Default: image.tag.'),
        digest: text().optional().describe("Dotted path of the image's digest, for example image.digest."),
      })
      .optional(),
    rollout: z
      .strictObject({
        file: path('An Argo Rollout manifest.'),
        name: text().optional().describe('Default: the only Rollout of the file.'),
        container: text().describe('The container whose image carries the tag.'),
        digest: z.boolean().optional().describe("Write the image's digest behind the tag too. Default: false."),
      })
      .optional(),
  })
  .check(exactlyOne(['helm', 'rollout']));

export const analysisSettingsSchema = z.strictObject({
  minimumReadings: z.int().min(1).max(10_000).optional().describe('Good readings needed of each metric. Default: 3.'),
  inconclusiveDeadline: duration('How long a person has to decide. Default: 30m.').optional(),
  deadline: duration('When an inline analysis becomes an error. Default: twice its readings and 10m more.').optional(),
  lowTraffic: z
    .strictObject({
      requests: textOf('PromQL').describe('PromQL: how many requests a reading speaks of, as one number.'),
      atLeast: z.int().min(1).max(1_000_000_000).describe('So many are needed.'),
    })
    .optional()
    .describe('Readings of the ramp with less traffic behind them are not judged.'),
  compatibility: z
    .enum(['argo'])
    .optional()
    .describe('argo: judge exactly as Argo Rollouts does, also where we differ on purpose.'),
});

export const rolloutReference = z
  .strictObject({
    file: path('An Argo Rollout manifest.'),
    name: text().optional().describe('Default: the only Rollout of the file.'),
  })
  .optional();

export const rollbackWindow = eachPlatform((platform) =>
  inCluster(platform, 'rollbackWindow', z.strictObject({ revisions: z.int().min(1).max(MAX_REVISIONS) }).optional()),
);

/** Without a cutover, it has a rollout or steps (checked where the canary is compiled). */
const canaryOn = (platform: RolloutPlatform) =>
  z.strictObject({
    rollout: rolloutReference,
    steps: stepsSchema[platform].min(1).optional().describe("Steps in Argo's format, instead of a Rollout."),
    background: backgroundSchema.optional().describe("Analysis beside `steps`, in Argo's format."),
    templates: z
      .array(text())
      .max(20)
      .optional()
      .describe("Files with Argo's AnalysisTemplates, for every analysis of the release."),
    readyDeadline: duration("Default: the Rollout's progressDeadlineSeconds, else 5m.").optional(),
    rollbackWindow: rollbackWindow[platform].describe("How far back a version takes no steps. Default: the Rollout's."),
    openPauseDeadline: duration('How long `pause: {}` waits for promote. Default: 1h.').optional(),
    analysis: analysisSettingsSchema.optional().describe('For every analysis of the release.'),
    comparison: comparisonByEither.optional().describe('What is compared with the stable side during the ramp.'),
    onFailure: onFailureOfRelease('without the canary nothing would be released'),
  });

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
  approval: approvalSchema('Unanswered, the release goes back. Default: 5m.').optional(),
  monitor: monitorSchema.optional(),
  onFailure: onFailureOfRelease('without the promotion nothing would be released'),
});

const releaseOf = <T extends z.ZodType, C extends z.ZodType>(target: T, canary: C) =>
  z
    .strictObject({
      apiVersion: z.literal('shiplock/v1'),
      kind: z.literal('Release'),
      service: dnsLabel(),
      environment: dnsLabel().optional().describe('Default: production.'),
      target,
      gates: z.array(gateSchema).max(MAX_GATES).optional(),
      image: imageSchema.optional(),
      configuration: z.array(configurationSchema).max(20).optional(),
      database: databaseSchema.optional(),
      canary: canary.optional().describe('May be left out where there is a cutover, and on platform argo.'),
      promotion: promotionSchema.optional(),
      cutover: cutoverSchema.optional(),
      flags: flagsSchema.optional(),
      validation: validationSchema.optional(),
      window: z
        .strictObject({
          duration: duration("The old side stays warm. Default: the Rollout's scale-down delay, else 10m.").optional(),
          onFailure: onFailureOfRelease('going back in the window is going back altogether'),
        })
        .optional(),
      notify: notifySchema.optional(),
    })
    .meta({
      title: 'Shiplock release',
      description: 'What one release of one service does.',
      anyOf: [
        { required: ['canary'] },
        { required: ['cutover'] },
        { properties: { target: { properties: { platform: { const: 'argo' } } } } },
      ],
    });

export const releaseSchema = eachPlatform((platform) =>
  releaseOf<z.ZodType, z.ZodType>(targetSchema[platform], canaryOn(platform)),
);

/** Argo's own controller rolls out: steps, analyses and switches are the Rollout's. */
export const drivenReleaseSchema = releaseOf(argoTargetSchema, drivenCanarySchema).omit({ cutover: true });

/** For editors, which see the whole file. */
export const anyReleaseSchema = releaseOf(anyTargetSchema, canaryOn('kubernetes'));
