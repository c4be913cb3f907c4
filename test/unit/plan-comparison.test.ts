import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { queryText } from '../../src/plan/provider.ts';
import { edited, GOOD } from './plan-fixture.ts';
import { type BadInput, compileFiles, refused } from './plan-refusals.ts';

const COMPARISON = `canary:
  comparison:
    prometheus: http://prometheus:9090
    interval: 10s
    margin: 0.5
    metrics:
      - name: errors
        counts:
          events: http_requests_total{service="shop-canary",code=~"5.."}
          total: http_requests_total{service="shop-canary"}
      - name: latency
        histogram: http_request_duration_seconds_bucket{service="shop-canary"}
        quantile: 0.95
        weight: 3
        margin: 1
`;
const COMPARED = edited('release.yaml', 'canary:\n', COMPARISON, GOOD);

describe('canary.comparison', () => {
  const plan = compileFiles(COMPARED).plan;

  test('stands behind the metrics of the Rollout, with its part of alpha each', () => {
    const metrics = plan?.canary.background?.analysis.metrics ?? [];
    const compared = metrics.filter(({ comparison }) => comparison);
    assert.deepEqual(
      compared.map(({ name, comparison }) => ({ name, ...comparison })),
      [
        { name: 'errors', of: 'counts', alpha: 0.0125, margin: 0.5, minimumRequests: 100 },
        {
          name: 'latency',
          of: 'histogram',
          alpha: 0.037500000000000006,
          margin: 1,
          minimumRequests: 100,
          quantile: 0.95,
        },
      ],
    );
    assert.ok(metrics.length > compared.length);
  });

  test('asks one question for both parts of a count', () => {
    const metric = plan?.canary.background?.analysis.metrics.find(({ name }) => name === 'errors');
    assert.equal(
      metric && queryText(metric.provider),
      'label_replace(sum(http_requests_total{service="shop-canary",code=~"5.."}), "shiplock_part", "events", "", "") or ' +
        'label_replace(sum(http_requests_total{service="shop-canary"}), "shiplock_part", "total", "", "")',
    );
  });

  const CASES: readonly BadInput[] = [
    [
      'no Prometheus',
      'http://prometheus:9090',
      '«prometheus:9090',
      'canary.comparison.prometheus',
      'VALUE',
      /http address/,
    ],
    [
      'another service',
      'histogram: http_request_duration_seconds_bucket{service="shop-canary"}\n        quantile: 0.95',
      'histogram: «up\n        quantile: 0.95',
      'canary.comparison.metrics[1].histogram',
      'VALUE',
      /names no shop-canary/,
    ],
    ['a name twice', 'name: latency', 'name: «errors', 'canary.comparison.metrics[1].name', 'VALUE', /a second time/],
    [
      'both kinds',
      'name: latency',
      '«name: latency\n        counts: { events: a, total: b }',
      'canary.comparison.metrics[1]',
      'CHOICE',
      /counts.*histogram/,
    ],
    [
      'as in Argo',
      'canary:\n',
      'canary:\n  analysis: { compatibility: argo }\n',
      'canary.comparison',
      'CHOICE',
      /Argo compares nothing/,
    ],
  ];
  for (const [says, from, to, at, code, message] of CASES)
    test(`${says}: refused`, () =>
      refused(edited('release.yaml', from, to, COMPARED), at, `SHIPLOCK_PLAN_${code}`, message));
});
