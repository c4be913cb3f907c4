import type { KubernetesPlace, Whereabouts } from '../../../src/plan/target.ts';
import { failure } from '../../failure.ts';
import {
  type FencedWriter,
  fencedWriter,
  type KubernetesClient,
  type KubernetesClusters,
  type Lease,
  type MoveStable,
  type ObjectReference,
  type Revision,
  ROLE_LABEL,
  type WeightsOf,
} from '../../kubernetes/index.ts';

export interface WorkloadDependencies {
  readonly clusters: KubernetesClusters;
  /** Both are the traffic adapter's. */
  readonly weightsOf: WeightsOf;
  readonly moveStable: MoveStable;
}

/** One service where it runs. */
export interface Scene extends WorkloadDependencies {
  readonly client: KubernetesClient;
  readonly place: KubernetesPlace;
  readonly service: string;
}

export function sceneOf(dependencies: WorkloadDependencies, { service, place }: Whereabouts): Scene {
  if (place?.platform !== 'kubernetes')
    throw failure(
      {
        code: 'SHIPLOCK_KUBERNETES_TARGET',
        message: `a request for ${service} does not say where on Kubernetes it runs`,
      },
      { retry: 'never' },
    );
  return { ...dependencies, client: dependencies.clusters.client(place.cluster), place, service };
}

export function writerOf({ client, place, service }: Scene, fence: number): FencedWriter {
  return fencedWriter(client, { namespace: place.namespace, service }, fence);
}

export function referenceOf({ place }: Scene, { object, kind }: Revision): ObjectReference {
  const plural = kind === 'ReplicaSet' ? 'replicasets' : 'deployments';
  return { type: { apiVersion: 'apps/v1', kind, plural }, namespace: place.namespace, name: object.metadata.name };
}

/**
 * Roles are the lease's. Before there is one, or where it names a revision that is gone, the ReplicaSets' labels say
 * which is stable, and with none of ours the adopted Deployment is.
 */
export function rolesOf(
  lease: Lease | null,
  revisions: readonly Revision[],
): { readonly stable: string | null; readonly canary: string | null } {
  const named = revisions.find(({ version }) => version === lease?.stable);
  const labelled = revisions.find(({ object }) => object.metadata.labels?.[ROLE_LABEL] === 'stable');
  const adopted = revisions.find(({ kind, replicas }) => kind === 'Deployment' && replicas > 0);
  return { stable: (named ?? labelled ?? adopted)?.version ?? null, canary: lease?.canary ?? null };
}
