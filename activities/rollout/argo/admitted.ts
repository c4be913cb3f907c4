import type { ArgoPlace } from '../../../src/plan/target.ts';
import { requirePermissions } from '../../kubernetes/access.ts';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import type { RolloutPlace, WrittenPlace } from '../../kubernetes/permissions.ts';
import { missing, mustBeDriven, rolloutAt } from './look.ts';
import type { RolloutObject } from './object.ts';

/**
 * Before the first write: a Rollout that a controller looks after, and the rights to drive it. One read beside what
 * asks for the rights.
 *
 * @throws SHIPLOCK_KUBERNETES_FORBIDDEN, SHIPLOCK_ARGO_ROLLOUT_MISSING, SHIPLOCK_ARGO_NO_CONTROLLER (none is retried)
 */
export async function requireRollout(
  client: KubernetesClient,
  place: ArgoPlace & Pick<WrittenPlace, 'runsJobs'>,
): Promise<void> {
  await requirePermissions(client, place);
  const rollout = await client.get<RolloutObject>(rolloutAt(place));
  if (!rollout) throw missing(place);
  mustBeDriven({ rollout }, place);
  const written = writtenPlace(place, rollout);
  if (written.workload !== undefined) await requirePermissions(client, written);
}

/** With the Deployment that has the image, where the Rollout has none itself. */
export function writtenPlace(place: ArgoPlace, { spec }: RolloutObject): RolloutPlace {
  const { platform, cluster, namespace, rollout } = place;
  const { kind, name } = spec.workloadRef ?? {};
  return { platform, cluster, namespace, rollout, ...(kind === 'Deployment' && name && { workload: name }) };
}
