/** Seeded paths and documents for the oracle: most of them sensible, the rest put together from pieces of the syntax. */

export const DOCUMENTS: readonly unknown[] = [
  { status: 'ok', value: 0.995, nested: { a: { b: [1, 2.5, { c: true }] } }, none: null, empty: '' },
  {
    data: [
      { id: 'a', rate: 0.5, up: true },
      { id: 'b', rate: 2 },
      { id: 'c', up: false, tags: ['x', 'y'] },
    ],
  },
  {
    items: [
      { name: 'é', n: 3, deep: [{ n: 1 }, { n: 2 }] },
      { name: 'z', n: -4, deep: [] },
    ],
    'a.b': { c: 1 },
  },
  { book: [{ price: 8.95, kind: 'fiction' }, { price: 22.99, kind: 'x=y)' }, { price: 8.95 }], a: { b: 'dotted' } },
  [0, 1, 2, 3, 4, 5],
  [],
  { only: { one: { field: [['p', 'q'], ['r']] } } },
  'text',
  42.5,
  { 'key with space': 1, 'quo"te': 2, '': 3, a: [null, {}, [], { a: null }] },
];

const NAMES = [
  'a',
  'b',
  'c',
  'n',
  'data',
  'id',
  'rate',
  'up',
  'items',
  'name',
  'deep',
  'book',
  'price',
  'kind',
  'value',
];
const MORE_NAMES = ['status', 'nested', 'none', 'only', 'one', 'field', 'tags', 'missing', 'empty', 'a\\.b', '*', ''];
const INDICES = [
  '0',
  '1',
  '-1',
  '2',
  '-2',
  '*',
  '',
  '0:2',
  '1:',
  ':1',
  ':',
  '::2',
  '-2:',
  '0:-1',
  '7',
  '-9',
  '1:1',
  '2:1',
];
const OTHER_INDICES = [
  '0,1',
  '0,-1',
  "'a'",
  "'a','b'",
  "'id','rate'",
  "'a.b'",
  "'a\\.b'",
  "'key with space'",
  '*,0',
  '-',
  'x',
];
const VALUES = [
  '"ok"',
  "'a'",
  '"b"',
  '0.5',
  '2.0',
  '2',
  '8.95',
  '-4.0',
  'true',
  'false',
  '"x=y)"',
  '@.n',
  '$',
  '"\\u00e9"',
  '1.',
];
const OPERATORS = ['==', '!=', '<', '<=', '>', '>='];
const PIECES = [
  '{',
  '}',
  '$',
  '@',
  '.',
  '..',
  '[',
  ']',
  '[?(',
  ')]',
  ')',
  '*',
  "'",
  '"',
  ':',
  ',',
  '-',
  '1',
  'a',
  ' ',
  '==',
];

export type Random = (below: number) => number;

/** Mulberry32 (Tommy Ettinger, 2017). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const one = (random: Random, of: readonly string[]): string => of[random(of.length)] ?? '';

/** A path as people write them, more or less; most of its steps lead somewhere in the document. */
export function pathFrom(random: Random, document: unknown): string {
  const actions = Array.from({ length: random(8) === 0 ? 2 : 1 }, () => `{${stepsFrom(random, document)}}`);
  return actions.join(random(2) === 0 ? '' : ' ');
}

/** Pieces of the syntax in any order. */
export function piecesFrom(random: Random): string {
  return `{${Array.from({ length: 1 + random(7) }, () => one(random, PIECES)).join('')}${random(3) === 0 ? '' : '}'}`;
}

function stepsFrom(random: Random, document: unknown): string {
  let path = one(random, ['$', '', '@']);
  let at = document;
  for (let steps = random(5); steps > 0; steps -= 1) {
    const known = random(5) === 0 ? [] : leadingOn(at);
    const next = known[random(Math.max(1, known.length))];
    path += next === undefined ? stepFrom(random) : one(random, next.written);
    at = next?.to;
  }
  return path;
}

/** Ways to what is in a value. */
function leadingOn(value: unknown): { written: string[]; to: unknown }[] {
  if (Array.isArray(value) && value.length > 0)
    return [
      { written: ['[0]', '[-0]', '[0:1]', '[:1]', '[0,0]'], to: value[0] },
      { written: ['[-1]', '[-1:]'], to: value.at(-1) },
      { written: ['[*]', '[:]', '.*', '[::2]', '[0:]', '[::1]'], to: value[0] },
      { written: filtersOf(value[0]), to: value[0] },
    ];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).map(([key, to]) => {
    const escaped = key.replace(/[. "]/g, '\\$&');
    return { written: [`.${escaped}`, `['${escaped}']`, `..${escaped}`, `['${escaped}','${escaped}']`], to };
  });
}

function filtersOf(value: unknown): string[] {
  if (typeof value === 'number') return [`[?(@>=${value}.0)]`, `[?(@!=${value})]`];
  if (typeof value !== 'object' || value === null) return ['[?(@)]', '[?(@=="p")]'];
  return Object.entries(value).flatMap(([key, inner]) => {
    const written = typeof inner === 'number' && Number.isInteger(inner) ? `${inner}.0` : JSON.stringify(inner);
    return [`[?(@.${key})]`, `[?(@.${key}==${written})]`, `[?(@.${key} <= ${written})]`];
  });
}

function stepFrom(random: Random): string {
  const name = () => one(random, random(4) === 0 ? MORE_NAMES : NAMES);
  switch (random(9)) {
    case 0:
    case 1:
    case 2:
      return `.${name()}`;
    case 3:
      return `['${name()}']`;
    case 4:
    case 5:
      return `[${one(random, random(4) === 0 ? OTHER_INDICES : INDICES)}]`;
    case 6:
      return random(2) === 0 ? '[*]' : '.*';
    case 7:
      return `..${random(3) === 0 ? '[*]' : name()}`;
    default:
      return filterFrom(random);
  }
}

function filterFrom(random: Random): string {
  const left = `@${Array.from({ length: random(3) }, () => `.${one(random, NAMES)}`).join('')}${random(6) === 0 ? '[0]' : ''}`;
  if (random(3) === 0) return `[?(${left})]`;
  const space = random(3) === 0 ? ' ' : '';
  return `[?(${left}${space}${one(random, OPERATORS)}${space}${one(random, VALUES)})]`;
}
