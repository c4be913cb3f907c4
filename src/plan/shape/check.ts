import type { z } from 'zod';
import type { Path, PlanCode, Report } from '../problem.ts';
import { nearest } from '../suggest.ts';
import type { Source } from '../yaml/read.ts';
import { show } from './show.ts';

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
  const knownKeys = new WeakMap<readonly string[], readonly string[]>();
  const result = schema.safeParse(value, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys') knownKeys.set(issue.keys, keysOf(issue.inst));
      return undefined;
    },
  });
  if (result.success) return result.data;
  for (const issue of result.error.issues) reportIssue(issue, knownKeys, source, value, base, report);
  return undefined;
}

/** The same without reporting: for parts of something whose problems are reported already. */
export function piece<T>(schema: z.ZodType<T>, value: unknown): T | undefined {
  const result = schema.safeParse(value);
  return result.success ? result.data : undefined;
}

function reportIssue(
  issue: z.core.$ZodIssue,
  knownKeys: WeakMap<readonly string[], readonly string[]>,
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
      const known = knownKeys.get(issue.keys) ?? [];
      const near = nearest(key, known);
      const hint = near === null ? `expected ${listOf(known)}` : `did you mean ${near}?`;
      report.error(source, [...path, key], 'SHIPLOCK_PLAN_FIELD_UNKNOWN', `is not a known field; ${hint}`, 'key');
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
