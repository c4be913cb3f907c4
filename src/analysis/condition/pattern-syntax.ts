import { type Accepts, parseClass, parseEscapedClass } from './pattern-classes.ts';

/** One instruction of a compiled pattern; running past the last one is a match. */
export type Instruction =
  | { readonly kind: 'character'; readonly accepts: Accepts }
  | { readonly kind: 'assert'; readonly holds: (text: readonly string[], at: number) => boolean }
  | { readonly kind: 'split'; readonly to: readonly number[] };

interface Flags {
  readonly i: boolean;
  readonly m: boolean;
  readonly s: boolean;
}

const MOST_CHARACTERS = 500;
const MOST_INSTRUCTIONS = 2000;
/** As RE2: `x{1000}` is the most. */
const MOST_REPEATS = 1000;
const MOST_DEPTH = 50;
/** `*`, `+`, `?`, `{n}`, `{n,}`, `{n,m}`, each also lazy. */
const REPETITION = /^(?:[*+?]|\{(\d+)(?:(,)(\d*))?\})\??/;

/** Compiles RE2's syntax without `\p{…}` and `[[:name:]]`; like RE2 it knows no backreferences and no lookaround. Throws `Error`. */
export function parsePattern(pattern: string): Instruction[] {
  if (pattern.length > MOST_CHARACTERS) throw new Error(`a pattern has at most ${MOST_CHARACTERS} characters`);
  let at = 0;
  let depth = 0;
  const fail = (message: string): Error => new Error(`in the pattern, at character ${at + 1}: ${message}`);

  // Code is relative: a split's targets are offsets from its own place, made absolute at the end.
  function alternatives(flags: Flags): Instruction[] {
    depth += 1;
    if (depth > MOST_DEPTH) throw fail('groups are nested too deep');
    let current = { ...flags };
    let code: Instruction[] = [];
    const branches: Instruction[][] = [];
    while (at < pattern.length && pattern[at] !== ')') {
      if (pattern[at] === '|') {
        at += 1;
        branches.push(code);
        code = [];
        continue;
      }
      const set = /^\(\?([ims]*)(?:-([ims]+))?\)/.exec(pattern.slice(at));
      if (set !== null) {
        at += set[0].length;
        current = withFlags(current, set[1] ?? '', set[2] ?? '');
        continue;
      }
      const atom = single(current);
      code = bounded([...code, ...repeated(atom)]);
    }
    depth -= 1;
    for (const branch of branches.reverse()) {
      const rest = code;
      code = bounded([split(1, branch.length + 2), ...branch, split(rest.length + 1), ...rest]);
    }
    return code;
  }

  const bounded = (code: Instruction[]): Instruction[] => {
    if (code.length > MOST_INSTRUCTIONS) throw fail('the pattern is too large');
    return code;
  };

  function single(flags: Flags): Instruction[] {
    const character = String.fromCodePoint(pattern.codePointAt(at) ?? 0);
    switch (character) {
      case '(':
        return group(flags);
      case '[': {
        const { accepts, end } = parseClass(pattern, at, flags.i, fail);
        at = end;
        return [{ kind: 'character', accepts }];
      }
      case '.':
        at += 1;
        return [{ kind: 'character', accepts: (code) => flags.s || code !== 10 }];
      case '^':
        at += 1;
        return [{ kind: 'assert', holds: (text, i) => i === 0 || (flags.m && text[i - 1] === '\n') }];
      case '$':
        at += 1;
        return [{ kind: 'assert', holds: (text, i) => i === text.length || (flags.m && text[i] === '\n') }];
      case '*':
      case '+':
      case '?':
      case '{':
        if (REPETITION.test(pattern.slice(at))) throw fail(`"${character}" repeats nothing`);
        at += 1;
        return [{ kind: 'character', accepts: exactly(character, flags.i) }];
      case '\\':
        return escaped(flags);
      default:
        at += character.length;
        return [{ kind: 'character', accepts: exactly(character, flags.i) }];
    }
  }

  function group(flags: Flags): Instruction[] {
    const opening = /^\((?:\?P?<[A-Za-z_]\w*>|\?([ims]*)(?:-([ims]+))?:)?/.exec(pattern.slice(at))?.[0] ?? '(';
    if (opening === '(' && pattern[at + 1] === '?') throw fail('lookaround and this kind of group are not possible');
    const [, set = '', unset = ''] = /^\(\?([ims]*)(?:-([ims]+))?:/.exec(opening) ?? [];
    at += opening.length;
    const code = alternatives(withFlags(flags, set, unset));
    if (pattern[at] !== ')') throw fail('")" is missing');
    at += 1;
    return code;
  }

  function escaped(flags: Flags): Instruction[] {
    const letter = pattern[at + 1] ?? '';
    const boundary = { b: true, B: false }[letter];
    if (boundary !== undefined) {
      at += 2;
      return [{ kind: 'assert', holds: (text, i) => (isWord(text[i - 1]) !== isWord(text[i])) === boundary }];
    }
    if (letter === 'A' || letter === 'z') {
      at += 2;
      return [{ kind: 'assert', holds: (text, i) => i === (letter === 'A' ? 0 : text.length) }];
    }
    const { accepts, end } = parseEscapedClass(pattern, at, flags.i, fail);
    at = end;
    return [{ kind: 'character', accepts }];
  }

  function repeated(atom: Instruction[]): Instruction[] {
    const found = REPETITION.exec(pattern.slice(at));
    if (found === null) return atom;
    at += found[0].length;
    if (REPETITION.test(pattern.slice(at))) throw fail('a repetition cannot be repeated; write (?:…)');
    const [least, most] = timesOf(found[0], found[1], found[2], found[3]);
    if (least > MOST_REPEATS || (most !== null && (most > MOST_REPEATS || most < least)))
      throw fail(`a repetition is at most ${MOST_REPEATS}, least first`);
    const code: Instruction[] = [];
    for (let i = 0; i < least; i += 1) bounded(append(code, atom));
    if (most === null) return bounded([...code, split(1, atom.length + 2), ...atom, split(-atom.length - 1)]);
    for (let i = least; i < most; i += 1) bounded(append(code, [split(1, atom.length + 1), ...atom]));
    return code;
  }

  const code = alternatives({ i: false, m: false, s: false });
  if (at < pattern.length) throw fail('")" closes nothing');
  return code.map((instruction, index) =>
    instruction.kind === 'split' ? { kind: 'split', to: instruction.to.map((offset) => index + offset) } : instruction,
  );
}

/** How often `*`, `+`, `?`, `{n}`, `{n,}` and `{n,m}` repeat; `null`: without end. */
function timesOf(sign: string, from = '', comma = '', to = ''): readonly [least: number, most: number | null] {
  if (sign.startsWith('*')) return [0, null];
  if (sign.startsWith('+')) return [1, null];
  if (sign.startsWith('?')) return [0, 1];
  const least = Number(from);
  if (comma === '') return [least, least];
  return [least, to === '' ? null : Number(to)];
}

function append(code: Instruction[], more: readonly Instruction[]): Instruction[] {
  code.push(...more);
  return code;
}

function split(...to: number[]): Instruction {
  return { kind: 'split', to };
}

function withFlags(flags: Flags, set: string, unset: string): Flags {
  const now = (flag: 'i' | 'm' | 's'): boolean => (flags[flag] || set.includes(flag)) && !unset.includes(flag);
  return { i: now('i'), m: now('m'), s: now('s') };
}

function exactly(character: string, ignoreCase: boolean): Accepts {
  const codes = ignoreCase ? [character.toLowerCase(), character.toUpperCase()] : [character];
  const accepted = codes.map((one) => one.codePointAt(0));
  return (code) => accepted.includes(code);
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /^\w$/.test(character);
}
