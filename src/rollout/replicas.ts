import type { CanaryScale, ScalePlan, TrafficPlan } from '../plan/target.ts';
import { budgetOf } from './budget.ts';
import { type Counts, nearestCounts } from './ratio.ts';
import { nextCounts } from './replace.ts';

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

/**
 * The pods before a weight is moved: what either side needs before or after it. So the growing side carries its share
 * before it has it, and the other one shrinks after it has lost it.
 *
 * @example scaleBefore({ canary: 1, stable: 4 }, { canary: 3, stable: 2 }) // { canary: 3, stable: 4 }
 */
export function scaleBefore(from: Counts, to: Counts): Counts {
  return { canary: Math.max(from.canary, to.canary), stable: Math.max(from.stable, to.stable) };
}

/**
 * The numbers of pods from here to a weight without a router, one set after the other; each is asked for once all pods
 * of the one before serve. Both limits hold throughout. Empty where nothing is to change.
 *
 * @example stagesTo({ replicas: 2, weight: 100, scale, from: { canary: 1, stable: 1 } }) // [{2, 1}, {2, 0}], with a surge of 1
 */
export function stagesTo({
  replicas,
  weight,
  scale,
  from,
}: Omit<Scaled, 'traffic' | 'canaryScale'> & { readonly from: Counts }): Counts[] {
  const budget = budgetOf({ replicas, ...scale });
  const goal = nearestCounts(weight, replicas, budget.surge);
  const served = (pods: number) => ({ wanted: pods, available: pods });
  const stages: Counts[] = [];
  let now = from;
  for (;;) {
    const next = nextCounts({ replicas, goal, budget, canary: served(now.canary), stable: served(now.stable) });
    if (next.canary === now.canary && next.stable === now.stable) return stages;
    stages.push(next);
    now = next;
  }
}

/**
 * How far the canary's weight can go back while the stable side grows again (`dynamicStableScale`): down the weights of
 * the ramp, as stable pods become available and canary pods go. So going back starts no surge of pods, and no share is
 * given to a side which cannot carry it. Source: `GetDesiredCanaryWeight` of argo-rollouts `utils/replicaset/canary.go`.
 *
 * @param keepsCanary the canary keeps its pods for a while, so that they must not hold up the weight
 * @example weightBack({ replicas: 4, weights: [25, 50, 75], stable: 2, canary: 3, keepsCanary: false }) // 50
 */
export function weightBack({
  replicas,
  weights,
  stable,
  canary,
  keepsCanary,
}: {
  readonly replicas: number;
  /** Of the ramp, in its order. */
  readonly weights: readonly number[];
  /** Pods that serve. */
  readonly stable: number;
  readonly canary: number;
  readonly keepsCanary: boolean;
}): number {
  const missing = replicas - stable;
  const carried = keepsCanary ? missing : Math.max(missing, canary);
  return weights.findLast((weight) => podsFor(weight, replicas) < carried) ?? 0;
}
