/** Objects as the API server sends them: JSON, times as text. Only what adapters read has a type. */

export interface ResourceType {
  /** `apps/v1`, or `v1` for the core group. */
  readonly apiVersion: string;
  readonly kind: string;
  /** As in the path: `replicasets`. */
  readonly plural: string;
}

/** One object, which may exist or not. */
export interface ObjectReference {
  readonly type: ResourceType;
  readonly namespace: string;
  readonly name: string;
}

export interface KubernetesObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  /** Counts changes of the specification. */
  readonly generation?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  /** RFC 3339. */
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly managedFields?: readonly ManagedFields[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

export interface ManagedFields {
  readonly manager?: string;
  readonly operation?: 'Apply' | 'Update';
  readonly subresource?: string;
  readonly time?: string;
  readonly fieldsV1?: Readonly<Record<string, unknown>>;
}

/** RFC 6902. */
export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** The core resources and those of Kubernetes itself that adapters use. */
export const CONFIG_MAPS: ResourceType = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps' };
export const SERVICES: ResourceType = { apiVersion: 'v1', kind: 'Service', plural: 'services' };
export const PODS: ResourceType = { apiVersion: 'v1', kind: 'Pod', plural: 'pods' };
export const EVENTS: ResourceType = { apiVersion: 'v1', kind: 'Event', plural: 'events' };
export const REPLICA_SETS: ResourceType = { apiVersion: 'apps/v1', kind: 'ReplicaSet', plural: 'replicasets' };
export const DEPLOYMENTS: ResourceType = { apiVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments' };
export const JOBS: ResourceType = { apiVersion: 'batch/v1', kind: 'Job', plural: 'jobs' };
export const ENDPOINT_SLICES: ResourceType = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
};

/** A segment of a JSON Pointer (RFC 6901): `shiplock.dev/fence` becomes `shiplock.dev~1fence`. */
export function pointerSegment(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
