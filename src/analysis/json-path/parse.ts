import { parseFloatText } from '../condition/index.ts';
import { unicode } from '../unicode.ts';
import { parseBrackets, parseFilter } from './brackets.ts';
import { unquoted } from './quoted.ts';
import { type JsonPath, JsonPathError, LIMITS, type Step, type Steps } from './syntax.ts';

const NUMBER_START = unicode(String.raw`[+\-\p{Nd}]`);
const WORD_START = unicode(String.raw`[_\p{L}]`);
const WORD_PART = unicode(String.raw`[_\p{L}\p{Nd}]`);

/** The steps of a text in braces, and where it ended. */
interface Read {
  readonly steps: Steps;
  readonly end: number;
}

/**
 * Reads a template of client-go's `util/jsonpath`, as `kubectl -o jsonpath` takes it. Throws `JsonPathError`; bounded in
 * length.
 */
export function parse(text: string): JsonPath {
  if (text.length > LIMITS.characters)
    throw new JsonPathError(0, `a path has at most ${LIMITS.characters} characters, this one ${text.length}`);
  const parts: Steps[] = [];
  for (let at = 0; at < text.length; ) {
    const brace = text.indexOf('{', at);
    const until = brace < 0 ? text.length : brace;
    if (until > at) parts.push([{ kind: 'text', at, text: text.slice(at, until) }]);
    if (brace < 0) break;
    const { steps, end } = read(text, brace + 1, 0, true);
    parts.push(steps);
    at = end;
  }
  return parts;
}

/** Reads a piece of a path that is no longer in braces. */
function parseInner(text: string, base: number): Steps {
  return read(text, 0, base, false).steps;
}

function read(text: string, start: number, base: number, inBraces: boolean): Read {
  const steps: Step[] = [];
  let at = start;
  for (;;) {
    const character = text.charAt(at);
    if (character === '' && !inBraces) return { steps, end: at };
    if (character === '}' && inBraces) return { steps, end: at + 1 };
    if (character === '' || character === '\n' || character === '\r')
      throw new JsonPathError(base + at, 'a "{" is not closed by "}" on its line');
    if (character === ' ' || character === '@' || character === '$') at += 1;
    else {
      const [step, end] = readStep(text, at, base, steps);
      steps.push(...step);
      at = end;
    }
  }
}

type Taken = readonly [steps: Steps, end: number];

function readStep(text: string, at: number, base: number, before: Steps): Taken {
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  if (text.startsWith('[?(', at)) return parseFilter({ text, base, parseInner }, at);
  if (text.startsWith('..', at)) return readDescent(text, at, base, before);
  if (character === '[') return parseBrackets({ text, base, parseInner }, at);
  if (character === '"' || character === "'") return readQuoted(text, at, base);
  if (character === '.') return readField(text, at + 1, base);
  if (NUMBER_START.test(character)) return readNumber(text, at, base);
  if (WORD_START.test(character)) return readWord(text, at, base);
  throw new JsonPathError(base + at, `unexpected "${character}"`);
}

function readDescent(text: string, at: number, base: number, before: Steps): Taken {
  if (before[before.length - 1]?.kind === 'descent') throw new JsonPathError(base + at, '".." stands twice in a row');
  const descent: Step = { kind: 'descent', at: base + at };
  const next = String.fromCodePoint(text.codePointAt(at + 2) ?? 0);
  if (!WORD_PART.test(next)) return [[descent], at + 2];
  const [field, end] = readField(text, at + 2, base);
  return [[descent, ...field], end];
}

/** A field's name goes up to the next sign of the syntax; a backslash takes the next character as it is. */
function readField(text: string, at: number, base: number): Taken {
  let end = at;
  while (end < text.length && !/[ \t\r\n.,[\]$@{}]/.test(text.charAt(end))) end += text.charAt(end) === '\\' ? 2 : 1;
  end = Math.min(end, text.length);
  const name = text.slice(at, end);
  if (name === '*') return [[{ kind: 'wildcard', at: base + at }], end];
  return [[{ kind: 'field', at: base + at, name: name.replaceAll('\\', '') }], end];
}

function readQuoted(text: string, at: number, base: number): Taken {
  const quote = text.charAt(at);
  let end = at + 1;
  // As in client-go: a quote after a backslash does not end, also where the backslash is itself escaped.
  while (text.charAt(end) !== quote || text.charAt(end - 1) === '\\') {
    if (end >= text.length || text.charAt(end) === '\n')
      throw new JsonPathError(base + at, 'a quoted text does not end');
    end += 1;
  }
  return [[{ kind: 'text', at: base + at, text: unquoted(text.slice(at + 1, end), quote, base + at) }], end + 1];
}

function readNumber(text: string, at: number, base: number): Taken {
  const written = unicode(String.raw`[+-]?[.\p{Nd}]*`, 'uy');
  written.lastIndex = at;
  const [number = ''] = written.exec(text) ?? [];
  const end = at + number.length;
  if (/^[+-]?\d+$/.test(number)) {
    const whole = BigInt(number.replace('+', ''));
    if (BigInt.asIntN(64, whole) === whole) return [[{ kind: 'literal', at: base + at, value: whole }], end];
  }
  const value = parseFloatText(number);
  if (value === null) throw new JsonPathError(base + at, `"${number.slice(0, 40)}" is no number`);
  return [[{ kind: 'literal', at: base + at, value }], end];
}

function readWord(text: string, at: number, base: number): Taken {
  const [word = ''] = /^[^ \t\r\n.,[\]$@{}]+/.exec(text.slice(at)) ?? [];
  if (word === 'true' || word === 'false')
    return [[{ kind: 'literal', at: base + at, value: word === 'true' }], at + word.length];
  if (word === 'range' || word === 'end')
    throw new JsonPathError(base + at, `"${word}" is not understood; a metric is one value: write {.items[0].value}`);
  throw new JsonPathError(base + at, `"${word.slice(0, 40)}" is not known; a field is written .${word.slice(0, 40)}`);
}
