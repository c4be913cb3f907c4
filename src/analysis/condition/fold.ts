import type { Budget } from './budget.ts';
import { arithmetic } from './operators.ts';
import { ARITHMETIC, type BinaryNode, type EachNode, LIMITS, type Node, oneOf } from './syntax.ts';

type Literal = Extract<Node, { kind: 'literal' }>;

/**
 * Computes what does not depend on the result, as expr-lang's `optimizer/fold.go` does; so `result[9] or true` is true
 * whatever the result. Throws `ConditionError` for a remainder of a division by zero.
 */
export function fold(node: Node): Node {
  switch (node.kind) {
    case 'unary':
      return foldUnary(node);
    case 'binary':
      return foldBinary(node);
    case 'array':
      return foldArray(node);
    case 'each':
      return foldFilters(node);
    default:
      return node;
  }
}

const numberOf = (node: Node): bigint | number | null =>
  node.kind === 'literal' && (typeof node.value === 'bigint' || typeof node.value === 'number') ? node.value : null;
const truthOf = (node: Node): boolean | null =>
  node.kind === 'literal' && typeof node.value === 'boolean' ? node.value : null;
const textOf = (node: Node): string | null =>
  node.kind === 'literal' && typeof node.value === 'string' ? node.value : null;
const literal = (at: number, value: Literal['value']): Literal => ({ kind: 'literal', at, value });

function foldUnary(node: Extract<Node, { kind: 'unary' }>): Node {
  const truth = truthOf(node.of);
  if (node.operator === 'not') return truth === null ? node : literal(node.at, !truth);
  const value = numberOf(node.of);
  if (value === null) return node;
  if (node.operator === '+') return literal(node.at, value);
  return literal(node.at, typeof value === 'bigint' ? BigInt.asIntN(64, -value) : -value);
}

function foldBinary(node: BinaryNode): Node {
  const { operator, left, right, at } = node;
  if (operator === 'and' || operator === 'or') return foldTruth(node, operator === 'and');
  const numbers = numberOf(left) !== null && numberOf(right) !== null;
  const texts = textOf(left) !== null && textOf(right) !== null;
  if (operator === '==') {
    const wholes = typeof numberOf(left) === 'bigint' && typeof numberOf(right) === 'bigint';
    const truths = truthOf(left) !== null && truthOf(right) !== null;
    const same = (left as Literal).value === (right as Literal).value;
    return wholes || texts || truths ? literal(at, same) : node;
  }
  if (!oneOf(ARITHMETIC, operator) || !(numbers || (texts && operator === '+'))) return node;
  if (operator === '%' && (typeof numberOf(left) !== 'bigint' || typeof numberOf(right) !== 'bigint')) return node;
  const budget: Budget = { steps: LIMITS.steps, at, metNaN: false };
  const value = arithmetic(operator, (left as Literal).value, (right as Literal).value, budget);
  return literal(at, value as Literal['value']);
}

/** `true and x` is x, `x and false` is false; `or` the other way round. */
function foldTruth(node: BinaryNode, neutral: boolean): Node {
  const [left, right] = [truthOf(node.left), truthOf(node.right)];
  if (left === neutral) return node.right;
  if (right === neutral) return node.left;
  return left !== null || right !== null ? literal(node.at, !neutral) : node;
}

function foldArray(node: Extract<Node, { kind: 'array' }>): Node {
  const values = node.items.map((item) => (item.kind === 'literal' ? item.value : null));
  if (values.length === 0 || values.includes(null)) return node;
  return { kind: 'constant', at: node.at, value: values };
}

function foldFilters(node: EachNode): Node {
  const { of, body } = node;
  if (node.name !== 'filter' || of.kind !== 'each' || of.name !== 'filter' || of.body === null || body === null)
    return node;
  const both = fold({ kind: 'binary', at: node.at, operator: 'and', left: of.body, right: body });
  return { ...node, of: of.of, body: both };
}
