import { kindName, type Value } from '../condition/index.ts';
import type { Operator } from './syntax.ts';

type Plain = boolean | bigint | number | string;

/**
 * Compares as a filter of client-go does: two values of one kind. Numbers of an answer are floats, and a whole number
 * that is written without a point is none.
 *
 * @returns the answer, or in words why there is none
 * @example comparable('>=', 3, 3n) // '…: write 3.0'
 */
export function comparable(operator: Operator, left: Value, right: Value): boolean | string {
  if (!isPlain(left) || !isPlain(right))
    return `${kindName(isPlain(left) ? right : left)} cannot be compared in a filter`;
  if (typeof left !== typeof right) return incompatible(left, right);
  switch (operator) {
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    default:
      if (typeof left === 'boolean') return `"${operator}" does not fit true or false`;
      return ordered(operator, order(left, right as typeof left));
  }
}

const isPlain = (value: Value): value is Plain => value !== null && typeof value !== 'object';

function incompatible(left: Plain, right: Plain): string {
  const whole = typeof left === 'bigint' ? left : typeof right === 'bigint' ? right : null;
  const other = typeof left === 'bigint' ? right : left;
  if (whole !== null && typeof other === 'number')
    return `numbers of an answer are floats and do not compare with ${whole}: write ${whole}.0`;
  return `${kindName(left)} does not compare with ${kindName(right)}`;
}

function ordered(operator: '<' | '<=' | '>' | '>=', order: number): boolean {
  switch (operator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

function order(left: bigint | number | string, right: bigint | number | string): number {
  if (typeof left === 'string' && typeof right === 'string') return byCodePoints(left, right);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The order of UTF-8 bytes, in which Go compares texts, is that of code points, not of UTF-16. */
function byCodePoints(left: string, right: string): number {
  const shorter = Math.min(left.length, right.length);
  for (let index = 0; index < shorter; index += 1) {
    const [a, b] = [left.charCodeAt(index), right.charCodeAt(index)];
    if (a !== b) return rank(a) - rank(b);
  }
  return left.length - right.length;
}

/** Halves of surrogate pairs stand for what comes after all other characters. */
const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);
