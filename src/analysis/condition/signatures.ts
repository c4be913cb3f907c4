import {
  ANY,
  ANYS,
  assignable,
  BOOL,
  DURATION,
  elementOf,
  FLOAT,
  FLOATS,
  INT,
  INT64,
  isNumeric,
  isUnknown,
  isWhole,
  type Kind,
  TEXT,
  TEXTS,
  TIME,
} from './kinds.ts';
import type { FunctionName } from './syntax.ts';

/** Takes such arguments, one list for each way to call it, and gives that. After expr-lang's `builtin/builtin.go`. */
interface Listed {
  readonly takes: readonly (readonly Kind[])[];
  readonly gives: Kind;
}
/** Looks at the arguments itself; `null`: they do not fit. */
type Judged = (args: readonly Kind[]) => Kind | null;

const listed = (gives: Kind, ...takes: (readonly Kind[])[]): Listed => ({ takes, gives });
const one =
  (fits: (kind: Kind) => boolean, gives: Kind | ((kind: Kind) => Kind)): Judged =>
  ([first, ...rest]) => {
    if (first === undefined || rest.length > 0 || !(isUnknown(first) || fits(first))) return null;
    return typeof gives === 'function' ? gives(first) : gives;
  };
const isArrayKind = ({ base }: Kind): boolean => base === 'array';
const isMapKind = ({ base }: Kind): boolean => base === 'map';
/** Durations are whole numbers of nanoseconds to those functions that look at Go's kinds. */
const countable = (kind: Kind): boolean => isNumeric(kind) || kind.base === 'duration';
const convertible = (kind: Kind): boolean => countable(kind) || kind.base === 'text';
/** What is known of the elements of an array literal is not kept by functions. */
const forgetful = (kind: Kind): Kind => (kind.base === 'array' && kind.slice === 'any' ? ANYS : kind);

const aggregate: Judged = (args) => {
  for (const arg of args) {
    if (isUnknown(arg)) return arg.base === 'open' ? arg : ANY;
    if (isArrayKind(arg)) return ANY;
    if (!countable(arg)) return null;
  }
  return args[0] ?? null;
};
const rounded = one(countable, FLOAT);
const arrays: Judged = (args) =>
  args.length > 0 && args.every((arg) => isUnknown(arg) || isArrayKind(arg)) ? ANYS : null;
const end = one(isArrayKind, (kind) => (isUnknown(kind) ? kindless(kind) : elementOf(forgetful(kind))));
const kindless = (kind: Kind): Kind => (kind.base === 'open' ? kind : ANY);
const trimEnd = listed(TEXT, [TEXT, TEXT], [TEXT]);
const parted = listed(TEXTS, [TEXT, TEXT], [TEXT, TEXT, INT]);
const found = listed(INT, [TEXT, TEXT]);
const hasEnd = listed(BOOL, [TEXT, TEXT]);

export const SIGNATURES: Readonly<Record<FunctionName, Listed | Judged>> = {
  asInt: listed(INT64, [ANY]),
  asFloat: listed(FLOAT, [ANY]),
  isNaN: listed(BOOL, [FLOAT]),
  isInf: listed(BOOL, [FLOAT]),
  isNil: listed(BOOL, [ANY]),
  default: listed(ANY, [ANY, ANY]),
  len: one((kind) => isArrayKind(kind) || isMapKind(kind) || kind.base === 'text', INT),
  type: listed(TEXT, [ANY]),
  abs: one(countable, (kind) => (isUnknown(kind) ? kindless(kind) : kind)),
  ceil: rounded,
  floor: rounded,
  round: rounded,
  int: one(convertible, INT),
  float: one(convertible, FLOAT),
  string: listed(TEXT, [ANY]),
  min: aggregate,
  max: aggregate,
  mean: aggregate,
  median: aggregate,
  trim: listed(TEXT, [TEXT], [TEXT, TEXT]),
  trimPrefix: trimEnd,
  trimSuffix: trimEnd,
  upper: listed(TEXT, [TEXT]),
  lower: listed(TEXT, [TEXT]),
  split: parted,
  splitAfter: parted,
  replace: listed(TEXT, [TEXT, TEXT, TEXT, INT], [TEXT, TEXT, TEXT]),
  repeat: listed(TEXT, [TEXT, INT]),
  join: listed(TEXT, [TEXTS, TEXT], [ANYS, TEXT], [ANYS], [TEXTS]),
  indexOf: found,
  lastIndexOf: found,
  hasPrefix: hasEnd,
  hasSuffix: hasEnd,
  toJSON: listed(TEXT, [ANY]),
  fromJSON: listed(ANY, [TEXT]),
  now: (args) => (args.length === 0 ? TIME : null),
  duration: listed(DURATION, [TEXT]),
  date: (args) => (args.length === 1 ? TIME : null),
  first: end,
  last: end,
  get: ([base, key, ...rest]) => {
    if (base === undefined || key === undefined || rest.length > 0) return null;
    if (isUnknown(base)) return base;
    if (isArrayKind(base)) return isWhole(key) || isUnknown(key) ? elementOf(base) : null;
    return isMapKind(base) && (isUnknown(key) || key.base === 'text') ? ANY : null;
  },
  take: ([array, count, ...rest]) => {
    if (array === undefined || count === undefined || rest.length > 0) return null;
    if (!isUnknown(array) && !isArrayKind(array)) return null;
    if (!isUnknown(count) && !isWhole(count) && count.base !== 'duration') return null;
    return isUnknown(array) ? kindless(array) : forgetful(array);
  },
  keys: one(isMapKind, ANYS),
  values: one(isMapKind, ANYS),
  reverse: (args) => (args.length === 1 ? arrays(args) : null),
  uniq: (args) => (args.length === 1 ? arrays(args) : null),
  concat: arrays,
  flatten: (args) => (args.length === 1 ? arrays(args) : null),
  sort: listed(ANYS, [ANYS, TEXT], [FLOATS, TEXT], [TEXTS, TEXT], [ANYS], [FLOATS], [TEXTS]),
};

/** The methods of times and durations, after Go's package `time`. */
export const METHODS: Readonly<Record<'time' | 'duration', Readonly<Record<string, Listed>>>> = {
  duration: {
    Hours: listed(FLOAT, []),
    Minutes: listed(FLOAT, []),
    Seconds: listed(FLOAT, []),
    Milliseconds: listed(INT64, []),
    Microseconds: listed(INT64, []),
    Nanoseconds: listed(INT64, []),
    Abs: listed(DURATION, []),
    String: listed(TEXT, []),
  },
  time: {
    Unix: listed(INT64, []),
    UnixMilli: listed(INT64, []),
    UnixMicro: listed(INT64, []),
    UnixNano: listed(INT64, []),
    Year: listed(INT, []),
    Day: listed(INT, []),
    YearDay: listed(INT, []),
    Hour: listed(INT, []),
    Minute: listed(INT, []),
    Second: listed(INT, []),
    Nanosecond: listed(INT, []),
    Before: listed(BOOL, [TIME]),
    After: listed(BOOL, [TIME]),
    Equal: listed(BOOL, [TIME]),
    Sub: listed(DURATION, [TIME]),
    Add: listed(TIME, [DURATION]),
  },
};

/** What a call gives; `null`: the arguments do not fit. */
export function outcomeOf(signature: Listed | Judged, args: readonly Kind[]): Kind | null {
  if (typeof signature === 'function') return signature(args);
  const fits = signature.takes.some(
    (takes) => takes.length === args.length && takes.every((wanted, i) => accepts(wanted, args[i] ?? ANY)),
  );
  return fits ? signature.gives : null;
}

function accepts(wanted: Kind, given: Kind): boolean {
  if (wanted.base === 'float' && isWhole(given)) return true;
  if (wanted.base === 'int' && isWhole(given)) return true;
  if (given.base === 'nil') return wanted.base === 'any';
  return isUnknown(given) || assignable(given, wanted);
}

/** How many arguments a function takes, in words; `null`: that depends. */
export function countsOf(signature: Listed | Judged): readonly number[] | null {
  return typeof signature === 'function' ? null : signature.takes.map(({ length }) => length);
}

export type { Judged, Listed };
