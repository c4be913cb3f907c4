import { isDescending, sorted } from './arrays.ts';
import { fail, spend } from './budget.ts';
import type { Surroundings } from './functions.ts';
import { arithmetic } from './operators.ts';
import type { EachNode, Node } from './syntax.ts';
import { bytesOf } from './texts.ts';
import { type Computed, isArray, isMap, kindName } from './values.ts';

/** The innermost array that is gone through, and the place in it. */
export interface Frame {
  readonly of: Computed;
  index: number;
  acc: Computed;
}

export interface EachScope extends Surroundings {
  frame: Frame | null;
}

type Compute<S> = (node: Node, scope: S) => Computed;

/** Goes through an array, or through the bytes of a text that nobody knew to be one. Throws `ConditionError`. */
export function each<S extends EachScope>(node: EachNode, scope: S, compute: Compute<S>): Computed {
  const of = elementsOf(compute(node.of, scope), scope);
  scope.at = node.of.at;
  const length = lengthOf(node, of, scope);
  const outer = scope.frame;
  const frame: Frame = { of, index: 0, acc: null };
  scope.frame = frame;
  const value = walk(node, length, frame, scope, compute);
  scope.frame = outer;
  return value;
}

/** A text is gone through by its bytes. */
function elementsOf(value: Computed, scope: EachScope): Computed {
  if (typeof value !== 'string') return value;
  spend(scope, value.length);
  return bytesOf(value).map(BigInt);
}

function lengthOf(node: EachNode, of: Computed, scope: EachScope): number {
  if (isArray(of)) return of.length;
  return isMap(of) ? Object.keys(of).length : fail(scope, `${node.name}(…) goes through an array, not ${kindName(of)}`);
}

function walk<S extends EachScope>(
  node: EachNode,
  length: number,
  frame: Frame,
  scope: S,
  compute: Compute<S>,
): Computed {
  const { body, map, name } = node;
  const value = (part: Node | null | undefined): Computed =>
    part == null ? elementOf(frame, scope) : compute(part, scope);
  const holds = (index: number): boolean => {
    frame.index = index;
    spend(scope, 1);
    const answer = value(body);
    if (typeof answer === 'boolean') return answer;
    scope.at = body?.at ?? node.at;
    return fail(scope, `${name}(…) needs true or false of each element, not ${kindName(answer)}`);
  };
  switch (name) {
    case 'all':
    case 'none':
      for (let i = 0; i < length; i += 1) if (holds(i) === (name === 'none')) return false;
      return true;
    case 'any':
      for (let i = 0; i < length; i += 1) if (holds(i)) return true;
      return false;
    case 'one':
    case 'count': {
      let count = 0;
      for (let i = 0; i < length && count !== node.enough; i += 1) if (holds(i)) count += 1;
      return name === 'one' ? count === 1 : BigInt(count);
    }
    case 'filter': {
      const kept: Computed[] = [];
      for (let i = 0; i < length; i += 1) if (holds(i)) kept.push(value(map));
      return kept;
    }
    case 'find':
    case 'findLast':
    case 'findIndex':
    case 'findLastIndex': {
      const backwards = name === 'findLast' || name === 'findLastIndex';
      for (let step = 0; step < length; step += 1) {
        const i = backwards ? length - 1 - step : step;
        if (holds(i)) return name === 'find' || name === 'findLast' ? value(map) : BigInt(i);
      }
      scope.at = node.at;
      return node.throws === true ? fail(scope, 'no element fits, so there is none to take') : null;
    }
    case 'map':
    case 'sortBy':
    case 'sum':
    case 'reduce':
      return gathered(node, length, frame, scope, value, compute);
  }
}

function gathered<S extends EachScope>(
  node: EachNode,
  length: number,
  frame: Frame,
  scope: S,
  value: (part: Node | null) => Computed,
  compute: Compute<S>,
): Computed {
  const { name, body, extra, at } = node;
  let start = 0;
  if (name === 'sum') frame.acc = 0n;
  const order = name === 'sortBy' && extra !== null ? compute(extra, scope) : 'asc';
  if (name === 'reduce' && extra !== null) frame.acc = compute(extra, scope);
  else if (name === 'reduce') {
    scope.at = at;
    if (length === 0) fail(scope, 'reduce(…) of nothing needs a start value');
    frame.acc = elementOf(frame, scope);
    start = 1;
  }
  const descending = isDescending(order, scope);
  const values: Computed[] = [];
  for (let i = start; i < length; i += 1) {
    frame.index = i;
    spend(scope, 1);
    const found = value(body);
    if (name === 'reduce') frame.acc = found;
    else if (name !== 'sum') values.push(found);
    else {
      scope.at = at;
      frame.acc = arithmetic('+', found, frame.acc, scope);
    }
  }
  if (name === 'map') return values;
  scope.at = at;
  return name === 'sortBy' ? sorted(itemsOf(frame, length, scope), values, descending, scope) : frame.acc;
}

function itemsOf(frame: Frame, length: number, scope: EachScope): Computed[] {
  return Array.from({ length }, (_, index) => {
    frame.index = index;
    return elementOf(frame, scope);
  });
}

/** The element that `#` stands for. */
export function elementOf(frame: Frame, scope: EachScope): Computed {
  const { of, index } = frame;
  if (isArray(of)) return of[index] ?? null;
  return fail(scope, `${kindName(of)} has no elements to go through`);
}
