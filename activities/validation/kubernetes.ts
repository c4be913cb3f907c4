import type { KubernetesPlace } from '../../src/plan/target.ts';
import { failure } from '../failure.ts';
import {
  type KubernetesClient,
  type KubernetesClusters,
  type KubernetesObject,
  labelSelector,
  listRevisions,
  PODS,
  type Revision,
  ROLE_LABEL,
  SERVICES,
  type WeightsOf,
} from '../kubernetes/index.ts';
import type { Side } from './port.ts';
import type { SideOf } from './sides.ts';

interface Service extends KubernetesObject {
  readonly spec?: {
    readonly ports?: readonly { readonly port: number; readonly targetPort?: number | string }[];
  };
}

interface Pod extends KubernetesObject {
  readonly spec: {
    readonly containers: readonly {
      readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
    }[];
  };
  readonly status?: {
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/**
 * Both sides of a service on a cluster: a ready pod of each, by its own address, since after a switch no Service chooses
 * the old side any more. The worker must reach pods.
 */
export function kubernetesSides({
  clusters,
  weightsOf,
}: {
  readonly clusters: KubernetesClusters;
  readonly weightsOf: WeightsOf;
}): SideOf {
  return async ({ service, place }, side) => {
    if (place?.platform !== 'kubernetes')
      throw unreachable('SHIPLOCK_KUBERNETES_TARGET', `a look at ${service} does not say where it runs`);
    const client = clusters.client(place.cluster);
    const revisions = await listRevisions(client, place, service);
    const revision = sideIn(revisions, await weightsOf(place, service, revisions), side);
    if (!revision) throw unreachable('SHIPLOCK_KUBERNETES_NO_SIDE', `${service} has no ${side} side with ready pods`);
    return { address: await addressOf(client, place, revision), version: revision.version };
  };
}

/**
 * `live`: who has all traffic. `preview`: the canary, which after a ramp has a share of the traffic already; after the
 * switch who has none, the newest where it is several.
 */
export function sideIn(
  revisions: readonly Revision[],
  weights: Readonly<Record<string, number>>,
  side: Side,
): Revision | null {
  const serving = revisions.filter(({ ready }) => ready > 0);
  const weightOf = ({ version }: Revision) => weights[version] ?? 0;
  if (side === 'live') return serving.find((revision) => weightOf(revision) === 100) ?? null;
  const canary = serving.find(({ object }) => object.metadata.labels?.[ROLE_LABEL] === 'canary');
  if (canary) return canary;
  const bornAt = ({ object }: Revision) => object.metadata.creationTimestamp ?? '';
  const idle = serving.filter((revision) => weightOf(revision) === 0);
  return idle.toSorted((left, right) => bornAt(right).localeCompare(bornAt(left)))[0] ?? null;
}

async function addressOf(client: KubernetesClient, place: KubernetesPlace, revision: Revision): Promise<string> {
  const { namespace, stableService } = place;
  const [pods, service] = await Promise.all([
    client.list<Pod>(PODS, namespace, { labelSelector: labelSelector(revision.podSelector) }),
    client.get<Service>({ type: SERVICES, namespace, name: stableService }),
  ]);
  const pod = pods.find(({ status }) => isReady(status) && status?.podIP);
  const port = service?.spec?.ports?.[0];
  if (!pod || !port) {
    const missing = pod ? `service ${namespace}/${stableService} has no port` : `${revision.version} has no ready pod`;
    throw unreachable('SHIPLOCK_KUBERNETES_NO_SIDE', missing);
  }
  const ip = pod.status?.podIP ?? '';
  return `http://${ip.includes(':') ? `[${ip}]` : ip}:${numberOf(port, pod)}`;
}

function isReady(status: Pod['status']): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
}

/** A Service may name a port of the container instead of its number. */
function numberOf({ port, targetPort = port }: { port: number; targetPort?: number | string }, { spec }: Pod): number {
  if (typeof targetPort === 'number') return targetPort;
  const named = spec.containers.flatMap(({ ports = [] }) => ports).find(({ name }) => name === targetPort);
  return named?.containerPort ?? port;
}

function unreachable(code: `SHIPLOCK_${string}`, message: string): Error {
  return failure({ code, message }, { retry: 'later' });
}
