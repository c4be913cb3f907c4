/** Which pods of a revision are evicted next. Pure. */
import { budgetOf, type PodLimit } from './budget.ts';

export interface RestartingPod {
  readonly uid: string;
  readonly name: string;
  /** It ran when the restart was asked for, so it is to be replaced. */
  readonly old: boolean;
  /** Ready for `minReadySeconds`. */
  readonly available: boolean;
}

/** A revision in the middle of a restart. */
export interface RestartingRevision {
  /** How many pods are wanted. */
  readonly replicas: number;
  readonly maxUnavailable: PodLimit;
  /** How many its controller counts as available; of this and what the pods themselves say the lower one is believed. */
  readonly reported: number;
  /** Pods that stay: those that are ending, or have ended, are left out. */
  readonly pods: readonly RestartingPod[];
}

/** How many pods of a revision may be missing at once: `maxUnavailable` rounded down, but at least one. */
export function restartLimit({ replicas, maxUnavailable }: Pick<RestartingRevision, 'replicas' | 'maxUnavailable'>) {
  return Math.max(1, budgetOf({ replicas, maxSurge: 0, maxUnavailable }).unavailable);
}

/**
 * The pods to evict now. At no moment are more than `restartLimit` replacements outstanding, and no pod that is available
 * goes while that many are missing already. Pods that are not available go first: nobody misses them.
 *
 * Argo's controller (`rollout/restart.go`) counts one budget over all ReplicaSets; with a router those are more pods than
 * `replicas`, so that all of a small side may go at once. Here each revision has its own.
 *
 * @example
 * nextEvictions({ replicas: 4, maxUnavailable: '50%', reported: 4, pods: fourOldAvailablePods }) // two of them
 */
export function nextEvictions(revision: RestartingRevision): readonly RestartingPod[] {
  const { replicas, pods } = revision;
  // What is too many goes by itself.
  if (replicas === 0) return [];
  const limit = restartLimit(revision);
  const old = pods.filter((pod) => pod.old);
  const outstanding = outstandingOf(revision);
  const missing = replicas - availableOf(revision);
  const broken = old.filter((pod) => !pod.available).slice(0, Math.max(0, limit - outstanding));
  const spare = Math.min(limit - outstanding - broken.length, limit - missing);
  return [...broken, ...old.filter((pod) => pod.available).slice(0, Math.max(0, spare))];
}

/** Replacements that are not there yet, or not available. */
export function outstandingOf({ replicas, pods }: Pick<RestartingRevision, 'replicas' | 'pods'>): number {
  return Math.max(0, replicas - pods.filter((pod) => pod.old || pod.available).length);
}

/** No pod of before is left, and there are as many available ones as are wanted. */
export function isRestarted(revision: RestartingRevision): boolean {
  return !revision.pods.some((pod) => pod.old) && availableOf(revision) >= revision.replicas;
}

/** Never more than are wanted. */
export function availableOf({ replicas, reported, pods }: RestartingRevision): number {
  return Math.min(replicas, reported, pods.filter((pod) => pod.available).length);
}
