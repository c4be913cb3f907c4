/**
 * Conditions of metrics, such as `result[0] >= 0.99`: what Argo's templates use of expr-lang 1.17, read and evaluated
 * without any effect, bounded in length, depth and steps. `docs/analysis.md` lists what is understood.
 */
import type { Compatibility } from '../../plan/plan.ts';
import { evaluate } from './evaluate.ts';
import { checkKinds, kindOfResult } from './kinds.ts';
import { parse } from './parse.ts';
import { ConditionError, type Node } from './syntax.ts';
import type { Value } from './values.ts';

export { isArray, isMap, kindName, parseFloatText, type Value } from './values.ts';

/** A parsed condition; plain data, made by `parseCondition`. */
export type Condition = Node;

/** What is wrong with a condition; `column` is 1-based, counted from the start of its text. */
export interface ConditionFault {
  readonly ok: false;
  readonly message: string;
  readonly column: number;
}

/** What `result` will be: numbers as Prometheus answers them (`[0.99]` or `0.99`), or anything. */
export type ResultShape = 'numbers' | 'any';

/** Reads a condition once, to be evaluated many times. */
export function parseCondition(text: string): { readonly ok: true; readonly condition: Condition } | ConditionFault {
  return guarded(() => ({ ok: true, condition: parse(text) }));
}

/**
 * Whether a condition can be evaluated at all: its syntax, names, arguments, patterns, and kinds as far as they are known.
 *
 * @example checkCondition('results[0] >= 0.9') // { ok: false, column: 1, message: '"results" is not known; …' }
 */
export function checkCondition(text: string, shape: ResultShape = 'any'): { readonly ok: true } | ConditionFault {
  const parsed = parseCondition(text);
  if (!parsed.ok) return parsed;
  const kinds = shape === 'any' ? (['any'] as const) : ([{ arrayOf: 'number' }, 'number'] as const);
  const answers = kinds.map((kind) =>
    guarded(() => {
      checkKinds(parsed.condition, kind);
      return { ok: true } as const;
    }),
  );
  // A query answers a vector or a scalar, and only the answer tells which: one of both has to fit.
  return answers.find((answer) => answer.ok) ?? answers[0] ?? { ok: true };
}

/**
 * The answer of a condition for one result. `metNaN`: a comparison met a value that is not a number, so the answer
 * does not rest on numbers alone.
 *
 * @example evaluateCondition('result[0] >= 0.99', [0.995]) // { ok: true, value: true, metNaN: false }
 */
export function evaluateCondition(
  condition: Condition | string,
  result: Value,
  compatibility?: Compatibility,
): { readonly ok: true; readonly value: boolean; readonly metNaN: boolean } | ConditionFault {
  return guarded(() => {
    const tree = typeof condition === 'string' ? parse(condition) : condition;
    checkKinds(tree, kindOfResult(result));
    const { value, metNaN } = evaluate(tree, result, compatibility);
    if (typeof value !== 'boolean') throw new ConditionError(0, 'a condition answers true or false; this one does not');
    return { ok: true, value, metNaN };
  });
}

function guarded<T>(work: () => T): T | ConditionFault {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error;
    return { ok: false, message: error.message, column: error.at + 1 };
  }
}
