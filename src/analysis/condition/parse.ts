import { type Cursor, cursorOf } from './cursor.ts';
import { type Call, callsOf, type Expressions } from './parse-calls.ts';
import { primariesOf } from './parse-primary.ts';
import {
  type BinaryOperator,
  COMPARISONS,
  ConditionError,
  EACH,
  FUNCTIONS,
  LIMITS,
  type Node,
  oneOf,
  REFUSED_FUNCTIONS,
} from './syntax.ts';

/** Precedences of expr-lang 1.17 (`parser/operator/operator.go`); `&&`, `||`, `!`, `^` are other spellings. */
const BINARY: Readonly<Record<string, readonly [precedence: number, operator: BinaryOperator]>> = {
  or: [10, 'or'],
  '||': [10, 'or'],
  and: [15, 'and'],
  '&&': [15, 'and'],
  '==': [20, '=='],
  '!=': [20, '!='],
  '<': [20, '<'],
  '>': [20, '>'],
  '<=': [20, '<='],
  '>=': [20, '>='],
  in: [20, 'in'],
  matches: [20, 'matches'],
  contains: [20, 'contains'],
  startsWith: [20, 'startsWith'],
  endsWith: [20, 'endsWith'],
  '..': [25, '..'],
  '+': [30, '+'],
  '-': [30, '-'],
  '*': [60, '*'],
  '/': [60, '/'],
  '%': [60, '%'],
  '**': [100, '**'],
  '^': [100, '**'],
  '??': [500, '??'],
};
const NEGATABLE = ['in', 'matches', 'contains', 'startsWith', 'endsWith'];
const UNDECLARABLE: readonly string[] = ['result', '$env', ...FUNCTIONS, ...Object.keys(EACH), ...REFUSED_FUNCTIONS];

/** Parses a condition. Throws `ConditionError`; bounded in length, depth and nodes. */
export function parse(text: string): Node {
  if (text.length > LIMITS.characters)
    throw new ConditionError(0, `a condition has at most ${LIMITS.characters} characters, this one ${text.length}`);
  const cursor = cursorOf(text);
  const node = expressionsOf(cursor).sequence();
  if (cursor.peek().kind !== 'end') throw cursor.unexpected();
  return node;
}

function expressionsOf(cursor: Cursor): Expressions {
  const variables: (string | undefined)[] = [];
  const parts: Expressions = { expression, sequence, variables };
  const call: Call = callsOf(cursor, parts);
  const primary = primariesOf(cursor, parts, call);

  function sequence(): Node {
    const first = expression(0);
    if (!cursor.isSign(';')) return first;
    const items = [first];
    while (cursor.accept(';')) {
      if (cursor.peek().kind === 'end') break;
      items.push(expression(0));
    }
    return items.length === 1 ? first : cursor.made({ kind: 'sequence', at: first.at, items });
  }

  function expression(least: number): Node {
    cursor.deeper();
    const node = least === 0 && cursor.isSign('let') ? declaration() : operation(least);
    cursor.shallower();
    return node;
  }

  function operation(least: number): Node {
    if (least === 0 && cursor.isSign('if')) return conditional();
    let left = primary();
    let previous: string | null = null;
    while (cursor.peek().kind === 'sign') {
      if (least === 0 && cursor.accept('|')) {
        const token = cursor.peek();
        if (token.kind !== 'name') throw cursor.unexpected('a function');
        cursor.advance();
        left = call(token, [left]);
        previous = '|';
        continue;
      }
      const negated = cursor.isSign('not') && NEGATABLE.includes(cursor.peek(1).text);
      const token = cursor.peek(negated ? 1 : 0);
      const [precedence, operator] = Object.hasOwn(BINARY, token.text) ? (BINARY[token.text] ?? []) : [];
      if (precedence === undefined || operator === undefined || precedence < least) break;
      if (previous === '??' && operator !== '??')
        throw new ConditionError(token.at, `"??" and "${token.text}" need parentheses between them`);
      cursor.advance(negated ? 2 : 1);
      if (oneOf(COMPARISONS, operator)) left = comparison(left, operator, token.at, precedence);
      else {
        const right = expression(operator === '**' ? precedence : precedence + 1);
        left = cursor.made({ kind: 'binary', at: token.at, operator, left, right });
        if (negated) left = cursor.made({ kind: 'unary', at: token.at, operator: 'not', of: left });
      }
      previous = operator;
    }
    return least === 0 ? choice(left) : left;
  }

  /** `0.1 < x < 0.5` means `0.1 < x and x < 0.5`. */
  function comparison(left: Node, operator: BinaryOperator, at: number, precedence: number): Node {
    let middle = expression(precedence + 1);
    let whole: Node = cursor.made({ kind: 'binary', at, operator, left, right: middle });
    while (cursor.peek().kind === 'sign' && oneOf(COMPARISONS, cursor.peek().text)) {
      const { at, text } = cursor.peek();
      cursor.advance();
      const right = expression(precedence + 1);
      const next = cursor.made({ kind: 'binary', at, operator: text as BinaryOperator, left: middle, right });
      whole = cursor.made({ kind: 'binary', at, operator: 'and', left: whole, right: next });
      middle = right;
    }
    return whole;
  }

  function choice(first: Node): Node {
    let node = first;
    while (cursor.isSign('?')) {
      const { at } = cursor.peek();
      cursor.advance();
      const yes = cursor.isSign(':') ? node : expression(0);
      cursor.expect(':');
      node = cursor.made({ kind: 'choice', at, when: node, yes, no: expression(0) });
    }
    return node;
  }

  function declaration(): Node {
    cursor.advance();
    const { at, kind, text } = cursor.peek();
    if (kind !== 'name') throw cursor.unexpected('a name');
    if (UNDECLARABLE.includes(text) || variables.includes(text))
      throw new ConditionError(at, `"${text}" has a meaning already; choose another name`);
    cursor.advance();
    cursor.expect('=');
    const value = expression(0);
    cursor.expect(';');
    const slot = variables.push(text) - 1;
    const body = sequence();
    variables[slot] = undefined;
    return cursor.made({ kind: 'let', at, slot, value, body });
  }

  function conditional(): Node {
    const { at } = cursor.peek();
    cursor.advance();
    const when = expression(0);
    cursor.expect('{');
    const yes = sequence();
    cursor.expect('}');
    cursor.expect('else');
    if (cursor.isSign('if')) {
      cursor.deeper();
      const no = conditional();
      cursor.shallower();
      return cursor.made({ kind: 'choice', at, when, yes, no });
    }
    cursor.expect('{');
    const no = sequence();
    cursor.expect('}');
    return cursor.made({ kind: 'choice', at, when, yes, no });
  }

  return parts;
}
