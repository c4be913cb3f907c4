/** Whether the requests that a router counted agree with the weight that was written. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { observeSplit, requestsQuery } from '../../activities/traffic/kubernetes/observe.ts';
import { judgeSplit } from '../../src/rollout/observed-split.ts';
import { parsePolicy } from '../../workers/policy.ts';
import { random as seeded } from '../fixtures/random.ts';

describe('an observed split', () => {
  for (const [stable, canary, percent, verdict] of [
    [0, 0, 10, 'open'],
    [20, 2, 10, 'open'],
    [900, 100, 10, 'agrees'],
    [500, 500, 10, 'contradicts'],
    [1000, 0, 10, 'contradicts'],
    [300, 0, 0, 'agrees'],
    [299, 1, 0, 'contradicts'],
    [0, 300, 100, 'agrees'],
    [1, 299, 100, 'contradicts'],
    [0, 1, 0, 'contradicts'],
  ] as const)
    test(`of ${stable} and ${canary} requests at ${percent} %: ${verdict}`, () => {
      const { because, ...judged } = judgeSplit({ stable, canary }, percent);
      assert.equal(judged.verdict, verdict);
      if (stable + canary > 0)
        assert.match(because, new RegExp(`^${canary} of ${stable + canary} requests went to the canary: `));
    });

  test('a right split is hardly ever contradicted, however often one looks', () => {
    const random = seeded(7);
    let wrong = 0;
    for (let round = 0; round < 300; round += 1) {
      const percent = [1, 10, 50, 99][round % 4] as number;
      const counts = { stable: 0, canary: 0 };
      for (let look = 0; look < 20; look += 1) {
        for (let request = 0; request < 25; request += 1) counts[random() * 100 < percent ? 'canary' : 'stable'] += 1;
        if (judgeSplit(counts, percent).verdict === 'contradicts') {
          wrong += 1;
          break;
        }
      }
    }
    assert.ok(wrong <= 3, `${wrong} of 300, where 0.3 are expected at most`);
  });

  test('a weight that never came is contradicted within a thousand requests', () => {
    for (const [percent, still] of [
      [25, 10],
      [50, 25],
      [100, 50],
      [10, 0],
    ] as const)
      assert.equal(judgeSplit({ stable: 10 * (100 - still), canary: 10 * still }, percent).verdict, 'contradicts');
  });
});

describe('what Prometheus is asked', () => {
  const metrics = { prometheus: 'http://127.0.0.1:9090', requests: 'r{service="{{service}}.{{namespace}}"}' };
  const sides = { namespace: 'web', stableService: 'shop-stable', canaryService: 'shop-canary' };
  const vector = (value: string) =>
    `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"${value}"]}]}}`;
  const empty = '{"status":"success","data":{"resultType":"vector","result":[]}}';
  const observe = async (secondsAgo: number, answers: Record<string, string>) => {
    const asked: string[] = [];
    const observed = await observeSplit(
      metrics,
      sides,
      { percent: 10, sinceMs: Date.now() - 1000 * secondsAgo },
      new AbortController().signal,
      async ({ body = '' }) => {
        const query = new URLSearchParams(body).get('query') ?? '';
        asked.push(query);
        const raw = answers[query.includes('canary') ? 'canary' : 'stable'];
        return raw === undefined
          ? { raw: '', error: 'nobody answers', status: null }
          : { raw, error: null, status: 200 };
      },
    );
    return { ...observed, asked };
  };

  test('the growth of the counters of each Service, without an extrapolation', () => {
    assert.equal(
      requestsQuery(metrics.requests, { service: 'shop-canary', namespace: 'web' }, 14),
      'sum(max_over_time(r{service="shop-canary.web"}[14s]) - min_over_time(r{service="shop-canary.web"}[14s])) unless sum(resets(r{service="shop-canary.web"}[14s])) > 0',
    );
  });

  test('from a second after the weight was written, and no longer than a minute', async () => {
    const { asked } = await observe(15.5, { stable: vector('90'), canary: vector('10') });
    assert.ok(
      asked.every((query) => query.includes('[14s]')),
      asked.join(),
    );
    const late = await observe(900, { stable: vector('90'), canary: vector('10') });
    assert.ok(late.asked.every((query) => query.includes('[60s]')));
    assert.deepEqual([(await observe(1, {})).verdict, (await observe(1, {})).asked], ['open', []]);
  });

  test('counts are judged; no series is no request; what is no count is none', async () => {
    assert.equal((await observe(30, { stable: vector('900'), canary: vector('100') })).verdict, 'agrees');
    assert.equal((await observe(30, { stable: vector('900'), canary: empty })).verdict, 'contradicts');
    for (const odd of [
      undefined,
      vector('NaN'),
      vector('-1'),
      'x',
      '{"status":"error","errorType":"bad_data","error":"parse"}',
    ]) {
      const { verdict, because } = await observe(30, {
        stable: vector('900'),
        ...(odd !== undefined && { canary: odd }),
      });
      assert.deepEqual([verdict, because !== ''], ['open', true], odd);
    }
  });
});

test('a policy names both, and the selector has a place for the Service', () => {
  const policy = (requests: string) =>
    parsePolicy(
      `services: []\nclusters: { one: { routerMetrics: { prometheus: 'http://p:9090', requests: '${requests}' } } }`,
      '/srv/policy.yaml',
    );
  assert.deepEqual(policy('r{s="{{service}}"}').clusters.one?.routerMetrics, {
    prometheus: 'http://p:9090',
    requests: 'r{s="{{service}}"}',
  });
  assert.throws(() => policy('r{s="shop"}'), /expected \{\{service\}\} in it/);
});
