import type { V1Pod } from '@kubernetes/client-node';
import type { TestCluster } from './index.ts';

/** What the API server has had of some pods since a moment, after each change of any of them. */
export interface PodsSeen {
  /** The least number of pods at any time that were ready and not being deleted. */
  readonly leastAvailable: number;
  /** UIDs of all pods that there were at any time, those at the beginning first. */
  readonly uids: readonly string[];
}

/**
 * Follows the pods of a selector from now on, by a watch, which leaves nothing out.
 *
 * @returns what there was until it is called; to be called within the minutes for which the API server keeps changes
 */
export async function recordPods(cluster: TestCluster, selector: string): Promise<() => Promise<PodsSeen>> {
  const path = await cluster.pathOf('v1', 'Pod');
  const query = `labelSelector=${encodeURIComponent(selector)}`;
  const list = await cluster.api.ask<{ metadata: { resourceVersion: string }; items: V1Pod[] }>(
    'GET',
    `${path}?${query}`,
  );
  return async () => {
    const from = `watch=true&resourceVersion=${list.metadata.resourceVersion}&timeoutSeconds=1`;
    const events = await cluster.api.watched<{ type: string; object: V1Pod }>(`${path}?${query}&${from}`);
    const pods = new Map(list.items.map((pod) => [uidOf(pod), pod]));
    const uids = new Set(pods.keys());
    let leastAvailable = availableIn(pods);
    for (const { type, object } of events) {
      uids.add(uidOf(object));
      if (type === 'DELETED') pods.delete(uidOf(object));
      else pods.set(uidOf(object), object);
      leastAvailable = Math.min(leastAvailable, availableIn(pods));
    }
    return { leastAvailable, uids: [...uids] };
  };
}

export function uidOf({ metadata }: V1Pod): string {
  return metadata?.uid ?? '';
}

function availableIn(pods: ReadonlyMap<string, V1Pod>): number {
  return [...pods.values()].filter(
    ({ metadata, status }) =>
      !metadata?.deletionTimestamp &&
      status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
  ).length;
}
