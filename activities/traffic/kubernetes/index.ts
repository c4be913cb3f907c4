import { ApplicationFailure } from '@temporalio/common';
import { failure } from '../../failure.ts';
import { type KubernetesClusters, listRevisions, type MoveStable, type WeightsOf } from '../../kubernetes/index.ts';
import type { TrafficActivities } from '../port.ts';
import { moveStable } from './move-stable.ts';
import type { RouterMetrics } from './observe.ts';
import { countedWeights } from './planned-move.ts';
import { openSession } from './session.ts';
import { setRoutes } from './set-routes.ts';
import { setWeights } from './set-weights.ts';
import { viewTraffic, weightsIn } from './view.ts';

export { requireConfirmable } from './confirmation.ts';
export type { RouterMetrics } from './observe.ts';

export interface KubernetesTrafficOptions {
  readonly clusters: KubernetesClusters;
  /** Ends waiting; in an activity `cancellationSignal` of `@temporalio/activity`. */
  readonly signal: () => AbortSignal | undefined;
  /** Where Prometheus has the counters of a cluster's router; absent: nowhere. */
  readonly metricsOf?: (cluster: string) => RouterMetrics | undefined;
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
export function kubernetesTraffic({ clusters, signal, metricsOf }: KubernetesTrafficOptions): KubernetesTraffic {
  return {
    setWeights: async ({ service, place, weights, fence, partial = false }) => {
      if (place?.platform !== 'kubernetes') throw foreign();
      const client = clusters.client(place.cluster);
      const metrics = metricsOf?.(place.cluster);
      const session = openSession({ client, place, service, fence, overwrites: partial, metrics, signal: signal() });
      if (place.traffic.kind !== 'replicas')
        return setWeights(session, { weights, partial }).catch((error) =>
          Promise.reject(partial ? mendable(error) : error),
        );
      await session.writer.raise();
      return { weights: countedWeights(await listRevisions(client, place, service)), verified: false };
    },
    setRoutes: async ({ service, place, routes, fence }) => {
      if (place?.platform !== 'kubernetes') throw foreign();
      const client = clusters.client(place.cluster);
      // Taking routes away is the way back; no request goes to a canary because of it.
      const overwrites = routes.length === 0;
      return setRoutes(openSession({ client, place, service, fence, overwrites, signal: signal() }), routes);
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

/** The way back does not end at an object that is wrong: whoever made it so may mend it, and is told until then. */
function mendable(error: unknown): unknown {
  if (!(error instanceof ApplicationFailure) || !error.nonRetryable) return error;
  const { type, message } = error;
  if (type !== 'SHIPLOCK_KUBERNETES_ROUTE' && type !== 'SHIPLOCK_KUBERNETES_SERVICE') return error;
  return failure({ code: type, message, cause: error }, { retry: 'later' });
}

/** A plan never asks for it: every request for a cluster names its place. */
function foreign(): Error {
  const message = 'the request names no place on a cluster';
  return failure({ code: 'SHIPLOCK_KUBERNETES_REQUEST', message }, { retry: 'never' });
}
