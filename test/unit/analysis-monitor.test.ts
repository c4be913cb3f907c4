import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyMonitor } from '../../src/analysis/index.ts';
import type { MonitorPlan, PrometheusQuery } from '../../src/plan/plan.ts';

const QUERY: PrometheusQuery = {
  kind: 'prometheus',
  address: 'http://prometheus:9090',
  query: 'up',
  timeoutMs: 30_000,
};
const MONITOR: MonitorPlan = {
  success: QUERY,
  p95Seconds: QUERY,
  healthy: { success: 0.99, p95Seconds: 0.5 },
  unhealthy: { success: 0.95, p95Seconds: 1 },
  intervalMs: 5_000,
  attempts: 60,
};
const UNREACHABLE = { raw: '', error: 'connection refused' };

const vector = (...values: (string | number)[]) => ({
  raw: JSON.stringify({
    status: 'success',
    data: { resultType: 'vector', result: values.map((value) => ({ metric: {}, value: [1, String(value)] })) },
  }),
  error: null,
});

describe('The look before the last decision', () => {
  const rows: [
    what: string,
    success: ReturnType<typeof vector> | typeof UNREACHABLE,
    p95: ReturnType<typeof vector> | typeof UNREACHABLE,
    verdict: string,
    because: RegExp,
  ][] = [
    ['both at their healthy limits', vector(0.99), vector(0.5), 'healthy', /success 0\.99, p95 0\.5 s/],
    ['success just below healthy', vector(0.9899), vector(0.5), 'again', /look 1 of 60/],
    ['p95 just above healthy', vector(0.99), vector(0.501), 'again', /at most 0\.5 s/],
    ['both at their unhealthy limits', vector(0.95), vector(1), 'again', /look 1/],
    ['success below unhealthy', vector(0.9499), vector(0.1), 'unhealthy', /success below 0\.95/],
    ['p95 above unhealthy', vector(1), vector(1.01), 'unhealthy', /p95 above 1 s/],
    ['p95 infinite', vector(1), vector('+Inf'), 'unhealthy', /p95 above/],
    ['no data', vector(), vector(), 'again', /success unknown \(no data\)/],
    ['NaN', vector('NaN'), vector(0.1), 'again', /success unknown \(NaN\)/],
    ['Prometheus gone', UNREACHABLE, UNREACHABLE, 'again', /connection refused/],
    ['one of both missing, the other healthy', vector(1), UNREACHABLE, 'again', /p95 unknown/],
    ['one of both missing, the other unhealthy', UNREACHABLE, vector(2), 'unhealthy', /p95 above/],
    ['several series, the worst in between', vector(1, 0.97), vector(0.1), 'again', /success 0\.97/],
    ['several series, the worst success unhealthy', vector(1, 0.5), vector(0.1), 'unhealthy', /success 0\.5/],
    ['several series, the worst p95 unhealthy', vector(1), vector(0.1, 3), 'unhealthy', /p95 3 s/],
  ];
  for (const [what, success, p95, verdict, because] of rows) {
    it(`is ${verdict}: ${what}`, () => {
      const look = applyMonitor(MONITOR, success, p95, 1);
      assert.equal(look.verdict, verdict, look.because);
      assert.match(look.because, because);
    });
  }

  it('gives up after its last attempt, also for lack of data', () => {
    assert.equal(applyMonitor(MONITOR, vector(0.97), vector(0.1), 59).verdict, 'again');
    assert.equal(applyMonitor(MONITOR, vector(0.97), vector(0.1), 60).verdict, 'gaveUp');
    assert.equal(applyMonitor(MONITOR, UNREACHABLE, UNREACHABLE, 60).verdict, 'gaveUp');
    assert.equal(applyMonitor(MONITOR, vector(0.995), vector(0.1), 60).verdict, 'healthy');
  });
});
