import type { Budget } from './budget.ts';
import type { Counts } from './ratio.ts';

/** Pods of one side, as the cluster has them. */
export interface Pods {
  /** As many are asked for. */
  readonly wanted: number;
  /** Of them so many serve, for as long as `minReadySeconds` asks. */
  readonly available: number;
}

export interface Replacement {
  /** Of both sides together, at rest. */
  readonly replicas: number;
  /** What it is all to come to: `nearestCounts` of a weight, with the budget's surge. */
  readonly goal: Counts;
  readonly budget: Budget;
  readonly canary: Pods;
  /** `null`: there is no other version than the canary, which then gets all of the pods. */
  readonly stable: Pods | null;
  /** Pods of still older revisions; while there are any, they go first. */
  readonly older?: number;
}

/**
 * The next numbers of pods on the way to a share of the requests without a router. Never more than `replicas + surge`
 * are asked for, and no serving pod is given up below `replicas - unavailable`; the growing side grows first. To be
 * asked again as pods become available, until nothing changes. Source: `CalculateReplicaCountsForBasicCanary` of
 * argo-rollouts `utils/replicaset/canary.go` (HEAD of 2026-08), to the number.
 *
 * @example
 * nextCounts({
 *   replicas: 10, goal: { canary: 3, stable: 7 }, budget: { surge: 3, unavailable: 0 },
 *   canary: { wanted: 0, available: 0 }, stable: { wanted: 10, available: 10 },
 * }) // { canary: 3, stable: 10 }: seven of the stable side once the three serve
 */
export function nextCounts(replacement: Replacement): Counts {
  const { replicas, budget, canary, stable, older = 0 } = replacement;
  const most = replicas + budget.surge;
  const least = replicas - budget.unavailable;
  const goal = stable ? replacement.goal : { canary: replicas, stable: 0 };
  const grown = grow({ canary: canary.wanted, stable: stable?.wanted ?? 0 }, goal, most - older);
  if (older > 0) return grown;

  // Which side shrinks; of it, pods that do not serve yet count too, or a crashing version could never be replaced.
  const isGrowing = goal.canary >= canary.wanted;
  const serving = countable(canary, !isGrowing) + (stable ? countable(stable, isGrowing) : 0);
  if (serving <= least) return grown;
  const limits = { spare: serving - least, most, least };
  if (!isGrowing) {
    const { shrinking, other } = shrink(canary, goal.canary, grown.canary, stable, grown.stable, limits);
    return { canary: shrinking, stable: other };
  }
  if (!stable) return grown;
  const { shrinking, other } = shrink(stable, goal.stable, grown.stable, canary, grown.canary, limits);
  return { canary: other, stable: shrinking };
}

/** As many more as fit, the stable side's first. */
function grow(now: Counts, goal: Counts, most: number): Counts {
  let room = most - now.canary - now.stable;
  const stable = now.stable + Math.max(0, Math.min(goal.stable - now.stable, room));
  room -= stable - now.stable;
  return { canary: now.canary + Math.max(0, Math.min(goal.canary - now.canary, room)), stable };
}

/** Pods that are about to go are not counted as serving. */
function countable({ wanted, available }: Pods, evenUnavailable: boolean): number {
  return evenUnavailable ? wanted : Math.min(wanted, available);
}

interface Limits {
  readonly spare: number;
  readonly most: number;
  readonly least: number;
}

/** `adjustReplicaWithinLimits`: both numbers within surge, and what serves not below the least where it can be helped. */
function shrink(
  side: Pods,
  goal: number,
  grown: number,
  other: Pods | null,
  otherGrown: number,
  { spare, most, least }: Limits,
): { shrinking: number; other: number } {
  const shrunk = side.wanted > goal ? Math.max(goal, side.wanted - spare) : grown;
  if (!other) return { shrinking: shrunk, other: otherGrown };
  const within = otherGrown - Math.max(0, otherGrown + shrunk - most);
  const serving = Math.min(side.available, shrunk) + Math.min(other.available, within);
  const givenUp = Math.max(0, other.available - within);
  const kept = within + Math.min(givenUp, Math.max(0, least - serving));
  return { shrinking: shrunk - Math.max(0, kept + shrunk - most), other: kept };
}
