import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  applyMonitor,
  assessMetric,
  assessReading,
  checkCondition,
  evaluateCondition,
  parsePrometheus,
  type ReadingVerdict,
} from '../../src/analysis/index.ts';
import type { MonitorPlan } from '../../src/plan/plan.ts';
import { processorMs } from '../fixtures/processor-time.ts';
import { randomBelow } from '../fixtures/random.ts';
import { broken, condition } from '../oracles/expr/grammar.ts';
import { RESULTS } from '../oracles/expr/results.ts';

/** The same cases on every run; another seed finds others. */
const SEED = Number(process.env.SHIPLOCK_FUZZ_SEED ?? 20261123);
const ROUNDS = Number(process.env.SHIPLOCK_FUZZ_ROUNDS ?? 3000);
/** A single judgement takes microseconds; this is what a hang would exceed. */
const NO_HANG_MS = 3000;

const PIECES = [
  ...['result', 'result[0]', '#', '.a', '?.', '[', ']', '(', ')', '{', '}', ',', ':', '?', '??', ';'],
  ...['all', 'any(', 'filter(result,', 'map(', 'count(', 'sum(', 'len(', 'isNaN(', 'default(', 'asInt(', 'mean('],
  ...[
    'lower(',
    'split(',
    'duration("1h")',
    'date(',
    'now()',
    '.Hours()',
    'sort(',
    'reduce(',
    '#acc',
    '#index',
    'concat(',
  ],
  ...['let x =', 'x', 'if', 'else', '{a:', '..', '|', '::', 'find(', 'toJSON(', 'fromJSON(', 'repeat(', '"asc"'],
  ...['and', 'or', 'not', '!', '&&', '||', 'in', 'matches', 'contains', '==', '>=', '<', '+', '-', '*', '/', '%', '**'],
  ...[
    '0',
    '1',
    '0.99',
    '1e308',
    '-0',
    '0x1F',
    '9223372036854775807',
    'nil',
    'true',
    '"a"',
    "'(a+)+$'",
    '`x`',
    '"\\',
    'π',
    '\u0000',
  ],
];
const NUMBERS = ['0', '-0', '1', '0.99', '5e-324', '1e308', '1e309', 'NaN', '+Inf', '-Inf', '', 'x', '١', '1e', '0x1'];

describe('Whatever is thrown at it', () => {
  it('a condition is answered or refused, at once and twice the same', () => {
    const random = randomBelow(SEED);
    for (let round = 0; round < ROUNDS; round += 1) {
      const text = Array.from({ length: 1 + random(14) }, () => PIECES[random(PIECES.length)]).join(
        random(3) === 0 ? '' : ' ',
      );
      const result = resultFrom(random);
      answeredOrRefused(text, result);
    }
  });

  it('a condition that makes sense, or nearly, is answered or refused, at once and twice the same', () => {
    const random = randomBelow(SEED + 4);
    for (let round = 0; round < ROUNDS; round += 1) {
      const { shape, given } = RESULTS[random(RESULTS.length)] as (typeof RESULTS)[number];
      const { numbers, number, result } = given as { numbers?: string[]; number?: string; result?: Result };
      const whole = condition(random, shape);
      const text = random(3) === 0 ? broken(whole, random) : whole;
      answeredOrRefused(text, numbers?.map(Number) ?? (number === undefined ? (result ?? null) : Number(number)));
    }
  });

  it('what is remembered of earlier conditions changes no answer', () => {
    const random = randomBelow(SEED + 5);
    const asked = Array.from({ length: 600 }, () => condition(random, 'numbers'));
    const results = [[], [0.995], [1, 2, 3], null, 'abc', { a: 1 }];
    const first = asked.map((text) => results.map((result) => evaluateCondition(text, result)));
    const again = asked
      .toReversed()
      .map((text) => results.toReversed().map((result) => evaluateCondition(text, result)));
    assert.deepEqual(
      again.toReversed(),
      first.map((outcomes) => outcomes.toReversed()),
    );
  });

  it('a pattern is matched or refused, at once', () => {
    const random = randomBelow(SEED + 1);
    const pieces = [
      'a',
      'b',
      '.',
      '*',
      '+',
      '?',
      '(',
      ')',
      '(?:',
      '(?i)',
      '[',
      '[^',
      ']',
      '-',
      '{2}',
      '{1,',
      '}',
      '|',
      '^',
      '$',
      '\\d',
      '\\b',
      '\\x41',
      '\\',
    ];
    for (let round = 0; round < ROUNDS; round += 1) {
      const pattern = Array.from({ length: 1 + random(12) }, () => pieces[random(pieces.length)]).join('');
      const text = `result matches ${'`'}${pattern}${'`'}`;
      quickly(text, () => evaluateCondition(text, 'ab'.repeat(random(300))));
    }
  });

  it('an answer of Prometheus is read or refused with a reason, and judged without a crash', () => {
    const random = randomBelow(SEED + 2);
    for (let round = 0; round < ROUNDS; round += 1) {
      const raw = answerFrom(random);
      const answer = parsePrometheus(raw);
      assert.deepEqual(parsePrometheus(raw), answer);
      if (!answer.ok) assert.notEqual(answer.message, '');
      const metric = {
        provider: MONITOR.success,
        successCondition: random(2) === 0 ? 'result[0] >= 0.5' : null,
        failureCondition: random(2) === 0 ? 'result[0] > 0.9' : null,
      };
      const assessed = assessReading(metric, { raw, error: null });
      const values = !answer.ok ? [] : typeof answer.result === 'number' ? [answer.result] : answer.result;
      if (assessed.verdict === 'pass')
        assert.ok(
          values.some((value) => !Number.isNaN(value)),
          `a pass without a number: ${raw}`,
        );
      const { verdict } = applyMonitor(MONITOR, { raw, error: null }, { raw, error: null }, 1 + random(3));
      if (verdict === 'healthy')
        assert.ok(values.length > 0 && !values.some(Number.isNaN), `healthy without numbers: ${raw}`);
    }
  });

  it('a metric ends, never passes without a good reading, and never goes back on its word', () => {
    const random = randomBelow(SEED + 3);
    const verdicts: readonly ReadingVerdict[] = ['pass', 'pass', 'pass', 'fail', 'inconclusive', 'error'];
    for (let round = 0; round < ROUNDS; round += 1) {
      const metric = {
        intervalMs: random(3) === 0 ? null : 1 + random(20_000),
        count: random(3) === 0 ? null : random(8),
        initialDelayMs: random(1000),
        failureLimit: random(4),
        inconclusiveLimit: random(3),
        consecutiveErrorLimit: random(5),
      };
      const readings: { verdict: ReadingVerdict }[] = [];
      let assessed = assessMetric(metric, readings);
      while (assessed.state === 'running' && readings.length < 60) {
        assert.ok(assessed.nextInMs !== null && assessed.nextInMs >= 0);
        readings.push({ verdict: verdicts[random(verdicts.length)] ?? 'error' });
        assessed = assessMetric(metric, readings);
        assert.deepEqual(assessMetric(metric, JSON.parse(JSON.stringify(readings))), assessed, 'survives being stored');
      }
      assert.equal(assessed.good + assessed.failed + assessed.inconclusive + assessed.errors, readings.length);
      if (assessed.state !== 'running') assert.equal(assessed.nextInMs, null);
      if (assessed.state === 'pass') assert.ok(assessed.good > 0 && assessed.failed <= metric.failureLimit);
    }
  });
});

const MONITOR: MonitorPlan = {
  success: { kind: 'prometheus', address: 'http://prometheus:9090', query: 'up', timeoutMs: 1000 },
  p95Seconds: { kind: 'prometheus', address: 'http://prometheus:9090', query: 'up', timeoutMs: 1000 },
  healthy: { success: 0.4, p95Seconds: 2 },
  unhealthy: { success: 0.2, p95Seconds: 3 },
  intervalMs: 5000,
  attempts: 3,
};

type Random = (below: number) => number;
type Result = Parameters<typeof evaluateCondition>[1];

function answeredOrRefused(text: string, result: Result): void {
  quickly(text, () => {
    const check = checkCondition(text);
    const outcome = evaluateCondition(text, result, { at: 0 });
    assert.deepEqual(evaluateCondition(text, result, { at: 0 }), outcome, text);
    assert.deepEqual(checkCondition(text), check, text);
    for (const fault of [check, outcome]) {
      if (fault.ok) continue;
      assert.ok(fault.column >= 1 && fault.column <= text.length + 1 && fault.message !== '', text);
    }
    if (!check.ok) assert.ok(!outcome.ok, `refused, yet answered: ${text}`);
  });
}

function resultFrom(random: Random): Result {
  const results = [
    [],
    [0.99],
    [Number.NaN],
    [1, 2, Number.POSITIVE_INFINITY],
    0.5,
    null,
    'abc',
    true,
    { a: { a: 1 } },
    [{ a: 1 }, { a: null }],
    [[1], [2]],
  ];
  return results[random(results.length)] ?? null;
}

/** A well-formed answer, its values odd, and every so often cut or damaged. */
function answerFrom(random: Random): string {
  const kind = ['vector', 'matrix', 'scalar', 'string', 'other'][random(5)];
  const value = () => [1.5, NUMBERS[random(NUMBERS.length)]];
  const series = () =>
    kind === 'matrix'
      ? { metric: {}, values: Array.from({ length: random(4) }, value) }
      : { metric: {}, value: value() };
  const result = kind === 'scalar' ? value() : Array.from({ length: random(4) }, series);
  const raw = JSON.stringify({ status: random(9) === 0 ? 'error' : 'success', data: { resultType: kind, result } });
  if (random(4) !== 0) return raw;
  const at = random(raw.length);
  return random(2) === 0
    ? raw.slice(0, at)
    : raw.slice(0, at) + ['null', '[', '"', '{}', '0'][random(5)] + raw.slice(at + 1);
}

function quickly(what: string, work: () => unknown): void {
  const started = processorMs();
  work();
  assert.ok(processorMs() - started < NO_HANG_MS, `took too long: ${what}`);
}
