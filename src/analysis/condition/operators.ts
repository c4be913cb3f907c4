import { type Budget, fail, spend } from './budget.ts';
import { findMatch } from './pattern.ts';
import { type Arithmetic, type Comparison, LIMITS, type TextTest } from './syntax.ts';
import { compareTexts } from './texts.ts';
import { type Computed, Duration, isArray, isMap, isNil, isNumber, kindName, Time } from './values.ts';

/** Ends the evaluation: the operation does not fit its values. */
export function mismatch(operator: string, left: Computed, right: Computed, budget: Budget): never {
  return fail(budget, `"${operator}" does not fit ${kindName(left)} and ${kindName(right)}`);
}

export function arithmetic(operator: Arithmetic, left: Computed, right: Computed, budget: Budget): Computed {
  if (typeof left === 'number' && typeof right === 'number') return floats(operator, left, right, budget);
  if (isNumber(left) && isNumber(right)) {
    if (typeof left === 'bigint' && typeof right === 'bigint' && operator !== '/' && operator !== '**')
      return BigInt.asIntN(64, wholes(operator, left, right, budget));
    return floats(operator, Number(left), Number(right), budget);
  }
  if (operator === '+' && typeof left === 'string' && typeof right === 'string') return joined(left, right, budget);
  return timed(operator, left, right) ?? mismatch(operator, left, right, budget);
}

function floats(operator: Arithmetic, left: number, right: number, budget: Budget): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case '**':
      return power(left, right);
    case '%':
      return fail(budget, '"%" needs whole numbers; asInt(…) makes one');
  }
}

function wholes(operator: '+' | '-' | '*' | '%', left: bigint, right: bigint, budget: Budget): bigint {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '%':
      return right === 0n ? fail(budget, '"%" by zero') : left % right;
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
  if (left.length + right.length > LIMITS.textLength) fail(budget, `text has at most ${LIMITS.textLength} characters`);
  return left + right;
}

/** Times and durations; `null`: the operation does not fit them. A float times a duration is a float, as in expr-lang. */
function timed(operator: Arithmetic, left: Computed, right: Computed): Computed {
  if (left instanceof Duration && right instanceof Duration) {
    if (operator === '+') return new Duration(left.ns + right.ns);
    if (operator === '-') return new Duration(left.ns - right.ns);
    return operator === '*' ? new Duration(left.ns * right.ns) : null;
  }
  if (left instanceof Time && right instanceof Time) return operator === '-' ? between(left, right) : null;
  if (left instanceof Time && right instanceof Duration) {
    if (operator === '+') return new Time(left.ns + right.ns, left.offsetMinutes);
    return operator === '-' ? new Time(left.ns - right.ns, left.offsetMinutes) : null;
  }
  if (left instanceof Duration && right instanceof Time) return operator === '+' ? timed('+', right, left) : null;
  const [duration, factor] = left instanceof Duration ? [left, right] : [right, left];
  if (!(duration instanceof Duration) || operator !== '*') return null;
  if (typeof factor === 'bigint') return new Duration(duration.ns * factor);
  return typeof factor === 'number' ? Number(duration.ns) * factor : null;
}

/** The span between two times, cut to 64 bits as Go's `Time.Sub` does. */
export function between(end: Time, start: Time): Duration {
  const ns = end.ns - start.ns;
  const most = 2n ** 63n - 1n;
  return new Duration(ns > most ? most : ns < -most - 1n ? -most - 1n : ns);
}

export function compare(operator: Comparison, left: Computed, right: Computed, budget: Budget): boolean {
  if (isNumber(left) && isNumber(right)) {
    if (typeof left === typeof right) return ordered(operator, left, right, budget);
    return ordered(operator, Number(left), Number(right), budget);
  }
  if (typeof left === 'string' && typeof right === 'string') {
    spend(budget, left.length);
    return ordered(operator, compareTexts(left, right), 0, budget);
  }
  const timed =
    (left instanceof Duration && right instanceof Duration) || (left instanceof Time && right instanceof Time);
  return timed ? ordered(operator, left.ns, right.ns, budget) : mismatch(operator, left, right, budget);
}

function ordered(operator: Comparison, left: bigint | number, right: bigint | number, budget: Budget): boolean {
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

/** Equality through arrays; a whole number equals the float of its value, NaN equals nothing. */
export function equal(left: Computed, right: Computed, budget: Budget): boolean {
  spend(budget, typeof left === 'string' ? 1 + left.length : 1);
  if (isNumber(left) && isNumber(right)) {
    noteNaN(left, budget);
    noteNaN(right, budget);
    return typeof left === typeof right ? left === right : Number(left) === Number(right);
  }
  if (isArray(left) && isArray(right))
    return left.length === right.length && left.every((item, i) => equal(item, right[i] ?? null, budget));
  return (isNil(left) && isNil(right)) || identical(left, right, budget);
}

/** Go's `reflect.DeepEqual`, which is asked about what is inside objects: there a whole number equals no float. */
function identical(left: Computed, right: Computed, budget: Budget): boolean {
  spend(budget, typeof left === 'string' ? 1 + left.length : 1);
  if (left === right) return true;
  if (left instanceof Time || left instanceof Duration)
    return left.constructor === right?.constructor && left.ns === (right as Time | Duration).ns;
  if (isArray(left) && isArray(right))
    return left.length === right.length && left.every((item, i) => identical(item, right[i] ?? null, budget));
  if (!isMap(left) || !isMap(right)) return false;
  const keys = Object.keys(left);
  spend(budget, keys.length);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && identical(left[key] ?? null, right[key] ?? null, budget))
  );
}

/** `value in array`, `'key' in object`; nothing is in nil. */
export function contained(left: Computed, right: Computed, budget: Budget): boolean {
  if (right === null) return false;
  if (isArray(right)) return right.some((item) => equal(item, left, budget));
  if (isMap(right) && (left === null || typeof left === 'string')) return Object.hasOwn(right, left ?? '');
  if (right instanceof Time && typeof left === 'string') return false;
  return mismatch('in', left, right, budget);
}

export function testText(operator: TextTest, left: Computed, right: Computed, budget: Budget): boolean {
  // expr-lang answers false, not an error, where one side is nil.
  if (isNil(left) || isNil(right)) return false;
  if (typeof left !== 'string' || typeof right !== 'string') return mismatch(operator, left, right, budget);
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
export function noteNaN(value: bigint | number, budget: Budget): void {
  if (typeof value === 'number' && Number.isNaN(value)) budget.metNaN = true;
}
