import type { Path } from '../problem.ts';
import { valueAt } from '../shape/check.ts';
import type { Source } from '../yaml/read.ts';

/** A value, and where it stands. */
export interface Written {
  readonly value: unknown;
  readonly source: Source;
  readonly path: Path;
}

/** The first of the places that says something; `null`: none does. */
export function firstWritten(...places: readonly (readonly [Source | null, Path])[]): Written | null {
  for (const [source, path] of places) {
    if (source === null) continue;
    const value = valueAt(source.value, path);
    if (value !== undefined && value !== null) return { value, source, path };
  }
  return null;
}
