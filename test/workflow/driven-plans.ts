/** Releases that drive Argo's own controller. */
import type { Plan } from '../../src/plan/plan.ts';
import { credlinkPlan } from './plans.ts';

const MINUTE = 60_000;

export function drivenPlan(changes: Partial<Plan> = {}): Plan {
  const { canary, promotion, ...plan } = credlinkPlan();
  return {
    ...plan,
    gates: [],
    target: {
      platform: 'argo',
      cluster: 'production',
      namespace: 'credlink',
      rollout: 'credlink-api',
      container: 'api',
      repository: 'registry.example/credlink/api',
      readinessPath: '/ready',
      stableService: 'api-stable',
      canaryService: 'api-canary',
      pauseDeadlineMs: 60 * MINUTE,
      inconclusiveDeadlineMs: 30 * MINUTE,
      deadlineMs: 24 * 60 * MINUTE,
    },
    canary: { steps: [], background: null, readyDeadlineMs: 5 * MINUTE },
    promotion: { monitor: null, approval: null },
    ...changes,
  };
}
