/** RFC 6902 as an API server does it, for what we write: tests of patches look at what becomes of the object. */

import { isDeepStrictEqual } from 'node:util';
import type { JsonPatchOperation } from '../../activities/kubernetes/index.ts';

/** @throws Error where a test fails, or a path leads nowhere */
export function applied<Value>(object: Value, operations: readonly JsonPatchOperation[]): Value {
  const whole = structuredClone({ root: object }) as { root: Value };
  for (const operation of operations) {
    const parts = ['root', ...operation.path.split('/').slice(1).map(unescaped)];
    const key = parts.pop() ?? '';
    const parent = parts.reduce<unknown>((at, part) => child(at, part, operation.path), whole);
    if (Array.isArray(parent)) onList(parent, key, operation);
    else onRecord(parent as Record<string, unknown>, key, operation);
  }
  return whole.root;
}

function unescaped(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}

function child(at: unknown, part: string, path: string): unknown {
  if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) throw new Error(`${path} leads nowhere`);
  return (at as Record<string, unknown>)[part];
}

function onList(list: unknown[], key: string, operation: JsonPatchOperation): void {
  const index = key === '-' ? list.length : Number(key);
  const last = operation.op === 'add' ? list.length : list.length - 1;
  if (!Number.isInteger(index) || index < 0 || index > last) throw new Error(`${operation.path} leads nowhere`);
  if (operation.op === 'add') list.splice(index, 0, structuredClone(operation.value));
  else if (operation.op === 'remove') list.splice(index, 1);
  else if (operation.op === 'replace') list[index] = structuredClone(operation.value);
  else same(list[index], operation);
}

function onRecord(record: Record<string, unknown>, key: string, operation: JsonPatchOperation): void {
  if (typeof record !== 'object' || record === null) throw new Error(`${operation.path} leads nowhere`);
  if (operation.op !== 'add' && !Object.hasOwn(record, key)) throw new Error(`${operation.path} leads nowhere`);
  if (operation.op === 'remove') delete record[key];
  else if (operation.op === 'test') same(record[key], operation);
  else record[key] = structuredClone(operation.value);
}

function same(found: unknown, operation: JsonPatchOperation): void {
  if (operation.op === 'test' && !isDeepStrictEqual(found, operation.value))
    throw new Error(`${operation.path} differs`);
}
