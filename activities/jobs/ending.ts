/** What a Job's status and pods say of its end. Pure: table-tested. */
import type { Condition, KubernetesObject } from '../kubernetes/index.ts';
import type { ContainerStatus, Pod, Terminated } from '../workload/kubernetes/pod.ts';
import { whyPod } from '../workload/kubernetes/why-not-ready.ts';
import type { KubernetesJobReport } from './port.ts';

/** As far as its end is read from it (`k8s.io/api/batch/v1`). */
export interface Job extends KubernetesObject {
  readonly spec?: {
    readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
    readonly template?: unknown;
  };
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly active?: number;
    readonly ready?: number;
    readonly succeeded?: number;
    readonly failed?: number;
    /** RFC 3339, whole seconds. */
    readonly startTime?: string;
    readonly completionTime?: string;
  };
}

export type End = Omit<KubernetesJobReport, 'job'>;

/** `Complete` and `Failed` come when all of its pods have ended; until then it runs. */
export function conditionOf({ status }: Job, type: 'Complete' | 'Failed'): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type && condition.status === 'True');
}

export const hasEnded = (job: Job): boolean =>
  conditionOf(job, 'Complete') !== undefined || conditionOf(job, 'Failed') !== undefined;

/** All of its pods are ready, so there is nothing to be asked of them. */
export const isAtWork = ({ status = {} }: Job): boolean =>
  (status.active ?? 0) > 0 && (status.ready ?? 0) >= (status.active ?? 0);

/** Waiting will not mend these (Argo `metricproviders/job/job.go`, `terminalWaitingReasons`). */
const IMAGE_REASONS: readonly string[] = ['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName'];

/**
 * How it ended; `null`: it has not yet. `Complete` is good and `Failed` is not, as for Argo; an image that cannot be had
 * ends it without having shown anything.
 *
 * @param pods of this Job alone
 * @param seen what held its pods up last, for a Job that ran out of time and whose pods are gone
 */
export function endOf(job: Job, pods: readonly Pod[], seen: string): End | null {
  const attempts = (job.status?.succeeded ?? 0) + (job.status?.failed ?? 0);
  const complete = conditionOf(job, 'Complete');
  if (complete) return { end: 'exited', exitCode: 0, because: `exit code 0${duration(job)}`, attempts };
  const failed = conditionOf(job, 'Failed');
  if (failed) return { ...failure(job, failed, pods, seen), attempts };
  const held = pods.find((pod) => containersOf(pod).some(isWithoutImage));
  return held ? { end: 'notStarted', exitCode: null, because: `has not started: ${wordsOf(held)}`, attempts } : null;
}

/** What holds its pods up, in words; empty: nothing, or nobody knows. */
export function whyNotAtWork(pods: readonly Pod[]): string {
  const words = pods.filter(({ metadata }) => !metadata.deletionTimestamp).map(wordsOf);
  return [...new Set(words.filter((one) => one !== ''))].slice(0, 3).join('; ');
}

function failure(job: Job, { reason = '', message = '' }: Condition, pods: readonly Pod[], seen: string) {
  const why = reason || message || 'Failed';
  if (reason === 'DeadlineExceeded') {
    const last = seen ? `, last seen: ${seen}` : '';
    return { end: 'timedOut' as const, exitCode: null, because: `ran out of time (${why})${duration(job)}${last}` };
  }
  const found = pods
    .flatMap((pod) => containersOf(pod).flatMap((container) => failedEnd(container) ?? []))
    .toSorted((left, right) => (left.terminated.finishedAt ?? '').localeCompare(right.terminated.finishedAt ?? ''))
    .at(-1);
  if (found === undefined) {
    const pod = pods.map(({ status }) => status?.reason ?? '').find((said) => said !== '') ?? '';
    const words = [why, pod, reason && message].filter((part) => part !== '').join(': ');
    return { end: 'killed' as const, exitCode: null, because: `failed (${quoted(words)})` };
  }
  const { name, terminated } = found;
  if (terminated.reason === 'OOMKilled')
    return {
      end: 'killed' as const,
      exitCode: null,
      because: `failed: container ${name} was killed for its memory (OOMKilled; ${why})`,
    };
  const said = terminated.message ? `: ${quoted(terminated.message)}` : '';
  return {
    end: 'exited' as const,
    exitCode: terminated.exitCode,
    because: `exit code ${terminated.exitCode} of container ${name} (${why})${said}`,
  };
}

/** An end that was none of a finished work; a container that was started again has it behind it. */
function failedEnd({ name, state, lastState }: ContainerStatus): { name: string; terminated: Terminated } | null {
  const terminated = [state?.terminated, lastState?.terminated].find((end) => end !== undefined && end.exitCode !== 0);
  return terminated ? { name, terminated } : null;
}

const containersOf = ({ status }: Pod): readonly ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
];

const isWithoutImage = ({ state }: ContainerStatus): boolean => IMAGE_REASONS.includes(state?.waiting?.reason ?? '');

const wordsOf = (pod: Pod): string => whyPod(pod, [])[0]?.words ?? '';

function duration({ status = {} }: Job): string {
  const { startTime, completionTime, conditions = [] } = status;
  const ended = completionTime ?? conditions.map(({ lastTransitionTime = '' }: Dated) => lastTransitionTime).at(-1);
  const ms = Date.parse(ended ?? '') - Date.parse(startTime ?? '');
  return Number.isFinite(ms) && ms >= 0 ? ` after ${ms / 1_000} s` : '';
}

type Dated = Condition & { readonly lastTransitionTime?: string };

const QUOTED_CHARACTERS = 240;

function quoted(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > QUOTED_CHARACTERS ? `${line.slice(0, QUOTED_CHARACTERS)}…` : line;
}
