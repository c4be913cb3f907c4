import { ConditionError, LIMITS, type Node } from './syntax.ts';
import { type Token, tokenize } from './tokens.ts';

/** The tokens of a condition and the place in them; it counts nodes and depth. */
export interface Cursor {
  /** The token `ahead` of the present one. */
  peek(ahead?: number): Token;
  isSign(text: string, ahead?: number): boolean;
  advance(count?: number): void;
  /** Takes the sign if it is next. */
  accept(text: string): boolean;
  expect(text: string): void;
  unexpected(expected?: string): ConditionError;
  made<T extends Node>(node: T): T;
  deeper(): void;
  shallower(): void;
}

function lonelyEquals({ kind, text }: Token): string {
  if (kind === 'sign' && (text === '>' || text === '<')) return `"=${text}" compares nothing; write "${text}="`;
  return 'one "=" compares nothing; write "=="';
}

/** Throws `ConditionError` where the text is no sequence of tokens. */
export function cursorOf(text: string): Cursor {
  const tokens = tokenize(text);
  const end = tokens[tokens.length - 1] as Token;
  let position = 0;
  let nodes = 0;
  let depth = 0;
  const peek = (ahead = 0): Token => tokens[position + ahead] ?? end;
  const isSign = (sign: string, ahead = 0): boolean => {
    const token = peek(ahead);
    return token.kind === 'sign' && token.text === sign;
  };
  const unexpected = (expected?: string): ConditionError => {
    const { at, kind, text: found } = peek();
    if (kind === 'end')
      return new ConditionError(
        at,
        expected === undefined ? 'the condition ends too soon' : `the condition ends where ${expected} is expected`,
      );
    if (found === '=') return new ConditionError(at, lonelyEquals(peek(1)));
    return new ConditionError(
      at,
      `unexpected "${found}"${expected === undefined ? '' : ` where ${expected} is expected`}`,
    );
  };
  const accept = (sign: string): boolean => {
    const found = isSign(sign);
    if (found) position += 1;
    return found;
  };
  return {
    peek,
    isSign,
    accept,
    unexpected,
    advance: (count = 1) => {
      position += count;
    },
    expect: (sign) => {
      if (!accept(sign)) throw unexpected(`"${sign}"`);
    },
    made: (node) => {
      nodes += 1;
      if (nodes > LIMITS.nodes) throw new ConditionError(node.at, `a condition has at most ${LIMITS.nodes} parts`);
      return node;
    },
    deeper: () => {
      depth += 1;
      if (depth > LIMITS.depth)
        throw new ConditionError(peek().at, `a condition is nested at most ${LIMITS.depth} deep`);
    },
    shallower: () => {
      depth -= 1;
    },
  };
}
