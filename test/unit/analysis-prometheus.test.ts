import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parsePrometheus } from '../../src/analysis/index.ts';

const answer = (resultType: string, result: unknown): string =>
  JSON.stringify({ status: 'success', data: { resultType, result } });
const vector = (...values: string[]): string =>
  answer(
    'vector',
    values.map((value) => ({ metric: {}, value: [1_760_000_000.5, value] })),
  );

describe('An answer of Prometheus', () => {
  const read: [what: string, raw: string, result: number[] | number, samples: number][] = [
    ['a vector of one', vector('0.9934'), [0.9934], 1],
    ['an empty vector', vector(), [], 0],
    [
      'what is no ordinary number',
      vector('NaN', '+Inf', '-Inf', '-0'),
      [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0],
      4,
    ],
    ['small and large numbers', vector('1e-05', '1e308', '5e-324'), [1e-5, 1e308, 5e-324], 3],
    ['a scalar', answer('scalar', [1, '0.5']), 0.5, 1],
    [
      'a matrix',
      answer('matrix', [
        {
          metric: {},
          values: [
            [1, '1'],
            [2, '2'],
          ],
        },
        { metric: {}, values: [[1, '3']] },
      ]),
      [1, 2, 3],
      3,
    ],
    [
      'a thousand series',
      vector(...Array.from({ length: 1000 }, () => '1')),
      Array.from({ length: 1000 }, () => 1),
      1000,
    ],
  ];
  for (const [what, raw, result, samples] of read) {
    it(`is read: ${what}`, () => assert.deepEqual(parsePrometheus(raw), { ok: true, result, samples }));
  }

  const refused: [what: string, raw: string, message: RegExp][] = [
    [
      'an error, with its reason',
      JSON.stringify({ status: 'error', errorType: 'bad_data', error: 'parse error' }),
      /bad_data: parse error/,
    ],
    ['text', answer('string', [1, 'hello']), /text, not numbers/],
    ['ten thousand series', vector(...Array.from({ length: 10_000 }, () => '1')), /10000 series; at most 1000/],
    [
      'more samples than can be judged',
      answer('matrix', [{ metric: {}, values: Array.from({ length: 10_001 }, () => [1, '1']) }]),
      /more than 10000 samples/,
    ],
    ['a native histogram', answer('vector', [{ metric: {}, histogram: [1, {}] }]), /native histogram/],
    ['a value out of range', vector('1e999'), /no readable value/],
    ['a value that is no number', vector('0x10'), /no readable value/],
    ['an unquoted value', answer('vector', [{ metric: {}, value: [1, 0.5] }]), /no readable value/],
    ['a series without values', answer('matrix', [{ metric: {} }]), /no readable value/],
    ['a kind that is not known', answer('streams', []), /streams/],
    ['half an answer', vector('1').slice(0, 40), /not that of a Prometheus/],
    ['a page', '<html></html>', /not that of a Prometheus/],
    ['nothing', '', /not that of a Prometheus/],
    ['a bare null', 'null', /not that of a Prometheus/],
    ['success without data', '{"status":"success"}', /not that of a Prometheus/],
  ];
  for (const [what, raw, message] of refused) {
    it(`is refused: ${what}`, () => {
      const answer = parsePrometheus(raw);
      assert.ok(!answer.ok);
      assert.match(answer.message, message);
    });
  }
});
