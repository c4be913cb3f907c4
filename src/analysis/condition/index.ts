/**
 * Conditions of metrics, such as `result[0] >= 0.99`: what Argo's templates use of expr-lang 1.17, read and evaluated
 * without any effect, bounded in length, depth and steps. `docs/analysis.md` lists what is understood.
 */
import type { Compatibility } from '../../plan/plan.ts';
import { check, checkTruth } from './check.ts';
import { evaluate } from './evaluate.ts';
import { FLOAT, FLOATS, type Kind, kindOfResult, OPEN, type ResultShape } from './kinds.ts';
import { parse } from './parse.ts';
import { prepare } from './prepare.ts';
import { ConditionError, type Node } from './syntax.ts';
import { momentOf } from './times.ts';
import { kindName, type Value } from './values.ts';

export type { ResultShape } from './kinds.ts';
export { isArray, isMap, kindName, parseFloatText, type Value } from './values.ts';

/** A parsed condition; plain data, made by `parseCondition`. */
export type Condition = Node;

/** What is wrong with a condition; `column` is 1-based, counted from the start of its text. */
export interface ConditionFault {
  readonly ok: false;
  readonly message: string;
  readonly column: number;
}

/** How a condition is evaluated. */
export interface Circumstances {
  /** With `argo`, `isNil` and `default` look at the whole result, whatever they are given. */
  readonly compatibility?: Compatibility | undefined;
  /** When the reading was taken, which is what `now()` gives: milliseconds since 1970, or RFC 3339. */
  readonly at?: number | string | undefined;
  /** `numbers`: from Prometheus, so that even an empty array holds numbers. */
  readonly shape?: ResultShape | undefined;
}

export type ConditionAnswer = { readonly ok: true; readonly value: boolean; readonly metNaN: boolean } | ConditionFault;

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
  const kinds = shape === 'any' ? [OPEN] : [FLOATS, FLOAT];
  const answers = kinds.map((kind) =>
    guarded(() => {
      const findings = check(parsed.condition, kind);
      checkTruth(findings);
      prepare(parsed.condition, findings);
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
  { compatibility, at, shape }: Circumstances = {},
): ConditionAnswer {
  return guarded(() => {
    const tree = typeof condition === 'string' ? parsed(condition) : condition;
    const { value, metNaN } = evaluate(preparedFor(tree, kindOfResult(result, shape)), result, {
      compatibility,
      now: at === undefined ? null : momentOf(at),
    });
    if (typeof value === 'boolean') return { ok: true, value, metNaN };
    throw new ConditionError(0, `a condition answers true or false; this one gave ${kindName(value)}`);
  });
}

/** What is remembered of conditions depends on their text and the kind of a result alone: it changes no answer. */
const REMEMBERED = 256;
const trees = new Map<string, Node>();
const preparedTrees = new WeakMap<Node, Map<Kind, Node>>();

function parsed(text: string): Node {
  const known = trees.get(text);
  if (known !== undefined) return known;
  const tree = parse(text);
  if (trees.size >= REMEMBERED) trees.clear();
  trees.set(text, tree);
  return tree;
}

function preparedFor(tree: Node, kind: Kind): Node {
  const known = preparedTrees.get(tree) ?? new Map<Kind, Node>();
  preparedTrees.set(tree, known);
  const prepared = known.get(kind) ?? prepare(tree, check(tree, kind));
  known.set(kind, prepared);
  return prepared;
}

function guarded<T>(work: () => T): T | ConditionFault {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error;
    return { ok: false, message: error.message, column: error.at + 1 };
  }
}
