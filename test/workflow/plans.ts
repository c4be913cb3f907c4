/** Plans for workflow tests: CredLink's numbers, as compiled. */
import type { MetricPlan, Plan, PrometheusQuery } from '../../src/plan/plan.ts';

const MINUTE = 60_000;

function query(text: string): PrometheusQuery {
  return { kind: 'prometheus', address: 'http://prometheus', query: text, timeoutMs: 30_000 };
}

/** The test server wedges a release that cancels a timer in the moment in which it fires: none may coincide. */
export const OFF_THE_STEPS_MS = 33_000;
const OFF_THE_OTHER_MS = 47_000;

function metric(name: string, text: string, successCondition: string, initialDelayMs: number): MetricPlan {
  return {
    name,
    provider: query(text),
    intervalMs: 5 * MINUTE,
    count: 10,
    initialDelayMs,
    successCondition,
    failureCondition: null,
    failureLimit: 3,
    inconclusiveLimit: 0,
    consecutiveErrorLimit: 4,
  };
}

export const SUCCESS = metric(
  'success-rate',
  'rate(http_requests_total{service="api-canary"}[2m])',
  'result[0] >= 0.99',
  OFF_THE_STEPS_MS,
);
export const LATENCY = metric(
  'latency',
  'histogram_quantile(0.99, x{service="api-canary"})',
  'result[0] <= 0.5',
  OFF_THE_OTHER_MS,
);

/** 10, 5m, 25, 10m, 50, 15m, 75, 10m; analysis from step 2; monitor; approval of 5 minutes; window of 10. */
export function credlinkPlan(changes: Partial<Plan> = {}): Plan {
  const pause = (minutes: number) =>
    ({ kind: 'pause', durationMs: minutes * MINUTE, deadlineMs: 60 * MINUTE }) as const;
  const weight = (percent: number) => ({ kind: 'setWeight', weight: percent }) as const;
  const gate = (name: string) =>
    ({ kind: 'command', name, directory: '/', timeoutMs: 10 * MINUTE, command: ['true'] }) as const;
  return {
    format: 1,
    service: 'credlink-api',
    environment: 'production',
    version: '1.1.0',
    target: {
      platform: 'local',
      command: ['node', 'main.ts'],
      directory: '/',
      environment: {},
      replicas: 10,
      readinessPath: '/ready',
      stableService: 'api-stable',
      canaryService: 'api-canary',
    },
    gates: [gate('unit-tests'), gate('coverage'), gate('build'), gate('audit')],
    configuration: [
      { kind: 'helm', file: '/values.yaml', field: 'image.tag' },
      { kind: 'rollout', file: '/rollout.yaml', field: 'api', resource: 'credlink-api-rollout' },
    ],
    canary: {
      steps: [weight(10), pause(5), weight(25), pause(10), weight(50), pause(15), weight(75), pause(10)],
      background: {
        startingStep: 2,
        analysis: {
          templates: ['success-rate', 'latency'],
          metrics: [SUCCESS, LATENCY],
          minimumReadings: 3,
          inconclusiveDeadlineMs: 30 * MINUTE,
          deadlineMs: 120 * MINUTE,
        },
      },
      readyDeadlineMs: 5 * MINUTE,
    },
    promotion: {
      monitor: {
        success: query('success'),
        p95Seconds: query('quantile'),
        healthy: { success: 0.99, p95Seconds: 0.5 },
        unhealthy: { success: 0.95, p95Seconds: 1 },
        intervalMs: 5_000,
        attempts: 60,
      },
      approval: { deadlineMs: 5 * MINUTE, requires: 'anonymous', quorum: 1, notStarter: false },
    },
    window: { durationMs: 10 * MINUTE },
    ...changes,
  };
}

export const automatic = (plan: Plan): Plan => ({ ...plan, promotion: { ...plan.promotion, approval: null } });
