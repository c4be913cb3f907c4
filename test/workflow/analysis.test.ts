import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MeasureRequest } from '../../activities/metrics/port.ts';
import type { MetricPlan, Plan, WebRequest } from '../../src/plan/plan.ts';
import { withWorld } from './environment.ts';
import { endOf } from './invariants-scenes.ts';
import { automatic, credlinkPlan } from './plans.ts';
import { createWorld } from './world.ts';

const limit = { timeout: 300_000 };
const version = '1.1.0';

/** The CredLink plan, each metric of its background analysis changed. */
function planWith(change: (metric: MetricPlan) => MetricPlan): Plan {
  const plan = automatic(credlinkPlan());
  const { background } = plan.canary;
  assert.ok(background);
  const analysis = { ...background.analysis, metrics: background.analysis.metrics.map(change) };
  return { ...plan, canary: { ...plan.canary, background: { ...background, analysis } } };
}

test('a metric on a dry run fails in sight of all, and the release goes on', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  // The last look at the canary asks as well; only the background's latency is bad.
  world.metric = (query) => (query.includes('quantile') ? 0.1 : 1);
  const plan = planWith((metric) =>
    metric.name === 'latency' ? { ...metric, successCondition: 'result[0] < 0', dryRun: true } : metric,
  );
  await withWorld(world, async ({ start }) => {
    const { status: result } = await endOf(await start(plan));
    assert.equal(result.outcome, 'released');
    const latency = result.metrics.find(({ metric }) => metric === 'latency');
    assert.equal(latency?.state, 'fail');
    assert.match(latency?.because ?? '', /^dry run: .* more than failureLimit/);
  });
});

const lowTraffic = { requests: 'sum(increase(requests[2m]))', atLeast: 50 };

test('readings with too little traffic count for nothing, until there is enough', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  // One request, which fails, at 10 %; plenty that do not from then on.
  world.metric = (query, weight) => {
    if (query === lowTraffic.requests) return weight <= 25 ? 1 : 100;
    return query.includes('quantile') ? 0.1 : weight <= 25 ? 0 : 1;
  };
  await withWorld(world, async ({ start }) => {
    const { status: result } = await endOf(await start(planWith((metric) => ({ ...metric, lowTraffic }))));
    assert.equal(result.outcome, 'released');
    const [first] = result.metrics.find(({ metric }) => metric === 'success-rate')?.readings ?? [];
    assert.equal(first?.verdict, 'skipped');
    assert.equal(first?.value, '1 requests, at least 50 are needed: not judged');
  });
});

test('a release that never has enough traffic asks a person, and goes back without an answer', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  world.metric = (query) => (query === lowTraffic.requests ? 49 : query.includes('quantile') ? 0.1 : 1);
  await withWorld(world, async ({ start }) => {
    const { status } = await endOf(await start(planWith((metric) => ({ ...metric, lowTraffic }))));
    assert.equal(status.outcome, 'rolledBack');
    assert.match(status.because, /inconclusive and nobody decided: .*only 0 good readings/);
  });
});

test('a metric keeps its last readings whole, and is judged by all of them', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  const plan = planWith((metric) => ({ ...metric, retained: 2 }));
  await withWorld(world, async ({ start }) => {
    const { status: result } = await endOf(await start(plan));
    assert.equal(result.outcome, 'released');
    for (const { metric, readings, earlier = [], good } of result.metrics) {
      assert.equal(readings.length, 2, metric);
      assert.ok(earlier.length > 0, metric);
      assert.equal(good, readings.length + earlier.length, metric);
    }
  });
});

test('a reading asks about the revisions by the names that they have in this release', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  const asked = new Set<string>();
  world.metric = (query) => {
    asked.add(query);
    return query.includes('quantile') ? 0.1 : 1;
  };
  const query = 'up{new="{{revision.latest}}",old="{{revision.stable}}"}';
  const plan = planWith((metric) =>
    metric.name === 'success-rate' ? { ...metric, provider: { ...metric.provider, query } } : metric,
  );
  await withWorld(world, async ({ start }) => {
    await (await start(plan)).result();
  });
  assert.ok(asked.has('up{new="1.1.0",old="1.0.0"}'), [...asked].join('\n'));
});

test('a web provider is asked about this release, below its host, and has no side beside', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  const asked: MeasureRequest[] = [];
  const { measure } = world.activities;
  world.activities.measure = async (request) => {
    asked.push(request);
    return measure(request);
  };
  world.metric = (query) => (query.includes('quantile') ? 0.1 : 1);
  const provider: WebRequest = {
    kind: 'web',
    url: 'https://judge.example/{{revision.latest}}?service=credlink-api-canary',
    method: 'POST',
    headers: [
      { key: 'X-Stable', value: '{{revision.stable}}' },
      { key: 'Authorization', value: 'Bearer {{secret.judge/token}}' },
    ],
    body: '{"stable":"{{revision.stable}}"}',
    jsonPath: '{$}',
    timeoutMs: 1_000,
  };
  // The world answers as a Prometheus does, whoever is asked.
  const successCondition = "result.status == 'success'";
  const plan = planWith((metric) =>
    metric.name === 'success-rate' ? { ...metric, provider, successCondition } : metric,
  );
  await withWorld(world, async ({ start }) => {
    const { status: result } = await endOf(await start(plan));
    const metric = result.metrics.find((known) => known.metric === 'success-rate');
    assert.equal(metric?.query, `POST ${provider.url}`);
  });
  const [request] = asked.filter((known) => known.provider.kind === 'web');
  assert.deepEqual(request, {
    provider: {
      ...provider,
      url: 'https://judge.example/1.1.0?service=credlink-api-canary',
      headers: [
        { key: 'X-Stable', value: '1.0.0' },
        { key: 'Authorization', value: 'Bearer {{secret.judge/token}}' },
      ],
      body: '{"stable":"1.0.0"}',
    },
    environment: plan.environment,
    metric: 'background/success-rate',
  });
  // The last look asks Prometheus, and each of its questions is a metric of its own.
  assert.deepEqual([...new Set(asked.map(({ metric }) => metric))].sort(), [
    'background/latency',
    'background/success-rate',
    'monitor/p95',
    'monitor/success',
  ]);
});
