import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bucketBounds, type Counters, increase, readCounters } from '../../src/analysis/counters.ts';

const vector = (...series: [labels: object, value: string][]) =>
  JSON.stringify({
    status: 'success',
    data: { resultType: 'vector', result: series.map(([metric, value]) => ({ metric, value: [1, value] })) },
  });

describe('Counters of one side', () => {
  test('are read by the label that tells them apart', () => {
    const raw = vector([{ part: 'events' }, '12'], [{ part: 'total' }, '3400']);
    assert.deepEqual(readCounters(raw, 'part'), { ok: true, counters: { events: 12, total: 3400 } });
  });

  const refusals: [name: string, raw: string, why: RegExp][] = [
    ['an empty answer', vector(), /the answer is empty/],
    ['a series without the label', vector([{}, '1']), /a series has no label part/],
    ['two of one name', vector([{ part: 'a' }, '1'], [{ part: 'a' }, '2']), /two series have the part a/],
    ['NaN', vector([{ part: 'a' }, 'NaN']), /a is NaN, which is no count/],
    ['+Inf', vector([{ part: 'a' }, '+Inf']), /a is \+Inf, which is no count/],
    ['less than nothing', vector([{ part: 'a' }, '-1']), /a is -1, which is no count/],
    ['more than can be counted', vector([{ part: 'a' }, '1e308']), /which is no count/],
    [
      'a scalar',
      JSON.stringify({ status: 'success', data: { resultType: 'scalar', result: [1, '2'] } }),
      /a scalar, no vector/,
    ],
    [
      'what Prometheus refuses',
      JSON.stringify({ status: 'error', errorType: 'bad_data', error: 'no' }),
      /bad_data: no/,
    ],
    ['garbage', '{', /not that of a Prometheus/],
  ];
  for (const [name, raw, why] of refusals) {
    test(`are not read from ${name}`, () => {
      const answer = readCounters(raw, 'part');
      assert.match(answer.ok ? 'read' : answer.message, why);
    });
  }
});

describe('What counters grew by', () => {
  const grown = (before: Counters, now: Counters) => {
    const answer = increase(before, now);
    return answer.ok ? answer.counters : answer.message;
  };

  test('is the difference; a counter appears with its first event', () => {
    assert.deepEqual(grown({ total: 100 }, { total: 150, events: 2 }), { total: 50, events: 2 });
    assert.deepEqual(grown({ total: 100 }, { total: 100 }), { total: 0 });
  });

  test('is not known where one fell or went', () => {
    assert.equal(grown({ total: 100 }, { total: 3 }), 'total fell from 100 to 3: a counter was reset');
    assert.equal(grown({ total: 100, events: 1 }, { total: 120 }), 'events is there no more: a counter was reset');
  });
});

test('bounds of buckets ascend, with infinity last', () => {
  assert.deepEqual(bucketBounds({ '+Inf': 3, '0.5': 2, '1e-05': 0 }), [0.00001, 0.5, Number.POSITIVE_INFINITY]);
  assert.equal(bucketBounds({ '0.5': 2, fast: 1 }), null);
});
