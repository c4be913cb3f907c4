import type { AdoptedWorkload, KubernetesPlace } from '../../src/plan/target.ts';
import type { KubernetesClient } from './client.ts';
import { versionOfImage } from './image-version.ts';
import { labelSelector, POD_TEMPLATE_HASH_LABEL, REVISION_LABEL, SERVICE_LABEL, VERSION_ANNOTATION } from './names.ts';
import type { RevisionPods } from './traffic.ts';
import { DEPLOYMENTS, type KubernetesObject, type ObjectMeta, REPLICA_SETS } from './types.ts';

export interface PodTemplate {
  readonly metadata?: Partial<ObjectMeta>;
  readonly spec: {
    readonly containers: readonly { readonly name: string; readonly image?: string }[];
    readonly [field: string]: unknown;
  };
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  /** RFC 3339. */
  readonly lastTransitionTime?: string;
}

/** ReplicaSets and Deployments, which have these fields in common. */
export interface ScaledObject extends KubernetesObject {
  readonly spec: {
    readonly replicas?: number;
    readonly minReadySeconds?: number;
    readonly selector: { readonly matchLabels?: Readonly<Record<string, string>> };
    readonly template: PodTemplate;
  };
  readonly status?: {
    readonly replicas?: number;
    readonly readyReplicas?: number;
    /** Ready for `minReadySeconds`. */
    readonly availableReplicas?: number;
    /** Where it is behind `metadata.generation`, the counts are from before the last change. */
    readonly observedGeneration?: number;
    readonly conditions?: readonly Condition[];
  };
}

/** One version of a service with what runs it. */
export interface Revision extends RevisionPods {
  readonly kind: 'ReplicaSet' | 'Deployment';
  readonly object: ScaledObject;
  /** Of its pods, and of no others. */
  readonly podSelector: Readonly<Record<string, string>>;
}

/**
 * All revisions of a service: our ReplicaSets, and the adopted Deployment unless one of ours runs the same version.
 * `ready` counts pods that are *available*: ready for as long as `minReadySeconds` asks.
 */
export async function listRevisions(
  client: KubernetesClient,
  { namespace, adopts }: Pick<KubernetesPlace, 'namespace' | 'adopts'>,
  service: string,
): Promise<readonly Revision[]> {
  const [sets, adopted] = await Promise.all([
    client.list<ScaledObject>(REPLICA_SETS, namespace, { labelSelector: labelSelector({ [SERVICE_LABEL]: service }) }),
    adopts ? adoptedRevision(client, namespace, adopts) : null,
  ]);
  const ours = sets.filter(({ metadata }) => !metadata.deletionTimestamp).flatMap((set) => revisionOf(set) ?? []);
  const isShadowed = adopted && ours.some(({ version }) => version === adopted.version);
  return adopted && !isShadowed ? [...ours, adopted] : ours;
}

/** `null`: it has not the marks of a ReplicaSet of ours. */
export function revisionOf(set: ScaledObject): Revision | null {
  const version = set.metadata.annotations?.[VERSION_ANNOTATION];
  const id = set.metadata.labels?.[REVISION_LABEL];
  if (version === undefined || id === undefined) return null;
  const podSelector = set.spec.selector.matchLabels ?? {};
  return {
    kind: 'ReplicaSet',
    version,
    key: { label: REVISION_LABEL, value: id },
    ...podsOf(set),
    podSelector,
    object: set,
  };
}

/** A Deployment whose rollout is under way is the version of its newest ReplicaSet; absent, there is none. */
async function adoptedRevision(
  client: KubernetesClient,
  namespace: string,
  { name }: AdoptedWorkload,
): Promise<Revision | null> {
  const deployment = await client.get<ScaledObject>({ type: DEPLOYMENTS, namespace, name });
  if (!deployment) return null;
  const selected = deployment.spec.selector.matchLabels ?? {};
  const sets = await client.list<ScaledObject>(REPLICA_SETS, namespace, { labelSelector: labelSelector(selected) });
  const current = currentSet(deployment, sets);
  const hash = current?.metadata.labels?.[POD_TEMPLATE_HASH_LABEL];
  if (hash === undefined) return null;
  const key = { label: POD_TEMPLATE_HASH_LABEL, value: hash };
  const version = versionOfImage(mainImage(deployment.spec.template));
  const podSelector = { ...selected, [key.label]: key.value };
  return { kind: 'Deployment', version, key, ...podsOf(deployment), podSelector, object: deployment };
}

/** As the Deployment's controller numbers them. */
const SEQUENCE = 'deployment.kubernetes.io/revision';

function currentSet(deployment: ScaledObject, sets: readonly ScaledObject[]): ScaledObject | undefined {
  const owned = sets.filter(({ metadata }) =>
    metadata.ownerReferences?.some(({ uid, controller }) => controller && uid === deployment.metadata.uid),
  );
  const numberOf = ({ metadata }: ScaledObject) => Number(metadata.annotations?.[SEQUENCE] ?? '0');
  return owned.toSorted((left, right) => numberOf(right) - numberOf(left))[0];
}

function podsOf({ metadata, spec, status = {} }: ScaledObject): { replicas: number; ready: number } {
  const replicas = spec.replicas ?? 1;
  // Counts of a ReplicaSet that was just shrunk are the old ones for a moment: never more than are wanted.
  const isBehind = (status.observedGeneration ?? 0) < (metadata.generation ?? 0);
  const ready = status.availableReplicas ?? 0;
  return { replicas, ready: isBehind ? Math.min(ready, replicas) : ready };
}

/** As kubectl chooses among several containers. */
const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

function mainImage({ metadata, spec }: PodTemplate): string {
  const wanted = metadata?.annotations?.[DEFAULT_CONTAINER];
  const container = spec.containers.find(({ name }) => name === wanted) ?? spec.containers[0];
  return container?.image ?? '';
}
