import { CRASHING, NOT_STARTED, PLAYED } from './annotations.ts';
import { type Stage, stage } from './stage.ts';
import {
  addresses,
  conditions,
  containers,
  crashed,
  ended,
  endedPhase,
  initContainers,
  isReady,
  isUnready,
  prelude,
  readyAtOnce,
  running,
  runningBeside,
  startedAgain,
  waiting,
} from './templates.ts';

const annotation = (name: string) => `.metadata.annotations["${name}"]`;
const oneOf = (value: string, values: readonly string[]) =>
  `(${values.map((each) => `${value} == "${each}"`).join(' or ')})`;
const ready = '([.status.conditions[]? | select(.type == "Ready" and .status == "True")] | length > 0)';
const waits = (reason: string) => `([.status.containerStatuses[]?.state.waiting.reason] | any(. == "${reason}"))`;
const stays = '(.metadata.deletionTimestamp == null)';
const runs = '(.status.phase == "Running" and ([.status.containerStatuses[]?.state.running != null] | all))';
const pending = '(.status.phase == "Pending")';
const notStarted = oneOf(annotation(PLAYED.fails), NOT_STARTED);
const restarts = '([.status.containerStatuses[]?.restartCount] | add // 0)';
const recovered = `(${annotation(PLAYED.failsTimes)} != null and ${restarts} >= (${annotation(PLAYED.failsTimes)} | tonumber))`;
const crashes = `(${oneOf(annotation(PLAYED.fails), CRASHING)} and (${recovered} | not))`;
const isServed = `(${annotation(PLAYED.served)} == "true")`;
const heldUnready = `(${annotation(PLAYED.ready)} == "false" or (${isServed} and ${annotation(PLAYED.ready)} != "true"))`;
const isJob = `(([.metadata.ownerReferences[]?.kind] | any(. == "Job")) or ${annotation(PLAYED.endsAfter)} != null)`;

const pod = (name: string, options: Omit<Parameters<typeof stage>[0], 'kind' | 'name'>) =>
  stage({ kind: 'Pod', name: `pod-${name}`, ...options });
const notReady = [prelude, isUnready, conditions].join('');

/** How kwok plays a pod: no two stages match the same pod at once. */
export const podStages: readonly Stage[] = [
  pod('deleted', {
    when: ['.metadata.deletionTimestamp != null', `(${isServed} | not)`],
    delay: { annotation: PLAYED.terminatesAfter, milliseconds: 0 },
    status: 'delete',
  }),
  // Whoever serves it removes it, unless that has ended: then the grace period does, which is 30 s by default.
  pod('deleted-unserved', {
    when: ['.metadata.deletionTimestamp != null', isServed],
    delay: { milliseconds: 30_000 },
    status: 'delete',
  }),
  pod('not-started', {
    when: [stays, pending, notStarted, '(.status.containerStatuses == null)'],
    event: { type: 'Warning', reason: 'Failed', message: 'Error: the container cannot be started' },
    status: [
      notReady,
      containers(waiting(firstReason(), message()), waiting('ContainerCreating', '""')),
      addresses,
    ].join(''),
  }),
  pod('image-back-off', {
    when: [stays, pending, notStarted, waits('ErrImagePull')],
    delay: { milliseconds: 300 },
    event: { type: 'Normal', reason: 'BackOff', message: 'Back-off pulling image' },
    status: [
      prelude,
      containers(
        waiting('ImagePullBackOff', '{{ printf "Back-off pulling image %q: ErrImagePull" .image | Quote }}'),
        waiting('ContainerCreating', '""'),
      ),
    ].join(''),
  }),
  pod('started', {
    when: [stays, pending, `(${notStarted} | not)`],
    status: [
      ...[prelude, readyAtOnce, conditions, containers(running, runningBeside), initContainers, addresses],
      'phase: Running\n',
    ].join(''),
  }),
  pod('ready', {
    when: [
      ...[stays, runs, `(${ready} | not)`, `(${heldUnready} | not)`],
      `((${crashes} | not) or ${annotation(PLAYED.failsAfter)} != null)`,
    ],
    delay: { annotation: PLAYED.readyAfter, milliseconds: 0 },
    status: [prelude, isReady, conditions, containers(running, runningBeside)].join(''),
  }),
  pod('unready', {
    when: [stays, runs, ready, heldUnready],
    event: {
      type: 'Warning',
      reason: 'Unhealthy',
      message: 'Readiness probe failed: HTTP probe failed with statuscode: 503',
    },
    status: [notReady, containers(running, runningBeside)].join(''),
  }),
  pod('crashed', {
    when: [
      stays,
      runs,
      crashes,
      `(${annotation(PLAYED.failsAfter)} == null or ${ready})`,
      `(${heldUnready} and ${ready} | not)`,
    ],
    delay: { annotation: PLAYED.failsAfter, milliseconds: 200 },
    event: { type: 'Warning', reason: 'BackOff', message: 'Back-off restarting failed container' },
    status: [notReady, containers(crashed, runningBeside)].join(''),
  }),
  pod('started-again', {
    when: [stays, '(.status.phase == "Running")', waits('CrashLoopBackOff')],
    delay: { annotation: PLAYED.backOff, milliseconds: 1_000 },
    status: [notReady, containers(startedAgain, runningBeside)].join(''),
  }),
  pod('ended', {
    when: [
      stays,
      runs,
      ready,
      isJob,
      `(${annotation(PLAYED.endsAfter)} != "never")`,
      `(${crashes} | not)`,
      `(${heldUnready} | not)`,
    ],
    delay: { annotation: PLAYED.endsAfter, milliseconds: 0 },
    status: [notReady, containers(ended, ended), endedPhase].join(''),
  }),
];

/** The kubelet says ErrImagePull first, also of what ends in ImagePullBackOff. */
function firstReason(): string {
  return '{{ if eq $fails "ImagePullBackOff" }}ErrImagePull{{ else }}{{ $fails }}{{ end }}';
}

function message(): string {
  const image = '{{ printf "failed to pull and unpack image %q: not found" .image | Quote }}';
  const name = '{{ printf "Failed to apply default image tag %q: couldn\'t parse image name" .image | Quote }}';
  return `{{ if eq $fails "InvalidImageName" }}${name}{{ else if eq $fails "CreateContainerConfigError" }}'configmap not found'{{ else }}${image}{{ end }}`;
}
