import type { PodLimit } from '../../../src/rollout/budget.ts';
import type { RestartingRevision } from '../../../src/rollout/restart.ts';
import type { Revision } from '../../kubernetes/index.ts';
import { isAvailable, type Pod } from './pod.ts';

/**
 * A revision as a restart counts it. Which pods are old is known by their UIDs: times of creation are whole seconds of
 * another clock. Pure.
 *
 * @param pods of the revision, those that are over left out
 * @param from the UIDs of the pods that there were at first; `now` in epoch milliseconds
 */
export function restartingOf(
  { object, replicas, ready }: Pick<Revision, 'object' | 'replicas' | 'ready'>,
  pods: readonly Pod[],
  from: { readonly old: readonly string[]; readonly maxUnavailable: PodLimit; readonly now: number },
): RestartingRevision {
  const old = new Set(from.old);
  const minReadySeconds = object.spec.minReadySeconds ?? 0;
  return {
    replicas,
    maxUnavailable: from.maxUnavailable,
    reported: ready,
    pods: pods.map((pod) => {
      const { name, uid = '' } = pod.metadata;
      return { uid, name, old: old.has(uid), available: isAvailable(pod, minReadySeconds, from.now) };
    }),
  };
}
