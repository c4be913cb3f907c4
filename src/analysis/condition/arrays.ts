import { type Budget, fail, spend } from './budget.ts';
import { wholeOf } from './numbers.ts';
import { compare, equal } from './operators.ts';
import { bytesOf, compareTexts } from './texts.ts';
import { type Computed, Duration, isArray, isMap, kindName, NIL_ARRAY } from './values.ts';

/** Go sorts up to this many elements by insertion (`sort/zsortinterface.go`), which is stable. */
const BY_INSERTION = 12;

export function arrayOf(name: string, value: Computed, budget: Budget): readonly Computed[] {
  if (!isArray(value)) return fail(budget, `${name}(…) needs an array and got ${kindName(value)}`);
  spend(budget, value.length);
  return value;
}

/** An element of an array by its place, negative from the end; a byte of a text; `undefined`: there is none. */
export function elementAt(of: readonly Computed[] | string, at: bigint): Computed | undefined {
  const items = typeof of === 'string' ? bytesOf(of) : of;
  const index = Number(at) < 0 ? items.length + Number(at) : Number(at);
  const found = items[index];
  return typeof of === 'string' && found !== undefined ? BigInt(found as number) : found;
}

/** `first` and `last`: nil where there is nothing of the kind. */
export function end(value: Computed, at: bigint): Computed {
  return isArray(value) || typeof value === 'string' ? (elementAt(value, at) ?? null) : null;
}

/** As a member, but nil where there is none. */
export function get(of: Computed, key: Computed, budget: Budget): Computed {
  if (isArray(of) || typeof of === 'string') return elementAt(of, wholeOf('get(…)', key, budget)) ?? null;
  if (!isMap(of)) return null;
  if (key !== null && typeof key !== 'string')
    return fail(budget, `a field is chosen by text, not by ${kindName(key)}`);
  return Object.hasOwn(of, key ?? '') ? (of[key ?? ''] ?? null) : null;
}

export function take(value: Computed, count: Computed, budget: Budget): readonly Computed[] {
  const array = arrayOf('take', value, budget);
  const most = count instanceof Duration ? count.ns : count;
  if (typeof most !== 'bigint' || most < 0n) return fail(budget, 'take(…) needs a whole number that is not negative');
  return array.slice(0, Number(most));
}

/** The fields of an object, sorted by name (Go's order is random). */
export function entries(name: string, value: Computed, budget: Budget): readonly (readonly [string, Computed])[] {
  if (!isMap(value)) return fail(budget, `${name}(…) needs an object and got ${kindName(value)}`);
  const sorted = Object.entries(value).sort(([left], [right]) => compareTexts(left, right));
  spend(budget, sorted.length);
  return sorted;
}

export function uniq(array: readonly Computed[], budget: Budget): readonly Computed[] {
  const kept: Computed[] = [];
  for (const item of array) {
    if (!kept.some((known) => equal(item, known, budget))) kept.push(item);
  }
  return kept;
}

export function concat(arrays: readonly Computed[], budget: Budget): readonly Computed[] {
  const all = arrays.flatMap((array) => arrayOf('concat', array, budget));
  return all.length === 0 ? NIL_ARRAY : all;
}

export function flatten(array: readonly Computed[], budget: Budget, into: Computed[] = []): readonly Computed[] {
  spend(budget, array.length);
  for (const item of array) {
    if (isArray(item)) flatten(item, budget, into);
    else into.push(item);
  }
  return into;
}

/** `descending` of what `sort` and `sortBy` are given as order. */
export function isDescending(order: Computed, budget: Budget): boolean {
  if (order !== 'asc' && order !== 'desc') fail(budget, 'the order is "asc" or "desc"');
  return order === 'desc';
}

/** Sorts by keys of one kind; those of another kind, or of none that has an order, are an error. */
export function sorted(
  items: readonly Computed[],
  keys: readonly Computed[],
  descending: boolean,
  budget: Budget,
): readonly Computed[] {
  const less = (a: number, b: number): boolean => {
    const [left, right] = [keys[a] ?? null, keys[b] ?? null];
    return descending ? compare('<', right, left, budget) : compare('<', left, right, budget);
  };
  const order = items.map((_, i) => i);
  spend(budget, order.length);
  if (order.length > BY_INSERTION) order.sort((a, b) => (less(a, b) ? -1 : less(b, a) ? 1 : a - b));
  else insert(order, less);
  return order.map((i) => items[i] ?? null);
}

function insert(order: number[], less: (a: number, b: number) => boolean): void {
  for (let i = 1; i < order.length; i += 1) {
    for (let j = i; j > 0 && less(order[j] as number, order[j - 1] as number); j -= 1)
      [order[j], order[j - 1]] = [order[j - 1] as number, order[j] as number];
  }
}
