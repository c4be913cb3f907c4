import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createMetricsActivities } from '../../activities/metrics/index.ts';
import type { Reading } from '../../activities/metrics/port.ts';
import { parsePrometheus } from '../../src/analysis/prometheus.ts';
import type { PrometheusQuery } from '../../src/plan/plan.ts';
import { locate, parsePolicy, secretValue } from '../../workers/policy.ts';
import { activityEnvironment } from '../fixtures/activity-environment.ts';
import { selfSigned } from './support/certificate.ts';
import { LOGIN, startPrometheus } from './support/prometheus.ts';

const certificate = selfSigned();

describe('a real Prometheus that wants a login', { skip: certificate ? false : 'no openssl here' }, () => {
  let prometheus: Awaited<ReturnType<typeof startPrometheus>>;

  /** As the template has it: an address that resolves in its cluster only, and a secret. */
  const PROVIDER: PrometheusQuery = {
    kind: 'prometheus',
    address: 'https://prometheus.monitoring.svc:9090',
    query: 'vector(7)',
    timeoutMs: 5_000,
    basicAuth: { username: LOGIN.username, password: '{{secret.prometheus/password}}' },
    insecure: true,
  };

  function ask(change: Partial<PrometheusQuery> = {}, password: string = LOGIN.password, beside?: string) {
    const policy = parsePolicy(
      `addresses: { 'https://prometheus.monitoring.svc:9090': { 'prod*': '${prometheus.address}' } }
secrets: { prometheus/password: { env: PROMETHEUS_PASSWORD, hosts: [127.0.0.1] } }`,
      'policy.yaml',
    );
    const { measure } = createMetricsActivities({
      locate: (provider, environment) => locate(provider, policy, environment, () => Promise.reject()),
      secretOf: (use) => secretValue(use, policy, { PROMETHEUS_PASSWORD: password }),
    });
    const request = { provider: { ...PROVIDER, ...change }, environment: 'production', ...(beside && { beside }) };
    return activityEnvironment().run(measure, request) as Promise<Reading>;
  }

  before(async () => {
    prometheus = await startPrometheus(certificate ?? undefined);
    for (let look = 0; look < 300; look += 1) {
      if ((await ask()).error === null) return;
      await delay(100);
    }
    throw new Error(`Prometheus is not ready within 30 s: ${(await ask()).error}`);
  });
  after(() => prometheus?.stop());

  it('answers who has the password, at an instant and over a range, both sides', async () => {
    const instant = await ask({}, LOGIN.password, 'vector(8)');
    assert.deepEqual([instant.address, instant.error], [prometheus.address, null]);
    assert.deepEqual(parsePrometheus(instant.raw), { ok: true, result: [7], samples: 1 });
    assert.deepEqual(parsePrometheus(instant.beside), { ok: true, result: [8], samples: 1 });
    const range = await ask({ range: { startMs: 2_000, endMs: 0, stepMs: 1_000 } });
    assert.deepEqual(parsePrometheus(range.raw), { ok: true, result: [7, 7, 7], samples: 3 });
  });

  it('refuses who has another one, or none', async () => {
    const wrong = await ask({}, 'another-password');
    assert.match(wrong.error ?? '', /answers 401: Unauthorized$/);
    const { basicAuth: _, ...without } = PROVIDER;
    assert.match((await ask({ ...without, basicAuth: undefined } as never)).error ?? '', /answers 401/);
  });

  it('takes the login as a header, too', async () => {
    const login = Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64');
    const change = { headers: [{ key: 'Authorization', value: 'Basic {{secret.prometheus/password}}' }] };
    const reading = await ask({ ...change, basicAuth: undefined } as never, login);
    assert.deepEqual(parsePrometheus(reading.raw), { ok: true, result: [7], samples: 1 });
  });

  it('is told nothing while nobody vouches for its certificate', async () => {
    const reading = await ask({ insecure: undefined } as never);
    assert.match(reading.error ?? '', /is not reached: self-signed certificate/);
  });
});
