/** A plan with one of everything, so that a release has few calls and each kind of act is among them. */
import type { AnalysisPlan, ApprovalPlan, MetricPlan, Plan, Step } from '../../src/plan/plan.ts';
import { credlinkPlan, OFF_THE_STEPS_MS, SUCCESS } from './plans.ts';

export const MINUTE = 60_000;

export const weight = (percent: number): Step => ({ kind: 'setWeight', weight: percent });
export const pause = (minutes: number): Step => ({
  kind: 'pause',
  durationMs: minutes * MINUTE,
  deadlineMs: 60 * MINUTE,
});
/** Waits for `promote`, at most ten minutes. */
export const openPause: Step = { kind: 'pause', durationMs: null, deadlineMs: 10 * MINUTE };

/** Read every minute until it is ended; also after errors (10 s) never in the moment of a step. */
export const METRIC: MetricPlan = {
  ...SUCCESS,
  initialDelayMs: OFF_THE_STEPS_MS,
  intervalMs: MINUTE,
  count: null,
  failureLimit: 0,
};

export function analysisOf(changes: Partial<AnalysisPlan> = {}): AnalysisPlan {
  return {
    templates: ['success-rate'],
    metrics: [METRIC],
    minimumReadings: 1,
    inconclusiveDeadlineMs: 10 * MINUTE,
    deadlineMs: 20 * MINUTE,
    ...changes,
  };
}

export const inline = (changes: Partial<AnalysisPlan> = {}): Step => ({
  kind: 'analysis',
  analysis: analysisOf(changes),
});

export const APPROVAL: ApprovalPlan = {
  deadlineMs: 5 * MINUTE,
  requires: 'anonymous',
  quorum: 1,
  notStarter: false,
};

/** A gate, an edit, two weights with a pause after each, a background analysis, a window; nobody is asked. */
export function smallPlan(changes: { steps?: readonly Step[]; approval?: ApprovalPlan } & Partial<Plan> = {}): Plan {
  const { steps, approval, ...others } = changes;
  const plan = credlinkPlan();
  return {
    ...plan,
    gates: plan.gates.slice(0, 1),
    configuration: plan.configuration.slice(0, 1),
    canary: {
      ...plan.canary,
      steps: steps ?? [weight(10), pause(1), weight(50), pause(1)],
      background: { startingStep: 1, analysis: analysisOf() },
    },
    promotion: { monitor: null, approval: approval ?? null },
    window: { durationMs: MINUTE },
    ...others,
  };
}

/** Without the background analysis. */
export function plainPlan(changes: Parameters<typeof smallPlan>[0] = {}): Plan {
  const plan = smallPlan(changes);
  return { ...plan, canary: { ...plan.canary, background: null } };
}
