import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { evaluateCondition } from '../../src/analysis/index.ts';
import { processorMs } from '../fixtures/processor-time.ts';

/** An evaluation may take a million steps, some tens of milliseconds; this is what a hang would exceed. */
const NO_HANG_MS = 5000;
const LONG = 'x'.repeat(60_000);
const MANY = Array.from({ length: 10_000 }, (_, i) => i);
const name = (i: number): string => (i === 0 ? 'a' : `a${i}`);

/** `let a = start; let a1 = next(a); …`, then `last` of the last two. */
function doubled(
  start: string,
  times: number,
  next: (of: string) => string,
  last: (of: string, of2: string) => string,
) {
  const steps = Array.from({ length: times }, (_, i) => `let ${name(i + 1)} = ${next(name(i))}; `);
  return `let a = ${start}; ${steps.join('')}${last(name(times), name(times - 1))}`;
}

const COSTLY: readonly (readonly [what: string, condition: string, result: Parameters<typeof evaluateCondition>[1]])[] =
  [
    ['a long text is put in lower case', 'all(result.n, lower(result.t) == result.t)', { n: MANY, t: LONG }],
    ['much space is trimmed', 'all(result.n, trim(result.t) != "")', { n: MANY, t: `a${' '.repeat(60_000)}a` }],
    ['all bytes of a text', 'all(result.t, all(result.t, # > 0))', { t: LONG }],
    ['a byte of a text', 'all(result.n, result.t[5] > 0)', { n: MANY, t: LONG }],
    [
      'an array doubles',
      doubled(
        'result',
        30,
        (a) => `concat(${a}, ${a})`,
        (a) => `len(${a}) > 0`,
      ),
      MANY,
    ],
    [
      'a text doubles',
      doubled(
        '"x"',
        40,
        (a) => `${a} + ${a}`,
        (a) => `len(${a}) > 0`,
      ),
      MANY,
    ],
    [
      'nested arrays in text',
      doubled(
        '[1]',
        40,
        (a) => `[${a}, ${a}]`,
        (a) => `len(string(${a})) > 0`,
      ),
      MANY,
    ],
    [
      'nested arrays, flat',
      doubled(
        '[1]',
        40,
        (a) => `[${a}, ${a}]`,
        (a) => `len(flatten(${a})) > 0`,
      ),
      MANY,
    ],
    [
      'nested arrays, in JSON',
      doubled(
        '[1]',
        40,
        (a) => `[${a}, ${a}]`,
        (a) => `toJSON(${a}) != ""`,
      ),
      MANY,
    ],
    [
      'nested arrays, compared',
      doubled(
        '[1]',
        40,
        (a) => `[${a}, ${a}]`,
        (a, b) => `${a} == [${b}, ${b}]`,
      ),
      MANY,
    ],
    [
      'nested arrays, averaged',
      doubled(
        '[1]',
        40,
        (a) => `[${a}, ${a}]`,
        (a) => `mean(${a}) > 0`,
      ),
      MANY,
    ],
    [
      'nested arrays, their most',
      doubled(
        '[1]',
        40,
        (a) => `[${a}, ${a}]`,
        (a) => `max(${a}) > 0`,
      ),
      MANY,
    ],
    ['a range without end', 'len(1..9000000000000000000) > 0', MANY],
    ['sorted again and again', 'all(result, len(sort(result)) > 0)', MANY],
    ['all different', 'len(uniq(result)) > 0', MANY],
    ['many digits', 'all(result.n, duration(result.t) < duration("2s"))', { n: MANY, t: `1.${'1'.repeat(60_000)}s` }],
    ['a text that repeats', 'len(repeat(repeat("x", 60000), 60000)) > 0', MANY],
    ['the fields of an object', 'all(result.n, len(result) > 0 and len(keys(result)) > 0)', { n: MANY, ...MANY }],
    ['objects compared', 'all(result.n, result.a == result.b)', { n: MANY, a: { ...MANY }, b: { ...MANY } }],
    ['JSON nested without end', 'len(string(fromJSON(result))) > 0', `${'['.repeat(30_000)}${']'.repeat(30_000)}`],
  ];

describe('A condition that would cost too much', () => {
  for (const [what, condition, result] of COSTLY) {
    it(`ends with an error, soon: ${what}`, () => {
      const started = processorMs();
      const outcome = evaluateCondition(condition, result);
      assert.ok(processorMs() - started < NO_HANG_MS);
      assert.match(outcome.ok ? String(outcome.value) : outcome.message, /too many steps|at most|too deep/);
    });
  }
});
