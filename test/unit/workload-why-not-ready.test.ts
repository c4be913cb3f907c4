import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Condition, ScaledObject } from '../../activities/kubernetes/index.ts';
import type { ContainerStatus, KubernetesEvent, Pod } from '../../activities/workload/kubernetes/pod.ts';
import { whyNotReady, whyRestarted } from '../../activities/workload/kubernetes/why-not-ready.ts';

const failed = (message: string): Condition[] => [
  { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message },
];

let pods = 0;
function pod(status: Pod['status'], change: Partial<Pod> = {}): Pod {
  pods += 1;
  return { metadata: { name: `pod-${pods}`, uid: `uid-${pods}` }, spec: { nodeName: 'node-1' }, status, ...change };
}

function container(change: Partial<ContainerStatus> = {}): ContainerStatus {
  return { name: 'app', image: 'registry.example/shop:2', ready: false, restartCount: 0, ...change };
}

const waiting = (reason: string, message?: string, change: Partial<ContainerStatus> = {}) =>
  pod({
    phase: 'Pending',
    containerStatuses: [container({ state: { waiting: { reason, ...(message && { message }) } }, ...change })],
  });

const ended = (reason: string, exitCode: number) => ({ terminated: { reason, exitCode } });
const ready = pod({
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'True' }],
  containerStatuses: [container({ ready: true, state: { running: {} } })],
});
const unready = pod({
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'False' }],
  containerStatuses: [container({ state: { running: {} } })],
});
const probe: KubernetesEvent = {
  metadata: { name: 'event' },
  reason: 'Unhealthy',
  message: 'Readiness probe failed: HTTP probe failed with statuscode: 503',
  involvedObject: { uid: unready.metadata.uid ?? '' },
};

interface Row {
  readonly name: string;
  readonly pods?: readonly Pod[];
  readonly replicas?: number;
  readonly available?: number;
  readonly minReadySeconds?: number;
  readonly conditions?: readonly Condition[];
  readonly events?: readonly KubernetesEvent[];
  readonly says: string;
}

const rows: readonly Row[] = [
  { name: 'all are available', pods: [ready], available: 1, says: '' },
  { name: 'nothing is created yet', replicas: 3, says: '3 of 3 pods are not created yet' },
  {
    name: 'the quota is used up',
    replicas: 2,
    pods: [ready],
    available: 1,
    conditions: failed(
      'pods "x" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=1, limited: pods=1',
    ),
    says:
      'pods cannot be created, the quota is used up: pods "x" is forbidden: exceeded quota: compute, ' +
      'requested: pods=1, used: pods=1, limited: pods=1; 1 of 2 pods are not created yet',
  },
  {
    name: 'a webhook denies pods',
    conditions: failed('admission webhook "p.example.com" denied the request: no'),
    says:
      'pods cannot be created, admission denies them: admission webhook "p.example.com" denied the request: no; ' +
      '1 of 1 pods are not created yet',
  },
  {
    name: 'pods cannot be created for another reason',
    conditions: failed('serviceaccounts "api" not found'),
    says: 'pods cannot be created: serviceaccounts "api" not found; 1 of 1 pods are not created yet',
  },
  {
    name: 'a condition that is over says nothing',
    conditions: [{ type: 'ReplicaFailure', status: 'False', message: 'was' }],
    says: '1 of 1 pods are not created yet',
  },
  {
    name: 'an image cannot be pulled, of two pods',
    replicas: 2,
    pods: [
      waiting('ImagePullBackOff', 'Back-off pulling image "registry.example/shop:2"'),
      waiting('ImagePullBackOff', 'Back-off pulling image "registry.example/shop:2"'),
    ],
    says:
      '2 pods: image registry.example/shop:2 cannot be pulled ' +
      '(ImagePullBackOff: Back-off pulling image "registry.example/shop:2")',
  },
  {
    name: 'an image has no name',
    pods: [waiting('InvalidImageName')],
    says: '1 pod: image registry.example/shop:2 cannot be pulled (InvalidImageName)',
  },
  {
    name: 'a container crashes',
    pods: [waiting('CrashLoopBackOff', 'back-off 10s', { restartCount: 5, lastState: ended('Error', 2) })],
    says: '1 pod: container app crashes again and again (CrashLoopBackOff, 5 restarts; container app ended with exit code 2)',
  },
  {
    name: 'a container is killed for its memory',
    pods: [waiting('CrashLoopBackOff', undefined, { restartCount: 1, lastState: ended('OOMKilled', 137) })],
    says:
      '1 pod: container app crashes again and again ' +
      '(CrashLoopBackOff, 1 restart; container app was killed for its memory (OOMKilled))',
  },
  {
    name: 'a container has just ended',
    pods: [
      pod({ phase: 'Running', containerStatuses: [container({ state: ended('OOMKilled', 137), restartCount: 2 })] }),
    ],
    says: '1 pod: container app was killed for its memory (OOMKilled), 2 restarts',
  },
  {
    name: 'a container cannot be configured',
    pods: [waiting('CreateContainerConfigError', 'configmap "settings" not found')],
    says: '1 pod: container app cannot be started (CreateContainerConfigError: configmap "settings" not found)',
  },
  { name: 'a container is being created', pods: [waiting('ContainerCreating')], says: '1 pod: is starting' },
  {
    name: 'an init container fails',
    pods: [
      pod({
        phase: 'Pending',
        initContainerStatuses: [
          container({ name: 'first', state: ended('Completed', 0) }),
          container({ name: 'migrate', state: { waiting: { reason: 'CrashLoopBackOff' } }, restartCount: 3 }),
        ],
        containerStatuses: [container({ state: { waiting: { reason: 'PodInitializing' } } })],
      }),
    ],
    says: '1 pod: container migrate crashes again and again (CrashLoopBackOff, 3 restarts)',
  },
  {
    name: 'a pod cannot be scheduled',
    pods: [
      pod({
        phase: 'Pending',
        conditions: [
          {
            type: 'PodScheduled',
            status: 'False',
            reason: 'Unschedulable',
            message: '0/3 nodes are available: 3 Insufficient cpu.',
          },
        ],
      }),
    ],
    says: '1 pod: cannot be scheduled (0/3 nodes are available: 3 Insufficient cpu.)',
  },
  {
    name: 'a scheduling gate holds it',
    pods: [
      pod({
        phase: 'Pending',
        conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message: 'gated' }],
      }),
    ],
    says: '1 pod: held by a scheduling gate',
  },
  {
    name: 'no scheduler has seen it',
    pods: [pod({ phase: 'Pending' }, { spec: {} })],
    says: '1 pod: waits for a node',
  },
  {
    name: 'it was evicted',
    pods: [pod({ phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.' })],
    says: '1 pod: Evicted (The node was low on resource: memory.)',
  },
  {
    name: 'its probe fails, and an event says how',
    pods: [unready],
    events: [{ ...probe, involvedObject: { uid: 'another' }, message: 'of another pod' }, probe],
    says:
      '1 pod: container app runs, but is not ready: ' +
      'Readiness probe failed: HTTP probe failed with statuscode: 503',
  },
  {
    name: 'its probe fails, and nothing says how',
    pods: [unready],
    says: '1 pod: container app runs, but is not ready',
  },
  {
    name: 'it runs again and is not ready',
    pods: [
      pod({
        phase: 'Running',
        containerStatuses: [container({ state: { running: {} }, restartCount: 2, lastState: ended('Error', 1) })],
      }),
    ],
    says: '1 pod: container app runs after 2 restarts (container app ended with exit code 1), but is not ready',
  },
  {
    name: 'a readiness gate is not met',
    pods: [
      pod({
        phase: 'Running',
        conditions: [{ type: 'example.com/lb', status: 'False' }],
        containerStatuses: [container({ ready: true, state: { running: {} } })],
      }),
    ],
    says: '1 pod: readiness gate example.com/lb is not met',
  },
  {
    name: 'it is ready, but not for long enough',
    pods: [ready],
    minReadySeconds: 30,
    says: '1 pod is ready, but not for 30 s yet',
  },
  {
    name: 'pods that go are none',
    pods: [{ ...unready, metadata: { ...unready.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }],
    says: '1 of 1 pods are not created yet',
  },
  {
    name: 'what stays comes before what passes, and no more than three reasons',
    replicas: 6,
    pods: [waiting('ContainerCreating'), unready, waiting('InvalidImageName'), waiting('CreateContainerError')],
    says:
      '1 pod: image registry.example/shop:2 cannot be pulled (InvalidImageName); ' +
      '1 pod: container app cannot be started (CreateContainerError); 1 pod: container app runs, but is not ready',
  },
];

for (const { name, says, events, ...row } of rows) {
  test(`not ready: ${name}`, () => {
    assert.equal(whyNotReady(replicaSet(row), row.pods ?? [], events), says);
  });
}

test('a message without an end is cut', () => {
  const said = whyNotReady(replicaSet({}), [waiting('CreateContainerError', 'x '.repeat(10_000))]);
  assert.ok(said.length < 350, `${said.length} characters`);
});

test('restarts of pods that are ready are told with how they ended, and none says nothing', () => {
  const again = (restartCount: number, lastState?: ContainerStatus['lastState']) =>
    pod({ containerStatuses: [container({ ready: true, restartCount, ...(lastState && { lastState }) })] });
  assert.equal(whyRestarted([ready]), '');
  assert.equal(whyRestarted([again(1)]), '1 restart');
  const killed = 'container app was killed for its memory (OOMKilled)';
  assert.equal(
    whyRestarted([again(2, ended('OOMKilled', 137)), again(1, ended('OOMKilled', 137))]),
    `3 restarts: ${killed}`,
  );
});

function replicaSet({ replicas = 1, available = 0, minReadySeconds = 0, conditions = [] }: Partial<Row>): ScaledObject {
  return {
    metadata: { name: 'shop-2' },
    spec: { replicas, minReadySeconds, selector: {}, template: { spec: { containers: [] } } },
    status: { availableReplicas: available, conditions },
  };
}
