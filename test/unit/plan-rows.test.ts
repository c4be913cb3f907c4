/** The rows of `shiplock check` about metrics: whom they ask, what is good, and how many bad readings fail. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { MetricPlan } from '../../src/plan/plan.ts';
import { stepRows } from '../../src/plan/render/steps.ts';
import { metricText } from '../../src/plan/render/words.ts';

const METRIC: MetricPlan = {
  name: 'score',
  provider: { kind: 'prometheus', address: 'http://prometheus:9090', query: 'up', timeoutMs: 30_000 },
  intervalMs: 5_000,
  count: 10,
  initialDelayMs: 0,
  successCondition: 'result[0] >= 0.99',
  failureCondition: null,
  failureLimit: 0,
  inconclusiveLimit: 0,
  consecutiveErrorLimit: 4,
};
const WEB: MetricPlan['provider'] = {
  kind: 'web',
  url: 'https://judge.example/verdict',
  method: 'GET',
  headers: [],
  jsonPath: '{$}',
  timeoutMs: 10_000,
};
const JOB: MetricPlan['provider'] = {
  kind: 'job',
  command: ['node', 'smoke.mjs', '--all'],
  environment: {},
  attempts: 1,
  timeoutMs: 600_000,
};

/** The rows of a step that waits for these metrics, without its first. */
function rowsOf(metrics: readonly MetricPlan[]): string[] {
  const analysis = {
    templates: ['smoke'],
    metrics,
    minimumReadings: 3,
    inconclusiveDeadlineMs: 1,
    deadlineMs: 1,
  };
  return stepRows({ kind: 'analysis', analysis }, 0, 'canary', 'step 1')
    .slice(1)
    .map(({ what, deadline }) => `${what} | ${deadline}`);
}

suite('the row of a metric', () => {
  const cases: readonly [name: string, metric: MetricPlan, text: string][] = [
    ['of Prometheus', METRIC, '· score: good: result[0] >= 0.99 · 10 readings 5s apart'],
    [
      'with both conditions',
      { ...METRIC, failureCondition: 'result[0] < 0.9' },
      '· score: good: result[0] >= 0.99 bad: result[0] < 0.9 · 10 readings 5s apart',
    ],
    [
      'without any condition',
      { ...METRIC, successCondition: null },
      '· score: good: any answer with data · 10 readings 5s apart',
    ],
    [
      'of another service says which',
      { ...METRIC, provider: WEB, successCondition: 'result == "ok"' },
      '· score (GET https://judge.example/verdict): good: result == "ok" · 10 readings 5s apart',
    ],
    [
      'of a job says its command',
      { ...METRIC, provider: JOB, successCondition: null, count: 1 },
      '· score (job): good where node smoke.mjs --all exits with 0 · 1 reading',
    ],
  ];
  for (const [name, metric, text] of cases) test(name, () => assert.equal(metricText(metric), text));

  test('says how many bad readings fail, and nothing where none do', () => {
    const limits = [0, 3, -1].map((failureLimit) => rowsOf([{ ...METRIC, failureLimit }])[0]?.split(' | ')[1]);
    assert.deepEqual(limits, ['one bad fails', 'more than 3 bad fail', '']);
  });

  test('is followed by what its readings need of traffic, once for all', () => {
    const lowTraffic = { requests: 'sum(increase(requests[2m]))', atLeast: 50 };
    const guarded = { ...METRIC, lowTraffic };
    const wanted = '· readings of Prometheus count from 50 requests on: sum(increase(requests[2m])) | ';
    assert.deepEqual(rowsOf([guarded, guarded]).slice(2), [wanted]);
    assert.equal(rowsOf([METRIC]).length, 1);
  });
});
