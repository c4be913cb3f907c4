/** What a Rollout's object says of how it stands. Pure: table-tested. */
import type { RolloutState } from '../port.ts';
import type { RolloutObject, TemplateHolder } from './object.ts';

type Phase = Pick<RolloutState, 'phase' | 'because' | 'observed'>;

const PHASES: readonly string[] = ['Healthy', 'Progressing', 'Paused', 'Degraded'] satisfies RolloutState['phase'][];

/**
 * Phase and reason as Argo's own clients give them: the controller writes both, but they speak of the specification
 * that it saw last (argo-rollouts v1.10.1, `utils/rollout/rolloututil.go`, `GetRolloutPhase`).
 */
export function phaseOf(rollout: RolloutObject, workload?: TemplateHolder): Phase {
  const { status = {} } = rollout;
  const unseen = notTakenUp(rollout, workload);
  if (unseen) return { phase: 'Progressing', because: unseen, observed: false };
  const { phase = '', message = '' } = status;
  if (isPhase(phase)) return { phase, because: message, observed: true };
  return { phase: 'Progressing', because: 'the controller has not said how it stands', observed: false };
}

/** Why what was written last is not yet what the controller works on; empty: it is. */
function notTakenUp({ metadata, spec, status = {} }: RolloutObject, workload?: TemplateHolder): string {
  const observed = Number(status.observedGeneration);
  if (!(observed >= (metadata.generation ?? 0))) return 'the controller has not taken up the last change';
  const ofWorkload = Number(status.workloadObservedGeneration);
  if (workload && !(ofWorkload >= (workload.metadata.generation ?? 0)))
    return `the controller has not taken up the last change of ${workload.metadata.name}`;
  const { controllerPause, pauseConditions = [], abort, phase, message = '' } = status;
  // The status is also where people write: then the phase in it is still the one from before.
  const ended = controllerPause || (phase === 'Paused' && !spec.paused);
  if (ended && pauseConditions.length === 0 && !abort) return 'the controller has yet to end the pause';
  const retried = phase === 'Degraded' && message.startsWith('RolloutAborted') && !abort;
  return retried ? 'the controller has yet to begin anew' : '';
}

function isPhase(phase: string): phase is RolloutState['phase'] {
  return PHASES.includes(phase);
}

/**
 * A controller of Argo's looks after this Rollout: then nobody else may write its pods and routes. The controller alone
 * writes these fields of the status; a Rollout that none has ever seen has none.
 */
export function ownedByArgo({ status }: Pick<RolloutObject, 'status'>): boolean {
  return status?.observedGeneration !== undefined || (status?.conditions ?? []).length > 0;
}
