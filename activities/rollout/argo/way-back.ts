/** The next act on the way back, decided from what the Rollout shows. Pure: table-tested. */
import type { RolloutState } from '../port.ts';
import type { RolloutObject } from './object.ts';

export interface WayBack {
  readonly act: 'abort' | 'restore' | 'fence' | 'skip' | 'wait' | 'done' | 'leave';
  readonly because: string;
}

export interface Restoring {
  /** What the release set, or was about to; what it found; and the image of the stable side. */
  readonly image: string;
  readonly found: string;
  readonly stable: string;
  /** The Rollout has our fence already. */
  readonly fenced: boolean;
}

/**
 * Abort, put the image back, and where the stable side had been replaced already, skip the steps of the way back; then
 * wait until no pod and no route but the old ones is left. Each is asked of what is there now, so it may begin anywhere.
 */
export function nextOnTheWayBack(
  state: RolloutState,
  rollout: RolloutObject,
  { image, found, stable, fenced }: Restoring,
): WayBack {
  const { status = {} } = rollout;
  if (state.image !== stable && state.image === found && found !== image) {
    const because = `the image is ${found}, as it was found`;
    return { act: fenced ? 'done' : 'fence', because };
  }
  if (state.image !== stable && state.image !== image)
    return { act: 'leave', because: `its image is ${state.image} now, which this release did not write` };
  // A full promotion that is pending would swallow the abort (argo-rollouts#4461): the abort's patch ends that, too.
  if (state.image !== stable && !state.promoted && !status.abort) return { act: 'abort', because: 'under way' };
  if (state.image !== stable || state.held || !fenced)
    return { act: 'restore', because: `the image is ${state.image}` };
  if (!state.observed) return { act: 'wait', because: state.because };
  if (!state.promoted)
    return state.promotingFully
      ? { act: 'wait', because: state.because || 'the old pods come up' }
      : { act: 'skip', because: 'its steps would hold the way back' };
  const left = leftOver(rollout);
  return left === '' ? { act: 'done', because: 'all traffic is on stable' } : { act: 'wait', because: left };
}

/** What still serves beside the stable pods; empty: nothing. */
function leftOver({ spec, status = {} }: RolloutObject): string {
  const { stableRS, blueGreen, canary, replicas = 0, updatedReplicas = 0 } = status;
  if (spec.strategy?.blueGreen)
    return blueGreen?.activeSelector === stableRS ? '' : 'the active Service does not select the stable pods yet';
  const others = [canary?.weights?.canary, canary?.weights?.stable].filter((to) => to?.podTemplateHash !== stableRS);
  const weight = others.reduce((sum, to) => sum + (to?.weight ?? 0), 0);
  if (weight > 0) return `other pods still get ${weight} %`;
  if (spec.strategy?.canary?.trafficRouting) return '';
  return replicas > updatedReplicas ? `${replicas - updatedReplicas} other pods are still there` : '';
}
