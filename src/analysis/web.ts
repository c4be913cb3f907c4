import type { WebRequest } from '../plan/plan.ts';
import type { Value } from './condition/index.ts';
import { findInJson, JSON_PATH_LIMITS } from './json-path/index.ts';

/** What a condition sees as `result` of a web metric: the first value that the path finds, of any JSON kind. */
export type WebAnswer =
  | { readonly ok: true; readonly result: Value; readonly samples: 1 }
  | { readonly ok: false; readonly message: string };

/**
 * Reads the body of an answer as Argo's web metric does: of JSON the first value that `jsonPath` finds, anything else is
 * one text, whatever the path.
 *
 * @example parseWeb({ jsonPath: '{$.ok}' }, '{"ok":true}') // { ok: true, result: true, samples: 1 }
 */
export function parseWeb({ jsonPath }: Pick<WebRequest, 'jsonPath'>, raw: string): WebAnswer {
  if (depthOf(raw) > JSON_PATH_LIMITS.depth)
    return refused(`the answer is nested more than ${JSON_PATH_LIMITS.depth} deep`);
  const document = parseJson(raw);
  if (document === undefined) return { ok: true, result: raw, samples: 1 };
  const found = findInJson(jsonPath, document);
  if (!found.ok) return refused(`${jsonPath} finds nothing: ${found.message} (column ${found.column})`);
  const [first] = found.values;
  return first === undefined
    ? refused(`${jsonPath} finds nothing in the answer`)
    : { ok: true, result: first, samples: 1 };
}

/** `undefined`: no JSON to Go either, which refuses numbers that do not fit a float. */
function parseJson(raw: string): Value | undefined {
  try {
    let fits = true;
    const value = JSON.parse(raw, (_, part: unknown) => {
      if (typeof part === 'number' && !Number.isFinite(part)) fits = false;
      return part;
    }) as Value;
    return fits ? value : undefined;
  } catch {
    return undefined;
  }
}

/** How deep a text nests if it is JSON, found in one pass without going down into it. */
function depthOf(raw: string): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let at = 0; at < raw.length; at += 1) {
    const sign = raw.charAt(at);
    if (quoted && sign === '\\') at += 1;
    else if (sign === '"') quoted = !quoted;
    else if (!quoted && (sign === '[' || sign === '{')) depth += 1;
    else if (!quoted && (sign === ']' || sign === '}')) depth -= 1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

function refused(message: string): WebAnswer {
  return { ok: false, message };
}
