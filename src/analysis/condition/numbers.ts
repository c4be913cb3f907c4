import { type Budget, fail, spend } from './budget.ts';
import { compare, noteNaN } from './operators.ts';
import { type Computed, Duration, isArray, isNumber, kindName, parseFloatText, parseIntText } from './values.ts';

const LEAST_INT = -(2 ** 63);

/** Go's conversion of a number to a whole one; an error for NaN, ±Inf and what does not fit 64 bits. */
export function wholeOf(name: string, value: Computed, budget: Budget): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && value >= LEAST_INT && value < -LEAST_INT) return BigInt(Math.trunc(value));
  return fail(budget, `${name} cannot make a whole number of ${shown(value)}`);
}

export function asInt(name: 'asInt(…)' | 'int(…)', value: Computed, budget: Budget): bigint {
  if (name === 'int(…)' && value instanceof Duration) return value.ns;
  const whole = typeof value === 'string' ? parseIntText(value) : null;
  return whole ?? wholeOf(name, value, budget);
}

export function asFloat(name: 'asFloat(…)' | 'float(…)', value: Computed, budget: Budget): number {
  if (isNumber(value)) return Number(value);
  const float = typeof value === 'string' ? parseFloatText(value) : null;
  return float ?? fail(budget, `${name} cannot make a number of ${shown(value)}`);
}

/** `isNaN` and `isInf` take floats alone. */
export function floatOf(name: string, value: Computed, budget: Budget): number {
  return typeof value === 'number' ? value : fail(budget, `${name}(…) needs a float and got ${kindName(value)}`);
}

export function absolute(value: Computed, budget: Budget): Computed {
  if (typeof value === 'bigint') return value < 0n ? BigInt.asIntN(64, -value) : value;
  if (typeof value === 'number') return value < 0 ? -value : value;
  return fail(budget, `abs(…) needs a number and got ${kindName(value)}`);
}

export function rounded(name: 'ceil' | 'floor' | 'round', value: Computed, budget: Budget): number {
  if (!isNumber(value)) return fail(budget, `${name}(…) needs a number and got ${kindName(value)}`);
  const float = Number(value);
  if (name !== 'round') return Math[name](float);
  // Half away from zero, as Go's math.Round.
  const whole = Math.trunc(float);
  return Math.abs(float - whole) >= 0.5 ? whole + Math.sign(float) : whole;
}

/** As in expr-lang: the least or greatest of nothing is nil, and a single argument that is no number is given back. */
export function extreme(name: 'min' | 'max', args: readonly Computed[], budget: Budget): Computed {
  let best: Computed = null;
  const take = (value: Computed): void => {
    if (isNumber(value)) noteNaN(value, budget);
    if (best === null || compare(name === 'min' ? '>' : '<', best, value, budget)) best = value;
  };
  for (const arg of args) {
    spend(budget, 1);
    if (isNumber(arg) || arg instanceof Duration) take(arg);
    else if (isArray(arg)) {
      const nested = extremeOfArray(name, arg, budget);
      if (nested !== null) take(nested);
    } else if (args.length === 1) return arg;
    else fail(budget, `${name}(…) needs numbers and got ${kindName(arg)}`);
  }
  return best;
}

function extremeOfArray(name: 'min' | 'max', array: readonly Computed[], budget: Budget): Computed {
  for (const item of array) {
    if (!isNumber(item) && !isArray(item)) fail(budget, `${name}(…) needs numbers and got ${kindName(item)}`);
  }
  return array.length === 0 ? null : extreme(name, array, budget);
}

/** The sum and number of all numbers, each array added up by itself, as expr-lang rounds. */
export function total(name: string, args: readonly Computed[], budget: Budget): { sum: number; count: number } {
  let sum = 0;
  let count = 0;
  for (const arg of args) {
    spend(budget, 1);
    if (isArray(arg)) {
      const inner = total(name, arg, budget);
      sum += inner.sum;
      count += inner.count;
    } else {
      sum += plainNumber(name, arg, budget);
      count += 1;
    }
  }
  return { sum, count };
}

export function median(args: readonly Computed[], budget: Budget): number {
  const values: number[] = [];
  const collect = (items: readonly Computed[]): void => {
    for (const item of items) {
      spend(budget, 1);
      if (isArray(item)) collect(item);
      else values.push(plainNumber('median', item, budget));
    }
  };
  collect(args);
  for (const value of values) noteNaN(value, budget);
  // NaN first, as Go's sort.Float64s.
  values.sort((a, b) => (Number.isNaN(a) ? (Number.isNaN(b) ? 0 : -1) : Number.isNaN(b) ? 1 : a - b || 0));
  const half = Math.floor(values.length / 2);
  if (values.length === 0) return 0;
  const upper = values[half] as number;
  return values.length % 2 === 1 ? upper : ((values[half - 1] as number) + upper) / 2;
}

function plainNumber(name: string, value: Computed, budget: Budget): number {
  if (isNumber(value)) return Number(value);
  if (value instanceof Duration) return Number(value.ns);
  return fail(budget, `${name}(…) needs numbers and got ${kindName(value)}`);
}

function shown(value: Computed): string {
  if (typeof value === 'string') return `"${value.slice(0, 40)}"`;
  return typeof value === 'number' ? String(value) : kindName(value);
}
