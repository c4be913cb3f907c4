import type { KubernetesPlace } from '../../../src/plan/target.ts';
import { CONFIG_MAPS, type FencedWriter, type KubernetesClient, type ObjectReference } from '../../kubernetes/index.ts';
import { markOperations } from './marks.ts';

/**
 * Which of the two Services has the stable role. `ping` is the plan's `stableService`, `pong` its `canaryService`; they
 * change places at each promotion where the plan says so, and no selector of a side with traffic is ever moved. Argo's
 * `stablePingPong`.
 */
export type PingPong = 'ping' | 'pong';

/** On the lease, beside the roles of the versions. */
const PING_PONG_ANNOTATION = 'shiplock.dev/stable-ping-pong';

export function alternates({ traffic }: KubernetesPlace): boolean {
  return traffic.kind !== 'replicas' && traffic.pingPong === true;
}

export async function stableServiceOf(
  client: KubernetesClient,
  place: KubernetesPlace,
  service: string,
): Promise<PingPong> {
  if (!alternates(place)) return 'ping';
  const lease = await client.get(leaseOf(place.namespace, service));
  return lease?.metadata.annotations?.[PING_PONG_ANNOTATION] === 'pong' ? 'pong' : 'ping';
}

export async function writeStableService(writer: FencedWriter, stable: PingPong): Promise<void> {
  await writer.patch(leaseOf(writer.at.namespace, writer.at.service), (lease) =>
    markOperations(lease, { [PING_PONG_ANNOTATION]: stable }),
  );
}

function leaseOf(namespace: string, service: string): ObjectReference {
  return { type: CONFIG_MAPS, namespace, name: `shiplock-${service}` };
}
