/** The sections of a release file that may be left out: image, database, cutover, flags, validation, notify. */
import { z } from 'zod';
import { analysisReferenceFields } from '../argo/analysis-schema.ts';
import { pauseSchema } from '../argo/steps-schema.ts';
import { MAX_FLAG_RAMPS, MAX_LOAD_RATE, MAX_STEPS, MAX_WEBHOOKS } from '../limits.ts';
import { dnsLabel, duration, oneKind, percent, rule, text } from '../shape/fields.ts';
import { DIGEST, FLAG_NAME, HEADER_NAME, REPOSITORY } from '../shape/names.ts';
import { approvalSchema, fraction, given, onFailure, onFailureOfRelease, path, urlPath } from './schema-fields.ts';

export const imageSchema = z.strictObject({
  repository: z
    .string()
    .max(255)
    .regex(REPOSITORY, 'an image without tag and digest, for example registry.example:5000/shop/api')
    .describe('Without tag and digest; the version is the tag.'),
  build: z
    .strictObject({
      directory: path('What the build sees. Default: the directory of the release file.').optional(),
      file: text().optional().describe('Relative to the directory. Default: Dockerfile.'),
      timeout: duration('Default: 10m.').optional(),
    })
    .optional()
    .describe('Absent: the image exists already.'),
  digest: z
    .string()
    .regex(DIGEST, 'sha256: and 64 hex digits')
    .optional()
    .describe('What the image must be; where no registry can be asked, what it is taken to be.'),
  insecure: z.boolean().optional().describe('The registry speaks plain HTTP; on a loopback address only.'),
  onFailure: onFailureOfRelease('without its image nothing would be released'),
});

export const databaseSchema = z.strictObject({
  name: dnsLabel().describe("A database of the worker's policy."),
  expand: path('A folder of NNN_name.sql: changes that old and new code can live with.').optional(),
  contract: path('A folder of NNN_name.sql: changes that only new code can live with.').optional(),
  lockTimeout: duration('How long a statement waits for a lock. Default: 500ms.').optional(),
  statementTimeout: duration('Default: 30s.').optional(),
  deadline: duration('How long one file may be tried. Default: 5m.').optional(),
  approval: approvalSchema('Unanswered, the contract is dropped. Default: 1h.')
    .optional()
    .describe('Who lets the contract begin.'),
  onFailure: onFailureOfRelease('new code may need an expand, and a contract that fails never takes anything back'),
});

const analysis = (description: string) => z.strictObject(analysisReferenceFields).describe(description);

export const cutoverSchema = z.strictObject({
  preview: z
    .strictObject({
      path: urlPath('For example /health.'),
      status: z.int().min(100).max(599).optional().describe('Default: 200.'),
      timeout: duration('Of one request. Default: 5s.').optional(),
    })
    .optional()
    .describe('A request to the new side before the switch, answered so three times in a row.'),
  before: analysis("Argo's prePromotionAnalysis.").optional(),
  after: analysis("Argo's postPromotionAnalysis; if it fails, one switch goes back.").optional(),
  automatic: z.boolean().optional().describe('Default: true after a canary; else AUTO_PROMOTE, else a person.'),
  approval: approvalSchema('Unanswered, the release goes back. Default: 5m.').optional(),
  pause: duration('Switches this long after the preview, or on promote. Default: at once.').optional(),
  onFailure: onFailureOfRelease('without the switch nothing would be released'),
});

const flagName = (description: string) =>
  z.string().regex(FLAG_NAME, 'letters, digits, ., _ and -, at most 128').describe(description);

const STEP_KINDS = ['setPercent', 'pause', 'analysis'] as const;

export const flagStepSchema = z
  .strictObject({
    setPercent: percent().optional(),
    pause: pauseSchema.optional(),
    analysis: analysis("As in Argo's steps.").optional(),
  })
  .check(oneKind(STEP_KINDS));

export const flagsSchema = z.strictObject({
  onFailure: onFailure(),
  ramps: z
    .array(
      z.strictObject({
        key: flagName('The flag as its service knows it.'),
        variant: flagName('The variant that more and more users get. Default: on.').optional(),
        steps: z.array(flagStepSchema).min(1).max(MAX_STEPS),
      }),
    )
    .min(1)
    .max(MAX_FLAG_RAMPS),
});

const securitySchema = z
  .strictObject({
    audit: dnsLabel().optional().describe('The audit gate whose report counts.'),
    headers: z
      .strictObject({
        path: urlPath('Where to look, for example /health.'),
        required: z
          .record(z.string().regex(HEADER_NAME, 'a header in lower case'), z.string().max(1_024))
          .refine((headers) => Object.keys(headers).length > 0, 'names no header; expected at least one')
          .describe("Headers in lower case with their values; '' means any value."),
      })
      .optional(),
    image: z.boolean().optional().describe('The image must name a user that is not root.'),
  })
  .check(
    rule<unknown>(
      (value) => given(value, ['audit', 'headers', 'image']).length > 0,
      'SHIPLOCK_PLAN_NEEDS',
      () => 'asks for nothing; expected audit, headers or image',
    ),
  );

const performanceSchema = z.strictObject({
  path: urlPath('What is asked for.'),
  rate: z.int().min(1).max(MAX_LOAD_RATE).optional().describe('Requests each second. Default: 20.'),
  duration: duration('Default: 30s; at most 10m.').optional(),
  p95: duration('The 95th percentile, at most. Default: 500ms.').optional(),
  errorShare: fraction().optional().describe('The share of failed requests, at most. Default: 0.01.'),
  versusStable: z.number().min(1).max(100).optional().describe("The old side's p95 times this, at most."),
});

export const validationSchema = z.strictObject({
  onFailure: onFailure(),
  security: securitySchema.optional(),
  performance: performanceSchema.optional(),
});

export const notifySchema = z
  .array(dnsLabel())
  .max(MAX_WEBHOOKS)
  .describe("Webhooks of the worker's policy that are told of every change of phase.");
