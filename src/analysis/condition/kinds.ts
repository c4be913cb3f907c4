import { parsePattern } from './pattern-syntax.ts';
import { COMPARISONS, ConditionError, type Node, oneOf, TEXT_TESTS } from './syntax.ts';
import { isArray, isNumber, type Value } from './values.ts';

/** What is known of a value before it is there; `any`: nothing. As expr-lang's checker, which Argo runs on each result. */
export type Kind = 'any' | 'nil' | 'truth' | 'whole' | 'number' | 'text' | 'object' | { readonly arrayOf: Kind };

interface Scope {
  readonly result: Kind;
  readonly elements: readonly Kind[];
}

/** The kind of a measured value; what is inside of JSON is `any`, as in Go. */
export function kindOfResult(value: Value): Kind {
  if (value === null) return 'any';
  if (isArray(value))
    return { arrayOf: value.length > 0 && value.every((item) => typeof item === 'number') ? 'number' : 'any' };
  if (isNumber(value)) return 'number';
  return typeof value === 'string' ? 'text' : typeof value === 'boolean' ? 'truth' : 'object';
}

/** Refuses a tree whose operations can never fit, or whose answer is not true or false. Throws `ConditionError`. */
export function checkKinds(node: Node, result: Kind): void {
  const kind = kindOf(node, { result, elements: [] });
  if (!may(kind, 'truth')) throw new ConditionError(0, `a condition answers true or false; this one is ${name(kind)}`);
}

const isAny = (kind: Kind): boolean => kind === 'any';
const numeric = (kind: Kind): boolean => isAny(kind) || kind === 'whole' || kind === 'number';
const may = (kind: Kind, wanted: Kind): boolean => isAny(kind) || kind === wanted;

function kindOf(node: Node, scope: Scope): Kind {
  switch (node.kind) {
    case 'literal':
      return literalKind(node.value);
    case 'result':
      return scope.result;
    case 'element':
      return scope.elements[scope.elements.length - 1] ?? 'any';
    case 'array':
      return { arrayOf: common(node.items.map((item) => kindOf(item, scope))) };
    case 'chain':
      kindOf(node.of, scope);
      return 'any';
    case 'member':
      return memberKind(node, scope);
    case 'slice':
      return sliceKind(node, scope);
    case 'choice':
      truthful(node.when, scope);
      return common([kindOf(node.then, scope), kindOf(node.otherwise, scope)]);
    case 'unary':
      return unaryKind(node, scope);
    case 'binary':
      return binaryKind(node, scope);
    case 'call':
      return callKind(node, scope);
    case 'each':
      return eachKind(node, scope);
  }
}

function literalKind(value: null | boolean | bigint | number | string): Kind {
  if (value === null) return 'nil';
  if (typeof value === 'boolean') return 'truth';
  if (typeof value === 'bigint') return 'whole';
  return typeof value === 'number' ? 'number' : 'text';
}

function common(kinds: readonly Kind[]): Kind {
  const [first, ...rest] = kinds;
  return first !== undefined && rest.every((kind) => kind === first) ? first : 'any';
}

function truthful(node: Node, scope: Scope): void {
  const kind = kindOf(node, scope);
  if (!may(kind, 'truth')) throw new ConditionError(node.at, `true or false is needed here, not ${name(kind)}`);
}

function memberKind(node: Extract<Node, { kind: 'member' }>, scope: Scope): Kind {
  const of = kindOf(node.of, scope);
  const key = kindOf(node.key, scope);
  if (isAny(of) || of === 'object' || (of === 'nil' && node.optional)) return 'any';
  if (typeof of === 'object' && may(key, 'whole')) return of.arrayOf;
  if (typeof of === 'object')
    throw new ConditionError(node.at, `an element is chosen by a whole number, not by ${name(key)}`);
  throw new ConditionError(node.at, `${name(of)} has no ${key === 'text' ? 'fields' : 'elements'}`);
}

function sliceKind(node: Extract<Node, { kind: 'slice' }>, scope: Scope): Kind {
  for (const bound of [node.from, node.to]) {
    if (bound !== null && !may(kindOf(bound, scope), 'whole'))
      throw new ConditionError(bound.at, 'a slice is bounded by whole numbers');
  }
  const of = kindOf(node.of, scope);
  if (isAny(of) || of === 'text' || typeof of === 'object') return of;
  throw new ConditionError(node.at, `${name(of)} cannot be sliced`);
}

function unaryKind(node: Extract<Node, { kind: 'unary' }>, scope: Scope): Kind {
  if (node.operator === 'not') {
    truthful(node.of, scope);
    return 'truth';
  }
  const kind = kindOf(node.of, scope);
  if (!numeric(kind)) throw new ConditionError(node.at, `"${node.operator}" needs a number, not ${name(kind)}`);
  return kind;
}

function binaryKind(node: Extract<Node, { kind: 'binary' }>, scope: Scope): Kind {
  const { operator } = node;
  const left = kindOf(node.left, scope);
  const right = kindOf(node.right, scope);
  const numbers = numeric(left) && numeric(right);
  const texts = may(left, 'text') && may(right, 'text');
  const fits = (condition: boolean, kind: Kind): Kind => {
    if (condition) return kind;
    throw new ConditionError(node.at, `"${operator}" does not fit ${name(left)} and ${name(right)}`);
  };
  if (operator === 'and' || operator === 'or') return fits(may(left, 'truth') && may(right, 'truth'), 'truth');
  if (operator === '==' || operator === '!=') return fits(comparable(left, right), 'truth');
  if (operator === '??') return left === 'nil' ? right : right === 'nil' ? left : common([left, right]);
  if (operator === 'in') {
    if (typeof right === 'object') return fits(comparable(left, right.arrayOf), 'truth');
    return fits(isAny(right) || right === 'nil' || (right === 'object' && may(left, 'text')), 'truth');
  }
  if (oneOf(COMPARISONS, operator)) return fits(numbers || texts, 'truth');
  if (oneOf(TEXT_TESTS, operator)) {
    if (operator === 'matches' && node.right.kind === 'literal' && typeof node.right.value === 'string')
      checkPattern(node.right.value, node.right.at);
    const textOrNil = (kind: Kind): boolean => may(kind, 'text') || kind === 'nil';
    return fits(textOrNil(left) && textOrNil(right), 'truth');
  }
  if (operator === '%') return fits(may(left, 'whole') && may(right, 'whole'), 'whole');
  if (operator === '/' || operator === '**') return fits(numbers, 'number');
  const whole = left === 'whole' && right === 'whole' ? 'whole' : 'number';
  if (operator === '+' && texts) return isAny(left) && isAny(right) ? 'any' : 'text';
  return fits(numbers, isAny(left) || isAny(right) ? 'any' : whole);
}

function comparable(left: Kind, right: Kind): boolean {
  if (isAny(left) || isAny(right) || left === 'nil' || right === 'nil') return true;
  if (typeof left === 'object' || typeof right === 'object') return typeof left === typeof right;
  return (numeric(left) && numeric(right)) || left === right;
}

function checkPattern(pattern: string, at: number): void {
  try {
    parsePattern(pattern);
  } catch (error) {
    throw new ConditionError(at, error instanceof Error ? error.message : String(error));
  }
}

function callKind(node: Extract<Node, { kind: 'call' }>, scope: Scope): Kind {
  const kinds = node.args.map((arg) => kindOf(arg, scope));
  const [first = 'any'] = kinds;
  const needs = (condition: boolean): void => {
    if (!condition) throw new ConditionError(node.at, `${node.name}(…) does not fit ${kinds.map(name).join(' and ')}`);
  };
  switch (node.name) {
    case 'len':
      needs(isAny(first) || first === 'text' || typeof first === 'object' || first === 'object');
      return 'whole';
    case 'mean':
      needs(kinds.every((kind) => numeric(kind) || typeof kind === 'object'));
      return 'number';
    case 'min':
    case 'max':
      needs(kinds.every((kind) => numeric(kind) || typeof kind === 'object'));
      return kinds.length === 1 && typeof first === 'object' ? first.arrayOf : 'any';
    case 'asInt':
      needs(numeric(first) || first === 'text');
      return 'whole';
    case 'asFloat':
      needs(numeric(first) || first === 'text');
      return 'number';
    case 'isNaN':
    case 'isInf':
      needs(numeric(first));
      return 'truth';
    case 'isNil':
      return 'truth';
    case 'default':
      return 'any';
  }
}

function eachKind(node: Extract<Node, { kind: 'each' }>, scope: Scope): Kind {
  const of = kindOf(node.of, scope);
  if (!isAny(of) && typeof of !== 'object')
    throw new ConditionError(node.of.at, `${node.name}(…) goes through an array, not ${name(of)}`);
  const element = typeof of === 'object' ? of.arrayOf : 'any';
  const inner = { result: scope.result, elements: [...scope.elements, element] };
  const value = node.predicate === null ? element : kindOf(node.predicate, inner);
  if (node.name === 'map') return { arrayOf: value };
  if (node.name === 'sum') return value;
  if (!may(value, 'truth'))
    throw new ConditionError(
      node.predicate?.at ?? node.at,
      `${node.name}(…) needs true or false of each element, not ${name(value)}`,
    );
  if (node.name === 'filter') return { arrayOf: element };
  return node.name === 'count' ? 'whole' : 'truth';
}

function name(kind: Kind): string {
  if (typeof kind === 'object') return 'an array';
  const names = {
    any: 'anything',
    nil: 'nil',
    truth: 'true or false',
    whole: 'a whole number',
    number: 'a number',
    text: 'text',
    object: 'an object',
  };
  return names[kind];
}
