import { binaryKind } from './check-operators.ts';
import {
  ANY,
  ANYS,
  alike,
  arrayOf,
  assignable,
  BOOL,
  elementOf,
  FLOAT,
  INT,
  isNumeric,
  isUnknown,
  isWhole,
  type Kind,
  kindWords,
  MAP,
  may,
  mayBeWhole,
  NIL,
  OPEN,
  TEXT,
  UNKNOWN,
} from './kinds.ts';
import { countsOf, type Judged, type Listed, METHODS, outcomeOf, SIGNATURES } from './signatures.ts';
import { type BinaryNode, ConditionError, type EachNode, type MethodNode, type Node } from './syntax.ts';

/** What the check finds out and the evaluation needs, by node. */
export interface Findings {
  /** Literals that `isNaN` and `isInf` take for floats. */
  readonly floats: Set<Node>;
  /** `==` whose sides are both whole numbers, both text, or arrays that Go never calls equal. */
  readonly exact: Map<Node, NonNullable<BinaryNode['exact']>>;
  /** `in` with a whole number on its left. */
  readonly wholeLeft: Set<Node>;
  /** What the condition gives. */
  whole: Kind;
}

interface Scope extends Findings {
  readonly result: Kind;
  /** What is not known: as Go's missing type and its interface type, or open where there is no result yet. */
  readonly unknown: Kind;
  readonly any: Kind;
  readonly arrays: Kind[];
  readonly inner: EachNode['name'][];
  readonly variables: Kind[];
}

/**
 * Refuses a tree whose operations can never fit. Throws `ConditionError`. With an `OPEN` result only what fits none is
 * refused.
 */
export function check(node: Node, result: Kind): Findings {
  const open = result.base === 'open';
  const scope: Scope = {
    result,
    unknown: open ? OPEN : UNKNOWN,
    any: open ? OPEN : ANY,
    arrays: [],
    inner: [],
    variables: [],
    floats: new Set(),
    exact: new Map(),
    wholeLeft: new Set(),
    whole: UNKNOWN,
  };
  scope.whole = kindOf(node, scope);
  return scope;
}

/** Refuses a tree that never answers true or false. Throws `ConditionError`. */
export function checkTruth({ whole }: Findings): void {
  if (!may(whole, 'bool'))
    throw new ConditionError(0, `a condition answers true or false; this one is ${kindWords(whole)}`);
}

function kindOf(node: Node, scope: Scope): Kind {
  const kind = computeKind(node, scope);
  return isUnknown(kind) && scope.result.base === 'open' ? OPEN : kind;
}

function computeKind(node: Node, scope: Scope): Kind {
  switch (node.kind) {
    case 'literal':
      return literalKind(node.value);
    case 'constant':
      return ANYS;
    case 'result':
      return scope.result;
    case 'element':
      return elementKind(node, scope);
    case 'variable':
      return scope.variables[node.slot] ?? scope.unknown;
    case 'array':
      return arrayKind(node.items.map((item) => kindOf(item, scope)));
    case 'map':
      for (const { key, value } of node.pairs) {
        kindOf(key, scope);
        kindOf(value, scope);
      }
      return MAP;
    case 'chain':
      return kindOf(node.of, scope);
    case 'member':
      return memberKind(node, scope);
    case 'method':
      return methodKind(node, scope);
    case 'slice':
      return sliceKind(node, scope);
    case 'choice':
      return choiceKind(node, scope);
    case 'unary':
      return unaryKind(node, scope);
    case 'binary':
      return binaryKind(node, kindOf(node.left, scope), kindOf(node.right, scope), scope);
    case 'oneOf':
      return BOOL;
    case 'call':
      return callKind(node, scope);
    case 'each':
      return eachKind(node, scope);
    case 'let':
      scope.variables[node.slot] = kindOf(node.value, scope);
      return kindOf(node.body, scope);
    case 'sequence':
      return node.items.map((item) => kindOf(item, scope)).at(-1) ?? NIL;
  }
}

function literalKind(value: null | boolean | bigint | number | string): Kind {
  if (value === null) return NIL;
  if (typeof value === 'boolean') return BOOL;
  if (typeof value === 'bigint') return INT;
  return typeof value === 'number' ? FLOAT : TEXT;
}

function arrayKind(kinds: readonly Kind[]): Kind {
  const same = kinds.every((kind, i) => i === 0 || alike(kinds[i - 1] ?? kind, kind));
  return same ? arrayOf(kinds.at(-1) ?? UNKNOWN) : ANYS;
}

function elementKind({ name, at }: Extract<Node, { kind: 'element' }>, scope: Scope): Kind {
  const inner = scope.inner.at(-1);
  if (name === 'value') return elementOf(scope.arrays.at(-1) ?? scope.unknown);
  if (name === 'index' && (inner === 'map' || inner === 'reduce')) return INT;
  if (name === 'acc' && inner === 'reduce') return scope.unknown;
  throw new ConditionError(at, `"#${name}" is not known in ${inner}(…)`);
}

function memberKind(node: Extract<Node, { kind: 'member' }>, scope: Scope): Kind {
  const of = kindOf(node.of, scope);
  const key = kindOf(node.key, scope);
  if (isUnknown(of)) return scope.unknown;
  if (of.base === 'map' && may(key, 'text')) return scope.any;
  if (of.base === 'array' && mayBeWhole(key)) return elementOf(of);
  if (of.base === 'map') throw new ConditionError(node.at, `a field is chosen by text, not by ${kindWords(key)}`);
  if (of.base === 'array')
    throw new ConditionError(node.at, `an element is chosen by a whole number, not by ${kindWords(key)}`);
  throw new ConditionError(node.at, `${kindWords(of)} has no ${key.base === 'text' ? 'fields' : 'elements'}`);
}

function methodKind(node: MethodNode, scope: Scope): Kind {
  const of = kindOf(node.of, scope);
  const args = node.args.map((arg) => kindOf(arg, scope));
  if (isUnknown(of)) return scope.unknown;
  const methods = of.base === 'time' || of.base === 'duration' ? METHODS[of.base] : {};
  const method = Object.hasOwn(methods, node.name) ? methods[node.name] : undefined;
  if (method === undefined) throw new ConditionError(node.at, `${kindWords(of)} has no method "${node.name}" here`);
  return fitting(node, method, args);
}

function sliceKind(node: Extract<Node, { kind: 'slice' }>, scope: Scope): Kind {
  const of = kindOf(node.of, scope);
  if (isUnknown(of)) return scope.unknown;
  if (of.base !== 'text' && of.base !== 'array') throw new ConditionError(node.at, `${kindWords(of)} cannot be sliced`);
  for (const bound of [node.from, node.to]) {
    if (bound !== null && !mayBeWhole(kindOf(bound, scope)))
      throw new ConditionError(bound.at, 'a slice is bounded by whole numbers');
  }
  return of;
}

function choiceKind(node: Extract<Node, { kind: 'choice' }>, scope: Scope): Kind {
  const when = kindOf(node.when, scope);
  if (!may(when, 'bool'))
    throw new ConditionError(node.when.at, `true or false is needed here, not ${kindWords(when)}`);
  const yes = kindOf(node.yes, scope);
  const no = kindOf(node.no, scope);
  if (yes.base === 'nil') return no;
  if (no.base === 'nil') return yes;
  if (!assignable(yes, no)) return scope.unknown;
  const bothArrays = yes.base === 'array' && no.base === 'array';
  const [mine, theirs] = [elementOf(yes), elementOf(no)];
  return bothArrays && !(assignable(mine, theirs) && assignable(theirs, mine)) ? ANYS : yes;
}

function unaryKind(node: Extract<Node, { kind: 'unary' }>, scope: Scope): Kind {
  const kind = kindOf(node.of, scope);
  if (node.operator === 'not' && may(kind, 'bool')) return BOOL;
  if (node.operator !== 'not' && isNumeric(kind)) return kind;
  if (node.operator !== 'not' && isUnknown(kind)) return scope.unknown;
  const needed = node.operator === 'not' ? 'true or false' : 'a number';
  throw new ConditionError(node.at, `"${node.operator}" needs ${needed}, not ${kindWords(kind)}`);
}

function callKind(node: Extract<Node, { kind: 'call' }>, scope: Scope): Kind {
  const args = node.args.map((arg) => kindOf(arg, scope));
  if ((node.name === 'isNaN' || node.name === 'isInf') && node.args[0] !== undefined && isWhole(args[0] ?? ANY))
    takeForFloats(node.args[0], scope.floats);
  if (node.name === 'date' && (args.length === 2 || args.length === 3))
    throw new ConditionError(node.at, 'date(…) with a layout is not understood here');
  if (node.name === 'join' && args[0]?.range)
    throw new ConditionError(node.at, 'join(…) needs text, not whole numbers');
  return fitting(node, SIGNATURES[node.name], args);
}

function fitting(node: { at: number; name: string }, signature: Listed | Judged, args: readonly Kind[]): Kind {
  const kind = outcomeOf(signature, args);
  if (kind !== null) return kind;
  const counts = countsOf(signature);
  if (args.length === 0 || (counts !== null && !counts.includes(args.length))) {
    const wanted = counts === null ? '' : `, but ${[...counts].sort((a, b) => a - b).join(' or ')}`;
    throw new ConditionError(node.at, `${node.name}(…) does not take ${args.length} argument(s)${wanted}`);
  }
  throw new ConditionError(node.at, `${node.name}(…) does not fit ${args.map(kindWords).join(' and ')}`);
}

/** As expr-lang does: whole literals in a sum, difference or product become floats where a float is asked for. */
function takeForFloats(node: Node, floats: Set<Node>): void {
  if (node.kind === 'literal' && typeof node.value === 'bigint') floats.add(node);
  if (node.kind === 'unary') takeForFloats(node.of, floats);
  if (node.kind !== 'binary' || !['+', '-', '*'].includes(node.operator)) return;
  takeForFloats(node.left, floats);
  takeForFloats(node.right, floats);
}

function eachKind(node: EachNode, scope: Scope): Kind {
  const of = kindOf(node.of, scope);
  if (!may(of, 'array'))
    throw new ConditionError(node.of.at, `${node.name}(…) goes through an array, not ${kindWords(of)}`);
  scope.arrays.push(of);
  scope.inner.push(node.name);
  const body = node.body === null ? null : kindOf(node.body, scope);
  scope.arrays.pop();
  scope.inner.pop();
  const extra = node.extra === null ? null : kindOf(node.extra, scope);
  if (body?.base === 'nil')
    throw new ConditionError(node.body?.at ?? node.at, `${node.name}(…) is given nothing but nil`);
  const element = elementOf(of);
  switch (node.name) {
    case 'map':
      return arrayOf(body ?? element);
    case 'sum':
      return body ?? (isUnknown(of) ? scope.unknown : element);
    case 'reduce':
      return body ?? element;
    case 'sortBy':
      if (extra !== null && !may(extra, 'text'))
        throw new ConditionError(node.extra?.at ?? node.at, `the order is "asc" or "desc", not ${kindWords(extra)}`);
      return of;
  }
  if (body !== null && !may(body, 'bool'))
    throw new ConditionError(
      node.body?.at ?? node.at,
      `${node.name}(…) needs true or false of each element, not ${kindWords(body)}`,
    );
  switch (node.name) {
    case 'filter':
      return isUnknown(of) ? ANYS : arrayOf(element);
    case 'find':
    case 'findLast':
      return isUnknown(of) ? scope.unknown : element;
    case 'count':
    case 'findIndex':
    case 'findLastIndex':
      return INT;
    default:
      return BOOL;
  }
}
