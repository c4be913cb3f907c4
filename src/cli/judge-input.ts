import type { Measurement, Value } from '../analysis/index.ts';

/** Levels of nesting of a value; deeper ones would not fit the stack of whoever shows them. */
const MOST_LEVELS = 500;

/** Characters of a provider's error that are shown. */
const MOST_OF_AN_ERROR = 400;

/** Stands for NaN until the text is read; nobody writes a NUL. */
const NAN = '\u0000NaN';

/** Numbers that JSON lacks, as Prometheus writes them. */
const WORDS: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  '+Inf': Number.POSITIVE_INFINITY,
  '-Inf': Number.NEGATIVE_INFINITY,
};

/**
 * JSON, and besides it the bare words `NaN`, `Infinity` and `-Infinity`, which Python and others write into it.
 *
 * @throws SyntaxError where it is neither.
 */
export function parseInput(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const inJson = withNumbers(text);
    if (inJson === null || inJson === text) throw error;
    return JSON.parse(inJson, (_, value: unknown) => (value === NAN ? Number.NaN : value));
  }
}

/** The text with the bare words in a form that is JSON: a number beyond the greatest float is read as infinite. */
function withNumbers(text: string): string | null {
  // Strings, closed or not, are passed over.
  const words = /"[^"\\]*(?:\\.[^"\\]*)*"?|-?Infinity|NaN/gs;
  try {
    return text.replace(words, (found) => {
      if (found.startsWith('"')) return found;
      return found === 'NaN' ? JSON.stringify(NAN) : found.replace('Infinity', '1e999');
    });
  } catch {
    // A string with millions of escapes is beyond the stack of regular expressions.
    return null;
  }
}

/**
 * One measurement as its condition sees it: in a list of nothing but numbers `"NaN"`, `"+Inf"` and `"-Inf"` are those
 * numbers; anywhere else text is text.
 *
 * @example readMeasurement({ value: [0.99, 'NaN'] }) // { value: [0.99, NaN] }
 */
export function readMeasurement(given: unknown): Measurement | { readonly because: string } {
  const keys = typeof given === 'object' && given !== null ? Object.keys(given) : [];
  const { value, error } = (keys.length === 1 ? given : {}) as { value?: unknown; error?: unknown };
  if (typeof error === 'string') return { error: error.slice(0, MOST_OF_AN_ERROR) };
  if (value === undefined) return { because: 'expected {"value": …} or {"error": "…"}' };
  if (tooDeep(value)) return { because: `is nested more than ${MOST_LEVELS} deep` };
  return { value: Array.isArray(value) ? numbersOf(value) : (value as Value) };
}

function numbersOf(list: readonly unknown[]): Value {
  const numbers = list.map((item) => (typeof item === 'string' && Object.hasOwn(WORDS, item) ? WORDS[item] : item));
  return numbers.every((item) => typeof item === 'number') ? numbers : (list as readonly Value[]);
}

function tooDeep(json: unknown): boolean {
  let level = [json];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MOST_LEVELS) return true;
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []));
  }
  return false;
}
