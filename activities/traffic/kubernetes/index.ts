import { failure } from '../../failure.ts';
import { type KubernetesClusters, listRevisions, type MoveStable, type WeightsOf } from '../../kubernetes/index.ts';
import type { TrafficActivities } from '../port.ts';
import { moveStable } from './move-stable.ts';
import { countedWeights } from './planned-move.ts';
import { openSession } from './session.ts';
import { setWeights } from './set-weights.ts';
import { viewTraffic, weightsIn } from './view.ts';

export interface KubernetesTrafficOptions {
  readonly clusters: KubernetesClusters;
  /** Ends waiting; in an activity `cancellationSignal` of `@temporalio/activity`. */
  readonly signal: () => AbortSignal | undefined;
}

export interface KubernetesTraffic extends TrafficActivities {
  readonly weightsOf: WeightsOf;
  readonly moveStable: MoveStable;
}

/**
 * Traffic through the routers of a cluster: the two weights of VirtualServices, HTTPRoutes and GRPCRoutes, and what
 * the two Services (or subsets) choose. Nothing else of them is written.
 *
 * @example const activities = { ...kubernetesTraffic({ clusters, signal: cancellationSignal }) };
 */
export function kubernetesTraffic({ clusters, signal }: KubernetesTrafficOptions): KubernetesTraffic {
  return {
    setWeights: async ({ service, place, weights, fence, partial = false }) => {
      if (!place) throw foreign();
      const client = clusters.client(place.cluster);
      const session = openSession({ client, place, service, fence, overwrites: partial, signal: signal() });
      if (place.traffic.kind !== 'replicas') return setWeights(session, { weights, partial });
      await session.writer.raise();
      return { weights: countedWeights(await listRevisions(client, place, service)), verified: false };
    },
    setRoutes: async () => {
      throw foreign();
    },
    weightsOf: async (place, service, revisions) => {
      if (place.traffic.kind === 'replicas') return countedWeights(revisions);
      return weightsIn(await viewTraffic(clusters.client(place.cluster), place, service, revisions));
    },
    moveStable: async ({ place, service, fence, ...roles }) => {
      if (place.traffic.kind === 'replicas') return;
      const client = clusters.client(place.cluster);
      // A role is not moved against somebody else: only weights are, on the way back.
      const session = openSession({ client, place, service, fence, overwrites: false, signal: signal() });
      return moveStable(session, roles);
    },
  };
}

/** A plan never asks for it: every request for a cluster names its place. */
function foreign(): Error {
  const message = 'the request names no place on a cluster';
  return failure({ code: 'SHIPLOCK_KUBERNETES_REQUEST', message }, { retry: 'never' });
}
