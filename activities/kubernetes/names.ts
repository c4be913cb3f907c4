/** Labels and annotations of our own. */

/** The service of the release file; on every object of ours. */
export const SERVICE_LABEL = 'shiplock.dev/service';
/** The revision's id: on its ReplicaSet, its pods, its ConfigMaps, and what a Service selects. */
export const REVISION_LABEL = 'shiplock.dev/revision';
/** `stable` or `canary`; pods read it through the downward API. */
export const ROLE_LABEL = 'shiplock.dev/role';
/** The version as released, which may be no label. */
export const VERSION_ANNOTATION = 'shiplock.dev/version';
/** The fencing number of the last write. */
export const FENCE_ANNOTATION = 'shiplock.dev/fence';
/** SHA-256 of what the revision runs, hex. */
export const TEMPLATE_ANNOTATION = 'shiplock.dev/template';
/** How a Deployment's ReplicaSet is told apart. */
export const POD_TEMPLATE_HASH_LABEL = 'pod-template-hash';

/** `app=shop,tier=web` */
export function labelSelector(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
}
