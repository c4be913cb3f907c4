import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, test } from 'node:test';
import { judgeText } from '../../src/cli/judge.ts';

const BIN = path.resolve(import.meta.dirname, '../../bin/shiplock.js');
const shiplock = (input: string, ...args: string[]) =>
  spawnSync(process.execPath, [BIN, 'judge', ...args], { input, encoding: 'utf8' });

const METRIC = { name: 'm', interval: '5m', successCondition: 'result[0] >= 0.99' };
const judged = (one: object) =>
  judgeText(JSON.stringify({ metric: METRIC, measurements: [], ...one })) as { phase: string; because: string };
const values = (...list: unknown[]) => list.map((value) => ({ value }));

describe('shiplock judge', () => {
  test('answers one case with one verdict, an array with as many, in their order', () => {
    const one = { metric: { ...METRIC, count: 2 }, measurements: values([0.995], [0.999]) };
    assert.deepEqual(JSON.parse(shiplock(JSON.stringify(one), '-o', 'json').stdout), {
      phase: 'Successful',
      because: '2 readings taken, 2 good; last: result[0] >= 0.99 holds for [0.999]',
    });
    const two = [one, { ...one, measurements: [{ error: 'timeout' }], compatibility: 'argo' }];
    const answers = JSON.parse(shiplock(JSON.stringify(two), '-o', 'json').stdout);
    assert.deepEqual(
      answers.map(({ phase }: { phase: string }) => phase),
      ['Successful', 'Running'],
    );
    assert.match(
      shiplock(JSON.stringify(two)).stdout,
      /^Successful {4}2 readings taken.*\nRunning {7}0 of 2 readings taken, 0 good, 1 error; last: no answer: timeout\n$/,
    );
  });

  test('says what is wrong with its input, and exits with 2', () => {
    for (const [input, why] of [
      ['', /Unexpected end of JSON input/],
      ['{"metric": {}}', /measurements: /],
      ['[{"metric": {}}, {"metric": 1, "measurements": []}]', /case 1: measurements: /],
      ['{"metric": {}, "measurements": [{"valu": 1}]}', /measurements.0: expected \{"value": …\} or \{"error": "…"\}/],
      ['{"metric": {}, "measurements": [{}]}', /measurements.0: expected/],
      ['{"metric": [], "measurements": []}', /metric: a metric, as in an AnalysisTemplate/],
      [`{"metric": {}, "measurements": [{"value": ${'['.repeat(9_999)}${']'.repeat(9_999)}}]}`, /nested more than 500/],
      ['{"metric": {}, "measurements": [], "compatibility": "flagger"}', /compatibility: "argo", or nothing/],
    ] as const) {
      const { status, stdout, stderr } = shiplock(input);
      assert.equal(status, 2, input);
      assert.equal(stdout, '');
      assert.match(stderr, why);
      assert.match(stderr, /SHIPLOCK_USAGE/);
    }
  });

  test('calls a metric that is wrong an error, with its place, and judges the others', () => {
    const wrong = { metric: { name: 'm', count: 3, colour: 'red' }, measurements: [] };
    const answers = judgeText(JSON.stringify([wrong, { metric: METRIC, measurements: [] }]));
    assert.deepEqual(answers, [
      {
        phase: 'Error',
        because:
          'colour: is not a known field; expected one of name, interval, initialDelay, count, successCondition, failureCondition, failureLimit, inconclusiveLimit, consecutiveErrorLimit, consecutiveSuccessLimit, provider',
      },
      { phase: 'Running', because: 'no reading yet' },
    ]);
    assert.match(judged({ metric: { name: 'm', count: 3 } }).because, /^count: is 3 without an interval/);
  });

  test('judges what is a case beside what is none', () => {
    const answers = judgeText(JSON.stringify([{ metric: METRIC }, { metric: METRIC, measurements: values([0.5]) }]));
    assert.deepEqual(
      [answers].flat().map(({ phase }) => phase),
      ['Error', 'Failed'],
    );
    assert.deepEqual(judgeText('[]'), []);
  });

  test('takes the numbers that JSON lacks as Prometheus and as Python write them, and leaves text alone', () => {
    const of = (value: string, condition: string) => {
      const metric = JSON.stringify({ successCondition: condition });
      const text = `{"metric": ${metric}, "measurements": [{"value": ${value}}], "compatibility": "argo"}`;
      return (judgeText(text) as { phase: string }).phase;
    };
    for (const [value, condition] of [
      ['[1, "NaN"]', 'isNaN(result[1])'],
      ['["+Inf", "-Inf"]', 'result[0] > 1e308 && result[1] < -1e308'],
      ['[NaN, Infinity, -Infinity]', 'isNaN(result[0]) && isInf(result[1]) && result[2] < 0'],
      ['NaN', 'isNaN(result)'],
      ['{"a": -Infinity, "b": "NaN Infinity \\"NaN"}', 'isInf(result.a) && result.b endsWith "NaN"'],
      ['1e999', 'isInf(result)'],
      ['"NaN"', 'result == "NaN"'],
      ['["NaN", "a"]', 'result[0] == "NaN"'],
      ['{"a": ["NaN"]}', 'result.a[0] == "NaN"'],
    ] as const)
      assert.equal(of(value, condition), 'Successful', `${condition} for ${value}`);
  });

  test('reads a metric as the controller of Argo does', () => {
    const one = values([1]);
    const rows: [metric: object, phase: string, measurements?: object[]][] = [
      [{}, 'Successful', one],
      [{ name: '', provider: {} }, 'Successful', one],
      [{ provider: { web: { url: 'http://x' } } }, 'Successful', one],
      [{ provider: { web: {}, job: {} } }, 'Error', one],
      [{ count: '3' }, 'Error', one],
      [{ count: 'three' }, 'Successful', one],
      [{ count: 3, interval: '' }, 'Error', one],
      [{ count: '+2', interval: '100ms' }, 'Running', one],
      [{ count: 0, interval: '5m', failureLimit: 3 }, 'Running', one],
      [{ count: -1, interval: '5m' }, 'Successful', one],
      [{ count: 1.5 }, 'Error', one],
      [{ interval: '-5m' }, 'Running', one],
      [{ interval: '1d' }, 'Error', one],
      [{ interval: '9999999h' }, 'Error', one],
      [{ initialDelay: '5' }, 'Error', one],
      [{ failureLimit: -2, interval: '5m' }, 'Error', one],
      [{ failureLimit: -1, interval: '5m' }, 'Error', one],
      [{ failureLimit: '-1', consecutiveSuccessLimit: '1', interval: '5m' }, 'Successful', one],
      [{ consecutiveErrorLimit: -1 }, 'Error', one],
      [{ consecutiveErrorLimit: '0', interval: '5m' }, 'Error', [{ error: 'timeout' }]],
      [{ count: 2, interval: '5m', failureLimit: 1, consecutiveSuccessLimit: 2 }, 'Error', one],
      [{ successCondition: 'result[0] >= {{args.least}}' }, 'Error'],
    ];
    for (const [metric, phase, measurements = []] of rows)
      for (const compatibility of ['argo', undefined])
        assert.equal(judged({ metric, measurements, compatibility }).phase, phase, JSON.stringify(metric));
    assert.equal(judged({ metric: { colour: 'red' }, measurements: one, compatibility: 'argo' }).phase, 'Successful');
  });

  test('looks at nothing after the metric has ended', () => {
    const case_ = { measurements: values([0.5], [1], [1], [1]) };
    assert.match(
      judged(case_).because,
      /^1 failed reading, more than failureLimit 0; last: result\[0\] >= 0.99 does not hold for \[0.5\]$/,
    );
  });

  test('with compatibility: argo does as Argo does, without it as our rules say', () => {
    const rows: [one: object, argo: string, ours: string][] = [
      [{ terminated: true }, 'Successful', 'Inconclusive'],
      [{ terminated: true, measurements: values([1], [1], [1]) }, 'Successful', 'Successful'],
      [{ metric: { name: 'm' }, measurements: values([]) }, 'Successful', 'Running'],
      [{ metric: { ...METRIC, count: 1, failureLimit: 1 }, measurements: values([0.5]) }, 'Successful', 'Inconclusive'],
      [{ metric: { name: 'm', successCondition: 'result.' }, measurements: values(1) }, 'Running', 'Error'],
      [
        { metric: { name: 'm', successCondition: 'result.ok' }, measurements: values({ ok: true }) },
        'Successful',
        'Successful',
      ],
      [
        { metric: { name: 'm', successCondition: 'isNil(result.a)' }, measurements: values({ a: null }) },
        'Failed',
        'Successful',
      ],
      [
        { metric: { name: 'm', successCondition: 'default(result[0], 9) == 9' }, measurements: values([null]) },
        'Failed',
        'Successful',
      ],
      [{ metric: { name: 'm', successCondition: 'result' }, measurements: values('yes') }, 'Running', 'Running'],
    ];
    for (const [one, argo, ours] of rows) {
      assert.equal(judged({ ...one, compatibility: 'argo' }).phase, argo, JSON.stringify(one));
      assert.equal(judged(one).phase, ours, JSON.stringify(one));
    }
  });
});
