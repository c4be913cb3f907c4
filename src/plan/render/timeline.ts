import { shortestMs } from '../argo/metric.ts';
import type { CanaryPlan, Plan, Step } from '../plan.ts';

/**
 * The least time from start to the closed window, in milliseconds: the timed pauses, the readings of inline analyses
 * and the window. Gates, readiness and people take what they take; they count as zero.
 */
export function earliestDurationMs(plan: Plan): number {
  return rampMs(plan.canary) + plan.window.durationMs;
}

/** The least time of the steps alone. */
export function rampMs(canary: CanaryPlan): number {
  return canary.steps.reduce((sum, step) => sum + earliestStepMs(step), 0);
}

/** An open pause and a weight take no time by themselves. */
export function earliestStepMs(step: Step): number {
  switch (step.kind) {
    case 'setWeight':
      return 0;
    case 'pause':
      return step.durationMs ?? 0;
    case 'analysis':
      return Math.max(0, ...step.analysis.metrics.map((metric) => shortestMs(metric) ?? 0));
  }
}
