import type { Value } from '../condition/index.ts';

export const OPERATORS = ['==', '!=', '<', '<=', '>', '>='] as const;
export type Operator = (typeof OPERATORS)[number];

/** One step of a path. `at` is the 0-based offset of its first character. */
export type Step =
  | { readonly kind: 'text'; readonly at: number; readonly text: string }
  | { readonly kind: 'literal'; readonly at: number; readonly value: bigint | number | boolean }
  | { readonly kind: 'field'; readonly at: number; readonly name: string }
  | { readonly kind: 'wildcard'; readonly at: number }
  | { readonly kind: 'descent'; readonly at: number }
  | Slice
  | { readonly kind: 'union'; readonly at: number; readonly of: readonly Steps[] }
  | Filter;

/** `[1]`, `[-1]`, `[0:2]`, `[::2]`; `null`: not given. */
export interface Slice {
  readonly kind: 'slice';
  readonly at: number;
  readonly from: number | null;
  readonly to: number | null;
  /** `[1]`: just one element. */
  readonly single: boolean;
  readonly by: number | null;
}

export interface Filter {
  readonly kind: 'filter';
  readonly at: number;
  readonly left: Steps;
  readonly operator: Operator | 'exists';
  readonly right: Steps;
}

/** Each goes on from what the one before it found; none: the value itself. */
export type Steps = readonly Step[];

/** The parts of a path: what stands in braces, and the text around. */
export type JsonPath = readonly Steps[];

/** What a path may cost at most: it comes from a file, the document from a server, and a workflow must never hang. */
export const LIMITS = { characters: 4096, steps: 100_000, depth: 100 } as const;

/** A path that cannot be read, or finds nothing in a document, and where. */
export class JsonPathError extends Error {
  readonly at: number;
  /** What was at hand; a filter that asks whether something exists goes by it. */
  readonly found: readonly Value[];
  constructor(at: number, message: string, found: readonly Value[] = []) {
    super(message);
    this.name = 'JsonPathError';
    this.at = at;
    this.found = found;
  }
}
