import { createHash } from 'node:crypto';
import type { FlagDefinitions } from '../protocol.ts';
import { openEvaluator } from './evaluate.ts';

/** Of one flag, as JSON. */
export const DEFINITION_BYTES = 32 * 1024;
/** Of all of them, as the file holds them: it is part of the stored state, which every write stores anew. */
export const DEFINITIONS_BYTES = 192 * 1024;
/** JSON of a flag nests about ten deep. */
const DEPTH = 50;

/** What a file holds is named by this; so is one flag. 16 hexadecimal digits. */
export function revisionOfText(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** The same for the same JSON value, whatever the order of its keys. */
export function revisionOf(value: unknown): string {
  return revisionOfText(JSON.stringify(sorted(value)));
}

/** The file that the flag service reads, also one of flagd's. */
export function fileOf(definitions: FlagDefinitions): string {
  return `${JSON.stringify({ $schema: 'https://flagd.dev/schema/v0/flags.json', ...definitions }, null, 2)}\n`;
}

/** `''`, or what is wrong with them, in words. */
export function problemOf(definitions: FlagDefinitions): string {
  if (isDeeper(definitions, DEPTH)) return `they nest deeper than ${DEPTH}`;
  const big = Object.entries(definitions.flags).find(([, flag]) => bytesOf(flag) > DEFINITION_BYTES);
  if (big) return `flag ${big[0]} is over ${DEFINITION_BYTES / 1024} KiB`;
  const text = fileOf(definitions);
  if (Buffer.byteLength(text) > DEFINITIONS_BYTES) return `all flags are over ${DEFINITIONS_BYTES / 1024} KiB`;
  try {
    openEvaluator().load(text);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((part) => isDeeper(part, levels - 1));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, part]) => [key, sorted(part)] as const);
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}
