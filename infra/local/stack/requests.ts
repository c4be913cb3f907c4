import { z } from 'zod';
import type {
  Fenced,
  FenceRequest,
  FlagDefinition,
  FlagEdits,
  PutBaseline,
  PutFlag,
  PutFlags,
  PutRevision,
  PutRoles,
  PutWeights,
} from '../protocol.ts';
import { Refused } from './refuse.ts';

/** RFC 1123 label. */
export const serviceName = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be a DNS label');
/** As an image tag: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests */
export const versionName = z.string().regex(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/, 'must be an image tag');

const text = z.string().max(4096);
const key = z.string().min(1).max(1024);
const fence = z.int().min(0);
const label = z.string().min(1).max(253);

export const fencedRequest: z.ZodType<Fenced> = z.strictObject({ fence, key });
export const fenceRequest: z.ZodType<FenceRequest> = z.strictObject({ holder: key });

export const putRevision: z.ZodType<PutRevision> = z.strictObject({
  fence,
  key,
  command: z.array(text).min(1).max(256),
  directory: z.string().startsWith('/').max(4096),
  environment: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string().max(32_768)),
  replicas: z.int().min(1).max(50),
  readinessPath: z.string().startsWith('/').max(1024),
  stableService: label,
  canaryService: label,
});

export const putBaseline: z.ZodType<PutBaseline> = z.strictObject({
  fence,
  key,
  of: versionName,
  replicas: z.int().min(1).max(50),
  baselineService: label,
});

// Ranges and sums are rules, with refusals of their own words.
export const putWeights: z.ZodType<PutWeights> = z.strictObject({
  fence,
  key,
  weights: z.record(versionName, z.number()),
  partial: z.boolean().optional(),
});

export const putRoles: z.ZodType<PutRoles> = z.strictObject({
  fence,
  key,
  stable: versionName.nullable(),
  canary: versionName.nullable(),
});

/** Part of a URL that OpenFeature's own client does not encode. */
export const flagKey = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'must be letters, digits, . _ -, at most 128');

// Its inside is for flagd's own schema to judge.
const definition = z.record(z.string(), z.unknown()) as unknown as z.ZodType<FlagDefinition>;
const anything = z.record(z.string(), z.unknown());

export const putFlag: z.ZodType<PutFlag> = z.strictObject({ fence, key, definition, ifRevision: label.optional() });

const definitions: z.ZodType<FlagEdits> = z.object({
  flags: z.record(flagKey, definition.nullable()),
  $evaluators: anything.optional(),
  metadata: anything.optional(),
});
export const putFlags: z.ZodType<PutFlags> = z.strictObject({ key, definitions });

/** @throws Refused `SHIPLOCK_LOCAL_REQUEST_INVALID` with every field that is wrong. */
export function parse<Value>(schema: z.ZodType<Value>, input: unknown): Value {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) => `${path.join('.') || 'request'}: ${message}`);
  throw new Refused('SHIPLOCK_LOCAL_REQUEST_INVALID', issues.join('; '));
}
