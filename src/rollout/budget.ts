/** How far the number of pods may leave the wanted one while they are replaced. */
export interface Budget {
  /** Pods beyond the wanted number, at most. */
  readonly surge: number;
  /** Pods that may be missing from it, at most. */
  readonly unavailable: number;
}

/** A number of pods, or percent of the wanted number. */
export type PodLimit = number | `${number}%`;

/** @throws RangeError where the limit is neither: a plan never holds such a one. */
function podsOf(limit: PodLimit, replicas: number, round: (pods: number) => number): number {
  if (typeof limit === 'number') return limit;
  const parsed = podLimit(limit);
  if (typeof parsed !== 'string') throw new RangeError(`${JSON.stringify(limit)} is no number of pods and no percent`);
  return round((Number(parsed.slice(0, -1)) * replicas) / 100);
}

/**
 * Surge is rounded up and unavailable down. Where both come to 0 nothing could ever be replaced, so one pod may be
 * missing; never more than there are. Source: `resolveFenceposts`, `MaxSurge` and `MaxUnavailable` of argo-rollouts
 * `utils/replicaset/replicaset.go`, which are those of Deployments.
 *
 * @param replicas whole number of pods, 0 or more
 * @throws RangeError for a limit that `podLimit` does not know.
 * @example budgetOf({ replicas: 10, maxSurge: '25%', maxUnavailable: '25%' }) // { surge: 3, unavailable: 2 }
 */
export function budgetOf(limits: {
  readonly replicas: number;
  readonly maxSurge: PodLimit;
  readonly maxUnavailable: PodLimit;
}): Budget {
  const { replicas } = limits;
  const surge = podsOf(limits.maxSurge, replicas, Math.ceil);
  const unavailable = podsOf(limits.maxUnavailable, replicas, Math.floor);
  return { surge, unavailable: Math.min(surge === 0 && unavailable === 0 ? 1 : unavailable, replicas) };
}

/**
 * A limit as Kubernetes reads an `IntOrString`: a number is pods, text is percent, **with or without its sign**. So
 * `"25"`, which is also the default that Argo Rollouts has in its code, is 25 % and not 25 pods. Source: the lenient
 * `getIntOrPercentValue` of k8s.io/apimachinery `pkg/util/intstr`.
 *
 * @returns `null` for what is neither, or below 0.
 * @example podLimit('25') // '25%'
 * @example podLimit(25) // 25
 */
export function podLimit(value: number | string): PodLimit | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : null;
  const [, digits] = /^\+?([0-9]{1,9})%?$/.exec(value) ?? [];
  return digits === undefined ? null : `${Number(digits)}%`;
}
