import { ActivityFailure } from '@temporalio/workflow';
import type { Plan } from '../../src/plan/plan.ts';
import { whereabouts } from '../../src/plan/target.ts';
import { forward } from '../activities.ts';
import type { Release } from '../control.ts';
import { ask, skip, step } from '../steps.ts';

/** Released, and for a while still one traffic move away from going back: the old side stays warm. */
export async function window(release: Release): Promise<void> {
  const { state, plan } = release;
  const old = state.admission?.before.stable;
  state.phase = 'window';
  state.outcome = 'released';
  state.because = `${plan.version} has all traffic`;
  await step(release, 'window', async () => {
    await ask(release, {
      kind: 'window',
      name: 'window',
      prompt: old ? warm(plan) : 'There is no old side; an abort still takes the release away.',
      accepts: ['finalise'],
      deadlineMs: plan.window.durationMs,
      consequence: 'ends, and with it the way back',
      unless: () => state.finalised,
    });
    return state.finalised ? 'ended by finalise' : 'over';
  });
  if (!old) return skip(release, 'cleanup', 'there was nothing before');
  if (plan.target.platform === 'argo') {
    closeTheWayBack(release);
    return skip(release, 'cleanup', "Argo's controller removes the old pods itself");
  }
  await step(release, 'cleanup', () => removeOld(release, old));
}

function warm({ target }: Plan): string {
  return target.platform === 'argo' ? 'The old image can still be rolled out again.' : 'The old side is still warm.';
}

function closeTheWayBack({ state, plan }: Release): void {
  state.undo = [];
  state.phase = plan.database?.contract.length ? 'cleanup' : 'ended';
}

/** From here there is no way back: what could be undone is forgotten before the old side goes. */
async function removeOld(release: Release, old: string): Promise<string> {
  const { state, plan } = release;
  closeTheWayBack(release);
  try {
    await forward(`remove ${old}`).removeRevision({ ...whereabouts(plan), version: old, fence: state.fence });
    return `${old} removed`;
  } catch (error) {
    // The release stands; an old side that stays costs memory, and the next release clears it.
    if (!(error instanceof ActivityFailure)) throw error;
    return `${old} could not be removed: ${error.cause?.message ?? error.message}`;
  }
}
