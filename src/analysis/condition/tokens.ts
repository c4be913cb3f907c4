import { ESCAPED } from '../escapes.ts';
import { unicode } from '../unicode.ts';
import { ConditionError } from './syntax.ts';

export type Token =
  | { readonly kind: 'number'; readonly at: number; readonly value: bigint | number; readonly text: string }
  | { readonly kind: 'text'; readonly at: number; readonly value: string; readonly text: string }
  | { readonly kind: 'name' | 'sign' | 'end'; readonly at: number; readonly text: string };

/** Words that are operators; as a name after a dot they are still allowed, as in expr-lang. */
const WORDS = new Set([
  ...['and', 'or', 'not', 'in', 'matches', 'contains', 'startsWith', 'endsWith', 'let', 'if', 'else'],
]);

/** Go's `unicode.IsSpace`, and comments. */
const SPACE = /(?:[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y;
const NAME = unicode(String.raw`[\p{L}_$][\p{L}\p{Nd}_$]*`, 'uy');
const INTEGER = unicode(
  String.raw`(?:0[xX]_*[0-9a-fA-F][0-9a-fA-F_]*|0[oO]_*[0-7][0-7_]*|0[bB]_*[01][01_]*|\d[\d_]*)(?![\p{L}\p{Nd}_$]|\.(?!\.))`,
  'uy',
);
const FLOAT = unicode(String.raw`(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?(?![\p{L}\p{Nd}_$])`, 'uy');
const RAW_TEXT = /`(?:[^`]|``)*`(?!`)/y;
const BYTES = /[bB]["']/y;
const TEXT = /"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'/y;
const SIGN = /\?\.|\?\?|&&|\|\||\.\.|::|==|!=|<=|>=|\*\*|[-+*/%^<>!?:.,;|=()[\]{}#]/y;
const ESCAPE =
  /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([\s\S]))/g;
const LARGEST_INTEGER = 2n ** 63n - 1n;

/** Splits a condition into tokens, the last of kind `end`. Throws `ConditionError`. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0] ?? null;
  };
  while (true) {
    at += take(SPACE)?.length ?? 0;
    if (at >= text.length) break;
    if (take(BYTES) !== null) throw new ConditionError(at, 'bytes (b"…") are not understood here');
    const token =
      numberToken(at, take(INTEGER), take(FLOAT)) ??
      textToken(at, take(RAW_TEXT), take(TEXT)) ??
      nameToken(at, take(NAME), tokens.at(-1)) ??
      signToken(at, take(SIGN));
    if (token === null) throw new ConditionError(at, unreadable(text, at));
    tokens.push(token);
    at += token.text.length;
  }
  tokens.push({ kind: 'end', at: text.length, text: '' });
  return tokens;
}

function numberToken(at: number, integer: string | null, float: string | null): Token | null {
  if (integer !== null) {
    const value = BigInt(integer.replaceAll('_', '').replace(/^0+(?=\d)/, ''));
    if (value > LARGEST_INTEGER) throw new ConditionError(at, `the number ${integer} is too large`);
    return { kind: 'number', at, value, text: integer };
  }
  if (float === null) return null;
  const value = Number(float.replaceAll('_', ''));
  if (!Number.isFinite(value)) throw new ConditionError(at, `the number ${float} is too large`);
  return { kind: 'number', at, value, text: float };
}

function textToken(at: number, raw: string | null, quoted: string | null): Token | null {
  if (raw !== null) return { kind: 'text', at, value: raw.slice(1, -1).replaceAll('``', '`'), text: raw };
  if (quoted === null) return null;
  const normal = quoted.slice(1, -1).replace(/\r\n?/g, '\n');
  const value = normal.replace(ESCAPE, (all, x, u, braced, long, octal, single) => {
    if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
    const code = Number.parseInt(x ?? u ?? braced ?? long, 16);
    if (code <= 0x10ffff) return String.fromCodePoint(code);
    const plain = single === quoted[0] ? single : ESCAPED[single];
    if (plain === undefined) throw new ConditionError(at, `the escape ${all} is not known; write \\\\ for a backslash`);
    return plain;
  });
  return { kind: 'text', at, value: value.toWellFormed(), text: quoted };
}

function nameToken(at: number, name: string | null, before: Token | undefined): Token | null {
  if (name === null) return null;
  const pointer = before?.text === '#' && before.at === at - 1;
  return { kind: WORDS.has(name) && !pointer ? 'sign' : 'name', at, text: name };
}

function signToken(at: number, sign: string | null): Token | null {
  return sign === null ? null : { kind: 'sign', at, text: sign };
}

function unreadable(text: string, at: number): string {
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  if ('"\'`'.includes(character)) return 'this quoted text does not end';
  if (/\d/.test(character)) return 'this is not a number';
  return `unexpected character "${character}"`;
}
