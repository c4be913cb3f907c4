import type { Findings } from './check.ts';
import { fold } from './fold.ts';
import { rebuild } from './rebuild.ts';
import type { BinaryNode, EachNode, Node } from './syntax.ts';

/**
 * The tree as expr-lang evaluates it, after its `optimizer`: what that leaves out cannot be an error, and what it looks
 * up by type can be one. Throws `ConditionError`.
 */
export function prepare(node: Node, findings: Findings): Node {
  const typed = rebuild(node, (changed, original) => withFindings(changed, original, findings));
  return rebuild(rebuild(typed, fold), merge);
}

function withFindings(node: Node, original: Node, { floats, exact, wholeLeft }: Findings): Node {
  if (node.kind === 'literal' && floats.has(original)) return { ...node, value: Number(node.value) };
  if (node.kind !== 'binary') return node;
  if (node.operator === 'in')
    return lookedUp(wholeLeft.has(original) ? { ...node, exact: 'bigint' } : node, wholeLeft.has(original));
  const type = exact.get(original);
  return type === undefined ? node : { ...node, exact: type };
}

/** `in_array.go`: an array of nothing but whole numbers, or nothing but text, becomes a set of that type. */
function lookedUp(node: BinaryNode, wholeLeft: boolean): Node {
  const { left, right, at } = node;
  if (right.kind !== 'array' || right.items.length === 0) return node;
  const values = right.items.map((item) => (item.kind === 'literal' ? item.value : null));
  const texts = values.filter((value) => typeof value === 'string');
  if (texts.length === values.length) return { kind: 'oneOf', at, of: left, set: new Set(texts) };
  const wholes = values.filter((value) => typeof value === 'bigint');
  if (!wholeLeft || wholes.length < values.length) return node;
  return { kind: 'oneOf', at, of: left, set: new Set(wholes) };
}

function merge(node: Node): Node {
  switch (node.kind) {
    case 'each':
      return mergeEach(node);
    case 'call':
      return mergeCall(node);
    case 'member':
      return mergeMember(node);
    case 'binary':
      return mergeBinary(node);
    default:
      return node;
  }
}

const isFilter = (node: Node | undefined): node is EachNode => node?.kind === 'each' && node.name === 'filter';

/** `filter_map.go`, `sum_array.go`, `sum_range.go`. */
function mergeEach(node: EachNode): Node {
  const { of, body, at } = node;
  if (node.name === 'map' && isFilter(of) && of.map === undefined && body !== null && !usesIndex(body))
    return { ...of, map: body };
  if (node.name !== 'sum' || body !== null) return node;
  if (of.kind === 'array' && of.items.length >= 2)
    return of.items.reduceRight((right, left) => ({ kind: 'binary', at, operator: '+', left, right }));
  const range = constantRange(of);
  if (range === null || range.to < range.from) return node;
  const wrapped = (value: bigint): bigint => BigInt.asIntN(64, value);
  const count = wrapped(range.to - range.from + 1n);
  return { kind: 'literal', at, value: wrapped(count * wrapped(range.from + range.to)) / 2n };
}

function usesIndex(body: Node): boolean {
  let found = false;
  rebuild(body, (node) => {
    if (node.kind === 'element' && node.name === 'index') found = true;
    return node;
  });
  return found;
}

function constantRange(node: Node): { from: bigint; to: bigint } | null {
  if (node.kind !== 'binary' || node.operator !== '..') return null;
  const [from, to] = [node.left, node.right].map((side) => (side.kind === 'literal' ? side.value : null));
  return typeof from === 'bigint' && typeof to === 'bigint' ? { from, to } : null;
}

/** `filter_len.go`, `filter_first.go`, `filter_last.go`. */
function mergeCall(node: Extract<Node, { kind: 'call' }>): Node {
  const [filter] = node.args;
  if (!isFilter(filter)) return node;
  const { map, ...rest } = filter;
  if (node.name === 'len') return { ...rest, name: 'count' };
  if (node.name === 'first') return { ...filter, name: 'find' };
  return node.name === 'last' ? { ...filter, name: 'findLast' } : node;
}

function mergeMember(node: Extract<Node, { kind: 'member' }>): Node {
  const index = node.key.kind === 'literal' && !node.optional ? node.key.value : null;
  if (!isFilter(node.of) || (index !== 0n && index !== -1n)) return node;
  return { ...node.of, name: index === 0n ? 'find' : 'findLast', throws: true };
}

/** `in_range.go`, `predicate_combination.go`, `count_any.go`, `count_threshold.go`. */
function mergeBinary(node: BinaryNode): Node {
  const { operator, left, right, at } = node;
  if ((operator === 'and' || operator === 'or') && left.kind === 'each' && right.kind === 'each')
    return combined(node, left, right);
  if (operator === 'in') return inRange(node);
  const fits = left.kind === 'each' && left.name === 'count' && left.body !== null && right.kind === 'literal';
  if (!fits || typeof right.value !== 'bigint' || right.value < 0n) return node;
  if ((operator === '>' && right.value === 0n) || (operator === '>=' && right.value === 1n))
    return { ...left, name: 'any', at: left.at };
  const enough = { '>': right.value + 1n, '>=': right.value, '<': right.value, '<=': right.value + 1n }[
    operator as string
  ];
  if (enough === undefined || enough <= 1n) return node;
  return { kind: 'binary', at, operator, left: { ...left, enough: Number(enough) }, right };
}

function inRange(node: BinaryNode): Node {
  const range = node.exact === 'bigint' ? constantRange(node.right) : null;
  if (range === null) return node;
  const { left, at } = node;
  const side = (operator: '>=' | '<=', value: bigint): Node => ({
    kind: 'binary',
    at,
    operator,
    left,
    right: { kind: 'literal', at, value },
  });
  return { kind: 'binary', at, operator: 'and', left: side('>=', range.from), right: side('<=', range.to) };
}

/** `all(a, p) and all(a, q)` is `all(a, p and q)`. */
function combined(node: BinaryNode, left: EachNode, right: EachNode): Node {
  const { operator, at } = node;
  const fits =
    (operator === 'and' && (left.name === 'all' || left.name === 'none')) || (operator === 'or' && left.name === 'any');
  if (!fits || left.name !== right.name || left.body === null || right.body === null) return node;
  if (printed(left.of) !== printed(right.of)) return node;
  const inner: BinaryNode = {
    kind: 'binary',
    at,
    operator: left.name === 'none' ? 'or' : operator,
    left: left.body,
    right: right.body,
  };
  return { ...left, body: mergeBinary(inner) };
}

/** A tree without its places, to compare it. */
function printed(node: Node): string {
  return JSON.stringify(node, (key, value: unknown) => {
    if (key === 'at') return undefined;
    if (typeof value === 'bigint') return { whole: String(value) };
    if (value instanceof Set) return [...value].map(String);
    return typeof value === 'number' ? { float: Object.is(value, -0) ? '-0' : String(value) } : value;
  });
}
