/** Where a Rollout stands in its strategy. Pure. */
import type { PauseState, RolloutState, StepState } from '../port.ts';
import type { RolloutObject, RolloutStep } from './object.ts';

type Course = Pick<RolloutState, 'step' | 'steps' | 'openPauses' | 'pause' | 'maySkip'>;

/** @param promoted the Rollout is at rest: all of its steps are yet to come for whatever is set next */
export function courseOf(rollout: RolloutObject, promoted: boolean): Course {
  const { strategy = {}, rollbackWindow } = rollout.spec;
  const { status = {} } = rollout;
  const steps = strategy.canary?.steps ?? [];
  const at = status.currentStepIndex ?? 0;
  const next = promoted ? 0 : at;
  const byHand = strategy.blueGreen?.autoPromotionEnabled === false;
  const switched = !promoted && status.blueGreen?.activeSelector === status.currentPodHash;
  return {
    step: promoted ? null : stepAt(steps, at),
    steps: steps.length,
    openPauses: byHand && !switched ? 1 : steps.slice(next).filter(isOpen).length,
    pause: pauseOf(rollout),
    maySkip: rollbackWindow !== undefined,
  };
}

function stepAt(steps: readonly RolloutStep[], index: number): StepState | null {
  const step = steps[index];
  if (!step) return null;
  const judges = [step.analysis, step.experiment, step.plugin].some((part) => part !== undefined);
  return { index, title: titleOf(step), judges };
}

const isOpen = ({ pause }: RolloutStep): boolean => pause !== undefined && pause.duration === undefined;

function pauseOf({ spec, status = {} }: RolloutObject): PauseState | null {
  const { pauseConditions = [], currentStepIndex = 0 } = status;
  // An analysis that could not decide counts before the pause of a step: ending that alone would not let it go on.
  const condition = pauseConditions.find(({ reason }) => reason.startsWith('Inconclusive')) ?? pauseConditions[0];
  if (!condition) return null;
  const { reason, startTime: since } = condition;
  const { canary, blueGreen } = spec.strategy ?? {};
  const seconds =
    reason === 'CanaryPauseStep'
      ? secondsOf(canary?.steps?.[currentStepIndex]?.pause?.duration)
      : reason === 'BlueGreenPause' && blueGreen?.autoPromotionEnabled !== false
        ? (blueGreen?.autoPromotionSeconds ?? null)
        : null;
  return { reason, since, durationMs: seconds === null ? null : seconds * 1_000 };
}

const UNITS: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1 };

/** A number, or `90`, `90s`, `1h30m` (argo-rollouts `RolloutPause.DurationSeconds`); `null`: none. */
export function secondsOf(duration: number | string | undefined): number | null {
  if (duration === undefined || typeof duration === 'number') return duration ?? null;
  if (/^\d+$/.test(duration)) return Number(duration);
  const parts = [...duration.matchAll(/([\d.]+)(h|ms|m|s)/g)];
  return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (UNITS[unit] ?? 0.001), 0);
}

export function titleOf(step: RolloutStep): string {
  if (step.setWeight !== undefined) return `set weight ${step.setWeight} %`;
  if (step.pause) return step.pause.duration === undefined ? 'pause until promoted' : `pause ${step.pause.duration}`;
  if (step.analysis) {
    const names = (step.analysis.templates ?? []).map(({ templateName }) => templateName ?? '').join(', ');
    return `analysis ${names}`.trim();
  }
  if (step.experiment) return 'experiment';
  if (step.setCanaryScale) return "set the canary's scale";
  if (step.setHeaderRoute) return `header route ${step.setHeaderRoute.name ?? ''}`.trim();
  if (step.setMirrorRoute) return `mirror route ${step.setMirrorRoute.name ?? ''}`.trim();
  if (step.plugin) return `plugin ${step.plugin.name ?? ''}`.trim();
  return 'a step of an unknown kind';
}
