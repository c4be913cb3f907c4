/** What a provider measured: a number is always a float. */
export type Value = null | boolean | bigint | number | string | readonly Value[] | { readonly [key: string]: Value };

/** A span of time in nanoseconds, 64 bits, as Go's `time.Duration`. A class, so that no measured object is mistaken for one. */
export class Duration {
  readonly ns: bigint;
  constructor(ns: bigint) {
    this.ns = BigInt.asIntN(64, ns);
  }
}

/** A moment in nanoseconds since 1970, as Go's `time.Time`, and the offset of the zone it was written in. */
export class Time {
  readonly ns: bigint;
  readonly offsetMinutes: number;
  constructor(ns: bigint, offsetMinutes = 0) {
    this.ns = ns;
    this.offsetMinutes = offsetMinutes;
  }
}

/** What a condition computes with. As in Go, whole numbers (`bigint`, 64 bits) and floats (`number`) are different. */
export type Computed =
  | null
  | boolean
  | bigint
  | number
  | string
  | Duration
  | Time
  | readonly Computed[]
  | { readonly [key: string]: Computed };

/** What Go calls a nil slice: an array without elements that equals nil, such as `concat([])`. */
export const NIL_ARRAY: readonly Computed[] = Object.freeze([]);

export const isNil = (value: Computed): boolean => value === null || value === NIL_ARRAY;
export const isNumber = (value: Computed): value is bigint | number =>
  typeof value === 'number' || typeof value === 'bigint';
export const isArray = (value: Computed): value is readonly Computed[] => Array.isArray(value);
export const isMap = (value: Computed): value is { readonly [key: string]: Computed } =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Duration) &&
  !(value instanceof Time);

/** The kind of a value, for messages. */
export function kindName(value: Computed): string {
  if (value === null) return 'nil';
  if (isArray(value)) return 'an array';
  if (value instanceof Duration) return 'a duration';
  if (value instanceof Time) return 'a time';
  switch (typeof value) {
    case 'boolean':
      return 'true or false';
    case 'bigint':
      return 'a whole number';
    case 'number':
      return 'a number';
    case 'string':
      return 'text';
    default:
      return 'an object';
  }
}

/** Reads a number as Go's `strconv.ParseFloat` does (`1e-05`, `NaN`, `+Inf`); `null`: it is none, or out of range. */
export function parseFloatText(text: string): number | null {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? value : null;
  }
  if (/^nan$/i.test(text)) return Number.NaN;
  if (/^\+?inf(?:inity)?$/i.test(text)) return Number.POSITIVE_INFINITY;
  return /^-inf(?:inity)?$/i.test(text) ? Number.NEGATIVE_INFINITY : null;
}

/** Reads a whole number as Go's `strconv.ParseInt` in base 10; `null`: it is none, or does not fit 64 bits. */
export function parseIntText(text: string): bigint | null {
  if (!/^[+-]?\d+$/.test(text) || text.length > 400) return null;
  const whole = BigInt(text.replace(/^\+/, ''));
  return BigInt.asIntN(64, whole) === whole ? whole : null;
}
