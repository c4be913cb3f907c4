import {
  assignable,
  BOOL,
  comparable,
  DURATION,
  elementOf,
  FLOAT,
  INT,
  isNumeric,
  isUnknown,
  isWhole,
  type Kind,
  kindWords,
  mayMeet,
  NIL,
  RANGE,
  TEXT,
  TIME,
} from './kinds.ts';
import { parsePattern } from './pattern-syntax.ts';
import { type BinaryNode, type BinaryOperator, ConditionError, type Node } from './syntax.ts';

interface Findings {
  readonly unknown: Kind;
  readonly exact: Map<Node, NonNullable<BinaryNode['exact']>>;
  readonly wholeLeft: Set<Node>;
}

/** What an operator gives for two sides, as expr-lang's `checker.go` has it. Throws `ConditionError`. */
export function binaryKind(node: BinaryNode, left: Kind, right: Kind, findings: Findings): Kind {
  const kind = givenBy(node, left, right, findings);
  if (kind !== null) return kind;
  throw new ConditionError(node.at, `"${node.operator}" does not fit ${kindWords(left)} and ${kindWords(right)}`);
}

function givenBy(node: BinaryNode, left: Kind, right: Kind, { unknown, exact, wholeLeft }: Findings): Kind | null {
  const { operator } = node;
  const both = (base: Kind['base']): boolean => left.base === base && right.base === base;
  const when = (fits: boolean, kind: Kind): Kind | null => (fits ? kind : null);
  switch (operator) {
    case '==':
    case '!=':
      if (both('int')) exact.set(node, 'bigint');
      if (both('text')) exact.set(node, 'string');
      if ((left.range && isTyped(right)) || (right.range && isTyped(left))) exact.set(node, 'never');
      return when(comparable(left, right), BOOL);
    case 'and':
    case 'or':
      return when(both('bool') || mayMeet(left, right, ({ base }) => base === 'bool'), BOOL);
    case '<':
    case '>':
    case '<=':
    case '>=':
      return when(
        (isNumeric(left) && isNumeric(right)) ||
          both('text') ||
          both('time') ||
          both('duration') ||
          mayMeet(left, right, isOrdered),
        BOOL,
      );
    case '+':
    case '-':
    case '*':
    case '/':
    case '**':
    case '%':
      return arithmeticKind(operator, left, right, unknown);
    case 'in':
      if (left.base === 'int') wholeLeft.add(node);
      return when(mayBeIn(left, right), BOOL);
    case 'matches':
      if (node.right.kind === 'literal' && typeof node.right.value === 'string')
        checkPattern(node.right.value, node.right.at);
      return when(both('text') || mayMeet(left, right, ({ base }) => base === 'text'), BOOL);
    case 'contains':
    case 'startsWith':
    case 'endsWith':
      return when(both('text') || mayMeet(left, right, ({ base }) => base === 'text'), BOOL);
    case '..':
      return when((isWhole(left) && isWhole(right)) || mayMeet(left, right, isWhole), RANGE);
    case '??':
      if (left.base === 'nil') return right.base === 'nil' ? NIL : right;
      return right.base === 'nil' || assignable(right, left) ? left : unknown;
  }
}

const isTyped = ({ slice }: Kind): boolean => slice === 'float' || slice === 'text';
const isOrdered = (kind: Kind): boolean =>
  isNumeric(kind) || kind.base === 'text' || kind.base === 'time' || kind.base === 'duration';

function arithmeticKind(
  operator: Extract<BinaryOperator, '+' | '-' | '*' | '/' | '**' | '%'>,
  left: Kind,
  right: Kind,
  unknown: Kind,
): Kind | null {
  const numbers = isNumeric(left) && isNumeric(right);
  if (operator === '/' || operator === '**') return numbers || mayMeet(left, right, isNumeric) ? FLOAT : null;
  if (operator === '%') return (isWhole(left) && isWhole(right)) || mayMeet(left, right, isWhole) ? INT : null;
  if (numbers) return left.base === 'float' || right.base === 'float' ? FLOAT : INT;
  const pair = `${left.base} ${operator} ${right.base}`;
  const timed = TIMED[pair] ?? (operator === '*' ? scaled(left, right) : null);
  if (timed !== null && timed !== undefined) return timed;
  const takes = (kind: Kind): boolean =>
    operator === '*'
      ? isNumeric(kind) || kind.base === 'duration'
      : isOrdered(kind) && (operator === '+' || kind.base !== 'text');
  return mayMeet(left, right, takes) ? unknown : null;
}

const TIMED: Readonly<Record<string, Kind>> = {
  'text + text': TEXT,
  'time + duration': TIME,
  'duration + time': TIME,
  'duration + duration': DURATION,
  'time - time': DURATION,
  'time - duration': TIME,
  'duration - duration': DURATION,
  'duration * duration': DURATION,
};

function scaled(left: Kind, right: Kind): Kind | null {
  const fits = (isNumeric(left) && right.base === 'duration') || (left.base === 'duration' && isNumeric(right));
  return fits ? DURATION : null;
}

function mayBeIn(left: Kind, right: Kind): boolean {
  if (right.base === 'map') return isUnknown(left) || left.base === 'text';
  if (right.base === 'array') return comparable(left, elementOf(right));
  if (right.base === 'time') return isUnknown(left) || left.base === 'text';
  return isUnknown(right) || (isUnknown(left) && right.base === 'text');
}

function checkPattern(pattern: string, at: number): void {
  try {
    parsePattern(pattern);
  } catch (error) {
    throw new ConditionError(at, error instanceof Error ? error.message : String(error));
  }
}
