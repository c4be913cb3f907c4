import { MAX_DEPTH } from '../limits.ts';
import type { JsonObject } from '../target.ts';

/** Levels and size of what Kubernetes alone reads; nothing here recurses, whatever arrives. */
export function isPlainJson(value: unknown, maximumBytes: number): value is JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  for (let level: unknown[] = [value], depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return false;
    if (!level.every(isJson)) return false;
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []));
  }
  return Buffer.byteLength(JSON.stringify(value)) <= maximumBytes;
}

const isJson = (value: unknown): boolean =>
  typeof value === 'number'
    ? Number.isFinite(value)
    : value === null || !['undefined', 'function'].includes(typeof value);
