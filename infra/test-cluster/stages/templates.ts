/**
 * Parts of a played pod's status, as Go templates over the pod; the shapes are those that the kubelet writes. The start
 * follows kwok's own kustomize/stage/pod/fast (v0.8.0, Apache-2.0).
 */
import { PLAYED } from './annotations.ts';

const annotation = (name: string) => `(get $annotations "${name}")`;

export const prelude = `
{{ $now := Now }}
{{ $pod := . }}
{{ $annotations := or .metadata.annotations dict }}
{{ $fails := ${annotation(PLAYED.fails)} }}
{{ $failing := or ${annotation(PLAYED.container)} (index .spec.containers 0).name }}
`;

/** Whether a pod is ready as soon as it starts. */
export const readyAtOnce = `
{{ $crashes := and (or (eq $fails "CrashLoopBackOff") (eq $fails "OOMKilled")) (not ${annotation(PLAYED.failsAfter)}) }}
{{ $held := or (eq ${annotation(PLAYED.ready)} "false") (eq ${annotation(PLAYED.served)} "true") }}
{{ $ready := not (or ${annotation(PLAYED.readyAfter)} $held $crashes) }}
`;

export const isReady = '{{ $ready := true }}';
export const isUnready = '{{ $ready := false }}';

/** Needs `$ready`. Readiness gates are for whoever owns them, so they are met. */
export const conditions = `
conditions:
{{ range list "PodReadyToStartContainers" "Initialized" }}
- lastProbeTime: null
  lastTransitionTime: {{ $now | Quote }}
  status: "True"
  type: {{ . }}
{{ end }}
{{ range list "Ready" "ContainersReady" }}
- lastProbeTime: null
  lastTransitionTime: {{ $now | Quote }}
  {{ if $ready }}
  status: "True"
  reason: null
  message: null
  {{ else }}
  status: "False"
  reason: ContainersNotReady
  message: {{ printf "containers with unready status: [%s]" $failing | Quote }}
  {{ end }}
  type: {{ . }}
{{ end }}
{{ range .spec.readinessGates }}
- lastProbeTime: null
  lastTransitionTime: {{ $now | Quote }}
  status: "True"
  type: {{ .conditionType | Quote }}
{{ end }}
`;

export const initContainers = `
{{ if .spec.initContainers }}
initContainerStatuses:
{{ range .spec.initContainers }}
- image: {{ .image | Quote }}
  imageID: {{ .image | Quote }}
  name: {{ .name | Quote }}
  ready: true
  restartCount: 0
  {{ if eq (toString .restartPolicy) "Always" }}
  started: true
  state:
    running:
      startedAt: {{ $now | Quote }}
  {{ else }}
  state:
    terminated:
      exitCode: 0
      finishedAt: {{ $now | Quote }}
      reason: Completed
      startedAt: {{ $now | Quote }}
  {{ end }}
{{ end }}
{{ end }}
`;

export const addresses = `
{{ with NodeIPsWith .spec.nodeName }}
hostIP: {{ index . 0 | Quote }}
hostIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
{{ with PodIPsWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) }}
podIP: {{ index . 0 | Quote }}
podIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
startTime: {{ or .status.startTime $now | Quote }}
`;

/** One status for each container: `failing` for the one that fails, `others` for the rest. Both see `$restarts`. */
export function containers(failing: string, others: string): string {
  return `
containerStatuses:
{{ range $index, $item := .spec.containers }}
{{ $origin := dict }}
{{ if $pod.status.containerStatuses }}{{ $origin = index $pod.status.containerStatuses $index }}{{ end }}
{{ $restarts := int (or $origin.restartCount 0) }}
{{ $since := $now }}
{{ if $origin.state }}{{ if $origin.state.running }}{{ $since = $origin.state.running.startedAt }}{{ end }}{{ end }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
{{ if eq .name $failing }}${failing}{{ else }}${others}{{ end }}
{{ end }}
`;
}

const known = `
  imageID: {{ .image | Quote }}
  containerID: {{ printf "played://%s/%s/%d" $pod.metadata.uid .name $restarts | Quote }}`;

/** Needs `$ready`. */
export const running = `${known}
  ready: {{ $ready }}
  restartCount: {{ $restarts }}
  started: true
  lastState: {{ or $origin.lastState dict | toJson }}
  state:
    running:
      startedAt: {{ $since | Quote }}
`;

/** A container that does not fail in a pod that is not ready. */
export const runningBeside = running.replace('{{ $ready }}', 'true');

export const startedAgain = `
{{ $restarts = add1 $restarts }}${known}
  ready: false
  restartCount: {{ $restarts }}
  started: true
  lastState: {{ or $origin.lastState dict | toJson }}
  state:
    running:
      startedAt: {{ $now | Quote }}
`;

const exitCode = (otherwise: number) => `{{ or ${annotation(PLAYED.exitCode)} ${otherwise} }}`;

export const crashed = `${known}
  ready: false
  restartCount: {{ $restarts }}
  started: false
  lastState:
    terminated:
      {{ if eq $fails "OOMKilled" }}
      exitCode: 137
      reason: OOMKilled
      {{ else }}
      exitCode: ${exitCode(1)}
      reason: Error
      {{ end }}
      startedAt: {{ $since | Quote }}
      finishedAt: {{ $now | Quote }}
      containerID: {{ printf "played://%s/%s/%d" $pod.metadata.uid .name $restarts | Quote }}
  state:
    waiting:
      reason: CrashLoopBackOff
      message: {{ printf "back-off 10s restarting failed container=%s pod=%s_%s(%s)" .name $pod.metadata.name $pod.metadata.namespace $pod.metadata.uid | Quote }}
`;

export const ended = `${known}
  ready: false
  restartCount: {{ $restarts }}
  started: false
  state:
    terminated:
      {{ if eq .name $failing }}
      exitCode: ${exitCode(0)}
      reason: {{ if eq (toString (or ${annotation(PLAYED.exitCode)} 0)) "0" }}Completed{{ else }}Error{{ end }}
      {{ else }}
      exitCode: 0
      reason: Completed
      {{ end }}
      startedAt: {{ $since | Quote }}
      finishedAt: {{ $now | Quote }}
`;

export const endedPhase = `
phase: {{ if eq (toString (or ${annotation(PLAYED.exitCode)} 0)) "0" }}Succeeded{{ else }}Failed{{ end }}
`;

/** A container that does not get to run, for a reason of the kubelet's. */
export function waiting(reason: string, message: string): string {
  return `
  imageID: ""
  ready: false
  restartCount: 0
  started: false
  state:
    waiting:
      reason: ${reason}
      message: ${message}
`;
}
