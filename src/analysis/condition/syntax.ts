import type { Computed } from './values.ts';

/** The tree of a parsed condition. `at` is the 0-based offset of the token that makes the node. */
export type Node =
  | { readonly kind: 'literal'; readonly at: number; readonly value: null | boolean | bigint | number | string }
  /** An array of literals, made while constants are folded. */
  | { readonly kind: 'constant'; readonly at: number; readonly value: readonly Computed[] }
  | { readonly kind: 'result'; readonly at: number }
  /** `#` and the object of a bare `.name`, `#index`, `#acc`, inside a predicate. */
  | { readonly kind: 'element'; readonly at: number; readonly name: 'value' | 'index' | 'acc' }
  | { readonly kind: 'variable'; readonly at: number; readonly slot: number }
  | { readonly kind: 'array'; readonly at: number; readonly items: readonly Node[] }
  | { readonly kind: 'map'; readonly at: number; readonly pairs: readonly { key: Node; value: Node }[] }
  | { readonly kind: 'member'; readonly at: number; readonly of: Node; readonly key: Node; readonly optional: boolean }
  | MethodNode
  /** Where an `?.` that met nil ends: the whole chain is nil. */
  | { readonly kind: 'chain'; readonly at: number; readonly of: Node }
  | {
      readonly kind: 'slice';
      readonly at: number;
      readonly of: Node;
      readonly from: Node | null;
      readonly to: Node | null;
    }
  | { readonly kind: 'unary'; readonly at: number; readonly operator: UnaryOperator; readonly of: Node }
  | BinaryNode
  /** `x in ["a", "b"]`, `x in [1, 2]`: expr-lang looks the value up by its type, see `prepare.ts`. */
  | { readonly kind: 'oneOf'; readonly at: number; readonly of: Node; readonly set: ReadonlySet<bigint | string> }
  | { readonly kind: 'choice'; readonly at: number; readonly when: Node; readonly yes: Node; readonly no: Node }
  | { readonly kind: 'call'; readonly at: number; readonly name: FunctionName; readonly args: readonly Node[] }
  | EachNode
  | { readonly kind: 'let'; readonly at: number; readonly slot: number; readonly value: Node; readonly body: Node }
  | { readonly kind: 'sequence'; readonly at: number; readonly items: readonly Node[] };

export interface BinaryNode {
  readonly kind: 'binary';
  readonly at: number;
  readonly operator: BinaryOperator;
  readonly left: Node;
  readonly right: Node;
  /** Both sides of `==` were found to be whole numbers, or text, and expr-lang stops where a value is not; of `in` the left. `never`: arrays that Go never calls equal. */
  readonly exact?: 'bigint' | 'string' | 'never';
}

export interface MethodNode {
  readonly kind: 'method';
  readonly at: number;
  readonly of: Node;
  readonly name: string;
  readonly args: readonly Node[];
  readonly optional: boolean;
}

export interface EachNode {
  readonly kind: 'each';
  readonly at: number;
  readonly name: EachName;
  readonly of: Node;
  readonly body: Node | null;
  /** The start value of `reduce`, the order of `sortBy`. */
  readonly extra: Node | null;
  /** What `filter` and `find` give of an element that fits, where a `map` was merged into them. */
  readonly map?: Node;
  /** `filter(…)[0]` was merged into `find`: nothing found is an error. */
  readonly throws?: boolean;
  /** `count` need not count further. */
  readonly enough?: number;
}

export type UnaryOperator = 'not' | '-' | '+';

export const COMPARISONS = ['<', '>', '<=', '>='] as const;
export type Comparison = (typeof COMPARISONS)[number];

export const ARITHMETIC = ['+', '-', '*', '/', '%', '**'] as const;
export type Arithmetic = (typeof ARITHMETIC)[number];

export const TEXT_TESTS = ['matches', 'contains', 'startsWith', 'endsWith'] as const;
export type TextTest = (typeof TEXT_TESTS)[number];

export type BinaryOperator = Comparison | Arithmetic | TextTest | '==' | '!=' | 'and' | 'or' | 'in' | '??' | '..';

/** Functions that go through an array, and what they take: `!` a predicate, `?` one that may be left out, `+` an extra value. */
export const EACH = {
  all: '!',
  any: '!',
  one: '!',
  none: '!',
  filter: '!',
  map: '!',
  count: '?',
  sum: '?',
  find: '!',
  findIndex: '!',
  findLast: '!',
  findLastIndex: '!',
  sortBy: '!+',
  reduce: '!+',
} as const;
export type EachName = keyof typeof EACH;

/** Argo's own functions of a condition, then expr-lang's. */
// biome-ignore format: a list of names
export const FUNCTIONS = [
  'asInt', 'asFloat', 'isNaN', 'isInf', 'isNil', 'default',
  'len', 'type', 'abs', 'ceil', 'floor', 'round', 'int', 'float', 'string', 'min', 'max', 'mean', 'median',
  'trim', 'trimPrefix', 'trimSuffix', 'upper', 'lower', 'split', 'splitAfter', 'replace', 'repeat', 'join',
  'indexOf', 'lastIndexOf', 'hasPrefix', 'hasSuffix', 'toJSON', 'fromJSON', 'now', 'duration', 'date',
  'first', 'last', 'get', 'take', 'keys', 'values', 'reverse', 'uniq', 'concat', 'flatten', 'sort',
] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

/** Functions of expr-lang that conditions have no use for. */
export const REFUSED_FUNCTIONS: readonly string[] = [
  ...['groupBy', 'toPairs', 'fromPairs', 'toBase64', 'fromBase64', 'timezone', 'bitand', 'bitor', 'bitxor', 'bitnand'],
  ...['bitshl', 'bitshr', 'bitushr', 'bitnot'],
];

/** What a condition may cost at most; a plan comes from a file, and a workflow must never hang. */
export const LIMITS = { characters: 4096, depth: 100, nodes: 1000, steps: 1_000_000, textLength: 65_536 } as const;

/** A condition that cannot be read or evaluated, and where. */
export class ConditionError extends Error {
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.name = 'ConditionError';
    this.at = at;
  }
}

/** Whether `list` holds `item`, as a type guard. */
export function oneOf<T extends string>(list: readonly T[], item: string): item is T {
  return (list as readonly string[]).includes(item);
}
