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
      - name: mean
        mean:
          sum: http_request_duration_seconds_sum{service="shop-canary"}
          histogram: http_request_duration_seconds_bucket{service="shop-canary"}
        weight: 4
`;
const COMPARED = edited('release.yaml', 'canary:\n', COMPARISON, GOOD);

describe('canary.comparison', () => {
  const plan = compileFiles(COMPARED).plan;

  test('is an analysis beside that of the Rollout; each metric has its part of alpha', () => {
    const metrics = plan?.canary.comparison?.metrics ?? [];
    assert.deepEqual(
      metrics.map(({ name, comparison }) => ({ name, ...comparison })),
      [
        { name: 'errors', of: 'counts', alpha: 0.00625, margin: 0.5, minimumRequests: 100 },
        {
          name: 'latency',
          of: 'histogram',
          alpha: 0.018750000000000003,
          margin: 1,
          minimumRequests: 100,
          quantile: 0.95,
        },
        { name: 'mean', of: 'mean', alpha: 0.025, margin: 0.5, minimumRequests: 100 },
      ],
    );
    assert.ok(plan?.canary.background?.analysis.metrics.every(({ comparison }) => comparison === undefined));
  });

  test('asks one question for both parts of a count', () => {
    const metric = plan?.canary.comparison?.metrics.find(({ name }) => name === 'errors');
    assert.equal(
      metric && queryText(metric.provider),
      'label_replace(sum(http_requests_total{service="shop-canary",code=~"5.."}), "shiplock_part", "events", "", "") or ' +
        'label_replace(sum(http_requests_total{service="shop-canary"}), "shiplock_part", "total", "", "")',
    );
  });

  test('compares with a fresh baseline where it is asked to', () => {
    assert.equal(plan?.canary.baselineService, undefined);
    const files = edited('release.yaml', 'comparison:\n', 'comparison:\n    baseline: true\n', COMPARED);
    assert.equal(compileFiles(files).plan?.canary.baselineService, 'shop-baseline');
  });

  test('leaves compatibility to the analysis of the Rollout', () => {
    const files = edited('release.yaml', 'canary:\n', 'canary:\n  analysis: { compatibility: argo }\n', COMPARED);
    const canary = compileFiles(files).plan?.canary;
    assert.equal(canary?.background?.analysis.compatibility, 'argo');
    assert.equal(canary?.comparison?.compatibility, undefined);
  });

  test('asks one question for the buckets and the sum of a mean', () => {
    const metric = plan?.canary.comparison?.metrics.find(({ name }) => name === 'mean');
    assert.equal(
      metric && queryText(metric.provider),
      'sum by (le) (http_request_duration_seconds_bucket{service="shop-canary"}) or ' +
        'label_replace(sum(http_request_duration_seconds_sum{service="shop-canary"}), "shiplock_part", "sum", "", "")',
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
      /does not name shop-canary/,
    ],
    [
      'a sum of another service',
      'sum: http_request_duration_seconds_sum{service="shop-canary"}',
      'sum: «up',
      'canary.comparison.metrics[2].mean.sum',
      'VALUE',
      /does not name shop-canary/,
    ],
    [
      'a total of another service',
      'total: http_requests_total{service="shop-canary"}',
      'total: «up',
      'canary.comparison.metrics[0].counts.total',
      'VALUE',
      /does not name shop-canary/,
    ],
    [
      'a rate where a counter is expected',
      'total: http_requests_total{service="shop-canary"}',
      'total: «rate(http_requests_total{service="shop-canary"}[5m])',
      'canary.comparison.metrics[0].counts.total',
      'VALUE',
      /takes rate\(…\) of it; expected the counter itself/,
    ],
    ['alpha in percent', '    margin: 0.5', '    alpha: «5', 'canary.comparison.alpha', 'RANGE', /0\.05 is 5 %/],
    [
      'a margin as text',
      'margin: 0.5',
      'margin: «50%',
      'canary.comparison.margin',
      'TYPE',
      /0\.5 is half as often again/,
    ],
    [
      'a percentile in percent',
      'quantile: 0.95',
      'quantile: «95',
      'canary.comparison.metrics[1].quantile',
      'RANGE',
      /0\.99 is the 99th percentile/,
    ],
    [
      "a field of the other judge's",
      '    margin: 0.5',
      '    «groups: { errors: 100 }',
      'canary.comparison.groups',
      'FIELD_UNKNOWN',
      /is a field of the judge kayenta, and here judges sequential/,
    ],
    ['a name twice', 'name: latency', 'name: «errors', 'canary.comparison.metrics[1].name', 'VALUE', /a second time/],
    [
      'both kinds',
      'name: latency',
      '«name: latency\n        counts: { events: a, total: b }',
      'canary.comparison.metrics[1]',
      'CHOICE',
      /counts and histogram; expected exactly one of counts, histogram, mean/,
    ],
  ];
  test('a label that reads like a function is none', () => {
    const files = edited('release.yaml', 'code=~"5.."', 'code=~"5..",path="/rate(x)"', COMPARED);
    assert.deepEqual(compileFiles(files).errors, []);
  });

  for (const [says, from, to, at, code, message] of CASES)
    test(`${says}: refused`, () =>
      refused(edited('release.yaml', from, to, COMPARED), at, `SHIPLOCK_PLAN_${code}`, message));
});
