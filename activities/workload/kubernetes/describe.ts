import type { Whereabouts } from '../../../src/plan/target.ts';
import { failure } from '../../failure.ts';
import { labelSelector, listRevisions, PODS, type Revision, readLease } from '../../kubernetes/index.ts';
import type { RevisionState, WorkloadState } from '../port.ts';
import { isAutoscaled } from './autoscaling.ts';
import { type Pod, podsOf, restartsOf } from './pod.ts';
import { rolesOf, type Scene, sceneOf, type WorkloadDependencies } from './scene.ts';
import { whyNotReady, whyRestarted } from './why-not-ready.ts';

export async function describeWorkload(
  dependencies: WorkloadDependencies,
  request: Whereabouts,
): Promise<WorkloadState> {
  const scene = sceneOf(dependencies, request);
  const { client, place, service, weightsOf } = scene;
  const [lease, revisions, pods] = await Promise.all([
    readLease(client, { namespace: place.namespace, service }),
    listRevisions(client, place, service),
    client.list<Pod>(PODS, place.namespace, { labelSelector: labelSelector(place.selector) }),
  ]);
  const { adopts } = place;
  if (adopts && revisions.length === 0 && !lease?.stable) throw missing(place.namespace, adopts.name);
  const roles = rolesOf(lease, revisions);
  const stable = revisions.find(({ version }) => version === roles.stable);
  const [weights, autoscaled] = await Promise.all([
    weightsOf(place, service, revisions),
    stable !== undefined && isAutoscaled(scene, stable),
  ]);
  // A Deployment that was replaced and may keep its pods is nobody's remains.
  const isPart = ({ kind, version }: Revision) =>
    kind === 'ReplicaSet' || version === roles.stable || version === roles.canary || (weights[version] ?? 0) > 0;
  const parts = revisions.filter(isPart).map((each) => stateOf(each, podsIn(each, pods)));
  const history = lease?.history ?? [];
  return {
    ...roles,
    weights,
    revisions: parts,
    ...(autoscaled && { autoscaled }),
    ...(history.length > 0 && { history }),
  };
}

/** A first release beside it would take its Services away from pods that serve under another name. */
function missing(namespace: string, name: string): Error {
  return failure(
    {
      code: 'SHIPLOCK_KUBERNETES_ADOPTED_MISSING',
      message: `there is no Deployment ${name} in namespace ${namespace} to adopt`,
      mend: 'name the one that serves, or leave out `adopts` for a first release',
    },
    { retry: 'never' },
  );
}

function stateOf({ version, replicas, ready, object }: Revision, pods: readonly Pod[]): RevisionState {
  const restarts = pods.reduce((sum, pod) => sum + restartsOf(pod), 0);
  const because = [whyNotReady(object, pods), whyRestarted(pods)].filter((words) => words !== '').join('; ');
  return { version, replicas, ready, restarts, because };
}

/** Pods of a revision, of those that were listed. */
export function podsIn({ kind, object, podSelector }: Revision, pods: readonly Pod[]): readonly Pod[] {
  if (kind === 'ReplicaSet') return podsOf(object, pods);
  return pods.filter(({ metadata }) =>
    Object.entries(podSelector).every(([name, value]) => metadata.labels?.[name] === value),
  );
}

export async function podsNow({ client, place }: Scene, revision: Revision): Promise<readonly Pod[]> {
  const selected = { labelSelector: labelSelector(revision.podSelector) };
  return podsIn(revision, await client.list<Pod>(PODS, place.namespace, selected));
}
