/** The tree of a parsed condition. `at` is the 0-based offset of the token that makes the node. */
export type Node =
  | { readonly kind: 'literal'; readonly at: number; readonly value: null | boolean | bigint | number | string }
  | { readonly kind: 'result'; readonly at: number }
  /** `#`, and the object of a bare `.name`, inside a predicate. */
  | { readonly kind: 'element'; readonly at: number }
  | { readonly kind: 'array'; readonly at: number; readonly items: readonly Node[] }
  | { readonly kind: 'member'; readonly at: number; readonly of: Node; readonly key: Node; readonly optional: boolean }
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
  | {
      readonly kind: 'binary';
      readonly at: number;
      readonly operator: BinaryOperator;
      readonly left: Node;
      readonly right: Node;
    }
  | { readonly kind: 'choice'; readonly at: number; readonly when: Node; readonly then: Node; readonly otherwise: Node }
  | { readonly kind: 'call'; readonly at: number; readonly name: FunctionName; readonly args: readonly Node[] }
  | {
      readonly kind: 'each';
      readonly at: number;
      readonly name: EachName;
      readonly of: Node;
      readonly predicate: Node | null;
    };

export type UnaryOperator = 'not' | '-' | '+';

export const COMPARISONS = ['<', '>', '<=', '>='] as const;
export type Comparison = (typeof COMPARISONS)[number];

export const ARITHMETIC = ['+', '-', '*', '/', '%', '**'] as const;
export type Arithmetic = (typeof ARITHMETIC)[number];

export const TEXT_TESTS = ['matches', 'contains', 'startsWith', 'endsWith'] as const;
export type TextTest = (typeof TEXT_TESTS)[number];

export type BinaryOperator = Comparison | Arithmetic | TextTest | '==' | '!=' | 'and' | 'or' | 'in' | '??';

/** Functions that go through an array; `count` and `sum` work without a predicate too. */
export const EACH = ['all', 'any', 'one', 'none', 'filter', 'map', 'count', 'sum'] as const;
export type EachName = (typeof EACH)[number];

/** Plain functions and how many arguments they take. */
export const FUNCTIONS = {
  len: [1, 1],
  mean: [1, 100],
  min: [1, 100],
  max: [1, 100],
  asInt: [1, 1],
  asFloat: [1, 1],
  isNaN: [1, 1],
  isInf: [1, 1],
  isNil: [1, 1],
  default: [2, 2],
} as const;
export type FunctionName = keyof typeof FUNCTIONS;

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
