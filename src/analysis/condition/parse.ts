import {
  type BinaryOperator,
  COMPARISONS,
  ConditionError,
  EACH,
  FUNCTIONS,
  type FunctionName,
  LIMITS,
  type Node,
  oneOf,
} from './syntax.ts';
import { type Token, tokenize } from './tokens.ts';

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
  '+': [30, '+'],
  '-': [30, '-'],
  '*': [60, '*'],
  '/': [60, '/'],
  '%': [60, '%'],
  '**': [100, '**'],
  '^': [100, '**'],
  '??': [500, '??'],
};
const UNARY: Readonly<Record<string, readonly [precedence: number, operator: 'not' | '-' | '+']>> = {
  not: [50, 'not'],
  '!': [50, 'not'],
  '-': [90, '-'],
  '+': [90, '+'],
};
const NEGATABLE = ['in', 'matches', 'contains', 'startsWith', 'endsWith'];

/** Parses a condition. Throws `ConditionError`; bounded in length, depth and nodes. */
export function parse(text: string): Node {
  if (text.length > LIMITS.characters)
    throw new ConditionError(0, `a condition has at most ${LIMITS.characters} characters, this one ${text.length}`);
  const parser = makeParser(tokenize(text));
  return parser.whole();
}

function makeParser(tokens: readonly Token[]) {
  const end = tokens[tokens.length - 1] as Token;
  let position = 0;
  let nodes = 0;
  let depth = 0;
  let predicates = 0;

  const current = (): Token => tokens[position] ?? end;
  const isSign = (text: string, token = current()): boolean => token.kind === 'sign' && token.text === text;
  const unexpected = (token: Token, expected?: string): ConditionError => {
    const found = token.kind === 'end' ? 'the condition ends' : `unexpected "${token.text}"`;
    return new ConditionError(
      token.at,
      expected === undefined
        ? token.kind === 'end'
          ? 'the condition ends too soon'
          : found
        : `${found} where ${expected} is expected`,
    );
  };
  const expectSign = (text: string): void => {
    if (!isSign(text)) throw unexpected(current(), `"${text}"`);
    position += 1;
  };
  const made = <T extends Node>(node: T): T => {
    nodes += 1;
    if (nodes > LIMITS.nodes) throw new ConditionError(node.at, `a condition has at most ${LIMITS.nodes} parts`);
    return node;
  };

  function whole(): Node {
    const node = expression(0);
    if (current().kind !== 'end') throw unexpected(current());
    return node;
  }

  function expression(least: number): Node {
    depth += 1;
    if (depth > LIMITS.depth)
      throw new ConditionError(current().at, `a condition is nested at most ${LIMITS.depth} deep`);
    let left = primary();
    let previous: BinaryOperator | null = null;
    while (current().kind === 'sign') {
      const negated = isSign('not') && NEGATABLE.includes(tokens[position + 1]?.text ?? '');
      const token = negated ? (tokens[position + 1] as Token) : current();
      const [precedence, operator] = BINARY[token.text] ?? [-1, null];
      if (operator === null || precedence < least) break;
      if (previous === '??' && operator !== '??')
        throw new ConditionError(token.at, `"??" and "${token.text}" need parentheses between them`);
      position += negated ? 2 : 1;
      if (oneOf(COMPARISONS, operator)) left = comparison(left, operator, token.at, precedence);
      else {
        const right = expression(operator === '**' ? precedence : precedence + 1);
        left = made({ kind: 'binary', at: token.at, operator, left, right });
        if (negated) left = made({ kind: 'unary', at: token.at, operator: 'not', of: left });
      }
      previous = operator;
    }
    if (least === 0) left = choice(left);
    depth -= 1;
    return left;
  }

  /** `0.1 < x < 0.5` means `0.1 < x and x < 0.5`. */
  function comparison(left: Node, operator: BinaryOperator, at: number, precedence: number): Node {
    let middle = expression(precedence + 1);
    let whole: Node = made({ kind: 'binary', at, operator, left, right: middle });
    while (current().kind === 'sign' && oneOf(COMPARISONS, current().text)) {
      const token = current();
      position += 1;
      const right = expression(precedence + 1);
      const next = made({ kind: 'binary', at: token.at, operator: token.text as BinaryOperator, left: middle, right });
      whole = made({ kind: 'binary', at: token.at, operator: 'and', left: whole, right: next });
      middle = right;
    }
    return whole;
  }

  function choice(first: Node): Node {
    let node = first;
    while (isSign('?')) {
      const at = current().at;
      position += 1;
      const then = isSign(':') ? node : expression(0);
      expectSign(':');
      node = made({ kind: 'choice', at, when: node, then, otherwise: expression(0) });
    }
    return node;
  }

  function primary(): Node {
    const token = current();
    const unary = token.kind === 'sign' ? UNARY[token.text] : undefined;
    if (unary !== undefined) {
      position += 1;
      return postfix(made({ kind: 'unary', at: token.at, operator: unary[1], of: expression(unary[0]) }));
    }
    if (isSign('(')) {
      position += 1;
      const inner = expression(0);
      expectSign(')');
      return postfix(inner);
    }
    if (isSign('[')) return postfix(array());
    if (isSign('#') || isSign('.')) return postfix(element());
    if (token.kind === 'number' || token.kind === 'text') {
      position += 1;
      const literal = made({ kind: 'literal', at: token.at, value: token.value });
      return token.kind === 'text' ? postfix(literal) : literal;
    }
    if (token.kind === 'name') return named(token);
    throw unexpected(token);
  }

  function element(): Node {
    const token = current();
    if (predicates === 0)
      throw new ConditionError(
        token.at,
        `"${token.text}" stands for an element, inside all(…), any(…), filter(…) and the like`,
      );
    if (token.text === '#') {
      position += 1;
      if (current().kind === 'name' && current().at === token.at + 1)
        throw new ConditionError(token.at, `"#${current().text}" is not known here`);
    }
    return made({ kind: 'element', at: token.at });
  }

  function array(): Node {
    const at = current().at;
    position += 1;
    const items = list(']');
    return made({ kind: 'array', at, items });
  }

  function list(closing: string): Node[] {
    const items: Node[] = [];
    while (!isSign(closing)) {
      if (items.length > 0) expectSign(',');
      if (isSign(closing)) break;
      items.push(expression(0));
    }
    expectSign(closing);
    return items;
  }

  function named(token: Token): Node {
    position += 1;
    const value = { true: true, false: false, nil: null }[token.text];
    if (value !== undefined) return made({ kind: 'literal', at: token.at, value });
    if (isSign('(')) return postfix(call(token));
    if (token.text === 'result') return postfix(made({ kind: 'result', at: token.at }));
    throw new ConditionError(token.at, `"${token.text}" is not known; the value that was measured is called "result"`);
  }

  function call(token: Token): Node {
    position += 1;
    if (oneOf(EACH, token.text)) {
      const of = expression(0);
      const without =
        oneOf(['count', 'sum'], token.text) && (isSign(')') || (isSign(',') && isSign(')', tokens[position + 1])));
      if (!without) expectSign(',');
      const predicate = without ? null : predicateOf();
      if (isSign(',')) position += 1;
      expectSign(')');
      return made({ kind: 'each', at: token.at, name: token.text, of, predicate });
    }
    if (!Object.hasOwn(FUNCTIONS, token.text))
      throw new ConditionError(token.at, `the function "${token.text}" is not known`);
    const name = token.text as FunctionName;
    const args = list(')');
    const [least, most] = FUNCTIONS[name];
    if (args.length < least || args.length > most)
      throw new ConditionError(
        token.at,
        `${name}(…) takes ${least === most ? least : `at least ${least}`} argument(s), here are ${args.length}`,
      );
    return made({ kind: 'call', at: token.at, name, args });
  }

  function predicateOf(): Node {
    const braces = isSign('{');
    if (braces) position += 1;
    predicates += 1;
    const node = expression(0);
    predicates -= 1;
    if (braces) expectSign('}');
    return node;
  }

  function postfix(first: Node): Node {
    let node = first;
    while (true) {
      const token = current();
      const optional = isSign('?.');
      const bracket = isSign('[') || (optional && isSign('[', tokens[position + 1]));
      if (bracket) {
        position += optional ? 2 : 1;
        node = index(node, token.at, optional);
      } else if (optional || isSign('.')) {
        position += 1;
        node = field(node, optional);
      } else return node;
    }
  }

  function field(of: Node, optional: boolean): Node {
    const token = current();
    if (!/^[\p{L}_$]/u.test(token.text) || token.kind === 'text') throw unexpected(token, 'a name');
    position += 1;
    if (isSign('(')) throw new ConditionError(token.at, 'values have no methods here');
    // An `?.` that meets nil ends the names after it too; an index after it starts afresh (so does expr-lang).
    const inChain = of.kind === 'chain';
    const key = made({ kind: 'literal', at: token.at, value: token.text });
    const member = made({ kind: 'member', at: token.at, of: inChain ? of.of : of, key, optional });
    return inChain || optional ? made({ kind: 'chain', at: token.at, of: member }) : member;
  }

  function index(of: Node, at: number, optional: boolean): Node {
    const from = isSign(':') ? null : expression(0);
    if (from !== null && !isSign(':')) {
      expectSign(']');
      const member = made({ kind: 'member', at, of, key: from, optional });
      return optional ? made({ kind: 'chain', at, of: member }) : member;
    }
    expectSign(':');
    const to = isSign(']') ? null : expression(0);
    expectSign(']');
    return made({ kind: 'slice', at, of, from, to });
  }

  return { whole };
}
