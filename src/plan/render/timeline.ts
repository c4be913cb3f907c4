import { shortestMs } from '../argo/metric.ts';
import type {
  AnalysisPlan,
  CanaryPlan,
  CutoverPlan,
  FlagRamp,
  FlagStep,
  PerformanceCheck,
  Plan,
  Step,
} from '../plan.ts';

/** The least time of each phase that takes any by itself, in milliseconds, in the order of the plan. */
export interface Timeline {
  readonly canary: number;
  readonly cutover: number;
  readonly flags: number;
  readonly validation: number;
  readonly window: number;
}

/**
 * The timed pauses, the readings of inline analyses, the load and the window. Gates, builds, SQL, readiness and people
 * take what they take; they count as zero.
 */
export function timeline(plan: Plan): Timeline {
  return {
    canary: rampMs(plan.canary),
    cutover: plan.cutover ? cutoverMs(plan.cutover) : 0,
    flags: (plan.flags?.ramps ?? []).reduce((sum, ramp) => sum + flagMs(ramp), 0),
    validation: loadMs(plan.validation?.performance ?? null),
    window: plan.window.durationMs,
  };
}

/** The least time from start to the closed window, in milliseconds. */
export function earliestDurationMs(plan: Plan): number {
  const { canary, cutover, flags, validation, window } = timeline(plan);
  return canary + cutover + flags + validation + window;
}

/** The least time of the steps alone. */
export function rampMs(canary: CanaryPlan): number {
  return canary.steps.reduce((sum, step) => sum + earliestStepMs(step), 0);
}

export function cutoverMs({ before, pauseMs, after }: CutoverPlan): number {
  return analysisMs(before) + (pauseMs ?? 0) + analysisMs(after);
}

export function flagMs(ramp: FlagRamp): number {
  return ramp.steps.reduce((sum, step) => sum + earliestStepMs(step), 0);
}

/** Of both sides in turns, where they are compared. */
export function loadMs(check: PerformanceCheck | null): number {
  return check === null ? 0 : check.durationMs * (check.versusStable === null ? 1 : 2);
}

/** An open pause, a weight, a route and the like take no time by themselves. */
export function earliestStepMs(step: Step | FlagStep): number {
  switch (step.kind) {
    case 'setWeight':
    case 'setCanaryScale':
    case 'setHeaderRoute':
    case 'setMirrorRoute':
    case 'setPercent':
      return 0;
    case 'pause':
      return step.durationMs ?? 0;
    case 'analysis':
      return analysisMs(step.analysis);
  }
}

/** Of an analysis that is waited for; `null` is none. */
export function analysisMs(analysis: AnalysisPlan | null): number {
  return Math.max(0, ...(analysis?.metrics ?? []).map((metric) => shortestMs(metric) ?? 0));
}
