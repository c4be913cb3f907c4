import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type { IfBusy } from '../client/index.ts';
import { ShiplockError } from '../errors.ts';
import { createReport, formatProblem } from '../plan/problem.ts';
import { checkShape } from '../plan/shape/check.ts';
import { dnsLabel, duration, text } from '../plan/shape/fields.ts';
import { readDocuments } from '../plan/yaml/read.ts';

/** What one repository may start: which event, of which release file, into which environment. */
export interface Trigger {
  /** `owner/name`. */
  readonly repository: string;
  /** What its webhook may be signed with; several while one is replaced. */
  readonly secrets: readonly string[];
  /** Absolute path of the release file, on this machine. */
  readonly release: string;
  /** Overrides the release file's. */
  readonly environment: string | undefined;
  readonly ifBusy: IfBusy;
  /** Older events are refused: what somebody recorded cannot be used much later. */
  readonly maxAgeMs: number;
  readonly on: {
    /** A published release: its tag is the version. */
    readonly release: ReleaseRule | null;
    /** A workflow run that succeeded on a branch: its commit is the version. */
    readonly workflowRun: WorkflowRunRule | null;
  };
}

export interface ReleaseRule {
  /** `v1.2.0` is released as `1.2.0`. */
  readonly stripV: boolean;
  /** Whether pre-releases count. */
  readonly prereleases: boolean;
}

export interface WorkflowRunRule {
  /** The workflow's file, for example `.github/workflows/ci.yml`. */
  readonly workflow: string;
  /** Protect it: whoever may push there, may release. */
  readonly branch: string;
  /** What may have caused the run; `pull_request` never should. */
  readonly events: readonly string[];
}

const DAY_MS = 24 * 60 * 60_000;
/** GitHub asks for "a random string of text with high entropy". */
const SHORTEST_SECRET = 16;

const secret = z.strictObject({
  env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,199}$/, 'the name of a variable'),
});
const release = z.strictObject({ stripV: z.boolean().default(true), prereleases: z.boolean().default(false) });
const workflowRun = z.strictObject({
  workflow: z.string().regex(/^\.github\/workflows\/[\w.-]{1,200}\.ya?ml$/, 'a file, .github/workflows/NAME.yml'),
  branch: text(),
  events: z
    .array(z.enum(['push', 'workflow_dispatch', 'schedule', 'release']))
    .min(1)
    .max(4)
    .default(['push']),
});
const trigger = z.strictObject({
  repository: z.string().regex(/^[A-Za-z0-9_.-]{1,100}\/[A-Za-z0-9_.-]{1,100}$/, 'owner/name'),
  secrets: z.array(secret).min(1).max(4),
  release: text(),
  environment: dnsLabel().optional(),
  ifBusy: z.enum(['wait', 'supersede', 'fail']).default('wait'),
  maxAge: duration('Default: 24h.').optional(),
  on: z
    .strictObject({ release: release.optional(), workflowRun: workflowRun.optional() })
    .refine(
      (on) => on.release !== undefined || on.workflowRun !== undefined,
      'names no event; expected release or workflowRun',
    ),
});
const schema = z.strictObject({
  apiVersion: z.literal('shiplock/v1'),
  kind: z.literal('Triggers'),
  github: z.array(trigger).min(1).max(200),
});

/**
 * Reads the file that `shiplock serve` is given, and the secrets that it names.
 * @throws SHIPLOCK_SERVE_CONFIG with every error at its `file:line:column`
 *
 * @example
 * apiVersion: shiplock/v1
 * kind: Triggers
 * github:
 *   - repository: credlink/api
 *     secrets: [{ env: GITHUB_WEBHOOK_SECRET }]
 *     release: release.yaml          # relative to this file
 *     environment: production
 *     on: { release: { stripV: true } }
 */
export function readTriggers(file: string, env: Readonly<Record<string, string | undefined>>): Trigger[] {
  const report = createReport();
  const [source, ...more] = readDocuments(file, file, report);
  const parsed = source && checkShape(schema, source, source.value, [], report);
  const problems = report.errors().map(formatProblem);
  if (problems.length === 0 && more.length > 0) problems.push(`${file}:1:1: expected one document`);
  if (problems.length === 0 && !source) problems.push(`${file}:1:1: is empty; expected kind Triggers`);
  const triggers = (parsed?.github ?? []).map(
    ({ secrets, release, maxAge, on, ...rest }, index): Trigger => ({
      ...rest,
      secrets: secrets.flatMap(({ env: name }, nth) => {
        const value = env[name] ?? '';
        if (value.length >= SHORTEST_SECRET) return [value];
        const { line, column } = source?.place(['github', index, 'secrets', nth]) ?? { line: 1, column: 1 };
        const why = value === '' ? 'is not set' : `is shorter than ${SHORTEST_SECRET} characters`;
        problems.push(`${file}:${line}:${column}: github[${index}].secrets[${nth}]: the variable ${name} ${why}`);
        return [];
      }),
      release: resolve(dirname(file), release),
      environment: rest.environment,
      maxAgeMs: maxAge ?? DAY_MS,
      on: { release: on.release ?? null, workflowRun: on.workflowRun ?? null },
    }),
  );
  problems.push(...ambiguous(triggers).map((what) => `${file}:1:1: ${what}`));
  if (problems.length > 0) throw invalid(problems);
  return triggers;
}

/** One event starts one release: the sender reads one answer. */
function ambiguous(triggers: readonly Trigger[]): string[] {
  const seen = new Set<string>();
  return triggers.flatMap(({ repository, on }) =>
    (['release', 'workflowRun'] as const).flatMap((event) => {
      if (!on[event]) return [];
      const rule = on.workflowRun;
      const key = [
        repository.toLowerCase(),
        event,
        ...(event === 'workflowRun' && rule ? [rule.workflow, rule.branch] : []),
      ];
      const again = seen.has(key.join('\n'));
      seen.add(key.join('\n'));
      return again ? [`${repository} has two triggers for the same ${event}; expected one`] : [];
    }),
  );
}

function invalid(problems: readonly string[]): ShiplockError {
  return new ShiplockError({
    code: 'SHIPLOCK_SERVE_CONFIG',
    message: problems.join('\n'),
    mend: 'correct what is listed; docs/automation.md has every field',
  });
}
