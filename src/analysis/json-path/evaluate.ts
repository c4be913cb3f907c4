import { isArray, isMap, kindName, type Value } from '../condition/index.ts';
import { comparable } from './compare.ts';
import { type Filter, type JsonPath, JsonPathError, LIMITS, type Slice, type Step, type Steps } from './syntax.ts';

interface Budget {
  left: number;
}

/** Everything that a path finds in a document, in order. Throws `JsonPathError`; bounded in steps. */
export function evaluate(path: JsonPath, document: Value): readonly Value[] {
  const budget: Budget = { left: LIMITS.steps };
  return path.flatMap((steps) => follow(steps, [document], budget));
}

function follow(steps: Steps, from: readonly Value[], budget: Budget): readonly Value[] {
  return steps.reduce((values, step) => {
    const found = take(step, values, budget);
    budget.left -= 1 + found.length;
    if (budget.left < 0) throw new JsonPathError(step.at, 'the path takes too many steps in this answer');
    return found;
  }, from);
}

function take(step: Step, values: readonly Value[], budget: Budget): readonly Value[] {
  switch (step.kind) {
    case 'text':
      return [step.text];
    case 'literal':
      return values.map(() => step.value);
    case 'field':
      return field(step, values);
    case 'wildcard':
      return values.flatMap(childrenOf);
    case 'descent':
      return values.flatMap((value) => descend(value, step.at, budget));
    case 'slice':
      return slices(step, values);
    case 'union':
      return union(step, values, budget);
    case 'filter':
      return filter(step, values, budget);
  }
}

function field({ name, at }: Extract<Step, { kind: 'field' }>, values: readonly Value[]): readonly Value[] {
  const found = values.flatMap((value) => (isMap(value) && Object.hasOwn(value, name) ? [value[name] ?? null] : []));
  if (found.length === 0 && values.length > 0)
    throw new JsonPathError(at, `there is no field "${name.slice(0, 40)}" in ${kindsOf(values)}`);
  return found;
}

function kindsOf(values: readonly Value[]): string {
  const [first = null, ...rest] = values;
  return rest.length === 0 ? kindName(first) : `any of ${values.length} values`;
}

/** Of an object in the order of its sorted keys, so that the first value is always the same; Go takes any order. */
function childrenOf(value: Value): readonly Value[] {
  if (isArray(value)) return value;
  if (!isMap(value)) return [];
  return Object.keys(value)
    .sort()
    .map((key) => value[key] ?? null);
}

/** The value and all below it, as far as they are objects, arrays or texts with something in them. */
function descend(value: Value, at: number, budget: Budget): readonly Value[] {
  budget.left -= 1;
  if (budget.left < 0) throw new JsonPathError(at, 'the path takes too many steps in this answer');
  if (typeof value === 'string') return value === '' ? [] : [value];
  const children = childrenOf(value);
  return children.length === 0 ? [] : [value, ...children.flatMap((child) => descend(child, at, budget))];
}

function slices(slice: Slice, values: readonly Value[]): readonly Value[] {
  const found: Value[] = [];
  for (const value of values) {
    if (value === null) continue;
    if (!isArray(value)) throw new JsonPathError(slice.at, `${kindName(value)} has no elements`, values);
    const bounds = boundsOf(slice, value.length, values);
    // As in client-go: an empty slice ends the search, whatever values are left.
    if (bounds === null) break;
    for (let index = bounds.from; index < bounds.to; index += slice.by ?? 1) found.push(value[index] ?? null);
  }
  return found;
}

function boundsOf(slice: Slice, length: number, values: readonly Value[]): { from: number; to: number } | null {
  let from = slice.from ?? 0;
  let to = slice.to ?? length;
  if (from < 0) from += length;
  if (to < 0 || (to === 0 && slice.single)) to += length;
  if (from === to) return null;
  const missing = from < 0 || from >= length ? from : to < 0 || to > length ? to - 1 : null;
  if (missing !== null)
    throw new JsonPathError(slice.at, `there is no element ${missing}: the array has ${length}`, values);
  if (from > to) throw new JsonPathError(slice.at, `the slice begins at ${from}, behind its end ${to}`, values);
  return { from, to };
}

function union({ of }: Extract<Step, { kind: 'union' }>, values: readonly Value[], budget: Budget): readonly Value[] {
  try {
    return of.flatMap((steps) => follow(steps, values, budget));
  } catch (error) {
    throw error instanceof JsonPathError ? new JsonPathError(error.at, error.message, values) : error;
  }
}

function filter(step: Filter, values: readonly Value[], budget: Budget): readonly Value[] {
  const found: Value[] = [];
  for (const value of values) {
    if (!isArray(value)) throw new JsonPathError(step.at, `${kindName(value)} cannot be filtered`, values);
    for (const element of value) if (holds(step, element, { values, found, budget })) found.push(element);
  }
  return found;
}

interface Filtering {
  readonly values: readonly Value[];
  readonly found: readonly Value[];
  readonly budget: Budget;
}

function holds(step: Filter, element: Value, { values, found, budget }: Filtering): boolean {
  if (step.operator === 'exists') return exists(step.left, element, budget);
  const side = (steps: Steps): Value | undefined => {
    const sides = attempt(() => follow(steps, [element], budget), values);
    if (sides.length > 1) throw new JsonPathError(step.at, 'a filter compares one value at a time', values);
    return sides[0];
  };
  const left = side(step.left);
  if (left === undefined) return false;
  const right = side(step.right);
  if (right === undefined) return false;
  const answer = comparable(step.operator, left, right);
  if (typeof answer === 'string') throw new JsonPathError(step.at, answer, found);
  return answer;
}

/** As in client-go: what a failing step had at hand exists. */
function exists(steps: Steps, element: Value, budget: Budget): boolean {
  try {
    return follow(steps, [element], budget).length > 0;
  } catch (error) {
    if (!(error instanceof JsonPathError) || budget.left < 0) throw error;
    return error.found.length > 0;
  }
}

function attempt<T>(work: () => T, found: readonly Value[]): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof JsonPathError ? new JsonPathError(error.at, error.message, found) : error;
  }
}
