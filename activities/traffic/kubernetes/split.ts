import type { JsonPatchOperation } from '../../kubernetes/index.ts';
import { below, countOf, pointerTo, type Spot, unfit } from './spot.ts';

/** One route (or rule) of a router's object, and its two destinations whose weights are ours. */
export interface Split {
  readonly route: Spot;
  readonly stable: Destination;
  readonly canary: Destination;
}

export interface Destination {
  readonly spot: Spot;
  /** Not percent: a share of the sum of both. */
  readonly weight: number;
}

/** What of a destination says that it is still the one that was read. */
export type Identity = (destination: Spot) => readonly Spot[];

/** Shares of the canary, as they stand in all routes of one service. */
export interface Shares {
  /** Percent, 0..100, not rounded, of each split in order; `null` where both weights are 0, so that nothing is served. */
  readonly canary: readonly (number | null)[];
  readonly consistent: boolean;
}

/** @param absent the weight that a router takes where none is written: 0 in Istio, 1 in the Gateway API */
export function destinationAt(spot: Spot, absent: number): Destination {
  return { spot, weight: countOf(below(spot, 'weight')) ?? absent };
}

/**
 * The two destinations of a route among all that it has.
 *
 * @throws SHIPLOCK_KUBERNETES_ROUTE where one is missing or stands twice, or there are others
 */
export function pairOf(
  route: Spot,
  found: {
    readonly stable: readonly Destination[];
    readonly canary: readonly Destination[];
    readonly others: readonly Spot[];
  },
  names: { readonly stable: string; readonly canary: string },
): Split {
  const one = (side: 'stable' | 'canary'): Destination => {
    const [first, second] = found[side];
    if (!first) throw unfit(route, `has no destination ${names[side]}`, `add it, with weight 0`);
    if (second) throw unfit(second.spot, `is a second destination ${names[side]}`, 'keep one of them');
    return first;
  };
  const split = { route, stable: one('stable'), canary: one('canary') };
  const [other] = found.others;
  if (other)
    throw unfit(
      other,
      `is a destination besides ${names.stable} and ${names.canary}`,
      'a release splits requests between these two only; take it out of the route',
    );
  return split;
}

/** @returns percent of the canary; `null` where nothing is served */
export function shareOf({ stable, canary }: Split): number | null {
  const sum = stable.weight + canary.weight;
  return sum === 0 ? null : (100 * canary.weight) / sum;
}

export function sharesOf(splits: readonly Split[]): Shares {
  const canary = splits.map(shareOf);
  return { canary, consistent: canary.every((share) => share === canary[0]) };
}

/**
 * Operations after which each split gives the canary this share: nothing where it is so already, whatever the sum of
 * the weights is. Each first tests that the destination is the one that was read.
 *
 * @param percent whole, 0..100
 */
export function weightOperations(splits: readonly Split[], percent: number, identity: Identity): JsonPatchOperation[] {
  return splits
    .filter(({ stable, canary }) => {
      const sum = stable.weight + canary.weight;
      return sum === 0 || canary.weight * 100 !== percent * sum;
    })
    .flatMap(({ route, stable, canary }) => [
      ...identity(route).map(testOf),
      ...writeWeight(stable.spot, 100 - percent, identity),
      ...writeWeight(canary.spot, percent, identity),
    ]);
}

function writeWeight(spot: Spot, weight: number, identity: Identity): JsonPatchOperation[] {
  // RFC 6902: "add" replaces a member that is there.
  const write = { op: 'add', path: pointerTo(below(spot, 'weight')), value: weight } as const;
  return [...identity(spot).map(testOf), write];
}

function testOf(spot: Spot): JsonPatchOperation {
  return { op: 'test', path: pointerTo(spot), value: spot.value };
}
