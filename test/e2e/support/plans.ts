/** Short plans of the sample service for the tests of the UI. */
import { fileURLToPath } from 'node:url';
import type { MetricPlan, Plan, PrometheusQuery } from '../../../src/plan/index.ts';

export const sampleService = fileURLToPath(new URL('../../../infra/sample-service', import.meta.url));

/** One setting after another, each for this long (milliseconds). */
export function ramp(weights: readonly number[], pauseMs: number): Plan['canary']['steps'] {
  return weights.flatMap((weight) => [
    { kind: 'setWeight', weight } as const,
    { kind: 'pause', durationMs: pauseMs, deadlineMs: 60_000 } as const,
  ]);
}

export const asking: Plan['promotion'] = {
  monitor: null,
  approval: { deadlineMs: 5 * 60_000, requires: 'anonymous', quorum: 1, notStarter: false },
};

export function planOf(service: string, version: string, changes: Partial<Plan> = {}): Plan {
  return {
    format: 1,
    service,
    environment: 'production',
    version,
    target: {
      platform: 'local',
      command: ['node', 'main.ts'],
      directory: sampleService,
      environment: { NODE_ENV: 'production' },
      replicas: 1,
      readinessPath: '/ready',
      stableService: `${service}-stable`,
      canaryService: `${service}-canary`,
    },
    gates: [],
    configuration: [],
    canary: { steps: ramp([10, 50], 1_000), background: null, readyDeadlineMs: 120_000 },
    promotion: { monitor: null, approval: null },
    window: { durationMs: 60_000 },
    ...changes,
  };
}

function prometheus(query: string): PrometheusQuery {
  return { kind: 'prometheus', address: 'http://prometheus', query, timeoutMs: 5_000 };
}

function metric(name: string, query: string, successCondition: string): MetricPlan {
  return {
    name,
    provider: prometheus(query),
    intervalMs: 1_000,
    count: null,
    initialDelayMs: 2_000,
    successCondition,
    failureCondition: null,
    failureLimit: 3,
    inconclusiveLimit: 0,
    consecutiveErrorLimit: 4,
  };
}

/** Success rate and latency of the canary, read every second, beside the steps from the first pause on. */
export function watched(service: string): NonNullable<Plan['canary']['background']> {
  const requests = `http_requests_total{service="${service}-canary"`;
  const seconds = `http_request_duration_seconds_bucket{service="${service}-canary"}`;
  return {
    startingStep: 1,
    analysis: {
      templates: ['success-rate', 'latency'],
      metrics: [
        metric(
          'success-rate',
          `sum(rate(${requests},code!~"5.."}[5s])) / sum(rate(${requests}}[5s]))`,
          'result[0] >= 0.99',
        ),
        metric('latency', `histogram_quantile(0.99, sum(rate(${seconds}[5s])) by (le))`, 'result[0] <= 0.5'),
      ],
      minimumReadings: 1,
      inconclusiveDeadlineMs: 60_000,
      deadlineMs: 60_000,
    },
  };
}
