import { type Stage, stage } from './stage.ts';

/** How kwok plays a node: ready at once, for ever; nothing watches heartbeats. After kustomize/stage/node/fast. */
export const nodeStages: readonly Stage[] = [
  stage({
    kind: 'Node',
    name: 'node-ready',
    when: ['([.status.conditions[]? | select(.type == "Ready" and .status == "True")] | length == 0)'],
    status: `
{{ $now := Now }}
conditions:
{{ range NodeConditions }}
- lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ $now | Quote }}
  message: {{ .message | Quote }}
  reason: {{ .reason | Quote }}
  status: {{ .status | Quote }}
  type: {{ .type | Quote }}
{{ end }}
addresses:
- address: {{ NodeIP | Quote }}
  type: InternalIP
nodeInfo:
  architecture: amd64
  bootID: ""
  containerRuntimeVersion: kwok
  kernelVersion: kwok
  kubeProxyVersion: kwok
  kubeletVersion: {{ printf "kwok-%s" Version | Quote }}
  machineID: ""
  operatingSystem: linux
  osImage: ""
  systemUUID: ""
phase: Running
`,
  }),
];
