import type { KubernetesPlace } from '../../../src/plan/target.ts';
import { type KubernetesClient, listRevisions, readLease } from '../../kubernetes/index.ts';
import { rolesOf } from './scene.ts';

/** The version that a release would replace, as `describeWorkload` says it; `null`: none. */
export async function stableVersion(
  client: KubernetesClient,
  place: KubernetesPlace,
  service: string,
): Promise<string | null> {
  const [lease, revisions] = await Promise.all([
    readLease(client, { namespace: place.namespace, service }),
    listRevisions(client, place, service),
  ]);
  return rolesOf(lease, revisions).stable;
}
