import { JsonPathError, OPERATORS, type Operator, type Steps } from './syntax.ts';

/** Reads a piece of a path; `base` is where it stands in the whole. */
export type ParseInner = (text: string, base: number) => Steps;

/** A text that is being read, and where it stands in the whole path. */
export interface Source {
  readonly text: string;
  readonly base: number;
  readonly parseInner: ParseInner;
}

type Taken = readonly [steps: Steps, end: number];

/** `[…]` that is no filter: an index, a slice, a key in single quotes, `*`, or several of them. */
export function parseBrackets({ text, base, parseInner }: Source, at: number): Taken {
  const close = text.indexOf(']', at);
  const line = text.indexOf('\n', at);
  if (close < 0 || (line >= 0 && line < close)) throw new JsonPathError(base + at, '"[" is not closed by "]"');
  return [inBrackets(text.slice(at + 1, close), base + at, parseInner), close + 1];
}

function inBrackets(inner: string, at: number, parseInner: ParseInner): Steps {
  const choices = inner.split(',');
  if (choices.length > 1) {
    let from = at + 1;
    const of = choices.map((choice) => {
      const trimmed = choice.replace(/^ +| +$/g, '');
      // The bracket of a choice stands where its comma does, so that columns point into the path as it is written.
      const steps = parseInner(`[${trimmed}]`, from + choice.indexOf(trimmed) - 1);
      from += choice.length + 1;
      return steps;
    });
    return [{ kind: 'union', at, of }];
  }
  const key = /^'([^']*)'$/.exec(inner)?.[1];
  // As in client-go: a key is read as a field, so a dot within it needs a backslash.
  if (key !== undefined) return parseInner(`.${key}`, at + 1);
  return [sliceOf(inner === '*' ? ':' : inner, at)];
}

function sliceOf(written: string, at: number): Steps[number] {
  const [whole, from, to, by] = /^(-?\d*)(?::(-?\d*))?(?::(-?\d*))?$/.exec(written) ?? [];
  if (whole === undefined)
    throw new JsonPathError(at + 1, `"${written.slice(0, 40)}" is neither an index nor a key in single quotes`);
  const number = (digits: string | undefined): number | null => {
    if (digits === undefined || digits === '') return null;
    if (!/^-?\d{1,15}$/.test(digits)) throw new JsonPathError(at + 1, `"${digits.slice(0, 40)}" is no index`);
    return Number(digits);
  };
  const first = number(from);
  if (to === undefined) return { kind: 'slice', at, from: first, to: (first ?? 0) + 1, single: true, by: null };
  const step = number(by);
  if (step !== null && step <= 0) throw new JsonPathError(at + 1, 'a slice goes forward, by 1 or more');
  return { kind: 'slice', at, from: first, to: number(to), single: false, by: step };
}

/** `[?(@.a=="b")]`; one comparison, or a path that has to exist. */
export function parseFilter({ text, base, parseInner }: Source, at: number): Taken {
  const start = at + '[?('.length;
  const close = endOfFilter(text, start, base + at);
  if (text.charAt(close + 1) !== ']') throw new JsonPathError(base + close + 1, 'a filter ends with ")]"');
  const inner = text.slice(start, close);
  const compared = /^([^!<>=]+)([!<>=]+)([\s\S]+)$/.exec(inner);
  const [, left = inner, sign = 'exists', right = ''] = compared ?? [];
  const signAt = base + start + left.length;
  if (sign !== 'exists' && !(OPERATORS as readonly string[]).includes(sign))
    throw new JsonPathError(signAt, `"${sign}" is no comparison; there are ${OPERATORS.join(' ')}`);
  return [
    [
      {
        kind: 'filter',
        at: base + at,
        left: parseInner(left, base + start),
        operator: sign as Operator | 'exists',
        right: parseInner(right, signAt + sign.length),
      },
    ],
    close + 2,
  ];
}

/** The `)` that closes a filter: the first one that does not stand in its one quoted text. */
function endOfFilter(text: string, start: number, at: number): number {
  let quote = '';
  let quoted = false;
  for (let index = start; index < text.length && text.charAt(index) !== '\n'; index += 1) {
    const character = text.charAt(index);
    if (character === '"' || character === "'") {
      if (quote === '') quote = character;
      else if (character === quote && text.charAt(index - 1) !== '\\') quoted = true;
    } else if (character === ')' && (quote !== '') === quoted) return index;
  }
  throw new JsonPathError(at, 'a filter is not closed by ")]"');
}
