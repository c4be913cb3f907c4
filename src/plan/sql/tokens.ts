/**
 * SQL cut into words and signs as PostgreSQL's own lexer cuts it (src/backend/parser/scan.l), as far as it matters for
 * where a statement begins and ends. What stands in quotes or comments is passed over.
 */

export interface Token {
  /** `quoted`: a string, or a name in quotes. */
  readonly kind: 'word' | 'sign' | 'number' | 'quoted';
  /** A word in upper case, a sign itself; empty for what is quoted. */
  readonly text: string;
  /** Where it begins, in UTF-16 units from 0. */
  readonly index: number;
}

const SPACE = /[ \t\n\r\f\v]/;
const WORD = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y;
const NUMBER = /\$?\d[A-Za-z0-9_.]*/y;
const DOLLAR = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;
/** Before a quote: a string of bits, of hex digits, a national one, or with Unicode escapes. */
const PREFIX = /^(?:[BXN]|U&)$/;

/** In time that grows with the text only. What has no end, which PostgreSQL refuses, ends with the text. */
export function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  for (let index = afterSpace(sql, 0); index < sql.length; ) {
    const { token, end } = tokenAt(sql, index);
    tokens.push(token);
    index = afterSpace(sql, end);
  }
  return tokens;
}

function tokenAt(sql: string, index: number): { token: Token; end: number } {
  const sign = sql.charAt(index);
  const quoted = (end: number) => ({ token: { kind: 'quoted', text: '', index } as const, end });
  if (sign === "'" || sign === '"') return quoted(afterQuote(sql, index));
  const dollar = matchAt(DOLLAR, sql, index);
  if (dollar !== '') return quoted(after(sql, dollar, index + dollar.length));
  const word = matchAt(WORD, sql, index).toUpperCase();
  if (word !== '') {
    const end = index + matchAt(WORD, sql, index).length;
    const next = sql.charAt(end);
    if (word === 'E' && next === "'") return quoted(afterEscaped(sql, end));
    if (word === 'U' && /^&['"]/.test(sql.slice(end, end + 2))) return quoted(afterQuote(sql, end + 1));
    if (PREFIX.test(word) && next === "'") return quoted(afterQuote(sql, end));
    return { token: { kind: 'word', text: word, index }, end };
  }
  const number = matchAt(NUMBER, sql, index);
  if (number !== '') return { token: { kind: 'number', text: number, index }, end: index + number.length };
  return { token: { kind: 'sign', text: sign, index }, end: index + 1 };
}

/** After spaces and comments, of which those of several lines nest. */
function afterSpace(sql: string, from: number): number {
  let index = from;
  while (index < sql.length) {
    if (SPACE.test(sql.charAt(index))) index += 1;
    else if (sql.startsWith('--', index)) index = afterLine(sql, index);
    else if (sql.startsWith('/*', index)) index = afterComment(sql, index);
    else return index;
  }
  return index;
}

function afterLine(sql: string, from: number): number {
  let index = from;
  while (index < sql.length && !/[\n\r]/.test(sql.charAt(index))) index += 1;
  return index;
}

function afterComment(sql: string, from: number): number {
  let depth = 0;
  for (let index = from; index < sql.length; index += 1) {
    if (sql.startsWith('/*', index)) depth += 1;
    else if (sql.startsWith('*/', index)) depth -= 1;
    else continue;
    index += 1;
    if (depth === 0) return index + 1;
  }
  return sql.length;
}

/** After a string or name whose quote, written twice, stands for itself. Backslashes do not escape (the default). */
function afterQuote(sql: string, from: number): number {
  const quote = sql.charAt(from);
  let index = from + 1;
  while (index < sql.length) {
    if (sql.charAt(index) !== quote) index += 1;
    else if (sql.charAt(index + 1) === quote) index += 2;
    else return index + 1;
  }
  return index;
}

/** After `E'…'`, in which a backslash escapes, and which may go on with a further quote on a later line. */
function afterEscaped(sql: string, from: number): number {
  let index = from + 1;
  while (index < sql.length) {
    const sign = sql.charAt(index);
    if (sign === '\\') index += 2;
    else if (sign !== "'") index += 1;
    else if (sql.charAt(index + 1) === "'") index += 2;
    else {
      const next = continued(sql, index + 1);
      if (next === null) return index + 1;
      index = next;
    }
  }
  return sql.length;
}

/** After the quote with which a string goes on: nothing but spaces with a line's end, and `--` comments, before it. */
function continued(sql: string, from: number): number | null {
  let index = from;
  let isOnLaterLine = false;
  while (index < sql.length) {
    const sign = sql.charAt(index);
    if (SPACE.test(sign)) {
      isOnLaterLine ||= /[\n\r]/.test(sign);
      index += 1;
    } else if (sql.startsWith('--', index)) index = afterLine(sql, index);
    else return sign === "'" && isOnLaterLine ? index + 1 : null;
  }
  return null;
}

function after(sql: string, what: string, from: number): number {
  const index = sql.indexOf(what, from);
  return index === -1 ? sql.length : index + what.length;
}

function matchAt(pattern: RegExp, text: string, index: number): string {
  pattern.lastIndex = index;
  return pattern.exec(text)?.[0] ?? '';
}
