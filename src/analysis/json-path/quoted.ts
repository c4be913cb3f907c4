import { ESCAPED } from '../escapes.ts';
import { JsonPathError } from './syntax.ts';

const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/**
 * The text in quotes, its escapes read as Go's `strconv.Unquote` reads them.
 *
 * @param at where the opening quote stands
 * @example unquoted('a\\u0062c', '"', 0) // 'abc'
 */
export function unquoted(inner: string, quote: string, at: number): string {
  let text = '';
  for (let index = 0; index < inner.length; ) {
    const character = inner.charAt(index);
    if (character !== '\\') {
      text += character;
      index += 1;
      continue;
    }
    const refuse = () => new JsonPathError(at + 1 + index, `"${inner.slice(index, index + 2)}" is no escape here`);
    const letter = inner.charAt(index + 1);
    const plain = letter === quote ? quote : ESCAPED[letter];
    if (plain !== undefined) {
      text += plain;
      index += 2;
      continue;
    }
    const digits = HEX_DIGITS[letter];
    const [start, length, base] = digits === undefined ? [index + 1, 3, 8] : [index + 2, digits, 16];
    const number = inner.slice(start, start + length);
    if (number.length < length || !(base === 8 ? /^[0-7]+$/ : /^[0-9a-fA-F]+$/).test(number)) throw refuse();
    const code = Number.parseInt(number, base);
    // A byte beyond ASCII would be a piece of a character; half a surrogate pair is none.
    const isByte = letter === 'x' || base === 8;
    if (code > (isByte ? 0x7f : 0x10ffff) || (code >= 0xd800 && code <= 0xdfff)) throw refuse();
    text += String.fromCodePoint(code);
    index = start + length;
  }
  return text;
}
