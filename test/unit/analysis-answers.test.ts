import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assessReading, parseAnswer, type ReadingVerdict, type Value } from '../../src/analysis/index.ts';
import type { Compatibility, DatadogQuery, JobCommand, WebRequest } from '../../src/plan/plan.ts';
import { processorMs } from '../fixtures/processor-time.ts';

const WEB: WebRequest = {
  kind: 'web',
  url: 'http://shop.example/health',
  method: 'GET',
  headers: [],
  jsonPath: '{$}',
  timeoutMs: 1000,
};
const DATADOG = {
  kind: 'datadog',
  address: 'https://api.datadoghq.com',
  queries: { query: 'avg:requests.error_rate{service:shop}' },
  aggregator: 'last',
  intervalMs: 300_000,
  apiKey: 'a',
  appKey: 'b',
  timeoutMs: 1000,
} as const;
const V1: DatadogQuery = { ...DATADOG, apiVersion: 'v1' };
const V2: DatadogQuery = { ...DATADOG, apiVersion: 'v2' };
const JOB: JobCommand = { kind: 'job', command: ['true'], environment: {}, attempts: 1, timeoutMs: 1000 };

describe('An answer of a web metric', () => {
  const answers: [jsonPath: string, raw: string, result: Value][] = [
    ['{$}', '0.5', 0.5],
    ['{$}', '{"ok":true}', { ok: true }],
    ['', '[1,"a",null]', [1, 'a', null]],
    ['{$.data.rate}', '{"data":{"rate":1e-3}}', 0.001],
    ['{$.data}', '{"data":"up"}', 'up'],
    ['{$.data}', '{"data":null}', null],
    ['{$.a[*].n}', '{"a":[{"n":1},{"n":2}]}', 1],
    ['{$}', 'OK', 'OK'],
    ['{$.data.rate}', 'OK', 'OK'],
    ['{$}', '{"n":1e999}', '{"n":1e999}'],
    ['{$["x', 'not {json', 'not {json'],
    ['{$}', `"${'\\"'.repeat(30_000)}"`, '"'.repeat(30_000)],
    ['{$}', `${'"\\'.repeat(30_000)}`, '"\\'.repeat(30_000)],
    ['{$}', `"${'['.repeat(500)}"`, '['.repeat(500)],
  ];
  for (const [jsonPath, raw, result] of answers) {
    it(`${raw.slice(0, 30)} is seen through ${jsonPath || 'no path'} as ${JSON.stringify(result).slice(0, 30)}`, () => {
      const started = processorMs();
      assert.deepEqual(parseAnswer({ ...WEB, jsonPath }, raw), { ok: true, result, samples: 1 });
      assert.ok(processorMs() - started < 500);
    });
  }

  const nothing: [jsonPath: string, raw: string, message: RegExp][] = [
    ['{$.rate}', '{"data":1}', /^\{\$\.rate\} finds nothing: there is no field "rate" in an object \(column 4\)$/],
    ['{$.a[*]}', '{"a":[]}', /finds nothing in the answer/],
    ['{$.a[?(@.n>5.0)].n}', '{"a":[{"n":1}]}', /finds nothing in the answer/],
    ['{$', '{"a":[]}', /not closed by "}"/],
    ['{$}', '['.repeat(101) + ']'.repeat(101), /more than 100 deep/],
    ['{$}', '{"a":'.repeat(20_000), /more than 100 deep/],
  ];
  for (const [jsonPath, raw, message] of nothing) {
    it(`has nothing for ${jsonPath} in ${raw.slice(0, 30)}`, () => {
      const answer = parseAnswer({ ...WEB, jsonPath }, raw);
      assert.ok(!answer.ok);
      assert.match(answer.message, message);
    });
  }

  const judged: [jsonPath: string, raw: string, condition: string | null, verdict: ReadingVerdict][] = [
    ['{$.rate}', '{"rate":0.99}', 'result >= 0.95', 'pass'],
    ['{$.rate}', '{"rate":"0.99"}', 'asFloat(result) >= 0.95', 'pass'],
    ['{$.rate}', '{"rate":"0.99"}', 'result >= 0.95', 'error'],
    ['{$.ok}', '{"ok":true}', 'result', 'pass'],
    ['{$.ok}', '{"ok":false}', 'result', 'fail'],
    ['{$}', '{"major":"1","minor":"20"}', "result.major == '1' and result['minor'] == '20'", 'pass'],
    ['{$.a}', '{"a":[1,2,3]}', 'all(result, # < 4)', 'pass'],
    ['{$}', 'OK', "result startsWith 'OK'", 'pass'],
    ['{$}', 'anything', null, 'pass'],
    ['{$.a}', '{"a":null}', 'isNil(result)', 'error'],
    ['{$.a}', '{"a":[]}', 'len(result) == 0', 'error'],
    ['{$.b}', '{"a":1}', null, 'error'],
  ];
  for (const [jsonPath, raw, successCondition, verdict] of judged) {
    it(`${verdict}: ${successCondition ?? 'no condition'} for ${raw} at ${jsonPath}`, () => {
      const metric = { provider: { ...WEB, jsonPath }, successCondition, failureCondition: null };
      const assessed = assessReading(metric, { raw, error: null });
      assert.equal(assessed.verdict, verdict, assessed.because);
    });
  }
});

const series = (...points: unknown[]) => JSON.stringify({ status: 'ok', series: [{ pointlist: points }] });
const columns = (...list: unknown[]) =>
  JSON.stringify({ data: { type: 'scalar_response', attributes: { columns: list } } });
const numbers = (...values: unknown[]) => ({ name: 'query', type: 'number', values });
const group = (...values: unknown[]) => ({ name: 'host', type: 'group', values });

describe('An answer of Datadog', () => {
  const answers: [provider: DatadogQuery, raw: string, result: Value, compatibility?: Compatibility][] = [
    [V1, series([1e12, 0.1], [1.1e12, 0.25]), 0.25],
    [V1, series([1e12, 0.1], [1.1e12, null]), null],
    [V1, series([1e12, 0.1], [1.1e12, null]), 0, 'argo'],
    [V1, series(), null],
    [V1, '{"status":"ok","series":[]}', null],
    [V1, '{"status":"ok","series":null}', null],
    [V1, '{"status":"ok","series":[{}]}', null],
    [V1, '{"series":[{"pointlist":[[1,2]]},{"pointlist":[[1,9]]}]}', 2],
    [V2, columns(numbers(0.4)), 0.4],
    [V2, columns(numbers(null, 0.4)), 0.4],
    [V2, columns({ name: 'query', values: [3] }), 3],
    [V2, columns(numbers(1), numbers(2)), 1],
    [V2, columns(numbers()), null],
    [V2, columns(numbers(null)), null],
    [V2, columns(), null],
    [V2, columns(group(['a'], ['b'], ['c']), numbers(1, null, 3)), [1, 3]],
    [V2, columns(numbers(1), group(['a'])), [1]],
  ];
  for (const [provider, raw, result, compatibility] of answers) {
    it(`${provider.apiVersion} ${raw} is seen as ${JSON.stringify(result)}${compatibility ? ' by Argo' : ''}`, () => {
      const answer = parseAnswer(provider, raw, compatibility);
      assert.deepEqual(answer.ok && answer.result, result, JSON.stringify(answer));
      assert.ok(answer.ok);
    });
  }

  const refused: [provider: DatadogQuery, raw: string, message: RegExp][] = [
    [V1, 'oops', /not that of Datadog/],
    [V1, '{"status":"error","error":"Rate limited","series":[]}', /Datadog answers an error: Rate limited/],
    [V1, '{"status":"ok"}', /no list of series/],
    [V1, series([1, 2, 3]), /no pair/],
    [V1, series([1, '2']), /no readable value/],
    [V1, '{"series":[{"pointlist":[[1,1e999]]}]}', /no readable value/],
    [V2, '{"errors":"Invalid query"}', /Datadog answers an error: Invalid query/],
    [V2, '{"data":{"errors":"Invalid query"}}', /Datadog answers an error: Invalid query/],
    [V2, '{}', /no list of columns/],
    [V2, columns(numbers('1')), /value 1 of the column query is no number/],
    [V2, columns(numbers(1, 2), group(['a'])), /value 2 belongs to no group/],
    [V2, columns(numbers(1), group([])), /value 1 belongs to no group/],
  ];
  for (const [provider, raw, message] of refused) {
    it(`${provider.apiVersion} ${raw} is an error`, () => {
      const answer = parseAnswer(provider, raw);
      assert.ok(!answer.ok);
      assert.match(answer.message, message);
    });
  }

  it('without data never passes here, and may in Argo', () => {
    const metric = { provider: V1, successCondition: 'default(result, 0) < 0.5', failureCondition: null };
    const raw = series([1, null]);
    assert.equal(assessReading(metric, { raw, error: null }).verdict, 'error');
    assert.equal(assessReading(metric, { raw, error: null }, 'argo').verdict, 'pass');
  });
});

describe('A job', () => {
  const report = (end: string, exitCode: unknown, because: string, attempts = 1) =>
    JSON.stringify({ end, exitCode, because, attempts });
  const rows: [raw: string, verdict: ReadingVerdict, value: string, because: RegExp][] = [
    [
      report('exited', 0, 'exit code 0 after 1.2 s'),
      'pass',
      'exit code 0',
      /^the job ended with exit code 0 after 1\.2 s$/,
    ],
    [
      report('exited', 3, 'exit code 3 after 1.2 s', 2),
      'fail',
      'exit code 3',
      /exit code 3 after 1\.2 s at attempt 2$/,
    ],
    [report('killed', null, 'ended by SIGSEGV after 1.2 s'), 'fail', 'killed', /^the job ended by SIGSEGV/],
    [report('timedOut', null, 'had not ended after 9.0 s and was stopped'), 'fail', 'timed out', /had not ended/],
    [report('notStarted', null, 'could not be started: ENOENT'), 'inconclusive', 'not started', /could not be started/],
    [report('exited', null, 'x'), 'error', '', /cannot be read/],
    [report('exited', '0', 'x'), 'error', '', /cannot be read/],
    [report('finished', 0, 'x'), 'error', '', /cannot be read/],
    ['null', 'error', '', /cannot be read/],
    ['{"exitCode":0', 'error', '', /cannot be read/],
  ];
  for (const [raw, verdict, value, because] of rows) {
    it(`that says ${raw} is ${verdict}`, () => {
      const assessed = assessReading(
        { provider: JOB, successCondition: null, failureCondition: null },
        { raw, error: null },
      );
      assert.equal(assessed.verdict, verdict);
      assert.equal(assessed.value, value);
      assert.match(assessed.because, because);
    });
  }

  it('that nobody ran is an error', () => {
    const metric = { provider: JOB, successCondition: null, failureCondition: null };
    assert.equal(assessReading(metric, { raw: '', error: 'no build host' }).verdict, 'error');
  });
});
