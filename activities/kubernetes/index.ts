/** What the adapters of the platform `kubernetes` share. */
export { missingPermissions, requirePermissions, requireRestart } from './access.ts';
export {
  FIELD_MANAGER,
  isConflict,
  type KubernetesClient,
  type KubernetesClusters,
  kubernetesClusters,
  type ListOptions,
  type Precondition,
} from './client.ts';
export { hasCode, type Made, REQUEST_TIMEOUT_MS } from './connection.ts';
export type { ClusterAccess } from './credentials.ts';
export { type FencedWriter, fencedWriter, fenceOf, overtaken } from './fenced.ts';
export { versionOfImage } from './image-version.ts';
export { acquireFence, type Lease, raiseFence, readLease, type ServiceAt, writeRoles } from './lease.ts';
export * from './names.ts';
export {
  type Condition,
  listRevisions,
  type PodTemplate,
  type Revision,
  revisionOf,
  type ScaledObject,
} from './revisions.ts';
export type { MoveStable, MoveStableRequest, RevisionPods, WeightsOf } from './traffic.ts';
export * from './types.ts';
