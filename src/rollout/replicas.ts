import type { CanaryScale, ScalePlan, TrafficPlan } from '../plan/target.ts';
import { budgetOf } from './budget.ts';
import { type Counts, nearestCounts } from './ratio.ts';

export type { Counts } from './ratio.ts';

export interface Scaled {
  /** Of the stable side when it serves alone, 1..1000. */
  readonly replicas: number;
  /** Percent of the requests which the canary has, 0..100. */
  readonly weight: number;
  readonly scale: ScalePlan;
  readonly traffic: Pick<TrafficPlan, 'kind'>;
  /** The last `setCanaryScale` of the steps taken; absent: none was. */
  readonly canaryScale?: CanaryScale;
}

/**
 * How many pods each side has while the canary has this weight. With a router the canary's are rounded up and the
 * stable side keeps all of its own, or with `dynamicStableScale` those for the rest of the weight, rounded up too.
 * Without one the pods' ratio is the weight. Source: `CalculateReplicaCountsForTrafficRoutedCanary`,
 * `CheckMinPodsPerReplicaSet` and `approximateWeightedCanaryStableReplicaCounts` of argo-rollouts
 * `utils/replicaset/canary.go`.
 *
 * @throws RangeError for a limit that is neither pods nor percent: a plan never holds one.
 * @example scaleFor({ replicas: 4, weight: 10, scale, traffic: { kind: 'istio' } }) // { canary: 1, stable: 4 }
 */
export function scaleFor({ replicas, weight, scale, traffic, canaryScale }: Scaled): Counts {
  if (traffic.kind === 'replicas') return nearestCounts(weight, replicas, budgetOf({ replicas, ...scale }).surge);
  const least = (pods: number) => atLeast(pods, replicas, scale.minPodsPerReplicaSet);
  const canary =
    canaryScale?.kind === 'replicas'
      ? canaryScale.replicas
      : least(podsFor(canaryScale?.kind === 'weight' ? canaryScale.weight : weight, replicas));
  if (!scale.dynamicStableScale) return { canary, stable: replicas };
  return { canary: least(canary), stable: least(podsFor(stableWeight(weight, canaryScale), replicas)) };
}

/**
 * The stable side shrinks by no more than the canary's traffic *and* its scale allow; a canary of a given number of
 * pods counts as no scale at all.
 */
function stableWeight(weight: number, canaryScale: CanaryScale | undefined): number {
  if (canaryScale?.kind === 'replicas') return 100;
  const scaled = canaryScale?.kind === 'weight' ? canaryScale.weight : weight;
  return Math.max(100 - weight, 100 - scaled);
}

/** Rounded up: a share is never carried by fewer pods than it would have of the whole. */
function podsFor(weight: number, replicas: number): number {
  return Math.ceil((weight * replicas) / 100);
}

/** A side without pods stays so; never beyond the stable side's own number, which could not be reached. */
function atLeast(pods: number, replicas: number, least: number): number {
  return pods === 0 ? 0 : Math.max(pods, Math.min(least, replicas));
}
