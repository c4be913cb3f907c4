/**
 * Paths into JSON, such as `{$.data[0].value}`: the templates of client-go's `util/jsonpath`, which Argo's web metric
 * uses, read and followed without any effect. `docs/analysis.md` lists what is understood.
 */
import type { Value } from '../condition/index.ts';
import { evaluate } from './evaluate.ts';
import { parse } from './parse.ts';
import { type JsonPath, JsonPathError } from './syntax.ts';

export { LIMITS as JSON_PATH_LIMITS } from './syntax.ts';

/** What is wrong with a path, or with a document for it; `column` is 1-based, counted from the start of the path. */
export interface JsonPathFault {
  readonly ok: false;
  readonly message: string;
  readonly column: number;
}

/**
 * Whether a path can be followed at all, and looks at the document.
 *
 * @param text empty: the whole document, as `{$}`
 * @example checkJsonPath('$.ok') // { ok: false, column: 1, message: 'a path stands in braces: {$.ok}' }
 */
export function checkJsonPath(text: string): { readonly ok: true } | JsonPathFault {
  return guarded(() => {
    read(text);
    return { ok: true };
  });
}

/**
 * Everything that a path finds in a document of JSON (at most 100 deep), in order.
 *
 * @example findInJson('{.a[*].b}', { a: [{ b: 1 }, { b: 2 }] }) // { ok: true, values: [1, 2] }
 */
export function findInJson(
  text: string,
  document: Value,
): { readonly ok: true; readonly values: readonly Value[] } | JsonPathFault {
  return guarded(() => ({ ok: true, values: evaluate(read(text), document) }));
}

function read(text: string): JsonPath {
  const path = parse(text === '' ? '{$}' : text);
  const [first] = path;
  // The first thing that is found is the metric's value: a text before the braces would always be it.
  if (first?.length === 1 && first[0]?.kind === 'text') {
    const bare = path.length === 1 && !text.startsWith('{');
    throw new JsonPathError(
      0,
      bare ? `a path stands in braces: {${text.trim().slice(0, 80)}}` : 'what comes first must be a path in braces',
    );
  }
  return path;
}

function guarded<T>(work: () => T): T | JsonPathFault {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof JsonPathError)) throw error;
    return { ok: false, message: error.message, column: error.at + 1 };
  }
}
