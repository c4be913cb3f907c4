import { CancellationScope, ContinueAsNew } from '@temporalio/workflow';
import { openOrRefuse } from './door.ts';
import type { ReleaseInput, ReleaseResult } from './messages.ts';
import { admission } from './phases/admission.ts';
import { canary } from './phases/canary.ts';
import { configuration } from './phases/configuration.ts';
import { contract } from './phases/contract.ts';
import { cutover } from './phases/cutover.ts';
import { driven } from './phases/driven.ts';
import { expand } from './phases/expand.ts';
import { flags } from './phases/flags.ts';
import { gates } from './phases/gates.ts';
import { image } from './phases/image.ts';
import { promotion } from './phases/promotion.ts';
import { validation } from './phases/validation.ts';
import { window } from './phases/window.ts';
import { goBack } from './saga.ts';

/**
 * Carries one version of one service from its gates to released, or safely back.
 *
 * A cancel request is an abort: the phases run in a scope of their own that only the release itself cancels.
 */
export async function release(input: ReleaseInput): Promise<ReleaseResult> {
  const release = openOrRefuse(input);
  return CancellationScope.nonCancellable(async () => {
    try {
      await release.goForward(async () => {
        await admission(release);
        await gates(release);
        await image(release);
        await configuration(release);
        await expand(release);
        const { target } = release.plan;
        if (target.platform === 'argo') await driven(release, target);
        else {
          await canary(release);
          await promotion(release);
          await cutover(release);
        }
        await flags(release);
        await validation(release);
        await window(release);
      });
      await contract(release);
    } catch (error) {
      if (error instanceof ContinueAsNew) throw error;
      await goBack(release, error);
    }
    return release.end();
  });
}
