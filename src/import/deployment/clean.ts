/** A Deployment as a manifest says it: without what the API server, controllers and kubectl have put there. */
import type { JsonObject, JsonValue } from '../../plan/target.ts';

/** Annotations that record what somebody's tool did, not what anybody wants. */
const RECORDED = [
  'kubectl.kubernetes.io/last-applied-configuration',
  'kubectl.kubernetes.io/restartedAt',
  'deployment.kubernetes.io/revision',
];

/** What `k8s.io/kubernetes/pkg/apis/core/v1/defaults.go` fills in where nothing is said. */
const OF_POD: JsonObject = {
  dnsPolicy: 'ClusterFirst',
  restartPolicy: 'Always',
  schedulerName: 'default-scheduler',
  terminationGracePeriodSeconds: 30,
};
const OF_CONTAINER: JsonObject = {
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
};
const OF_PROBE: JsonObject = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 };
const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'];

export interface Running extends JsonObject {
  readonly metadata: JsonObject;
  readonly spec: JsonObject;
}

/** @example cleanDeployment(read).metadata // { name: 'shop', namespace: 'store' } */
export function cleanDeployment({ metadata, spec }: Running): Running {
  const { name, namespace, labels, annotations } = metadata;
  const { replicas, minReadySeconds, progressDeadlineSeconds, selector, template } = spec;
  return given({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: given({ name, namespace, labels, annotations: without(mapOf(annotations), RECORDED) }),
    spec: given({
      replicas,
      minReadySeconds: minReadySeconds === 0 ? undefined : minReadySeconds,
      progressDeadlineSeconds: progressDeadlineSeconds === 600 ? undefined : progressDeadlineSeconds,
      selector,
      template: cleanTemplate(mapOf(template)),
    }),
  }) as Running;
}

function cleanTemplate({ metadata, spec }: JsonObject): JsonObject {
  const { labels, annotations } = mapOf(metadata);
  const pod = unlessDefault(mapOf(spec), OF_POD);
  const lists = ['initContainers', 'containers'].map((field) => [field, pod[field]] as const);
  const { serviceAccount: _deprecated, ...rest } = pod;
  return given({
    metadata: given({ labels, annotations: without(mapOf(annotations), RECORDED) }),
    spec: given({
      ...rest,
      ...Object.fromEntries(
        lists.map(([field, list]) => [field, Array.isArray(list) ? list.map(mapOf).map(cleanContainer) : undefined]),
      ),
      securityContext: filled(pod.securityContext),
    }),
  });
}

function cleanContainer(container: JsonObject): JsonObject {
  const probes = PROBES.filter((field) => container[field] != null).map((field) => [
    field,
    cleanProbe(mapOf(container[field])),
  ]);
  return given({
    ...unlessDefault(container, OF_CONTAINER),
    ...Object.fromEntries(probes),
    ports: Array.isArray(container.ports)
      ? container.ports.map((port) => unlessDefault(mapOf(port), { protocol: 'TCP' }))
      : undefined,
    resources: filled(container.resources),
  });
}

function cleanProbe(probe: JsonObject): JsonObject {
  const httpGet = probe.httpGet === undefined ? undefined : unlessDefault(mapOf(probe.httpGet), { scheme: 'HTTP' });
  return given({ ...unlessDefault(probe, OF_PROBE), httpGet });
}

const unlessDefault = (value: JsonObject, defaults: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(value).filter(([field, found]) => found !== defaults[field]));

function without(value: JsonObject, fields: readonly string[]): JsonObject | undefined {
  return filled(Object.fromEntries(Object.entries(value).filter(([field]) => !fields.includes(field))));
}

/** `undefined` where nothing is in it. */
function filled(value: JsonValue | undefined): JsonObject | undefined {
  const map = mapOf(value);
  return Object.keys(map).length === 0 ? undefined : map;
}

export const mapOf = (value: JsonValue | undefined): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};

const given = (value: Readonly<Record<string, JsonValue | undefined>>): JsonObject =>
  Object.fromEntries(Object.entries(value).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined));
