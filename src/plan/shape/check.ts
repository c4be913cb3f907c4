import type { z } from 'zod';
import type { Path, PlanCode, Report } from '../problem.ts';
import { nearest } from '../suggest.ts';
import type { Source } from '../yaml/read.ts';
import { show } from './show.ts';

type FieldHint = (field: string) => string | undefined;

const HINTS = new WeakMap<object, FieldHint>();

/** The schema, and what to say of a field that it does not know and that is no spelling mistake. */
export function withHints<T extends z.ZodType>(schema: T, hint: FieldHint): T {
  HINTS.set(schema, hint);
  return schema;
}

/**
 * Checks a value of a source against a schema and reports every deviation at its place.
 * Returns the parsed value, or `undefined` where anything was wrong.
 */
export function checkShape<T>(
  schema: z.ZodType<T>,
  source: Source,
  value: unknown,
  base: Path,
  report: Report,
): T | undefined {
  const knownKeys = new WeakMap<readonly string[], KnownFields>();
  const result = schema.safeParse(value, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys')
        knownKeys.set(issue.keys, { names: keysOf(issue.inst), hint: HINTS.get(issue.inst ?? {}) });
      return undefined;
    },
  });
  if (result.success) return result.data;
  for (const issue of result.error.issues) reportIssue(issue, knownKeys, source, value, base, report);
  return undefined;
}

interface KnownFields {
  readonly names: readonly string[];
  readonly hint: FieldHint | undefined;
}

/** The same without reporting: for parts of something whose problems are reported already. */
export function piece<T>(schema: z.ZodType<T>, value: unknown): T | undefined {
  const result = schema.safeParse(value);
  return result.success ? result.data : undefined;
}

function reportIssue(
  issue: z.core.$ZodIssue,
  knownKeys: WeakMap<readonly string[], KnownFields>,
  source: Source,
  value: unknown,
  base: Path,
  report: Report,
): void {
  const inner = issue.path.filter((part) => typeof part !== 'symbol');
  const path = [...base, ...inner];
  const found = valueAt(value, inner);
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) {
      const { names: known, hint } = knownKeys.get(issue.keys) ?? { names: [], hint: undefined };
      const near = nearest(key, known);
      const other = near === null ? `expected ${listOf(known)}` : `did you mean ${near}?`;
      const message = hint?.(key) ?? `is not a known field; ${other}`;
      report.error(source, [...path, key], 'SHIPLOCK_PLAN_FIELD_UNKNOWN', message, 'key');
    }
    return;
  }
  if (issue.code === 'invalid_key') {
    const wanted = issue.issues[0]?.message ?? issue.message;
    report.error(source, path, 'SHIPLOCK_PLAN_VALUE', `is no key of this map; expected ${wanted}`, 'key');
    return;
  }
  if (issue.code === 'custom') {
    const wanted = issue.params?.expected;
    if ((found === undefined || found === null) && typeof wanted === 'string') {
      report.error(source, path, 'SHIPLOCK_PLAN_FIELD_MISSING', `is missing; expected ${wanted}`, 'key');
      return;
    }
    const code = (issue.params?.code as PlanCode | undefined) ?? 'SHIPLOCK_PLAN_VALUE';
    report.error(source, path, code, issue.message, issue.params?.atKey === true ? 'key' : 'value');
    return;
  }
  if (found === undefined || found === null) {
    report.error(source, path, 'SHIPLOCK_PLAN_FIELD_MISSING', `is missing; expected ${expected(issue)}`, 'key');
    return;
  }
  report.error(source, path, codeOf(issue), `is ${show(found)}; expected ${expected(issue)}`);
}

function codeOf(issue: z.core.$ZodIssue): PlanCode {
  switch (issue.code) {
    case 'invalid_type':
    case 'invalid_union':
      return 'SHIPLOCK_PLAN_TYPE';
    case 'too_big':
    case 'too_small':
      return 'SHIPLOCK_PLAN_RANGE';
    default:
      return 'SHIPLOCK_PLAN_VALUE';
  }
}

function expected(issue: z.core.$ZodIssue): string {
  // A schema's own words; zod's begin so.
  if (issue.code !== 'invalid_value' && !/^(Too |Invalid )/.test(issue.message)) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return TYPE_NAMES[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(' or ');
    case 'too_small':
      return issue.origin === 'number' || issue.origin === 'int'
        ? `at least ${issue.minimum}`
        : `at least ${count(Number(issue.minimum), issue.origin)}`;
    case 'too_big':
      return issue.origin === 'number' || issue.origin === 'int'
        ? `at most ${issue.maximum}`
        : `at most ${count(Number(issue.maximum), issue.origin)}`;
    default:
      return issue.message;
  }
}

const count = (n: number, origin: string) =>
  origin === 'string' ? `${n} character${n === 1 ? '' : 's'}` : `${n} ${n === 1 ? 'entry' : 'entries'}`;

const TYPE_NAMES: Readonly<Record<string, string>> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

function keysOf(schema: unknown): readonly string[] {
  const definition = (schema as { _zod?: { def?: { shape?: object } } } | undefined)?._zod?.def;
  return Object.keys(definition?.shape ?? {});
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? 'no fields' : `one of ${names.join(', ')}`;
}

/** The value at a path of plain data, or `undefined`. */
export function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const part of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, part)) return undefined;
    current = (current as Record<string | number, unknown>)[part];
  }
  return current;
}
