/** A release without a controller stays away from what Argo's owns. */
import type { KubernetesPlace } from '../../../src/plan/target.ts';
import { failure } from '../../failure.ts';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import { hasCode } from '../../kubernetes/connection.ts';
import { ROLLOUTS, type RolloutObject } from './object.ts';
import { type Owner, ownerOf } from './owner.ts';

/** One read. A cluster that knows no Rollouts has none. */
export async function findOwner(client: KubernetesClient, place: KubernetesPlace): Promise<Owner | null> {
  try {
    return ownerOf(place, await client.list<RolloutObject>(ROLLOUTS, place.namespace));
  } catch (error) {
    if (hasCode(error, 'SHIPLOCK_KUBERNETES_NO_SUCH_API')) return null;
    throw error;
  }
}

/** @throws SHIPLOCK_ARGO_OWNED (not retried) where a controller writes what this release would */
export async function refuseOwned(client: KubernetesClient, place: KubernetesPlace): Promise<void> {
  const owner = await findOwner(client, place);
  if (!owner) return;
  const { message, mend } = wordsOf(owner, place);
  throw failure({ code: 'SHIPLOCK_ARGO_OWNED', message, mend }, { retry: 'never' });
}

export function wordsOf({ rollout, owns }: Owner, { namespace }: KubernetesPlace): { message: string; mend: string } {
  return {
    message: `Rollout ${rollout} in namespace ${namespace}, which Argo Rollouts' controller drives, owns ${owns.join(', ')}`,
    mend: `release through it (target.platform: argo), or delete it and leave its pods: kubectl -n ${namespace} delete rollout ${rollout} --cascade=orphan`,
  };
}
