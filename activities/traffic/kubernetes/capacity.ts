import { below, isRecord, type Spot, wholeOf } from './spot.ts';

/** Where requests to a Service can go now. */
export interface Endpoints {
  /** Names of ready pods. */
  readonly pods: readonly string[];
  /** Ready addresses that are no pods of this namespace: somebody else wrote them. */
  readonly foreign: number;
}

/**
 * What the EndpointSlices of one Service say. A pod may stand in several: one for each family of addresses, or port.
 *
 * Source: `discovery.k8s.io/v1` Endpoint: an absent `ready` is to be read as true; a terminating one is never ready.
 */
export function endpointsOf(slices: readonly unknown[]): Endpoints {
  const pods = new Set<string>();
  let foreign = 0;
  for (const slice of slices)
    for (const endpoint of listAt(below(wholeOf('EndpointSlice', slice), 'endpoints'))) {
      if (!isReady(below(endpoint, 'conditions'))) continue;
      const target = below(endpoint, 'targetRef');
      const name = below(target, 'name').value;
      if (below(target, 'kind').value === 'Pod' && typeof name === 'string') pods.add(name);
      else foreign += 1;
    }
  return { pods: [...pods], foreign };
}

/** A side of the traffic as its Service shows it. */
export interface SideFacts {
  /** The Service, for people. */
  readonly service: string;
  /** The version that shall be there. */
  readonly version: string;
  /** Ready endpoints that are pods of the version. */
  readonly ready: number;
  /** Ready endpoints that are something else. */
  readonly others: number;
  /** How many pods the version's revision is to have. */
  readonly replicas: number;
}

/**
 * Why a side may not have this share; `''`: it may. Any share needs a ready pod of the right version and none of
 * another, all of the traffic needs all of the pods.
 *
 * @param percent 0..100
 */
export function whyNoShare({ service, version, ready, others, replicas }: SideFacts, percent: number): string {
  if (percent === 0) return '';
  if (others > 0) return `${service} still leads to ${others} pods that are not of ${version}`;
  if (ready === 0) return `${service} leads to no ready pod of ${version}`;
  if (percent === 100 && ready < replicas) return `${service} leads to ${ready} of ${replicas} pods of ${version}`;
  return '';
}

/** Whole percent that the side's ready pods carry. */
export function carriedPercent({ ready, others, replicas }: SideFacts): number {
  if (others > 0 || ready === 0) return 0;
  return Math.min(100, Math.floor((100 * ready) / Math.max(1, replicas)));
}

function isReady(conditions: Spot): boolean {
  return below(conditions, 'ready').value !== false && below(conditions, 'terminating').value !== true;
}

function listAt(spot: Spot): readonly Spot[] {
  if (!Array.isArray(spot.value)) return [];
  return spot.value
    .map((value, index) => ({ ...spot, path: [...spot.path, index], value }))
    .filter(({ value }) => isRecord(value));
}
