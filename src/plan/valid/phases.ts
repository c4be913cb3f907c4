/** The phases that a compiled plan may leave out. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import {
  MAX_FLAG_RAMPS,
  MAX_LOAD_MS,
  MAX_LOAD_RATE,
  MAX_LOAD_REQUESTS,
  MAX_MIGRATIONS,
  MAX_SQL_BYTES,
  MAX_SQL_TOTAL_BYTES,
  MAX_STEPS,
  MIN_LOAD_REQUESTS,
} from '../limits.ts';
import { DIGEST, FLAG_NAME, HEADER_NAME, isLoopbackRepository, MIGRATION, REPOSITORY } from '../shape/names.ts';
import { lacksSql, unprintable } from '../sql/text.ts';
import { analysis, flagStep } from './analysis.ts';
import { absolute, approval, distinct, label, ms, onFailure, positiveMs, text, urlPath } from './pieces.ts';

export const image = z
  .strictObject({
    repository: z.string().max(255).regex(REPOSITORY, 'expected an image without tag and digest'),
    build: z.strictObject({ directory: absolute, file: text, timeoutMs: ms }).nullable(),
    digest: z.string().regex(DIGEST, 'expected sha256: and 64 hex digits').nullable(),
    insecure: z.boolean(),
  })
  .refine(
    ({ insecure, repository }) => !insecure || isLoopbackRepository(repository),
    'expected insecure only of a registry on this machine',
  );

const migration = z
  .strictObject({
    name: z.string().regex(MIGRATION, 'expected a name such as 001_add_owner.sql'),
    sql: z
      .string()
      .max(MAX_SQL_BYTES)
      .refine((sql) => !lacksSql(sql) && unprintable(sql) === null, 'expected SQL')
      .refine((sql) => Buffer.byteLength(sql) <= MAX_SQL_BYTES, `expected at most ${MAX_SQL_BYTES} bytes`),
    sha256: z.string(),
  })
  .refine(
    ({ sql, sha256 }) => createHash('sha256').update(sql).digest('hex') === sha256,
    'expected sha256 to be that of the SQL',
  );
const migrations = z.array(migration).max(MAX_MIGRATIONS).readonly();

export const database = z
  .strictObject({
    name: label,
    expand: migrations,
    contract: migrations,
    lockTimeoutMs: positiveMs,
    statementTimeoutMs: positiveMs,
    deadlineMs: positiveMs,
    approval,
  })
  .check(({ value, issues }) => {
    const refuse = (message: string) => issues.push({ code: 'custom', input: value, message, path: [] });
    const all = [...value.expand, ...value.contract];
    if (all.length === 0) refuse('expected at least one migration');
    if (all.length > MAX_MIGRATIONS) refuse(`expected at most ${MAX_MIGRATIONS} migrations`);
    if (!distinct(all, ({ name }) => name)) refuse('expected migrations whose names differ');
    if (all.reduce((sum, { sql }) => sum + Buffer.byteLength(sql), 0) > MAX_SQL_TOTAL_BYTES) {
      refuse(`expected at most ${MAX_SQL_TOTAL_BYTES} bytes of SQL`);
    }
  });

const httpCheck = z.strictObject({ path: urlPath, status: z.int().min(100).max(599), timeoutMs: ms });

export const cutover = z
  .strictObject({
    preview: httpCheck.nullable(),
    before: analysis.nullable(),
    approval: approval.nullable(),
    pauseMs: ms.nullable(),
    after: analysis.nullable(),
  })
  .refine(
    ({ approval: asked, pauseMs }) => asked === null || pauseMs === null,
    'expected approval or pauseMs, not both',
  );

const ramp = z.strictObject({
  key: z.string().regex(FLAG_NAME, 'expected the key of a flag'),
  variant: z.string().regex(FLAG_NAME, 'expected the name of a variant'),
  steps: z
    .array(flagStep)
    .max(MAX_STEPS)
    .readonly()
    .refine((steps) => {
      const percents = steps.flatMap((step) => (step.kind === 'setPercent' ? [step.percent] : []));
      return percents.length > 0 && percents.every((percent, index) => percent > (percents[index - 1] ?? 0));
    }, 'expected percents that rise'),
});

export const flags = z.strictObject({
  ramps: z
    .array(ramp)
    .min(1)
    .max(MAX_FLAG_RAMPS)
    .readonly()
    .refine((ramps) => distinct(ramps, ({ key }) => key), 'expected one ramp for each flag'),
  onFailure,
});

const security = z
  .strictObject({
    auditGate: label.nullable(),
    headers: z
      .strictObject({
        path: urlPath,
        required: z.record(z.string().regex(HEADER_NAME, 'expected a header in lower case'), z.string().max(1_024)),
      })
      .nullable(),
    image: z.boolean(),
  })
  .refine(({ auditGate, headers, image: user }) => auditGate !== null || headers !== null || user, 'asks for nothing');

const performance = z
  .strictObject({
    path: urlPath,
    ratePerSecond: z.int().min(1).max(MAX_LOAD_RATE),
    durationMs: positiveMs.max(MAX_LOAD_MS),
    p95Seconds: z.number().min(0),
    errorShare: z.number().min(0).max(1),
    versusStable: z.number().min(1).max(100).nullable(),
  })
  .refine(
    ({ ratePerSecond, durationMs, versusStable }) =>
      ((ratePerSecond * durationMs) / 1_000) * (versusStable === null ? 1 : 2) <= MAX_LOAD_REQUESTS,
    `expected at most ${MAX_LOAD_REQUESTS} requests`,
  )
  .refine(
    ({ ratePerSecond, durationMs }) => Math.floor((ratePerSecond * durationMs) / 1_000) >= MIN_LOAD_REQUESTS,
    `expected at least ${MIN_LOAD_REQUESTS} requests: fewer are never judged`,
  );

export const validation = z.strictObject({
  onFailure,
  security: security.nullable(),
  performance: performance.nullable(),
});
