import { arrayOf, concat, end, entries, flatten, get, isDescending, sorted, take, uniq } from './arrays.ts';
import { type Budget, fail, spend } from './budget.ts';
import { absolute, asFloat, asInt, extreme, floatOf, median, rounded, total, wholeOf } from './numbers.ts';
import { fromJson, printed, toJson } from './shown.ts';
import type { FunctionName } from './syntax.ts';
import * as texts from './texts.ts';
import { parseDuration, parseTime } from './times.ts';
import { type Computed, Duration, isArray, isMap, kindName, NIL_ARRAY, Time } from './values.ts';

export interface Surroundings extends Budget {
  /** What `now()` is. */
  readonly now: Time | null;
}

/** Calls a function; the number of arguments was checked before, their kinds as far as they were known. */
export function callFunction(name: FunctionName, args: readonly Computed[], around: Surroundings): Computed {
  const first = args[0] ?? null;
  for (const arg of args) if (typeof arg === 'string') spend(around, arg.length);
  const text = (i: number): string => {
    const value = args[i] ?? null;
    return typeof value === 'string' ? value : fail(around, `${name}(…) needs text and got ${kindName(value)}`);
  };
  const count = (i: number): number => (args.length > i ? Number(wholeOf(name, args[i] ?? null, around)) : -1);
  switch (name) {
    case 'len':
      return length(first, around);
    case 'type':
      return typeName(first);
    case 'isNil':
      return first === null;
    case 'default':
      return first ?? args[1] ?? null;
    case 'isNaN':
      return Number.isNaN(floatOf(name, first, around));
    case 'isInf':
      return Math.abs(floatOf(name, first, around)) === Number.POSITIVE_INFINITY;
    case 'asInt':
    case 'int':
      return asInt(`${name}(…)`, first, around);
    case 'asFloat':
    case 'float':
      return asFloat(`${name}(…)`, first, around);
    case 'string':
      return printed(first, around);
    case 'abs':
      return absolute(first, around);
    case 'ceil':
    case 'floor':
    case 'round':
      return rounded(name, first, around);
    case 'min':
    case 'max':
      return extreme(name, args, around);
    case 'mean': {
      const { sum, count } = total(name, args, around);
      return count === 0 ? 0 : sum / count;
    }
    case 'median':
      return median(args, around);
    case 'upper':
    case 'lower':
      return texts.inCase(text(0), name);
    case 'trim':
      return texts.trimmed(text(0), args.length > 1 ? text(1) : undefined);
    case 'trimPrefix':
      return texts.withoutPrefix(text(0), args.length > 1 ? text(1) : ' ');
    case 'trimSuffix':
      return texts.withoutSuffix(text(0), args.length > 1 ? text(1) : ' ');
    case 'split':
    case 'splitAfter':
      return texts.parts(text(0), text(1), count(2), name === 'splitAfter', around);
    case 'replace':
      return texts.replaced(text(0), text(1), text(2), count(3), around);
    case 'repeat':
      return texts.repeated(text(0), count(1), around);
    case 'join':
      return joined(arrayOf(name, first, around), args.length > 1 ? text(1) : '', around);
    case 'indexOf':
    case 'lastIndexOf':
      return texts.placeOf(text(0), text(1), name === 'lastIndexOf');
    case 'hasPrefix':
      return text(0).startsWith(text(1));
    case 'hasSuffix':
      return text(0).endsWith(text(1));
    case 'toJSON':
      return toJson(first, around);
    case 'fromJSON':
      return fromJson(text(0), around);
    case 'now':
      return around.now ?? fail(around, 'now() is the time of a reading, and this is none');
    case 'duration':
      return parseDuration(text(0), around);
    case 'date':
      return parseTime(text(0), around);
    case 'first':
      return end(first, 0n);
    case 'last':
      return end(first, -1n);
    case 'get':
      return get(first, args[1] ?? null, around);
    case 'take':
      return take(first, args[1] ?? null, around);
    case 'keys':
      return entries(name, first, around).map(([key]) => key);
    case 'values':
      return entries(name, first, around).map(([, value]) => value);
    case 'reverse':
      return arrayOf(name, first, around).toReversed();
    case 'uniq':
      return uniq(arrayOf(name, first, around), around);
    case 'concat':
      return concat(args, around);
    case 'flatten':
      return flatten(arrayOf(name, first, around), around);
    case 'sort': {
      // Whatever is no array is sorted to none, as in expr-lang.
      const array = isArray(first) ? arrayOf(name, first, around) : NIL_ARRAY;
      if (array.length === 0 && args.length < 2) return array;
      return sorted(array, array, args.length > 1 && isDescending(args[1] ?? null, around), around);
    }
  }
}

function length(value: Computed, budget: Budget): bigint {
  if (isArray(value)) return BigInt(value.length);
  if (typeof value === 'string') return BigInt([...value].length);
  if (isMap(value)) {
    const { length } = Object.keys(value);
    spend(budget, length);
    return BigInt(length);
  }
  return fail(budget, `len(…) does not fit ${kindName(value)}`);
}

function typeName(value: Computed): string {
  if (value === null) return 'nil';
  if (isArray(value)) return 'array';
  if (value instanceof Time) return 'time.Time';
  if (value instanceof Duration) return 'time.Duration';
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return 'float';
    case 'string':
      return 'string';
    default:
      return 'map';
  }
}

function joined(array: readonly Computed[], glue: string, budget: Budget): string {
  return array.reduce<string>((all, item, i) => {
    if (typeof item !== 'string') return fail(budget, `join(…) needs text and got ${kindName(item)}`);
    spend(budget, item.length + glue.length);
    return i === 0 ? item : all + glue + item;
  }, '');
}
