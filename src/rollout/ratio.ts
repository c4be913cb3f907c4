/** Pods of each side. */
export interface Counts {
  readonly canary: number;
  readonly stable: number;
}

/**
 * The pods whose ratio is nearest to a share of the requests, where the pods' share is the requests'. Either as many as
 * wanted or, where surge is allowed, one more; ties give the canary one more. A weight of 1..99 leaves neither side
 * without a pod as soon as there may be two. Source: `approximateWeightedCanaryStableReplicaCounts` of argo-rollouts
 * `utils/replicaset/canary.go`, whose order of options decides between equally near ones. One difference: a tie just
 * below all of the pods (75 % of 2, 90 % of 5, 95 % of 10, no surge) finds no option there, and the canary is scaled to
 * **none**; here the stable side keeps one pod, as that function's own comment promises.
 *
 * @param weight percent, 0..100
 * @param replicas whole number of pods, 0 or more
 * @param surge pods beyond that which may be had
 * @example nearestCounts(10, 4, 1) // { canary: 1, stable: 4 }
 */
export function nearestCounts(weight: number, replicas: number, surge: number): Counts {
  if (replicas === 0) return { canary: 0, stable: 0 };
  const exact = (replicas * weight) / 100;
  const ceiling = Math.ceil(exact);
  const floor = Math.floor(exact);
  const mayBeEmpty = weight === 100 || weight === 0 || (replicas === 1 && surge === 0);
  const floorOf = (total: number): Option[] =>
    !isTied(weight, total) && (floor !== 0 || mayBeEmpty) ? [{ canary: floor, total }] : [];
  const options: readonly Option[] = [
    ...(ceiling < replicas || mayBeEmpty ? [{ canary: ceiling, total: replicas }] : []),
    ...floorOf(replicas),
    ...(surge > 0 ? [{ canary: ceiling, total: replicas + 1 }, ...floorOf(replicas + 1)] : []),
  ];
  let best: Option = { canary: replicas - 1, total: replicas };
  let nearest = Number.POSITIVE_INFINITY;
  for (const option of options) {
    const distance = Math.abs((option.canary * 100) / option.total - weight);
    if (distance < nearest) {
      nearest = distance;
      best = option;
    }
  }
  return { canary: best.canary, stable: best.total - best.canary };
}

interface Option {
  readonly canary: number;
  readonly total: number;
}

/** Whether one pod fewer and one more are equally far from the weight. */
function isTied(weight: number, total: number): boolean {
  return (total * (weight / 100)) % 1 === 0.5;
}

/** What a weight comes to without a router. */
export interface Reachable extends Counts {
  /** Percent of the pods which are the canary's, not rounded. */
  readonly weight: number;
}

/**
 * What a weight comes to where only the pods' ratio splits the requests.
 *
 * @example reachable(10, 4, 0) // { canary: 1, stable: 3, weight: 25 }
 */
export function reachable(weight: number, replicas: number, surge: number): Reachable {
  const counts = nearestCounts(weight, replicas, surge);
  const total = counts.canary + counts.stable;
  return { ...counts, weight: total === 0 ? 0 : (counts.canary * 100) / total };
}
