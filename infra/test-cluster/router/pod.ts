/** What a pod asks of whoever runs it; pure. */

export interface ServedPod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly spec: { readonly containers: readonly Container[] };
  readonly status?: { readonly phase?: string; readonly podIP?: string };
}

interface Container {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
  }[];
  readonly readinessProbe?: {
    readonly httpGet?: { readonly path?: string };
    readonly periodSeconds?: number;
    readonly failureThreshold?: number;
  };
  readonly lifecycle?: { readonly preStop?: { readonly sleep?: { readonly seconds: number } } };
}

/** Where a container listens, whatever it is told: what a Service's `targetPort` has to be. */
export const PORT = 3000;

/**
 * The environment of its first container: what the template sets, the downward API's fields, and what the sample service
 * needs. Without a `SERVICE_VERSION` of its own it is the image's tag.
 */
export function environmentOf(pod: ServedPod, labelsFile: string): Record<string, string> {
  const [container] = pod.spec.containers;
  const set = (container?.env ?? []).map(({ name, value, valueFrom }) => {
    const path = valueFrom?.fieldRef?.fieldPath;
    return [name, (path === undefined ? value : fieldOf(pod, path)) ?? ''] as const;
  });
  return {
    SERVICE_VERSION: tagOf(container?.image ?? ''),
    ...Object.fromEntries(set),
    HOST: pod.status?.podIP ?? '',
    PORT: String(PORT),
    SHIPLOCK_POD_LABELS: labelsFile,
  };
}

/** The fields that the downward API gives to variables. */
function fieldOf(pod: ServedPod, path: string): string | undefined {
  const key = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (key) return pod.metadata[key[1] as 'labels' | 'annotations']?.[key[2] ?? ''];
  switch (path) {
    case 'metadata.name':
      return pod.metadata.name;
    case 'metadata.namespace':
      return pod.metadata.namespace;
    case 'metadata.uid':
      return pod.metadata.uid;
    case 'status.podIP':
      return pod.status?.podIP;
    default:
      return undefined;
  }
}

/** A pod's labels as a downward-API volume has them: `key="value"`, a line each. */
export function labelsText({ metadata }: ServedPod): string {
  const labels = Object.entries(metadata.labels ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return labels.map(([key, value]) => `${key}=${JSON.stringify(value)}\n`).join('');
}

export function readinessPathOf(pod: ServedPod): string {
  return pod.spec.containers[0]?.readinessProbe?.httpGet?.path ?? '/ready';
}

/** How long a ready pod must not answer to be ready no more; `null`: its probe leaves that to the defaults. */
export function unreadyAfterMs(pod: ServedPod): number | null {
  const { periodSeconds, failureThreshold = FAILURES } = pod.spec.containers[0]?.readinessProbe ?? {};
  // The API server fills in what a probe leaves out.
  return periodSeconds === undefined || periodSeconds === DEFAULT_PERIOD
    ? null
    : periodSeconds * failureThreshold * 1000;
}

/** Kubernetes' defaults of a probe. */
const DEFAULT_PERIOD = 10;
export const FAILURES = 3;

/** How long a deleted pod goes on before it is asked to end. */
export function preStopMs(pod: ServedPod): number {
  return (pod.spec.containers[0]?.lifecycle?.preStop?.sleep?.seconds ?? 0) * 1000;
}

function tagOf(image: string): string {
  return /:([\w.-]+)(@|$)/.exec(image)?.[1] ?? image;
}
