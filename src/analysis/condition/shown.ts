import { type Budget, fail, spend } from './budget.ts';
import { compareTexts } from './texts.ts';
import { showDuration } from './times.ts';
import { type Computed, Duration, isArray, isMap, Time, type Value } from './values.ts';

const MOST_DEPTH = 500;

/** A value as Go's `fmt` prints it with `%v`; the text of a time is not understood here. */
export function printed(value: Computed, budget: Budget): string {
  spend(budget, typeof value === 'string' ? 1 + value.length : 1);
  if (value === null) return '<nil>';
  if (typeof value === 'number') return printedFloat(value);
  if (value instanceof Duration) return showDuration(value.ns);
  if (value instanceof Time) return fail(budget, 'the text of a time is not understood here');
  if (isArray(value)) return `[${value.map((item) => printed(item, budget)).join(' ')}]`;
  if (!isMap(value)) return String(value);
  const keys = Object.keys(value).sort(compareTexts);
  return `map[${keys.map((key) => `${key}:${printed(value[key] ?? null, budget)}`).join(' ')}]`;
}

/** `%v` of a float: the shortest digits; an exponent below -4 or from 6 on is written as such. */
function printedFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const [digits = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (value === 0 || (power >= -4 && power < 6)) return plainDecimal(value);
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

function plainDecimal(value: number): string {
  const text = String(value);
  if (!text.includes('e')) return text;
  const [digits = '', exponent = '0'] = text.split('e');
  return `${value < 0 ? '-' : ''}0.${'0'.repeat(-Number(exponent) - 1)}${digits.replace(/[-.]/g, '')}`;
}

/** JSON as Go's `encoding/json` writes it, indented by two. */
export function toJson(value: Computed, budget: Budget, indent = ''): string {
  spend(budget, indent.length + (typeof value === 'string' ? 1 + value.length : 1));
  const inner = `${indent}  `;
  if (typeof value === 'string') return quoted(value);
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return jsonFloat(value, budget);
  if (value instanceof Duration) return String(value.ns);
  if (value instanceof Time) return fail(budget, 'the text of a time is not understood here');
  if (isArray(value)) {
    if (value.length === 0) return '[]';
    return `[\n${value.map((item) => inner + toJson(item, budget, inner)).join(',\n')}\n${indent}]`;
  }
  const keys = Object.keys(value).sort(compareTexts);
  if (keys.length === 0) return '{}';
  const fields = keys.map((key) => `${inner}${quoted(key)}: ${toJson(value[key] ?? null, budget, inner)}`);
  return `{\n${fields.join(',\n')}\n${indent}}`;
}

function jsonFloat(value: number, budget: Budget): string {
  if (!Number.isFinite(value)) return fail(budget, 'toJSON(…) cannot write NaN or an infinite number');
  return Object.is(value, -0)
    ? '-0'
    : String(value)
        .replace(/e([+-])(\d)$/, 'e$1' + '0$2')
        .replace('e-0', 'e-');
}

/** Go also escapes what could end a script. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/[<>&\u2028\u2029\x7f]/g, (character) =>
    character === '\x7f' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** More brackets open at once than a workflow's stack is sure to take; those within text count, too. */
function tooDeep(text: string): boolean {
  let depth = 0;
  for (const character of text) {
    if (character === '[' || character === '{') depth += 1;
    if (character === ']' || character === '}') depth -= 1;
    if (depth > MOST_DEPTH) return true;
  }
  return false;
}

/** Reads JSON; a number that does not fit a float is an error, as in Go. */
export function fromJson(text: string, budget: Budget): Computed {
  spend(budget, text.length);
  if (tooDeep(text)) return fail(budget, 'fromJSON(…) was given JSON that is nested too deep');
  let fits = true;
  const checked = (_: string, value: unknown): unknown => {
    if (typeof value === 'number' && !Number.isFinite(value)) fits = false;
    return typeof value === 'string' ? value.toWellFormed() : value;
  };
  try {
    const value = JSON.parse(text, checked) as Value;
    if (fits) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return fail(budget, 'fromJSON(…) was given no JSON');
}
