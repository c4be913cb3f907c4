import { cancellationSignal } from '@temporalio/activity';
import type { PlaceUses } from '../activities/admission/index.ts';
import { failure } from '../activities/failure.ts';
import { acquireFence, type KubernetesClusters, requirePermissions } from '../activities/kubernetes/index.ts';
import type { RestartPlatform } from '../activities/restart/port.ts';
import { argoPlace, refuseOwned, requireRollout } from '../activities/rollout/argo/index.ts';
import { argoRestart } from '../activities/rollout/argo/restart.ts';
import type { RolloutActivities } from '../activities/rollout/port.ts';
import { kubernetesTraffic, type RouterMetrics, requireConfirmable } from '../activities/traffic/kubernetes/index.ts';
import { localTraffic } from '../activities/traffic/local.ts';
import type { TrafficActivities } from '../activities/traffic/port.ts';
import { kubernetesSides } from '../activities/validation/kubernetes.ts';
import { localSides, type SideOf } from '../activities/validation/sides.ts';
import { argoWorkload } from '../activities/workload/argo.ts';
import { kubernetesWorkload } from '../activities/workload/kubernetes/index.ts';
import { kubernetesRestart } from '../activities/workload/kubernetes/restart.ts';
import { releasedBefore } from '../activities/workload/kubernetes/stable.ts';
import { localWorkload } from '../activities/workload/local.ts';
import type { WorkloadActivities } from '../activities/workload/port.ts';
import type { SupervisorClient } from '../infra/local/index.ts';
import type { Target, Whereabouts } from '../src/plan/target.ts';

/** What a platform does for releases. */
export interface Platform {
  readonly workload: WorkloadActivities;
  readonly traffic: TrafficActivities;
  readonly sideOf: SideOf;
  readonly restart: RestartPlatform;
  acquireFence(where: Whereabouts, holder: string, uses?: PlaceUses): Promise<number>;
}

export function localPlatform(client: SupervisorClient): Platform {
  return {
    workload: localWorkload({ client }),
    traffic: localTraffic({ client }),
    sideOf: localSides({ client }),
    restart: { podsToRestart: noRestart, restartPods: noRestart },
    acquireFence: async ({ service }, holder) => (await client.grantFence(service, { holder })).fence,
  };
}

async function noRestart(): Promise<never> {
  const message = 'the embedded platform has no pods to restart';
  throw failure({ code: 'SHIPLOCK_PLATFORM_UNSUPPORTED', message }, { retry: 'never' });
}

export function kubernetesPlatform(
  clusters: KubernetesClusters,
  metricsOf: (cluster: string) => RouterMetrics | undefined,
): Platform {
  const { weightsOf, moveStable, ...traffic } = kubernetesTraffic({ clusters, signal: activitySignal, metricsOf });
  const dependencies = { clusters, weightsOf, moveStable };
  return {
    workload: kubernetesWorkload(dependencies),
    traffic,
    sideOf: kubernetesSides({ clusters, weightsOf }),
    restart: kubernetesRestart(dependencies),
    acquireFence: async ({ service, place }, holder, uses) => {
      if (place?.platform !== 'kubernetes') throw new TypeError(`a release of ${service} on Kubernetes names no place`);
      const client = clusters.client(place.cluster);
      // The lease is the first thing that a release changes.
      await requirePermissions(client, { ...place, runsJobs: uses?.jobs === true });
      await refuseOwned(client, place);
      if (uses?.confirmation) {
        const before = () => releasedBefore(client, place, service);
        const counted = metricsOf(place.cluster) !== undefined;
        await requireConfirmable(client, place, { confirmation: uses.confirmation, counted, before });
      }
      return acquireFence(client, { namespace: place.namespace, service }, holder);
    },
  };
}

/** Argo Rollouts' own controller has the pods and the traffic; what a release asks of it is a port of its own. */
export function argoPlatform(clusters: KubernetesClusters, rollout: RolloutActivities): Platform {
  const controllers = async (): Promise<never> => {
    const message = "on platform argo pods and traffic are the Rollout's own controller's";
    throw failure({ code: 'SHIPLOCK_PLATFORM_UNSUPPORTED', message }, { retry: 'never' });
  };
  return {
    workload: argoWorkload(rollout),
    traffic: { setWeights: controllers, setRoutes: controllers },
    sideOf: controllers,
    restart: argoRestart({ clusters }),
    acquireFence: async (where, holder, uses) => {
      const place = argoPlace(where);
      const client = clusters.client(place.cluster);
      await requireRollout(client, { ...place, runsJobs: uses?.jobs === true });
      return acquireFence(client, { namespace: place.namespace, service: where.service }, holder);
    },
  };
}

/** Each request goes to the platform that it names: a place on a cluster, or none. */
export function byPlatform(platforms: Readonly<Record<Target['platform'], Platform>>): Platform {
  const of = ({ place }: Whereabouts): Platform => platforms[place?.platform ?? 'local'];
  return {
    workload: {
      describeWorkload: (request) => of(request).workload.describeWorkload(request),
      startRevision: (request) => of(request).workload.startRevision(request),
      startBaseline: (request) => of(request).workload.startBaseline(request),
      scaleRevisions: (request) => of(request).workload.scaleRevisions(request),
      awaitReady: (request) => of(request).workload.awaitReady(request),
      removeRevision: (request) => of(request).workload.removeRevision(request),
      setRoles: (request) => of(request).workload.setRoles(request),
    },
    traffic: {
      setWeights: (request) => of(request).traffic.setWeights(request),
      setRoutes: (request) => of(request).traffic.setRoutes(request),
    },
    sideOf: (where, side) => of(where).sideOf(where, side),
    restart: {
      podsToRestart: (where) => of(where).restart.podsToRestart(where),
      restartPods: (request) => of(request).restart.restartPods(request),
    },
    acquireFence: (where, holder, uses) => of(where).acquireFence(where, holder, uses),
  };
}

/** Of the activity that asks; a connection is made once and used by all. */
export function activitySignal(): AbortSignal {
  return cancellationSignal();
}
