import type { Compatibility } from '../../plan/plan.ts';
import { callFunction } from './functions.ts';
import { arithmetic, compare, contained, equal, mismatch, testText } from './operators.ts';
import { ARITHMETIC, COMPARISONS, ConditionError, LIMITS, type Node, oneOf, TEXT_TESTS } from './syntax.ts';
import { type Budget, isArray, isMap, isNumber, kindName, spend, type Value } from './values.ts';

interface Scope extends Budget {
  readonly result: Value;
  readonly compatibility: Compatibility | undefined;
  /** The elements of the predicates around, the innermost last. */
  readonly elements: Value[];
}

/** What `?.` throws up to its chain when it met nil. */
const NIL_IN_CHAIN = Symbol('nil in chain');

export interface Outcome {
  readonly value: Value;
  /** A comparison met a value that is not a number. */
  readonly metNaN: boolean;
}

/** Evaluates a tree with `result` bound. Throws `ConditionError`; bounded in steps. */
export function evaluate(node: Node, result: Value, compatibility?: Compatibility): Outcome {
  const scope: Scope = { result, compatibility, elements: [], steps: LIMITS.steps, metNaN: false };
  const value = compute(node, scope);
  return { value, metNaN: scope.metNaN };
}

function compute(node: Node, scope: Scope): Value {
  placed(node.at, () => spend(scope, 1));
  switch (node.kind) {
    case 'literal':
      return node.value;
    case 'result':
      return scope.result;
    case 'element':
      return scope.elements[scope.elements.length - 1] ?? null;
    case 'array':
      return node.items.map((item) => compute(item, scope));
    case 'choice':
      return compute(truth(node.when, scope) ? node.then : node.otherwise, scope);
    case 'chain':
      return chain(node.of, scope);
    case 'member':
      return member(node, scope);
    case 'slice':
      return slice(node, scope);
    case 'unary':
      return unary(node, scope);
    case 'binary':
      return binary(node, scope);
    case 'call': {
      const args = node.args.map((arg) => compute(arg, scope));
      // Argo's look at the whole result, whatever they are given; ours at their argument.
      const whole = scope.compatibility === 'argo' && (node.name === 'isNil' || node.name === 'default');
      if (whole) args[0] = scope.result;
      return placed(node.at, () => callFunction(node.name, args, scope));
    }
    case 'each':
      return each(node, scope);
  }
}

/** Gives an error of an operation its place. */
function placed<T>(at: number, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    if (error instanceof ConditionError || !(error instanceof Error)) throw error;
    throw new ConditionError(at, error.message);
  }
}

function truth(node: Node, scope: Scope): boolean {
  const value = compute(node, scope);
  if (typeof value !== 'boolean')
    throw new ConditionError(node.at, `true or false is needed here, not ${kindName(value)}`);
  return value;
}

function chain(node: Node, scope: Scope): Value {
  try {
    return compute(node, scope);
  } catch (error) {
    if (error === NIL_IN_CHAIN) return null;
    throw error;
  }
}

function member(node: Extract<Node, { kind: 'member' }>, scope: Scope): Value {
  const of = compute(node.of, scope);
  if (of === null && node.optional) throw NIL_IN_CHAIN;
  const key = compute(node.key, scope);
  if (isMap(of) && typeof key === 'string') return Object.hasOwn(of, key) ? (of[key] ?? null) : null;
  if (isArray(of) && isNumber(key)) {
    const wanted = Math.trunc(Number(key));
    const found = of[wanted < 0 ? of.length + wanted : wanted];
    if (found === undefined)
      throw new ConditionError(node.at, `there is no element ${wanted}: the array has ${of.length}`);
    return found;
  }
  const name = typeof key === 'string' ? `field "${key.slice(0, 40)}"` : 'element';
  throw new ConditionError(node.at, `${kindName(of)} has no such ${name}`);
}

function slice(node: Extract<Node, { kind: 'slice' }>, scope: Scope): Value {
  const of = compute(node.of, scope);
  const bound = (side: Node | null, fallback: number): number => {
    if (side === null) return fallback;
    const value = compute(side, scope);
    if (!isNumber(value))
      throw new ConditionError(side.at, `a slice is bounded by whole numbers, not by ${kindName(value)}`);
    return Math.trunc(Number(value));
  };
  if (!isArray(of) && typeof of !== 'string') throw new ConditionError(node.at, `${kindName(of)} cannot be sliced`);
  placed(node.at, () => spend(scope, of.length));
  const from = bound(node.from, 0);
  const to = bound(node.to, of.length);
  return typeof of === 'string' ? [...of].slice(from, to).join('') : of.slice(from, to);
}

function unary(node: Extract<Node, { kind: 'unary' }>, scope: Scope): Value {
  if (node.operator === 'not') return !truth(node.of, scope);
  const value = compute(node.of, scope);
  if (!isNumber(value)) throw new ConditionError(node.at, `"${node.operator}" needs a number, not ${kindName(value)}`);
  if (node.operator === '+') return value;
  return typeof value === 'bigint' ? BigInt.asIntN(64, -value) : -value;
}

function binary(node: Extract<Node, { kind: 'binary' }>, scope: Scope): Value {
  const { operator } = node;
  if (operator === 'and') return truth(node.left, scope) && truth(node.right, scope);
  if (operator === 'or') return truth(node.left, scope) || truth(node.right, scope);
  const left = compute(node.left, scope);
  if (operator === '??') return left ?? compute(node.right, scope);
  const right = compute(node.right, scope);
  return placed(node.at, () => {
    if (operator === '==') return equal(left, right, scope);
    if (operator === '!=') return !equal(left, right, scope);
    if (operator === 'in') return contained(left, right, scope);
    if (oneOf(COMPARISONS, operator)) return compare(operator, left, right, scope);
    if (oneOf(TEXT_TESTS, operator)) return testText(operator, left, right, scope);
    if (oneOf(ARITHMETIC, operator)) return arithmetic(operator, left, right, scope);
    throw mismatch(operator, left, right);
  });
}

function each(node: Extract<Node, { kind: 'each' }>, scope: Scope): Value {
  const array = compute(node.of, scope);
  if (!isArray(array))
    throw new ConditionError(node.of.at, `${node.name}(…) goes through an array, not ${kindName(array)}`);
  const { predicate } = node;
  const within = <T>(element: Value, body: () => T): T => {
    scope.elements.push(element);
    const value = body();
    scope.elements.pop();
    return value;
  };
  const value = (element: Value): Value => {
    placed(node.at, () => spend(scope, 1));
    return predicate === null ? element : within(element, () => compute(predicate, scope));
  };
  const holds = (element: Value): boolean => {
    const answer = value(element);
    if (typeof answer !== 'boolean')
      throw new ConditionError(
        predicate?.at ?? node.at,
        `${node.name}(…) needs true or false of each element, not ${kindName(answer)}`,
      );
    return answer;
  };
  switch (node.name) {
    case 'all':
      return array.every(holds);
    case 'any':
      return array.some(holds);
    case 'none':
      return !array.some(holds);
    case 'one':
      return array.filter(holds).length === 1;
    case 'filter':
      return array.filter(holds);
    case 'count':
      return BigInt(array.filter(holds).length);
    case 'map':
      return array.map(value);
    case 'sum':
      return placed(node.at, () =>
        array.reduce<Value>((total, element) => arithmetic('+', value(element), total, scope), 0n),
      );
  }
}
