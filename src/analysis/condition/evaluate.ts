import type { Compatibility } from '../../plan/plan.ts';
import { elementAt } from './arrays.ts';
import { fail, spend } from './budget.ts';
import { type EachScope, each, elementOf } from './each.ts';
import { callFunction } from './functions.ts';
import { wholeOf } from './numbers.ts';
import { arithmetic, compare, contained, equal, mismatch, testText } from './operators.ts';
import { type BinaryNode, LIMITS, type Node } from './syntax.ts';
import { byteLength, cutBytes } from './texts.ts';
import { callMethod } from './times.ts';
import { type Computed, isArray, isMap, isNil, isNumber, kindName, type Time, type Value } from './values.ts';

interface Scope extends EachScope {
  readonly result: Value;
  readonly compatibility: Compatibility | undefined;
  readonly variables: Computed[];
}

/** What `?.` throws up to its chain when it met nil. */
const NIL_IN_CHAIN = Symbol('nil in chain');

export interface Outcome {
  readonly value: Computed;
  /** A comparison met a value that is not a number. */
  readonly metNaN: boolean;
}

/** Evaluates a prepared tree with `result` bound. Throws `ConditionError`; bounded in steps. */
export function evaluate(
  node: Node,
  result: Value,
  { compatibility, now }: { readonly compatibility: Compatibility | undefined; readonly now: Time | null },
): Outcome {
  const scope: Scope = {
    result,
    compatibility,
    now,
    frame: null,
    variables: [],
    steps: LIMITS.steps,
    at: node.at,
    metNaN: false,
  };
  const value = compute(node, scope);
  return { value, metNaN: scope.metNaN };
}

function compute(node: Node, scope: Scope): Computed {
  scope.steps -= 1;
  if (scope.steps < 0) spend(scope, 0);
  switch (node.kind) {
    case 'literal':
    case 'constant':
      return node.value;
    case 'result':
      return scope.result;
    case 'element':
      return element(node, scope);
    case 'variable':
      return scope.variables[node.slot] ?? null;
    case 'array':
      return node.items.map((item) => compute(item, scope));
    case 'map':
      return map(node, scope);
    case 'choice':
      return compute(truth(node.when, scope) ? node.yes : node.no, scope);
    case 'chain':
      return chain(node.of, scope);
    case 'member':
      return member(node, scope);
    case 'method': {
      const of = compute(node.of, scope);
      if (node.optional && isNil(of)) throw NIL_IN_CHAIN;
      const args = node.args.map((arg) => compute(arg, scope));
      scope.at = node.at;
      return callMethod(of, node.name, args, scope);
    }
    case 'slice':
      return slice(node, scope);
    case 'unary':
      return unary(node, scope);
    case 'binary':
      return binary(node, scope);
    case 'oneOf':
      return oneOfSet(node, scope);
    case 'call':
      return call(node, scope);
    case 'each':
      return each(node, scope, compute);
    case 'let':
      scope.variables[node.slot] = compute(node.value, scope);
      return compute(node.body, scope);
    case 'sequence':
      return node.items.reduce<Computed>((_, item) => compute(item, scope), null);
  }
}

function truth(node: Node, scope: Scope): boolean {
  const value = compute(node, scope);
  if (typeof value === 'boolean') return value;
  scope.at = node.at;
  return fail(scope, `true or false is needed here, not ${kindName(value)}`);
}

function element({ name, at }: Extract<Node, { kind: 'element' }>, scope: Scope): Computed {
  const { frame } = scope;
  if (frame === null) return null;
  if (name === 'index') return BigInt(frame.index);
  if (name === 'acc') return frame.acc;
  scope.at = at;
  return elementOf(frame, scope);
}

/** Of two fields of one name the first counts, as in expr-lang. */
function map(node: Extract<Node, { kind: 'map' }>, scope: Scope): Computed {
  const pairs = node.pairs.map(({ key, value }) => [compute(key, scope), compute(value, scope)] as const);
  scope.at = node.at;
  const fields: [string, Computed][] = pairs.map(([key, value]) => {
    if (typeof key !== 'string') return fail(scope, `a key is text, not ${kindName(key)}`);
    return [key, value];
  });
  return Object.fromEntries(fields.reverse());
}

function chain(node: Node, scope: Scope): Computed {
  const { frame } = scope;
  try {
    const value = compute(node, scope);
    return isNil(value) ? null : value;
  } catch (error) {
    if (error !== NIL_IN_CHAIN) throw error;
    scope.frame = frame;
    return null;
  }
}

function member(node: Extract<Node, { kind: 'member' }>, scope: Scope): Computed {
  const of = compute(node.of, scope);
  if (node.optional && isNil(of)) throw NIL_IN_CHAIN;
  const key = compute(node.key, scope);
  scope.at = node.at;
  if (isMap(of) && (typeof key === 'string' || key === null))
    return Object.hasOwn(of, key ?? '') ? (of[key ?? ''] ?? null) : null;
  if ((isArray(of) || typeof of === 'string') && isNumber(key)) {
    if (typeof of === 'string') spend(scope, of.length);
    const at = wholeOf('an index', key, scope);
    const found = elementAt(of, at);
    if (found !== undefined) return found;
    return fail(
      scope,
      `there is no element ${at}: ${isArray(of) ? `the array has ${of.length}` : 'the text is shorter'}`,
    );
  }
  return fail(
    scope,
    `${kindName(of)} has no such ${typeof key === 'string' ? `field "${key.slice(0, 40)}"` : 'element'}`,
  );
}

function slice(node: Extract<Node, { kind: 'slice' }>, scope: Scope): Computed {
  const of = compute(node.of, scope);
  scope.at = node.at;
  if (!isArray(of) && typeof of !== 'string') return fail(scope, `${kindName(of)} cannot be sliced`);
  const length = isArray(of) ? of.length : byteLength(of);
  spend(scope, length);
  const bound = (side: Node | null, otherwise: number): number => {
    if (side === null) return otherwise;
    const value = compute(side, scope);
    scope.at = side.at;
    const at = Number(wholeOf('a slice', value, scope));
    return Math.min(Math.max(at < 0 ? length + at : at, 0), length);
  };
  const to = bound(node.to, length);
  const from = Math.min(bound(node.from, 0), to);
  scope.at = node.at;
  return isArray(of) ? of.slice(from, to) : cutBytes(of, from, to, scope);
}

function unary(node: Extract<Node, { kind: 'unary' }>, scope: Scope): Computed {
  if (node.operator === 'not') return !truth(node.of, scope);
  const value = compute(node.of, scope);
  if (node.operator === '+') return value;
  scope.at = node.at;
  if (!isNumber(value)) return fail(scope, `"-" needs a number, not ${kindName(value)}`);
  return typeof value === 'bigint' ? BigInt.asIntN(64, -value) : -value;
}

function binary(node: BinaryNode, scope: Scope): Computed {
  const { operator } = node;
  if (operator === 'and') return truth(node.left, scope) && compute(node.right, scope);
  if (operator === 'or') return truth(node.left, scope) || compute(node.right, scope);
  const left = compute(node.left, scope);
  if (operator === '??') return isNil(left) ? compute(node.right, scope) : left;
  const right = compute(node.right, scope);
  scope.at = node.at;
  switch (operator) {
    case '==':
    case '!=': {
      if (node.exact === 'never') return operator === '!=';
      const fits = node.exact === undefined || (typeof left === node.exact && typeof right === node.exact);
      if (!fits) mismatch(operator, left, right, scope);
      return equal(left, right, scope) === (operator === '==');
    }
    case '<':
    case '>':
    case '<=':
    case '>=':
      return compare(operator, left, right, scope);
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case '**':
      return arithmetic(operator, left, right, scope);
    case 'in':
      return contained(left, right, scope);
    case 'matches':
    case 'contains':
    case 'startsWith':
    case 'endsWith':
      return testText(operator, left, right, scope);
    case '..':
      return range(left, right, scope);
  }
}

function range(left: Computed, right: Computed, scope: Scope): Computed {
  const from = wholeOf('..', left, scope);
  const size = BigInt.asIntN(64, wholeOf('..', right, scope) - from + 1n);
  if (size <= 0n) return [];
  spend(scope, Number(size));
  return Array.from({ length: Number(size) }, (_, i) => from + BigInt(i));
}

/** nil is looked up as Go's zero of the set's type: an empty text, or 0. */
function oneOfSet({ of, set, at }: Extract<Node, { kind: 'oneOf' }>, scope: Scope): boolean {
  const value = compute(of, scope);
  const [some] = set;
  if (value === null) return set.has(typeof some === 'string' ? '' : 0n);
  scope.at = at;
  if (typeof value !== typeof some || (typeof value !== 'string' && typeof value !== 'bigint'))
    return fail(
      scope,
      `"in" does not fit ${kindName(value)} and an array of ${typeof some === 'string' ? 'text' : 'whole numbers'}`,
    );
  return set.has(value);
}

function call(node: Extract<Node, { kind: 'call' }>, scope: Scope): Computed {
  const args = node.args.map((arg) => compute(arg, scope));
  // Argo's look at the whole result, whatever they are given; ours at their argument.
  if (scope.compatibility === 'argo' && (node.name === 'isNil' || node.name === 'default')) args[0] = scope.result;
  scope.at = node.at;
  return callFunction(node.name, args, scope);
}
