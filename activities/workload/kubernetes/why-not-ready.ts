/** Why pods do not serve, in words. Pure: table-tested. */
import type { ScaledObject } from '../../kubernetes/index.ts';
import { type ContainerStatus, isReady, type KubernetesEvent, type Pod } from './pod.ts';

/** More reasons than these hide the first one. */
const MOST_REASONS = 3;
const QUOTED_CHARACTERS = 240;

/**
 * One sentence, or several between semicolons, that name each reason with how many pods it holds up, those first that
 * waiting will not mend; empty where all pods that are wanted have been ready for `minReadySeconds`.
 *
 * Reasons of waiting containers are the kubelet's (`pkg/kubelet/images/types.go`, `kuberuntime/kuberuntime_container.go`),
 * conditions those of `k8s.io/api/core/v1`; a ReplicaSet that may create no pods has the condition `ReplicaFailure`.
 *
 * @param pods of this object alone
 * @param events of pods that run without being ready: what their probes say
 */
export function whyNotReady(
  { spec, status = {} }: Pick<ScaledObject, 'spec' | 'status'>,
  pods: readonly Pod[],
  events: readonly KubernetesEvent[] = [],
): string {
  const replicas = spec.replicas ?? 1;
  if ((status.availableReplicas ?? 0) >= replicas) return '';
  const live = pods.filter(({ metadata }) => !metadata.deletionTimestamp);
  const reasons = [...whyNotCreated(status.conditions ?? []), ...live.flatMap((pod) => whyPod(pod, events))];
  const counted = new Map<string, Reason & { pods: number }>();
  for (const reason of reasons) {
    const known = counted.get(reason.words);
    counted.set(reason.words, { ...reason, pods: (known?.pods ?? 0) + 1 });
  }
  const missing = replicas - live.length;
  const words = [...counted.values()]
    .toSorted((left, right) => left.rank - right.rank || right.pods - left.pods)
    .map(({ words, pods, ofPods }) => (ofPods ? `${pods} ${pods === 1 ? 'pod' : 'pods'}: ${words}` : words));
  if (missing > 0) words.push(`${missing} of ${replicas} pods are not created yet`);
  const short = live.filter(isReady).length - (status.availableReplicas ?? 0);
  if (words.length === 0 && short > 0)
    words.push(`${short} ${short === 1 ? 'pod is' : 'pods are'} ready, but not for ${spec.minReadySeconds ?? 0} s yet`);
  return words.slice(0, MOST_REASONS).join('; ') || 'its status is not up to date yet';
}

/**
 * What happened to containers that run again, which readiness alone does not show; empty: nothing.
 *
 * @example '2 restarts: container app was killed for its memory (OOMKilled)'
 */
export function whyRestarted(pods: readonly Pod[]): string {
  const containers = pods.flatMap(({ status }) => status?.containerStatuses ?? []);
  const restarts = containers.reduce((sum, { restartCount = 0 }) => sum + restartCount, 0);
  if (restarts === 0) return '';
  const ends = new Set(containers.flatMap((container) => lastEnd(container) ?? []));
  const counted = `${restarts} ${restarts === 1 ? 'restart' : 'restarts'}`;
  return ends.size === 0 ? counted : `${counted}: ${[...ends].slice(0, MOST_REASONS).join(', ')}`;
}

export interface Reason {
  readonly words: string;
  /** Those that stay until somebody mends them come first. */
  readonly rank: number;
  readonly ofPods: boolean;
}

const LASTING = 0;
const FAILING = 1;
const STARTING = 2;

function whyNotCreated(conditions: NonNullable<ScaledObject['status']>['conditions'] = []): Reason[] {
  const failed = conditions.filter(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
  return failed.map(({ message = '', reason = '' }) => {
    const said = quoted(message || reason);
    const words = /exceeded quota|failed quota/.test(said)
      ? `pods cannot be created, the quota is used up: ${said}`
      : /denied the request|denied request/.test(said)
        ? `pods cannot be created, admission denies them: ${said}`
        : `pods cannot be created: ${said}`;
    return { words, rank: LASTING, ofPods: false };
  });
}

/** Why one pod does not serve; empty where it does. */
export function whyPod(pod: Pod, events: readonly KubernetesEvent[]): Reason[] {
  if (isReady(pod)) return [];
  const {
    phase,
    reason,
    message,
    conditions = [],
    initContainerStatuses = [],
    containerStatuses = [],
  } = pod.status ?? {};
  if (reason) return [lasting(`${reason}${message ? ` (${quoted(message)})` : ''}`)];
  const scheduled = conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  if (scheduled) {
    const gated = scheduled.reason === 'SchedulingGated';
    const words = gated ? 'held by a scheduling gate' : `cannot be scheduled (${quoted(scheduled.message ?? '')})`;
    return [lasting(words)];
  }
  const starting = initContainerStatuses.find(({ state }) => !(state?.terminated?.exitCode === 0));
  const waiting = [...(starting ? [starting] : []), ...containerStatuses].flatMap(
    (container) => whyContainer(container) ?? [],
  );
  const [worst] = waiting.toSorted((left, right) => left.rank - right.rank);
  if (worst) return [worst];
  if (phase === 'Failed' || phase === 'Succeeded') return [lasting(`the pod has ended (${phase})`)];
  const gates = conditions.filter(({ type, status }) => type.includes('/') && status !== 'True');
  if (gates.length > 0) return [failing(`readiness gate ${gates[0]?.type} is not met`)];
  const unready = containerStatuses.filter(({ ready }) => !ready);
  if (phase === 'Running' && unready.length > 0) return [notReady(pod, unready, events)];
  if (phase === 'Running')
    return [{ words: 'all containers are ready, the pod not yet', rank: STARTING, ofPods: true }];
  return [{ words: pod.spec?.nodeName ? 'is starting' : 'waits for a node', rank: STARTING, ofPods: true }];
}

function notReady(pod: Pod, unready: readonly ContainerStatus[], events: readonly KubernetesEvent[]): Reason {
  const name = unready[0]?.name;
  const probes = events.filter(
    ({ involvedObject, reason }) => involvedObject.uid === pod.metadata.uid && reason === 'Unhealthy',
  );
  const probe = probes.at(-1)?.message;
  const ended = unready[0] && lastEnd(unready[0]);
  const restarted = ended ? ` after ${unready[0]?.restartCount ?? 0} restarts (${ended})` : '';
  return failing(`container ${name} runs${restarted}, but is not ready${probe ? `: ${quoted(probe)}` : ''}`);
}

const IMAGE_REASONS: readonly string[] = [
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
  'SignatureValidationFailed',
];
const STARTING_REASONS: readonly string[] = ['ContainerCreating', 'PodInitializing'];

function whyContainer(container: ContainerStatus): Reason | null {
  const { name, image, state = {}, restartCount = 0 } = container;
  const { reason = '', message } = state.waiting ?? {};
  const details = message ? `${reason}: ${quoted(message)}` : reason;
  if (IMAGE_REASONS.includes(reason)) return lasting(`image ${image} cannot be pulled (${details})`);
  if (reason === 'CrashLoopBackOff')
    return lasting(
      `container ${name} crashes again and again (CrashLoopBackOff, ${counted(restartCount)}${endedBy(container)})`,
    );
  if (STARTING_REASONS.includes(reason)) return { words: 'is starting', rank: STARTING, ofPods: true };
  if (reason) return lasting(`container ${name} cannot be started (${details})`);
  if (state.terminated) return failing(`${endOf(name, state.terminated)}, ${counted(restartCount)}`);
  return null;
}

function endedBy(container: ContainerStatus): string {
  const ended = lastEnd(container);
  return ended ? `; ${ended}` : '';
}

/** How a container that runs again, or waits to, came to its last end. */
function lastEnd({ name, lastState }: ContainerStatus): string | null {
  return lastState?.terminated ? endOf(name, lastState.terminated) : null;
}

function endOf(
  name: string,
  { exitCode, reason, message }: NonNullable<ContainerStatus['state']>['terminated'] & object,
): string {
  if (reason === 'OOMKilled') return `container ${name} was killed for its memory (OOMKilled)`;
  const said = message ? `: ${quoted(message)}` : '';
  return `container ${name} ended with exit code ${exitCode}${said}`;
}

function lasting(words: string): Reason {
  return { words, rank: LASTING, ofPods: true };
}

function failing(words: string): Reason {
  return { words, rank: FAILING, ofPods: true };
}

function counted(restarts: number): string {
  return `${restarts} ${restarts === 1 ? 'restart' : 'restarts'}`;
}

function quoted(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > QUOTED_CHARACTERS ? `${line.slice(0, QUOTED_CHARACTERS)}…` : line;
}
