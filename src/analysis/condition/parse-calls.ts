import { nearest } from '../../plan/suggest.ts';
import type { Cursor } from './cursor.ts';
import { ConditionError, EACH, type EachName, FUNCTIONS, type Node, oneOf, REFUSED_FUNCTIONS } from './syntax.ts';

/** What the parts of the parser need of each other. */
export interface Expressions {
  expression(least: number): Node;
  sequence(): Node;
  /** The names that `let` gave, by slot; `undefined`: out of sight. */
  readonly variables: readonly (string | undefined)[];
}

/** Parses the arguments of a function; `before`: what a pipe puts before them. */
export interface Call {
  (name: { readonly at: number; readonly text: string }, before: readonly Node[]): Node;
  /** Whether a predicate is being parsed, in which `#` means something. */
  inPredicate(): boolean;
}

export function callsOf(cursor: Cursor, { expression, sequence }: Pick<Expressions, 'expression' | 'sequence'>): Call {
  let predicates = 0;

  function predicate(): Node {
    predicates += 1;
    const braces = cursor.accept('{');
    const node = braces ? sequence() : expression(0);
    if (!braces && cursor.isSign(';')) throw new ConditionError(cursor.peek().at, 'put the predicate into { and }');
    predicates -= 1;
    if (braces) cursor.expect('}');
    return node;
  }

  function each(name: EachName, at: number, before: readonly Node[]): Node {
    const wanted = ['+', ...EACH[name]];
    const given: Node[] = [...before];
    for (const what of wanted.slice(before.length)) {
      const optional = what === '?' || (what === '+' && given.length > 0);
      if (optional && cursor.isSign(')')) break;
      if (given.length > before.length) cursor.expect(',');
      given.push(what === '+' ? expression(0) : predicate());
    }
    cursor.accept(',');
    cursor.expect(')');
    const [of, body = null, extra = null] = given;
    return cursor.made({ kind: 'each', at, name, of: of as Node, body, extra });
  }

  function plain(before: readonly Node[]): Node[] {
    const args: Node[] = [...before];
    while (!cursor.isSign(')')) {
      if (args.length > before.length) cursor.expect(',');
      if (cursor.isSign(')')) break;
      args.push(expression(0));
    }
    cursor.expect(')');
    return args;
  }

  const call = ({ at, text }: { at: number; text: string }, before: readonly Node[]): Node => {
    cursor.expect('(');
    if (Object.hasOwn(EACH, text)) return each(text as EachName, at, before);
    if (REFUSED_FUNCTIONS.includes(text)) throw new ConditionError(at, `the function "${text}" is not understood here`);
    if (!oneOf(FUNCTIONS, text)) throw new ConditionError(at, `the function "${text}" is not known${meant(text)}`);
    return cursor.made({ kind: 'call', at, name: text, args: plain(before) });
  };
  return Object.assign(call, { inPredicate: () => predicates > 0 });
}

function meant(name: string): string {
  const near = nearest(name, [...Object.keys(EACH), ...FUNCTIONS]);
  return near === null ? '' : `; did you mean "${near}"?`;
}
