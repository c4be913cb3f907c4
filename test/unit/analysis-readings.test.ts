import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assessReading, type ReadingVerdict } from '../../src/analysis/index.ts';
import type { Provider } from '../../src/plan/plan.ts';

const provider: Provider = { kind: 'prometheus', address: 'http://prometheus:9090', query: 'up', timeoutMs: 1000 };

const reading = (...values: string[]) => ({
  raw: JSON.stringify({
    status: 'success',
    data: { resultType: 'vector', result: values.map((value) => ({ metric: {}, value: [1, value] })) },
  }),
  error: null,
});

type Row = [success: string | null, failure: string | null, values: string[], verdict: ReadingVerdict, because: RegExp];

function table(rows: Row[]): void {
  for (const [successCondition, failureCondition, values, verdict, because] of rows) {
    it(`${verdict}: success ${successCondition ?? 'none'}, failure ${failureCondition ?? 'none'}, result [${values}]`, () => {
      const assessed = assessReading({ provider, successCondition, failureCondition }, reading(...values));
      assert.equal(assessed.verdict, verdict, assessed.because);
      assert.match(assessed.because, because);
    });
  }
}

describe('A reading', () => {
  it('is judged at the time at which it was taken', () => {
    const conditions = {
      provider,
      successCondition: 'now() < date("2026-12-24") and result[0] > 0',
      failureCondition: null,
    };
    const taken = (at: string) => assessReading(conditions, { ...reading('1'), at }).verdict;
    assert.deepEqual([taken('2026-12-23T23:59:59.999Z'), taken('2026-12-24T00:00:00.000Z')], ['pass', 'fail']);
  });
});

describe('A reading with little traffic', () => {
  const metric = {
    provider,
    successCondition: 'result[0] >= 0.99',
    failureCondition: null,
    lowTraffic: { requests: 'sum(increase(http_requests_total[2m]))', atLeast: 50 },
  };
  const answered = (values: string[]) => ({ raw: reading(...values).raw, error: null });
  const rows: [traffic: string[], verdict: ReadingVerdict, because: RegExp][] = [
    [['50'], 'fail', /^result\[0\] >= 0\.99 does not hold for \[0\.5\]$/],
    [['49.9'], 'skipped', /^49\.9 requests, at least 50 are needed: not judged$/],
    [[], 'skipped', /^0 requests/],
    [['NaN'], 'skipped', /^NaN requests/],
    [['+Inf'], 'fail', /does not hold/],
    [['60', '70'], 'error', /^how much traffic there was: .* answers 2 series, where one number is needed$/],
  ];
  for (const [traffic, verdict, because] of rows) {
    it(`${verdict}: ${traffic.join(' and ') || 'no'} requests, whatever the answer itself`, () => {
      const judged = assessReading(metric, { ...reading('0.5'), requests: answered(traffic) });
      assert.equal(judged.verdict, verdict, judged.because);
      assert.match(judged.because, because);
    });
  }

  it('is an error where nobody knows how much traffic there was', () => {
    const requests = { raw: '', error: 'it has not answered within 2000 ms' };
    assert.equal(assessReading(metric, { ...reading('1'), requests }).verdict, 'error');
    assert.equal(assessReading(metric, reading('1')).verdict, 'error');
  });
});

describe('A reading is judged by the rules of Argo', () => {
  table([
    ['result[0] >= 0.99', null, ['0.995'], 'pass', /^result\[0\] >= 0\.99 holds for \[0\.995\]$/],
    ['result[0] >= 0.99', null, ['0.98'], 'fail', /does not hold for \[0\.98\]/],
    [null, 'result[0] > 0.5', ['0.6'], 'fail', /failureCondition .* holds for \[0\.6\]/],
    [null, 'result[0] > 0.5', ['0.4'], 'pass', /does not hold for \[0\.4\]/],
    ['result[0] >= 0.99', 'result[0] < 0.95', ['0.995'], 'pass', /holds/],
    ['result[0] >= 0.99', 'result[0] < 0.95', ['0.9'], 'fail', /failureCondition/],
    ['result[0] >= 0.99', 'result[0] < 0.95', ['0.97'], 'inconclusive', /neither/],
    ['result[0] > 0', 'result[0] > 0', ['1'], 'fail', /failureCondition/],
    [null, null, ['1'], 'pass', /no condition/],
    ['result[0] >= 0.99', null, [], 'error', /metric result is nil or empty/],
    ['result[0] >= 0.99', null, ['NaN'], 'fail', /does not hold for \[NaN\]/],
    ['result[0] <= 0.5', null, ['+Inf'], 'fail', /\[\+Inf\]/],
    ['result[0] <= 0.5', 'result[3] > 1', ['0.1'], 'error', /failureCondition .* no element 3/],
    ['result[0] == "good"', null, ['1'], 'error', /does not fit/],
  ]);
});

describe('A reading never passes without a number behind it', () => {
  table([
    [null, 'result[0] > 0.05', ['NaN'], 'error', /holds no number/],
    [null, 'len(result) > 0 and result[0] > 0.05', [], 'error', /empty: never a pass/],
    ['len(result) == 0 || result[0] < 0.02', null, [], 'error', /empty: never a pass/],
    ['isNaN(result[0]) || result[0] < 0.02', null, ['NaN'], 'error', /holds no number/],
    [null, 'result[0] > 0.05', ['NaN', '0.01'], 'error', /met NaN/],
    [null, null, ['NaN'], 'error', /holds no number/],
    [null, null, [], 'error', /empty/],
    ['all(result, {isNaN(#) or # <= 0.5})', null, ['NaN', '0.1'], 'pass', /holds/],
  ]);

  it('an answer that never came is an error, with its reason', () => {
    assert.deepEqual(
      assessReading(
        { provider, successCondition: null, failureCondition: null },
        { raw: '', error: 'connection refused' },
      ),
      {
        verdict: 'error',
        value: '',
        because: 'no answer: connection refused',
      },
    );
  });

  it('an answer that cannot be read is an error', () => {
    assert.equal(
      assessReading({ provider, successCondition: null, failureCondition: null }, { raw: '{', error: null }).verdict,
      'error',
    );
  });
});

describe('The value of a reading is short, and never rounded over a limit', () => {
  for (const [values, shown] of [
    [['0.9934640522875817'], '[0.9934…]'],
    [['0.98999999'], '[0.9899…]'],
    [['0.0000123456789'], '[0.00001234…]'],
    [['0.0000000123456789'], '[1.2345…e-8]'],
    [['0.00123456'], '[0.001234…]'],
    [['NaN', '-Inf', '-0'], '[NaN, -Inf, -0]'],
    [Array.from({ length: 10 }, () => '1'), '[1, 1, 1, 1, 1, 1, 1, 1, … 2 more]'],
  ] as const) {
    it(`${shown}`, () => {
      assert.equal(
        assessReading({ provider, successCondition: null, failureCondition: null }, reading(...values)).value,
        shown,
      );
    });
  }
});
