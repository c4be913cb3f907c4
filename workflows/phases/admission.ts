import { admitting } from '../activities.ts';
import { GoBack, type Release } from '../control.ts';
import { step } from '../steps.ts';

/** Before anything happens: the plan is validated again, the worker's policy applied, the fencing number taken. */
export async function admission(release: Release): Promise<void> {
  const { state, plan } = release;
  await step(release, 'admission', async () => {
    const admitted = await admitting().admit({ plan, firstRunId: state.firstRunId, queuedBy: release.input.queuedBy });
    state.admission = admitted;
    state.fence = admitted.fence + (state.goingBack ? 1 : 0);
    state.weights = admitted.before.weights;
    if (admitted.before.stable === plan.version) {
      throw new GoBack({ outcome: 'rejected', because: `${plan.version} is the stable version already` });
    }
    return `plan ${admitted.planDigest.slice(0, 12)}, replaces ${admitted.before.stable ?? 'nothing'}`;
  });
}
