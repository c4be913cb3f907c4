import type { Value } from './condition/index.ts';

const MOST_SHOWN = 8;
const DIGITS = 4;
const MOST_CHARACTERS = 160;

/**
 * A number for people, cut (never rounded over a limit) after four decimals or significant digits; `…` says that it
 * was cut.
 *
 * @example showNumber(0.98999) // '0.9899…'
 */
export function showNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const exact = Object.is(value, -0) ? '-0' : String(value);
  const [, whole = '', decimals = '', exponent = ''] = /^(-?\d+)(?:\.(\d+))?(e.*)?$/.exec(exact) ?? [exact, exact];
  const leadingZeros = /^-?0$/.test(whole) ? (/^0*/.exec(decimals)?.[0].length ?? 0) : 0;
  const kept = leadingZeros + DIGITS;
  return decimals.length > kept ? `${whole}.${decimals.slice(0, kept)}…${exponent}` : exact;
}

/** What a condition sees as `result`, in short: `[0.9934…]`, `0.5`, `[1, 2, … 40 more]`, `{"status":"ok"}`. */
export function showResult(result: Value): string {
  if (typeof result === 'number') return showNumber(result);
  if (!Array.isArray(result)) return shortened(inJson(result));
  const shown = result.slice(0, MOST_SHOWN).map(showResult);
  const more = result.length - shown.length;
  return shortened(`[${[...shown, ...(more > 0 ? [`… ${more} more`] : [])].join(', ')}]`);
}

function inJson(value: Value): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'bigint') return Number(part);
    return typeof part === 'number' && !Number.isFinite(part) ? showNumber(part) : part;
  });
}

const shortened = (text: string) => (text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text);

/** `1 reading`, `3 readings`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
