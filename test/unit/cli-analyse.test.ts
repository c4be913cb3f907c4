import assert from 'node:assert/strict';
import { test } from 'node:test';
import { analyse } from '../../src/cli/analyse.ts';
import type { MetricPlan } from '../../src/plan/plan.ts';

const DAY = 24 * 3_600_000;

test('a wait of longer than a timer holds is waited for', async () => {
  const metric: MetricPlan = {
    name: 'late',
    provider: { kind: 'prometheus', address: 'http://127.0.0.1:9', query: 'up', timeoutMs: 100 },
    intervalMs: 30 * DAY,
    count: null,
    initialDelayMs: 30 * DAY,
    successCondition: null,
    failureCondition: null,
    failureLimit: 0,
    inconclusiveLimit: 0,
    consecutiveErrorLimit: 4,
  };
  const plan = { templates: [], metrics: [metric], minimumReadings: 3, inconclusiveDeadlineMs: 0, deadlineMs: 0 };
  let asked = 0;
  const { state, metrics } = await analyse(plan, {
    once: false,
    ended: AbortSignal.timeout(300),
    locate: (provider) => {
      asked += 1;
      return provider;
    },
    secretOf: () => ({ because: 'there is none' }),
    onReading: () => {},
  });
  assert.equal(asked, 0);
  assert.equal(state, 'inconclusive');
  assert.deepEqual(metrics[0]?.readings, []);
});
