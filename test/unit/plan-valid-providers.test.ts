import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { MetricPlan } from '../../src/plan/plan.ts';
import { validatePlan } from '../../src/plan/validate.ts';
import { somePlan } from '../fixtures/some-plan.ts';

/** The plan as it would arrive at a worker from somebody who did not compile it. */
function arriving(provider: object, change: object = {}): unknown {
  const plan = JSON.parse(JSON.stringify(somePlan()));
  const metric: MetricPlan = plan.canary.background.analysis.metrics[0];
  plan.canary.background.analysis.metrics[0] = { ...metric, provider, ...change };
  return plan;
}

const PROMETHEUS = { kind: 'prometheus', address: 'http://prometheus:9090', query: 'up', timeoutMs: 1_000 };
const WEB = { kind: 'web', url: 'http://judge/a', method: 'GET', headers: [], jsonPath: '{$}', timeoutMs: 1_000 };
const DATADOG = {
  kind: 'datadog',
  apiVersion: 'v2',
  address: 'https://api.datadoghq.com',
  queries: { a: 'x', b: 'y' },
  formula: 'a / b',
  aggregator: 'last',
  intervalMs: 300_000,
  apiKey: '{{secret.datadog/api-key}}',
  appKey: '{{secret.datadog/app-key}}',
  timeoutMs: 1_000,
};
const JOB = { kind: 'job', command: ['smoke'], environment: { A: '' }, attempts: 1, timeoutMs: 1_000 };
const ANY = { successCondition: 'result.ok' };

describe('a provider of a plan that arrives at a worker', () => {
  test('is taken as the compiler makes it', () => {
    const range = { startMs: 3_600_000, endMs: 0, stepMs: 60_000 };
    const headers = [{ key: 'X-Scope-OrgID', value: 'shop' }];
    const basicAuth = { username: 'a', password: '{{secret.a/b}}' };
    for (const [provider, change] of [
      [PROMETHEUS],
      [{ ...PROMETHEUS, range, headers, basicAuth, insecure: true }],
      [WEB, ANY],
      [{ ...WEB, method: 'POST', body: '{}', headers, url: 'http://judge/{{revision.latest}}' }, ANY],
      [DATADOG, ANY],
      [{ ...DATADOG, apiVersion: 'v1', queries: { query: 'x' }, formula: undefined }, ANY],
      [{ ...JOB, directory: '/srv/shop' }, { successCondition: null }],
    ] as const) {
      const plan = JSON.parse(JSON.stringify(arriving(provider, change)));
      assert.deepEqual(validatePlan(plan), plan);
    }
  });

  const cases: readonly (readonly [says: string, provider: object, change?: object])[] = [
    ['asks nowhere', { ...PROMETHEUS, address: 'prometheus' }],
    ['carries credentials', { ...PROMETHEUS, address: 'http://u:p@prometheus' }],
    ['has a host that a release fills in', { ...WEB, url: 'http://{{revision.latest}}.example/' }, ANY],
    ['has an address with a placeholder', { ...PROMETHEUS, address: 'http://x/{{revision.latest}}' }],
    ['has a range that ends before it starts', { ...PROMETHEUS, range: { startMs: 0, endMs: 1, stepMs: 1 } }],
    ['has a range of too many points', { ...PROMETHEUS, range: { startMs: 10_000_000, endMs: 0, stepMs: 1_000 } }],
    ['has a range without a step', { ...PROMETHEUS, range: { startMs: 1, endMs: 0, stepMs: 0 } }],
    ["sets HTTP's own headers", { ...WEB, headers: [{ key: 'Content-Length', value: '1' }] }, ANY],
    ['sets a header twice', { ...WEB, headers: ['a', 'A'].map((key) => ({ key, value: '1' })) }, ANY],
    ['has a header of two lines', { ...WEB, headers: [{ key: 'A', value: 'x\r\nB: y' }] }, ANY],
    ['has half a login', { ...PROMETHEUS, basicAuth: { username: 'a', password: '' } }],
    ['sends a body with GET', { ...WEB, body: 'x' }, ANY],
    ['deletes', { ...WEB, method: 'DELETE' }, ANY],
    ['has two queries and no formula', { ...DATADOG, formula: undefined }, ANY],
    ['has no query', { ...DATADOG, queries: {} }, ANY],
    ['has queries of v2 with v1', { ...DATADOG, apiVersion: 'v1', queries: { a: 'x' }, formula: undefined }, ANY],
    ['runs nothing', { ...JOB, command: [] }],
    ['runs where nobody knows', { ...JOB, directory: 'srv' }],
    ['never ends', { ...JOB, timeoutMs: 0 }],
    ['is none that is known', { kind: 'kayenta' }],
    ['has a field of another', { ...PROMETHEUS, jsonPath: '{$}' }],
    ['has a condition that fits no number', PROMETHEUS, ANY],
    ['has a condition that nobody understands', WEB, { successCondition: 'result.' }],
    [
      'compares without Prometheus',
      WEB,
      { ...ANY, comparison: { of: 'counts', alpha: 0.05, margin: null, minimumRequests: 100 } },
    ],
  ];
  for (const [says, provider, change] of cases) {
    test(`is refused where it ${says}`, () => {
      assert.throws(() => validatePlan(JSON.parse(JSON.stringify(arriving(provider, change)))), {
        code: 'SHIPLOCK_PLAN_INVALID',
      });
    });
  }
});
