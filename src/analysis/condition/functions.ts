import { noteNaN } from './operators.ts';
import type { FunctionName } from './syntax.ts';
import { type Budget, isArray, isMap, isNumber, kindName, parseFloatText, spend, type Value } from './values.ts';

/** Calls a plain function; the number of arguments was checked by the parser. */
export function callFunction(name: FunctionName, args: readonly Value[], budget: Budget): Value {
  const first = args[0] ?? null;
  switch (name) {
    case 'len':
      return length(first, budget);
    case 'mean':
      return mean(numbersOf(name, args, budget));
    case 'min':
      return extreme(numbersOf(name, args, budget), (a, b) => a > b, budget);
    case 'max':
      return extreme(numbersOf(name, args, budget), (a, b) => a < b, budget);
    case 'asInt':
      return asInt(first);
    case 'asFloat':
      return asFloat(first);
    case 'isNaN':
      return Number.isNaN(floatOf(name, first));
    case 'isInf':
      return Math.abs(floatOf(name, first)) === Number.POSITIVE_INFINITY;
    case 'isNil':
      return first === null;
    case 'default':
      return first ?? args[1] ?? null;
  }
}

function length(value: Value, budget: Budget): bigint {
  if (isArray(value)) return BigInt(value.length);
  if (typeof value === 'string') {
    spend(budget, value.length);
    return BigInt([...value].length);
  }
  if (isMap(value)) {
    const { length } = Object.keys(value);
    spend(budget, length);
    return BigInt(length);
  }
  throw new Error(`len(…) does not fit ${kindName(value)}`);
}

function floatOf(name: string, value: Value): number {
  if (isNumber(value)) return Number(value);
  throw new Error(`${name}(…) needs a number and got ${kindName(value)}`);
}

/** The numbers of the arguments, arrays flattened. */
function numbersOf(
  name: string,
  values: readonly Value[],
  budget: Budget,
  into: (bigint | number)[] = [],
): (bigint | number)[] {
  for (const value of values) {
    spend(budget, 1);
    if (isNumber(value)) into.push(value);
    else if (isArray(value)) numbersOf(name, value, budget, into);
    else throw new Error(`${name}(…) needs numbers and got ${kindName(value)}`);
  }
  return into;
}

/** As in expr-lang: the mean of nothing is 0. */
function mean(numbers: readonly (bigint | number)[]): Value {
  if (numbers.length === 0) return 0;
  return numbers.reduce<number>((total, value) => total + Number(value), 0) / numbers.length;
}

/** As in expr-lang: the least or greatest of nothing is nil. */
function extreme(
  numbers: readonly (bigint | number)[],
  worse: (a: bigint | number, b: bigint | number) => boolean,
  budget: Budget,
): Value {
  let best: bigint | number | null = null;
  for (const value of numbers) {
    noteNaN(value, budget);
    if (best === null || worse(best, value)) best = value;
  }
  return best;
}

function asInt(value: Value): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Math.abs(value) < 2 ** 63) return BigInt(Math.trunc(value));
  if (typeof value === 'string' && /^[+-]?\d{1,19}$/.test(value)) {
    const whole = BigInt(value.replace(/^\+/, ''));
    if (BigInt.asIntN(64, whole) === whole) return whole;
  }
  throw new Error(`asInt(…) cannot make a whole number of ${shown(value)}`);
}

function asFloat(value: Value): number {
  if (isNumber(value)) return Number(value);
  const float = typeof value === 'string' ? parseFloatText(value) : null;
  if (float === null) throw new Error(`asFloat(…) cannot make a number of ${shown(value)}`);
  return float;
}

function shown(value: Value): string {
  if (typeof value === 'string') return `"${value.slice(0, 40)}"`;
  return typeof value === 'number' ? String(value) : kindName(value);
}
