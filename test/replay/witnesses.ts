import { createAdmissionActivities } from '../../activities/admission/index.ts';
import { createAttestationActivities } from '../../activities/attestation/index.ts';
import type { World } from '../workflow/world.ts';

/** Admission and attestation as a worker has them, over a world in memory. */
export function realWitnesses(world: World) {
  return {
    ...createAttestationActivities(),
    ...createAdmissionActivities({
      policyRefusals: () => [],
      policyDigest: '0'.repeat(64),
      acquireFence: async () => {
        world.fence = (Math.floor(world.fence / 1000) + 1) * 1000;
        return world.fence;
      },
      describeWorkload: (request) => world.activities.describeWorkload(request),
    }),
  };
}
