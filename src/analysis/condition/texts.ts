import { type Budget, fail, spend } from './budget.ts';
import { LIMITS } from './syntax.ts';
import { type Computed, NIL_ARRAY } from './values.ts';

/** Go's `unicode.IsSpace`. */
const SPACE = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
const ASCII = /^[\0-\x7f]*$/;

/** Go compares text by its bytes, that is by code points. Negative: `left` comes first. */
export function compareTexts(left: string, right: string): number {
  if (left === right) return 0;
  if (ASCII.test(left) || ASCII.test(right)) return left < right ? -1 : 1;
  const [mine, theirs] = [[...left], [...right]];
  const i = mine.findIndex((character, at) => character !== theirs[at]);
  if (i < 0) return -1;
  return (mine[i]?.codePointAt(0) ?? 0) - (theirs[i]?.codePointAt(0) ?? -1);
}

/** UTF-8, in which Go counts places in a text. */
export function bytesOf(text: string): number[] {
  return [...text].flatMap((character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x80) return [code];
    if (code < 0x800) return [0xc0 | (code >> 6), 0x80 | (code & 63)];
    if (code < 0x10000) return [0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63)];
    return [0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63)];
  });
}

export const byteLength = (text: string): number => (ASCII.test(text) ? text.length : bytesOf(text).length);

/** The bytes `from` to `to` of a text; an error where that cuts a character. */
export function cutBytes(text: string, from: number, to: number, budget: Budget): string {
  if (ASCII.test(text)) return text.slice(from, to);
  let at = 0;
  let cut = '';
  for (const character of text) {
    const length = byteLength(character);
    const inside = at >= from && at + length <= to;
    if (inside) cut += character;
    else if (at < to && at + length > from) fail(budget, `the slice cuts the character "${character}"`);
    at += length;
  }
  return cut;
}

/** Simple case mapping, a character for a character, as Go's `strings.ToUpper` and `ToLower`. */
export function inCase(text: string, to: 'upper' | 'lower'): string {
  if (ASCII.test(text)) return to === 'upper' ? text.toUpperCase() : text.toLowerCase();
  const mapped = (character: string): string => {
    const other = to === 'upper' ? character.toUpperCase() : character.toLowerCase();
    if (character === 'İ') return to === 'upper' ? character : 'i';
    return [...other].length === 1 ? other : character;
  };
  return [...text].map(mapped).join('');
}

/** Without those characters of `cutset` at both ends; without a `cutset`: without white space. */
export function trimmed(text: string, cutset?: string): string {
  const set = new Set(cutset);
  const goes = (character: string): boolean => (cutset === undefined ? SPACE.test(character) : set.has(character));
  const characters = [...text];
  const from = characters.findIndex((character) => !goes(character));
  const to = characters.findLastIndex((character) => !goes(character));
  return from < 0 ? '' : characters.slice(from, to + 1).join('');
}

export function withoutPrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

export function withoutSuffix(text: string, suffix: string): string {
  return text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : text;
}

/** Go's `strings.SplitN`, and `SplitAfterN` with `keep`; negative `most`: all parts. */
export function parts(
  text: string,
  separator: string,
  most: number,
  keep: boolean,
  budget: Budget,
): readonly Computed[] {
  if (most === 0) return NIL_ARRAY;
  const all = separator === '' ? [...text] : text.split(separator);
  spend(budget, text.length + all.length);
  const kept = most < 0 || most >= all.length ? all : all.slice(0, most - 1);
  const rest = kept === all ? [] : [all.slice(most - 1).join(separator)];
  if (!keep) return [...kept, ...rest];
  return kept.map((part, i) => (i < all.length - 1 ? part + separator : part)).concat(rest);
}

/** Go's `strings.Replace`; negative `most`: everywhere. */
export function replaced(text: string, from: string, to: string, most: number, budget: Budget): string {
  spend(budget, text.length);
  const pieces = from === '' ? ['', ...text] : text.split(from);
  const places = from === '' ? pieces.length : pieces.length - 1;
  const times = most < 0 ? places : Math.min(most, places);
  const size = text.length + times * to.length;
  spend(budget, size);
  if (size > LIMITS.textLength) fail(budget, `text has at most ${LIMITS.textLength} characters`);
  return pieces.map((piece, i) => (i < times ? piece + to : piece + (i < pieces.length - 1 ? from : ''))).join('');
}

export function repeated(text: string, times: number, budget: Budget): string {
  if (times < 0) fail(budget, 'repeat(…) needs a count that is not negative');
  if (text.length * times > LIMITS.textLength) fail(budget, `text has at most ${LIMITS.textLength} characters`);
  spend(budget, text.length * times);
  return text.repeat(times);
}

/** Where a text occurs, in bytes; -1: nowhere. */
export function placeOf(text: string, wanted: string, last: boolean): bigint {
  const at = last ? text.lastIndexOf(wanted) : text.indexOf(wanted);
  return BigInt(at < 0 ? -1 : byteLength(text.slice(0, at)));
}
