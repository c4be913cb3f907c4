/**
 * What a condition computes with. As in Go, whole numbers (`bigint`, 64 bits) and floats (`number`) are different;
 * what a provider measured is always a float.
 */
export type Value = null | boolean | bigint | number | string | readonly Value[] | { readonly [key: string]: Value };

/** What an evaluation may still spend, and what it saw on the way. */
export interface Budget {
  steps: number;
  /** A comparison met a value that is not a number. */
  metNaN: boolean;
}

/** Takes steps from the budget: one a value, and as many as there are elements or characters to look at. */
export function spend(budget: Budget, steps: number): void {
  budget.steps -= steps;
  if (budget.steps < 0) throw new Error('evaluation takes too many steps');
}

export const isNumber = (value: Value): value is bigint | number =>
  typeof value === 'bigint' || typeof value === 'number';
export const isArray = (value: Value): value is readonly Value[] => Array.isArray(value);
export const isMap = (value: Value): value is { readonly [key: string]: Value } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The kind of a value, for messages. */
export function kindName(value: Value): string {
  if (value === null) return 'nil';
  if (isArray(value)) return 'an array';
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
