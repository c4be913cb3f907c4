import { unicode } from '../unicode.ts';
import type { Cursor } from './cursor.ts';
import type { Call, Expressions } from './parse-calls.ts';
import { ConditionError, EACH, FUNCTIONS, type Node } from './syntax.ts';
import type { Token } from './tokens.ts';

const UNARY: Readonly<Record<string, readonly [precedence: number, operator: 'not' | '-' | '+']>> = {
  not: [50, 'not'],
  '!': [50, 'not'],
  '-': [90, '-'],
  '+': [90, '+'],
};
const NAME_START = unicode(String.raw`^[\p{L}_$]`);
const CONSTANTS: Readonly<Record<string, boolean | null>> = { true: true, false: false, nil: null };

/** Parses what stands between operators: literals, names, calls, groups, and what follows them (`.a`, `[0]`). */
export function primariesOf(cursor: Cursor, { expression, sequence, variables }: Expressions, call: Call): () => Node {
  function primary(): Node {
    const token = cursor.peek();
    const unary = token.kind === 'sign' && Object.hasOwn(UNARY, token.text) ? UNARY[token.text] : undefined;
    if (unary !== undefined) {
      cursor.advance();
      return postfix(cursor.made({ kind: 'unary', at: token.at, operator: unary[1], of: expression(unary[0]) }));
    }
    if (cursor.accept('(')) {
      const inner = sequence();
      cursor.expect(')');
      return postfix(inner);
    }
    if (cursor.accept('[')) return postfix(cursor.made({ kind: 'array', at: token.at, items: list(']') }));
    if (cursor.accept('{')) return postfix(map(token.at));
    if (cursor.isSign('#') || cursor.isSign('.')) return postfix(element(token));
    if (cursor.accept('::')) {
      const name = cursor.peek();
      if (name.kind !== 'name') throw cursor.unexpected('a function');
      cursor.advance();
      return postfix(call(name, []));
    }
    cursor.advance();
    if (token.kind === 'number') return cursor.made({ kind: 'literal', at: token.at, value: token.value });
    if (token.kind === 'text') return postfix(cursor.made({ kind: 'literal', at: token.at, value: token.value }));
    if (token.kind === 'name') return named(token);
    cursor.advance(-1);
    throw cursor.unexpected();
  }

  function element(token: Token): Node {
    if (!call.inPredicate())
      throw new ConditionError(
        token.at,
        `"${token.text}" stands for an element, inside all(…), any(…), filter(…) and the like`,
      );
    if (!cursor.accept('#')) return cursor.made({ kind: 'element', at: token.at, name: 'value' });
    const { kind, text } = cursor.peek();
    if (kind !== 'name') return cursor.made({ kind: 'element', at: token.at, name: 'value' });
    if (text !== 'index' && text !== 'acc') throw new ConditionError(token.at, `"#${text}" is not known here`);
    cursor.advance();
    return cursor.made({ kind: 'element', at: token.at, name: text });
  }

  function list(closing: string): Node[] {
    const items: Node[] = [];
    while (!cursor.isSign(closing)) {
      if (items.length > 0) cursor.expect(',');
      if (cursor.isSign(closing)) break;
      items.push(expression(0));
    }
    cursor.expect(closing);
    return items;
  }

  function map(at: number): Node {
    const pairs: { key: Node; value: Node }[] = [];
    while (!cursor.isSign('}')) {
      if (pairs.length > 0) cursor.expect(',');
      if (cursor.isSign('}')) break;
      const key = mapKey();
      cursor.expect(':');
      pairs.push({ key, value: expression(0) });
    }
    cursor.expect('}');
    return cursor.made({ kind: 'map', at, pairs });
  }

  function mapKey(): Node {
    const token = cursor.peek();
    if (cursor.isSign('(')) return expression(0);
    if (token.kind === 'sign' || token.kind === 'end') throw cursor.unexpected('a key');
    cursor.advance();
    const value = token.kind === 'text' ? token.value : token.text;
    return cursor.made({ kind: 'literal', at: token.at, value });
  }

  function named({ at, text }: Token): Node {
    const value = Object.hasOwn(CONSTANTS, text) ? CONSTANTS[text] : undefined;
    if (value !== undefined) return cursor.made({ kind: 'literal', at, value });
    const slot = variables.lastIndexOf(text);
    if (cursor.isSign('(')) {
      if (slot >= 0 || text === 'result') throw new ConditionError(at, `"${text}" is a value, no function`);
      return postfix(call({ at, text }, []));
    }
    if (slot >= 0) return postfix(cursor.made({ kind: 'variable', at, slot }));
    if (text === 'result') return postfix(cursor.made({ kind: 'result', at }));
    if (text === '$env') throw new ConditionError(at, '"$env" is not understood here; write "result"');
    if ((FUNCTIONS as readonly string[]).includes(text) || Object.hasOwn(EACH, text))
      throw new ConditionError(at, `"${text}" is a function; write ${text}(…)`);
    throw new ConditionError(at, `"${text}" is not known; the value that was measured is called "result"`);
  }

  function postfix(first: Node): Node {
    let node = first;
    while (true) {
      const { at } = cursor.peek();
      const optional = cursor.isSign('?.');
      if (cursor.isSign('[') || (optional && cursor.isSign('[', 1))) {
        cursor.advance(optional ? 2 : 1);
        node = index(node, at, optional);
      } else if (optional || cursor.isSign('.')) {
        cursor.advance();
        node = field(node, optional);
      } else return node;
    }
  }

  function field(of: Node, optional: boolean): Node {
    const token = cursor.peek();
    if (!NAME_START.test(token.text) || token.kind === 'text') throw cursor.unexpected('a name');
    cursor.advance();
    const { at } = token;
    // An `?.` that meets nil ends the names after it too; an index after it starts afresh (so does expr-lang).
    const inChain = of.kind === 'chain';
    const base = inChain ? of.of : of;
    const member: Node = cursor.accept('(')
      ? cursor.made({ kind: 'method', at, of: base, name: token.text, args: list(')'), optional })
      : cursor.made({
          kind: 'member',
          at,
          of: base,
          key: cursor.made({ kind: 'literal', at, value: token.text }),
          optional,
        });
    return inChain || optional ? cursor.made({ kind: 'chain', at, of: member }) : member;
  }

  function index(of: Node, at: number, optional: boolean): Node {
    const from = cursor.isSign(':') ? null : expression(0);
    if (from !== null && !cursor.isSign(':')) {
      cursor.expect(']');
      const member = cursor.made({ kind: 'member', at, of, key: from, optional });
      return optional ? cursor.made({ kind: 'chain', at, of: member }) : member;
    }
    cursor.expect(':');
    const to = cursor.isSign(']') ? null : expression(0);
    cursor.expect(']');
    return cursor.made({ kind: 'slice', at, of, from, to });
  }

  return primary;
}
