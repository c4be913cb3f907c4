import type { KubernetesPlace } from '../../../src/plan/target.ts';
import type { ReleasedBefore } from '../../../src/validation/confirmation.ts';
import { type KubernetesClient, listRevisions, readLease } from '../../kubernetes/index.ts';
import { rolesOf } from './scene.ts';

/** What a release would replace, and what was stable before, as `describeWorkload` says it. */
export async function releasedBefore(
  client: KubernetesClient,
  place: KubernetesPlace,
  service: string,
): Promise<ReleasedBefore> {
  const [lease, revisions] = await Promise.all([
    readLease(client, { namespace: place.namespace, service }),
    listRevisions(client, place, service),
  ]);
  return { stable: rolesOf(lease, revisions).stable, history: lease?.history ?? [] };
}
