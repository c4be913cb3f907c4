import { findMatch } from './pattern.ts';
import { type Arithmetic, type Comparison, LIMITS, type TextTest } from './syntax.ts';
import { type Budget, isArray, isMap, isNumber, kindName, spend, type Value } from './values.ts';

/** An operation that does not fit its values; the evaluator adds the place. */
export function mismatch(operator: string, left: Value, right: Value): Error {
  return new Error(`"${operator}" does not fit ${kindName(left)} and ${kindName(right)}`);
}

export function arithmetic(operator: Arithmetic, left: Value, right: Value, budget: Budget): Value {
  if (operator === '+' && typeof left === 'string' && typeof right === 'string') return joined(left, right, budget);
  if (!isNumber(left) || !isNumber(right)) throw mismatch(operator, left, right);
  if (operator === '/') return Number(left) / Number(right);
  if (operator === '**') return power(Number(left), Number(right));
  if (typeof left === 'bigint' && typeof right === 'bigint')
    return BigInt.asIntN(64, wholeArithmetic(operator, left, right));
  switch (operator) {
    case '+':
      return Number(left) + Number(right);
    case '-':
      return Number(left) - Number(right);
    case '*':
      return Number(left) * Number(right);
    case '%':
      throw new Error('"%" needs whole numbers; asInt(…) makes one');
  }
}

function wholeArithmetic(operator: '+' | '-' | '*' | '%', left: bigint, right: bigint): bigint {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '%':
      if (right === 0n) throw new Error('"%" by zero');
      return left % right;
  }
}

/** Go's math.Pow: 1 to any power is 1, also where JavaScript says NaN. */
function power(base: number, exponent: number): number {
  if (base === 1) return 1;
  if (base === -1 && (exponent === Number.POSITIVE_INFINITY || exponent === Number.NEGATIVE_INFINITY)) return 1;
  return base ** exponent;
}

function joined(left: string, right: string, budget: Budget): string {
  spend(budget, left.length + right.length);
  if (left.length + right.length > LIMITS.textLength)
    throw new Error(`text has at most ${LIMITS.textLength} characters`);
  return left + right;
}

export function compare(operator: Comparison, left: Value, right: Value, budget: Budget): boolean {
  const comparable = (isNumber(left) && isNumber(right)) || (typeof left === 'string' && typeof right === 'string');
  if (!comparable) throw mismatch(operator, left, right);
  if (typeof left === 'string') spend(budget, left.length);
  noteNaN(left, budget);
  noteNaN(right, budget);
  switch (operator) {
    case '<':
      return left < right;
    case '>':
      return left > right;
    case '<=':
      return left <= right;
    case '>=':
      return left >= right;
  }
}

/** Deep equality; a whole number equals the float of its value, NaN equals nothing. */
export function equal(left: Value, right: Value, budget: Budget): boolean {
  spend(budget, typeof left === 'string' ? 1 + left.length : 1);
  if (isNumber(left) && isNumber(right)) {
    noteNaN(left, budget);
    noteNaN(right, budget);
    return typeof left === typeof right ? left === right : Number(left) === Number(right);
  }
  if (isArray(left) && isArray(right))
    return left.length === right.length && left.every((item, i) => equal(item, right[i] ?? null, budget));
  if (isMap(left) && isMap(right)) {
    const keys = Object.keys(left);
    spend(budget, keys.length);
    return (
      keys.length === Object.keys(right).length &&
      keys.every((key) => Object.hasOwn(right, key) && equal(left[key] ?? null, right[key] ?? null, budget))
    );
  }
  return left === right;
}

/** `value in array`, `'key' in object`; nothing is in nil. */
export function contained(left: Value, right: Value, budget: Budget): boolean {
  if (right === null) return false;
  if (isArray(right)) return right.some((item) => equal(item, left, budget));
  if (isMap(right) && typeof left === 'string') return Object.hasOwn(right, left);
  throw mismatch('in', left, right);
}

export function testText(operator: TextTest, left: Value, right: Value, budget: Budget): boolean {
  // expr-lang answers false, not an error, where one side is nil.
  if (left === null || right === null) return false;
  if (typeof left !== 'string' || typeof right !== 'string') throw mismatch(operator, left, right);
  spend(budget, left.length + right.length);
  switch (operator) {
    case 'contains':
      return left.includes(right);
    case 'startsWith':
      return left.startsWith(right);
    case 'endsWith':
      return left.endsWith(right);
    case 'matches':
      return findMatch(right, left, budget);
  }
}

/** Remembers that a value that is no number took part in a comparison: a pass may not rest on it. */
export function noteNaN(value: Value, budget: Budget): void {
  if (Number.isNaN(value)) budget.metNaN = true;
}
