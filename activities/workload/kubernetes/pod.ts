import type { Condition, KubernetesObject, ScaledObject } from '../../kubernetes/index.ts';

/** As far as health is read from it. */
export interface Pod extends KubernetesObject {
  readonly spec?: { readonly nodeName?: string };
  readonly status?: {
    readonly phase?: string;
    /** Of the whole pod: `Evicted`, `NodeLost`. */
    readonly reason?: string;
    readonly message?: string;
    readonly conditions?: readonly Condition[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

export interface ContainerStatus {
  readonly name: string;
  readonly image?: string;
  readonly ready?: boolean;
  readonly restartCount?: number;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
}

export interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: { readonly startedAt?: string };
  readonly terminated?: Terminated;
}

export interface Terminated {
  readonly exitCode: number;
  readonly reason?: string;
  readonly message?: string;
  /** RFC 3339. */
  readonly finishedAt?: string;
}

export interface KubernetesEvent extends KubernetesObject {
  readonly reason?: string;
  readonly message?: string;
  readonly involvedObject: { readonly uid?: string };
}

export function isReady({ status, metadata }: Pod): boolean {
  if (metadata.deletionTimestamp) return false;
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
}

/**
 * Ready for as long as its revision asks, as a ReplicaSet counts it (kubernetes `pkg/api/v1/pod/util.go`, `IsPodAvailable`).
 *
 * @param now epoch milliseconds
 */
export function isAvailable(pod: Pod, minReadySeconds: number, now: number): boolean {
  if (!isReady(pod)) return false;
  if (minReadySeconds === 0) return true;
  const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready');
  const since = Date.parse(ready?.lastTransitionTime ?? '');
  return since + 1_000 * minReadySeconds <= now;
}

/** It serves no more, and its ReplicaSet has made another one or is about to. */
export function isOver({ status, metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined || status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

export function restartsOf({ status }: Pod): number {
  return (status?.containerStatuses ?? []).reduce((sum, { restartCount = 0 }) => sum + restartCount, 0);
}

/** Pods that this object made, not those of an earlier one of the same name. */
export function podsOf(owner: ScaledObject, pods: readonly Pod[]): readonly Pod[] {
  return pods.filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid));
}
