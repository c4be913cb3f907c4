import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { ShiplockError } from '../src/errors.ts';
import { canonicalJson, TRUST_LEVELS } from '../src/plan/index.ts';
import { addressesSchema, prometheusSchema } from './policy/addresses.ts';
import { clustersSchema } from './policy/clusters.ts';
import type { Policy } from './policy/contents.ts';
import { databasesSchema } from './policy/databases.ts';
import { secretsSchema } from './policy/secrets.ts';
import { webhooksSchema } from './policy/webhooks.ts';

export { locate, mappedAddress, movedAddress } from './policy/addresses.ts';
export type { Policy } from './policy/contents.ts';
export { databaseConnection } from './policy/databases.ts';
export { gateEnvironment, policyRefusals, restartRefusals } from './policy/refusals.ts';
export { secretValue } from './policy/secrets.ts';

/** Enough for a shell-less build; no credentials among them. */
export const GATE_ENVIRONMENT = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'CI'] as const;

const text = z.string().min(1).max(1000);
const list = z.array(text).max(1000).default([]);
const variables = z
  .array(
    text
      .regex(/^[A-Za-z_*][A-Za-z0-9_*]*$/, 'expected the name of a variable, `*` allowed')
      .refine((name) => !/^TEMPORAL_/i.test(name), "expected no variable of Temporal's: commands never see them"),
  )
  .max(200);
const words = z.union([text.transform((line) => line.trim().split(/\s+/)), z.array(text).min(1)]);
const schema = z.strictObject({
  services: list,
  environments: list,
  platforms: z.array(z.enum(['local', 'kubernetes', 'argo'])).default([]),
  clusters: clustersSchema.default({}),
  commands: z
    .array(words.refine((rule) => !rule[0]?.includes('**'), 'expected a program before `**`'))
    .max(1000)
    .default([]),
  directories: list,
  hosts: list,
  environment: variables.default([...GATE_ENVIRONMENT]),
  workloadEnvironment: variables.default([]),
  prometheus: prometheusSchema.default({}),
  addresses: addressesSchema.default({}),
  secrets: secretsSchema.default({}),
  approvals: z
    .strictObject({
      requires: z.record(text, z.enum(TRUST_LEVELS)).default({}),
      mandatory: list,
    })
    .default({ requires: {}, mandatory: [] }),
  images: z.strictObject({ repositories: list }).default({ repositories: [] }),
  databases: databasesSchema.default({}),
  webhooks: webhooksSchema.default({}),
  runAs: z
    .strictObject({ uid: z.int().min(1), gid: z.int().min(1) })
    .nullable()
    .default(null),
});

const MAX_BYTES = 256 * 1024;

/**
 * Reads a policy of YAML or JSON.
 * @throws SHIPLOCK_POLICY_INVALID with every error at its `file:line:column`
 */
export async function readPolicy(file: string): Promise<Policy> {
  const content = await readFile(file, 'utf8').catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw invalid(`the policy ${file} cannot be read: ${why}`, 'name a readable file, or leave the policy out', cause);
  });
  return parsePolicy(content, file);
}

/** As `readPolicy`, of text; relative directories are taken from where `file` lies. */
export function parsePolicy(content: string, file: string): Policy {
  if (Buffer.byteLength(content) > MAX_BYTES) throw invalid(`${file} is larger than ${MAX_BYTES} bytes`, 'shorten it');
  const lines = new LineCounter();
  const document = parseDocument(content, { lineCounter: lines, prettyErrors: false });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const syntax = document.errors.map((error) => `${place(error.pos[0])}: ${error.message}`);
  if (syntax.length > 0) throw invalid(syntax.join('\n'), 'correct the YAML');
  const found = schema.safeParse(document.toJS({ maxAliasCount: 20 }) ?? {});
  if (!found.success) {
    const errors = found.error.issues
      .map((issue) => {
        const where = issue.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys.slice(0, 1)] : issue.path;
        return { offset: offsetOf(document, where), text: `${where.join('.') || 'policy'}: ${sayingWhy(issue)}` };
      })
      .sort((a, b) => a.offset - b.offset)
      .map(({ offset, text }) => `${place(offset)}: ${text}`);
    throw invalid(errors.join('\n'), 'correct the policy');
  }
  const directories = found.data.directories.map((root) => path.resolve(path.dirname(file), root));
  const clusters = Object.fromEntries(
    Object.entries(found.data.clusters).map(([name, { kubeconfig, ...cluster }]) => [
      name,
      { ...cluster, ...(kubeconfig !== undefined && { kubeconfig: path.resolve(path.dirname(file), kubeconfig) }) },
    ]),
  );
  return { ...found.data, directories, clusters };
}

/** SHA-256 of the policy's canonical JSON, hex: what a release was admitted under. */
export function policyDigest(policy: Policy | null): string {
  return createHash('sha256')
    .update(canonicalJson(asDigested(policy)))
    .digest('hex');
}

/** A field that came later is left out where it says nothing: policies keep the digest that histories hold of them. */
function asDigested(policy: Policy | null): unknown {
  if (policy === null) return null;
  const { clusters, ...rest } = policy;
  return Object.keys(clusters).length === 0 ? rest : policy;
}

/** A wrong key says no more than that it is wrong; why stands below it. */
const sayingWhy = (issue: z.core.$ZodIssue): string =>
  (issue.code === 'invalid_key' && issue.issues[0]?.message) || issue.message;

/** Where the field stands; for one that is missing, the nearest thing around it. */
function offsetOf(document: ReturnType<typeof parseDocument>, where: readonly PropertyKey[]): number {
  for (let depth = where.length; depth >= 0; depth -= 1) {
    const node = document.getIn(where.slice(0, depth) as unknown[], true);
    const range = (node as { range?: readonly number[] | null } | undefined)?.range;
    if (range?.[0] !== undefined) return range[0];
  }
  return 0;
}

function invalid(message: string, mend: string, cause?: unknown): ShiplockError {
  return new ShiplockError({ code: 'SHIPLOCK_POLICY_INVALID', message, mend, cause });
}
