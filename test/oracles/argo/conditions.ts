import type { Random } from './random.ts';

const NUMBERS = [0, 0.5, 0.7, 0.9, 0.99, 1, 2, 5, 100, -1, 1e-9, 1e308, 5e-324, 123456789012345];
const LISTED = [...NUMBERS, 'NaN', '+Inf', '-Inf'];
const TEXTS = ['', 'ok', 'OK then', 'breached', '5', '0.97', 'NaN', 'a.b', 'x\ny', 'Ä'];

/** What a provider may answer: mostly a vector of Prometheus'. */
export function valueFrom(random: Random): unknown {
  const kind = random.below(16);
  if (kind < 7) return Array.from({ length: 1 + random.below(4) }, () => random.pick(LISTED));
  if (kind < 9) return random.pick(NUMBERS);
  if (kind < 11) return mapOf(random);
  return random.pick<unknown>([
    [],
    null,
    {},
    true,
    false,
    random.pick(TEXTS),
    [null],
    [0.99, null],
    [true, false],
    [random.pick(TEXTS), 'b'],
    [[0.99, 1], [2]],
    [{ value: 0.99 }, { value: 0.5 }],
    [{ value: 'NaN' }],
    [[]],
  ]);
}

function mapOf(random: Random): unknown {
  return random.pick<unknown>([
    { ok: true },
    { ok: 'true', major: '1' },
    { major: 1, data: { count: random.pick(NUMBERS) } },
    { a: null },
    { data: { values: [0.99, random.pick(NUMBERS)] } },
    { a: { b: { c: 0.99 } } },
    { slos: [{ state: 'ok' }, { state: random.pick(TEXTS) }] },
    { value: random.pick(TEXTS) },
  ]);
}

/** A condition that fits such a value, or not. */
export function conditionFor(random: Random, value: unknown): string {
  const fits = random.chance(7, 8);
  if (random.chance(1, 20)) return random.pick(UNREADABLE);
  const of = fits ? value : valueFrom(random);
  const one = atom(random, of);
  if (!random.chance(1, 3)) return one;
  const other = atom(random, random.chance(1, 8) ? valueFrom(random) : of);
  return random.pick([
    `${one} && ${other}`,
    `${one} || ${other}`,
    `!(${one}) and (${other})`,
    `(${one}) ? true : ${other}`,
  ]);
}

const UNREADABLE = [
  ...['result[0] >=', 'results[0] > 1', 'result[0] = 1', '1 + 1', 'result.', ')', '"abc', '# > 1', ' ', 'true and 1'],
  ...['unknown(result)', 'len()', 'result matches "("', 'result[0] > "a"', 'asInt(1, 2) == 1', 'not', '0.5 0.6'],
  ...['result[0] >= 0.9;', 'len(result, 1) > 0', '"a" > 1', 'isNaN("a")', 'true == 1'],
];

function atom(random: Random, of: unknown): string {
  const limit = random.pick(['0', '0.5', '0.9', '0.99', '1', '5', '-1', '100', '1e-9', 'asFloat("0.9")', '1/2']);
  const compares = random.pick(['<', '<=', '>', '>=', '==', '!=']);
  const text = JSON.stringify(random.pick(TEXTS));
  if (Array.isArray(of)) return ofList(random, compares, limit);
  if (typeof of === 'number')
    return random.pick([
      `result ${compares} ${limit}`,
      `isNaN(result) || result ${compares} ${limit}`,
      `0 <= result && result <= ${limit}`,
      `asInt(result) ${compares} 1`,
      `default(result, 0) ${compares} ${limit}`,
      `result in [0.99, 1, 5]`,
      `result * 2 - 1 ${compares} ${limit}`,
      `isInf(result / 0)`,
      `!isNil(result)`,
      `result`,
    ]);
  if (typeof of === 'string')
    return random.pick([
      `result == ${text}`,
      `result contains ${text}`,
      `result startsWith "o" or result endsWith "n"`,
      `result matches "^[a-z]+$"`,
      `result matches "[bk]"`,
      `asFloat(result) ${compares} ${limit}`,
      `asInt(result) ${compares} 1`,
      `len(result) ${compares} 2`,
      `result in ["ok", "5"]`,
      `result[0] == "o"`,
      `result < "m"`,
      `result`,
    ]);
  if (typeof of === 'boolean')
    return random.pick(['result', '!result', 'result == true', 'not result', 'result ? false : true', 'result > 0']);
  if (of === null)
    return random.pick([
      'result == nil',
      'isNil(result)',
      'result != nil && result > 1',
      `default(result, 0) ${compares} ${limit}`,
      'result[0] > 0.5',
      'result?.a == nil',
      'len(result) == 0',
      'result',
    ]);
  return random.pick([
    'result.ok',
    'result.ok == true',
    "result.major == '1'",
    'result.major == 1',
    `result.data.count ${compares} ${limit}`,
    `result?.data?.count ?? 0 ${compares} ${limit}`,
    'isNil(result.a)',
    'isNil(result)',
    'result.a == nil',
    'default(result.a, 3) == 3',
    `all(result.data.values, # ${compares} ${limit})`,
    `any(result.data.values, {# ${compares} ${limit}})`,
    `result.a.b.c ${compares} ${limit}`,
    "all(result.slos, {.state != 'breached'})",
    'result["ok"] == true',
    '"ok" in result',
    'len(result) == 1',
    'result.value == "NaN"',
    `asFloat(result.value) ${compares} ${limit}`,
    'result.value matches "o"',
    `result.missing ${compares} ${limit}`,
    'result.missing.deeper == 1',
    `result ${compares} ${limit}`,
  ]);
}

function ofList(random: Random, compares: string, limit: string): string {
  return random.pick([
    ...Array.from({ length: 16 }, () => `result[0] ${compares} ${limit}`),
    `result[1] ${compares} ${limit}`,
    `result[-1] ${compares} ${limit}`,
    `len(result) ${compares} 1`,
    `len(result) > 0 && result[0] ${compares} ${limit}`,
    `len(result) == 0 || isNaN(result[0]) || result[0] ${compares} ${limit}`,
    `all(result, # ${compares} ${limit})`,
    `any(result, {# ${compares} ${limit}})`,
    `none(result, # ${compares} ${limit})`,
    `all(result, {isNaN(#) or # <= 0.5})`,
    `count(result, # ${compares} ${limit}) >= 1`,
    `len(filter(result, {# ${compares} ${limit}})) == 1`,
    `sum(result) ${compares} ${limit}`,
    `max(result) ${compares} ${limit}`,
    `mean(result) ${compares} 0.95`,
    `isNaN(result[0])`,
    `isInf(result[0])`,
    `isNil(result)`,
    `isNil(result[0])`,
    `result[0] == nil`,
    `default(result, [1])[0] ${compares} ${limit}`,
    `default(result[0], 0) ${compares} ${limit}`,
    `asInt(result[0]) ${compares} 1`,
    `asFloat(result[0]) ${compares} ${limit}`,
    `result[0] + result[1] ${compares} ${limit}`,
    `0.99 in result`,
    `result == [0.99]`,
    `result[1:] != []`,
    `result[0].value ${compares} ${limit}`,
    `all(result, {.value ${compares} ${limit}})`,
    `result[0][0] ${compares} ${limit}`,
    `result ${compares} ${limit}`,
    `result[0] == "ok"`,
    `result.ok == true`,
    `result[0]`,
    `result`,
  ]);
}
