import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { askDatadog } from '../../activities/metrics/datadog.ts';
import { exchange } from '../../activities/metrics/exchange.ts';
import type { Answer } from '../../activities/metrics/prometheus.ts';
import { assessReading, type ReadingVerdict } from '../../src/analysis/index.ts';
import type { DatadogQuery } from '../../src/plan/plan.ts';
import { type DatadogDouble, startDatadogDouble } from '../fixtures/datadog-double.ts';

const KEYS = { apiKey: 'api-1234567890', appKey: 'app-0987654321' };
const RATE = 'avg:requests.error_rate{service:shop}';
const BY_HOST = 'avg:requests.error_rate{service:shop} by {host}';
const AT = '2026-08-21T12:00:00.500Z';

let datadog: DatadogDouble;

before(async () => {
  datadog = await startDatadogDouble(KEYS);
  datadog.metrics.set(RATE, { '*': [0.4, null, 0.2] });
  datadog.metrics.set('sum:requests.errors{service:shop}', { '*': [1, 2, 3] });
  datadog.metrics.set('sum:requests.hits{service:shop}', { '*': [100, 200, 300] });
  datadog.metrics.set(BY_HOST, { 'host-a': [0.1], 'host-b': [null], 'host-c': [0.3] });
  datadog.metrics.set('avg:requests.silent{*}', { '*': [0.1, null] });
});
after(() => datadog?.stop());

function query(changes: Partial<DatadogQuery>): DatadogQuery {
  return {
    kind: 'datadog',
    apiVersion: 'v2',
    address: datadog.address,
    queries: { query: RATE },
    aggregator: 'last',
    intervalMs: 300_000,
    ...KEYS,
    timeoutMs: 2_000,
    ...changes,
  };
}

async function ask(provider: DatadogQuery): Promise<Answer> {
  return askDatadog(provider, AT, exchange, new AbortController().signal);
}

describe('a question to Datadog (its double)', () => {
  const rows: [
    what: string,
    changes: Partial<DatadogQuery>,
    condition: string,
    verdict: ReadingVerdict,
    value: string,
  ][] = [
    ['v1, the last point', { apiVersion: 'v1' }, 'result < 0.3', 'pass', '0.2'],
    ['v1, no point', { apiVersion: 'v1', queries: { query: 'avg:no.such{*}' } }, 'result < 0.3', 'error', 'null'],
    [
      'v1, a null point',
      { apiVersion: 'v1', queries: { query: 'avg:requests.silent{*}' } },
      'result < 0.3',
      'error',
      'null',
    ],
    ['v2, one query', {}, 'result < 0.3', 'pass', '0.2'],
    ['v2, too high', { aggregator: 'max' }, 'result < 0.3', 'fail', '0.4'],
    [
      'v2, a formula over two queries',
      {
        queries: { errors: 'sum:requests.errors{service:shop}', hits: 'sum:requests.hits{service:shop}' },
        formula: 'errors / hits',
        aggregator: 'sum',
      },
      'result <= 0.01',
      'pass',
      '0.01',
    ],
    ['v2, groups', { queries: { query: BY_HOST } }, 'max(result) < 0.5 and len(result) == 2', 'pass', '[0.1, 0.3]'],
    ['v2, no data', { queries: { query: 'avg:no.such{*}' } }, 'result < 0.3', 'error', 'null'],
  ];
  for (const [what, changes, successCondition, verdict, value] of rows) {
    it(`${what}: ${verdict}`, async () => {
      const provider = query(changes);
      const answer = await ask(provider);
      assert.equal(answer.error, null);
      const judged = assessReading({ provider, successCondition, failureCondition: null }, answer);
      assert.deepEqual([judged.verdict, judged.value], [verdict, value], judged.because);
    });
  }

  it('looks back from the time of the reading, in whole seconds', async () => {
    for (const apiVersion of ['v1', 'v2'] as const) {
      await ask(query({ apiVersion }));
      const { fromMs, toMs, queries } = datadog.asked.at(-1) ?? {};
      assert.deepEqual(
        { fromMs, toMs, queries },
        { fromMs: Date.parse('2026-08-21T11:55:00Z'), toMs: Date.parse('2026-08-21T12:00:00Z'), queries: [RATE] },
      );
    }
  });

  const errors: [what: string, changes: Partial<DatadogQuery>, error: RegExp][] = [
    ['a wrong API key', { apiKey: 'wrong-key-42' }, /answers 401: Unauthorized \(check the API key, .*the site/],
    ['a wrong application key', { appKey: 'wrong-key-42' }, /answers 403: Forbidden \(check the API key/],
    ['a query that is none', { queries: { query: 'avg(' } }, /answers 400: Error parsing query/],
    ['a formula of an unknown query', { formula: 'x / y' }, /answers 400: Error parsing formula: x \/ y/],
    ['an address where nobody is', { address: 'http://127.0.0.1:9' }, /is not reached/],
  ];
  for (const [what, changes, error] of errors) {
    it(`with ${what} is an error that says what to do, and repeats no key`, async () => {
      const answer = await ask(query(changes));
      assert.equal(answer.raw, '');
      assert.match(answer.error ?? '', error);
      assert.doesNotMatch(answer.error ?? '', /wrong-key|1234567890|0987654321/);
    });
  }

  for (const [status, error] of [
    [429, /answers 429: Too many requests \(the rate limit/],
    [500, /answers 500: Internal .*\(Datadog has a fault/],
    [503, /answers 503: Internal .*\(Datadog has a fault/],
  ] as const) {
    it(`that is answered with ${status} is an error`, async () => {
      const words = status === 429 ? 'Too many requests' : 'Internal server error';
      datadog.next.push({ status, body: JSON.stringify({ errors: [words] }) });
      assert.match((await ask(query({}))).error ?? '', error);
    });
  }

  it('that is answered with an error in a 200 is an error of the reading', async () => {
    datadog.next.push({ status: 200, body: '{"errors":"query timed out"}' });
    const provider = query({});
    const judged = assessReading(
      { provider, successCondition: 'result < 1', failureCondition: null },
      await ask(provider),
    );
    assert.equal(judged.verdict, 'error');
    assert.match(judged.because, /Datadog answers an error: query timed out/);
  });
});
