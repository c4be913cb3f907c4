import { isArray, isNumber, type Value } from './values.ts';

/**
 * What is known of a value before it is there, after expr-lang's `checker/nature`, which Argo runs on each result.
 * `unknown` and `any` accept every operation; they differ where kinds are compared, as Go's missing type and its
 * interface type do. `open` is what a value is called whose kind depends on a result that is not there yet.
 */
export interface Kind {
  readonly base: Base;
  /** Of an array: what Go's slice holds, and what is known of its elements besides. */
  readonly slice?: 'any' | 'float' | 'text';
  readonly of?: Kind;
  /** Made by `..`: Go holds whole numbers in it, of which it equals no array of floats and joins none. */
  readonly range?: true;
}
type Base =
  | 'open'
  | 'unknown'
  | 'any'
  | 'nil'
  | 'bool'
  | 'int'
  | 'int64'
  | 'float'
  | 'text'
  | 'map'
  | 'time'
  | 'duration'
  | 'array';

const plain = <B extends Base>(base: B): Kind & { readonly base: B } => ({ base });
export const OPEN = plain('open');
export const UNKNOWN = plain('unknown');
export const ANY = plain('any');
export const NIL = plain('nil');
export const BOOL = plain('bool');
export const INT = plain('int');
export const INT64 = plain('int64');
export const FLOAT = plain('float');
export const TEXT = plain('text');
export const MAP = plain('map');
export const TIME = plain('time');
export const DURATION = plain('duration');
export const FLOATS: Kind = { base: 'array', slice: 'float', of: FLOAT };
export const TEXTS: Kind = { base: 'array', slice: 'text', of: TEXT };
export const ANYS: Kind = { base: 'array', slice: 'any', of: ANY };
export const RANGE: Kind = { base: 'array', slice: 'any', of: INT, range: true };
export const arrayOf = (of: Kind): Kind => ({ base: 'array', slice: 'any', of });

/** What `result` will be: numbers as Prometheus answers them (`[0.99]` or `0.99`), or anything. */
export type ResultShape = 'numbers' | 'any';

/** The kind of a measured value. Without a shape an array with nothing but numbers is taken for one of Prometheus. */
export function kindOfResult(value: Value, shape?: ResultShape): Kind {
  if (value === null) return NIL;
  if (isArray(value)) {
    const numbers = shape === undefined ? value.length > 0 && value.every(isNumber) : shape === 'numbers';
    return numbers ? FLOATS : ANYS;
  }
  if (isNumber(value)) return FLOAT;
  return typeof value === 'string' ? TEXT : typeof value === 'boolean' ? BOOL : MAP;
}

export const isUnknown = ({ base }: Kind): boolean => base === 'unknown' || base === 'any' || base === 'open';
export const isWhole = ({ base }: Kind): boolean => base === 'int' || base === 'int64';
export const isNumeric = (kind: Kind): boolean => isWhole(kind) || kind.base === 'float';
export const may = (kind: Kind, base: Base): boolean => isUnknown(kind) || kind.base === base;
export const mayBeWhole = (kind: Kind): boolean => isUnknown(kind) || isWhole(kind);

/** Go's `reflect.Kind`; a duration is an int64 to it. */
function goKind({ base }: Kind): string {
  if (base === 'nil' || base === 'unknown') return 'none';
  return base === 'duration' ? 'int64' : base;
}

/** Whether an array literal keeps what is known of its elements: their Go kinds are the same. */
export const alike = (left: Kind, right: Kind): boolean => left.base !== 'open' && goKind(left) === goKind(right);

export function assignable(from: Kind, to: Kind): boolean {
  if (from.base === 'open' || to.base === 'open') return false;
  if (from.base === 'nil') return to.base === 'any' || to.base === 'map' || to.base === 'array';
  if (from.base === 'unknown' || to.base === 'unknown' || to.base === 'nil') return false;
  return to.base === 'any' || (from.base === to.base && from.slice === to.slice);
}

export function comparable(left: Kind, right: Kind): boolean {
  return (
    isUnknown(left) ||
    isUnknown(right) ||
    left.base === 'nil' ||
    right.base === 'nil' ||
    (isNumeric(left) && isNumeric(right)) ||
    (left.base === 'array' && right.base === 'array') ||
    assignable(left, right)
  );
}

/** Whether two sides can meet although one is not known: the other must be one of what the operator takes. */
export function mayMeet(left: Kind, right: Kind, takes: (kind: Kind) => boolean): boolean {
  if (isUnknown(left)) return isUnknown(right) || takes(right);
  return isUnknown(right) && takes(left);
}

/** What is known of an element of an array or a field of a map. */
export function elementOf(kind: Kind): Kind {
  if (kind.base === 'array') return kind.of ?? ANY;
  return kind.base === 'map' ? ANY : kind.base === 'open' ? OPEN : UNKNOWN;
}

export function kindWords({ base }: Kind): string {
  const words: Readonly<Record<Base, string>> = {
    open: 'anything',
    unknown: 'anything',
    any: 'anything',
    nil: 'nil',
    bool: 'true or false',
    int: 'a whole number',
    int64: 'a whole number',
    float: 'a number',
    text: 'text',
    map: 'an object',
    time: 'a time',
    duration: 'a duration',
    array: 'an array',
  };
  return words[base];
}
