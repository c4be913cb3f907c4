/** Whether a code point is accepted. */
export type Accepts = (code: number) => boolean;

type Fail = (message: string) => Error;
type Range = readonly [least: number, most: number];

const NAMED: Readonly<Record<string, readonly Range[]>> = {
  d: [[48, 57]],
  w: [
    [48, 57],
    [65, 90],
    [95, 95],
    [97, 122],
  ],
  s: [
    [9, 10],
    [12, 13],
    [32, 32],
  ],
};
const CONTROL: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

/** `\d`, `\W`, `\.`, `\x41`, `\x{1F600}`: what an escape at `start` accepts. */
export function parseEscapedClass(
  pattern: string,
  start: number,
  ignoreCase: boolean,
  fail: Fail,
): { accepts: Accepts; end: number } {
  const { ranges, end } = escapedRanges(pattern, start, fail);
  return { accepts: acceptsAny(ranges, ignoreCase), end };
}

/** `[a-z_]`, `[^\d,]`: what a class at `start` accepts. */
export function parseClass(
  pattern: string,
  start: number,
  ignoreCase: boolean,
  fail: Fail,
): { accepts: Accepts; end: number } {
  const negated = pattern[start + 1] === '^';
  const first = start + (negated ? 2 : 1);
  const ranges: Range[] = [];
  let at = first;
  while (at === first || pattern[at] !== ']') {
    if (at >= pattern.length) throw fail('"]" is missing');
    if (pattern.startsWith('[:', at)) throw fail('named classes are not known here; use \\d, \\w, \\s or a range');
    const from = classItem(pattern, at, fail);
    at = from.end;
    const ranged =
      from.ranges.length === 1 && pattern[at] === '-' && pattern[at + 1] !== ']' && at + 1 < pattern.length;
    if (!ranged) {
      ranges.push(...from.ranges);
      continue;
    }
    const to = classItem(pattern, at + 1, fail);
    const [least, most] = [from.ranges[0]?.[0] ?? 0, to.ranges[0]?.[1] ?? 0];
    if (to.ranges.length !== 1 || least > most) throw fail('a range goes from a lower to a higher character');
    ranges.push([least, most]);
    at = to.end;
  }
  const accepts = acceptsAny(ranges, ignoreCase);
  return { accepts: negated ? (code) => !accepts(code) : accepts, end: at + 1 };
}

function classItem(pattern: string, at: number, fail: Fail): { ranges: readonly Range[]; end: number } {
  if (pattern[at] === '\\') return escapedRanges(pattern, at, fail);
  const code = pattern.codePointAt(at) ?? 0;
  return { ranges: [[code, code]], end: at + String.fromCodePoint(code).length };
}

function escapedRanges(pattern: string, start: number, fail: Fail): { ranges: readonly Range[]; end: number } {
  const letter = pattern[start + 1] ?? '';
  const named = NAMED[letter.toLowerCase()];
  if (named !== undefined) return { ranges: letter in NAMED ? named : others(named), end: start + 2 };
  const hexadecimal = /^\\x(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]{1,6})\})/.exec(pattern.slice(start));
  if (hexadecimal !== null) {
    const code = Number.parseInt(hexadecimal[1] ?? hexadecimal[2] ?? '', 16);
    return { ranges: [[code, code]], end: start + hexadecimal[0].length };
  }
  const control = CONTROL[letter];
  if (control !== undefined) return { ranges: [[control, control]], end: start + 2 };
  if (letter !== '' && /^[!-/:-@[-`{-~]$/.test(letter)) {
    const code = letter.charCodeAt(0);
    return { ranges: [[code, code]], end: start + 2 };
  }
  throw fail(/\d/.test(letter) ? 'backreferences are not possible' : `the escape "\\${letter}" is not known`);
}

function others(ranges: readonly Range[]): Range[] {
  const gaps: Range[] = [];
  let next = 0;
  for (const [least, most] of ranges) {
    if (least > next) gaps.push([next, least - 1]);
    next = most + 1;
  }
  return [...gaps, [next, 0x10ffff]];
}

function acceptsAny(ranges: readonly Range[], ignoreCase: boolean): Accepts {
  const within = (code: number): boolean => ranges.some(([least, most]) => code >= least && code <= most);
  if (!ignoreCase) return within;
  return (code) => {
    const character = String.fromCodePoint(code);
    return [character, character.toLowerCase(), character.toUpperCase()].some((one) => within(one.codePointAt(0) ?? 0));
  };
}
