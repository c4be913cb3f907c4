import {
  isConflict,
  type JsonPatchOperation,
  listRevisions,
  PODS,
  pointerSegment,
  type Revision,
  ROLE_LABEL,
  type ScaledObject,
  writeRoles,
} from '../../kubernetes/index.ts';
import type { SetRolesRequest } from '../port.ts';
import { holdAutoscalers, letAutoscalersGo } from './autoscaling.ts';
import { podsNow } from './describe.ts';
import type { Pod } from './pod.ts';
import { type Role, type RoleMetadata, roleMetadataOf, toRole } from './role-metadata.ts';
import { referenceOf, type Scene, sceneOf, type WorkloadDependencies, writerOf } from './scene.ts';

/** Routing first: whoever reads the lease finds what is so. Then what pods carry for their role. */
export async function setRoles(dependencies: WorkloadDependencies, request: SetRolesRequest): Promise<void> {
  const scene = sceneOf(dependencies, request);
  const { place, service, client, moveStable } = scene;
  const { stable, canary, fence } = request;
  const writer = writerOf(scene, fence);
  const [, revisions] = await Promise.all([writer.raise(), listRevisions(client, place, service)]);
  if (canary !== null) await holdAutoscalers(scene, writer, revisions);
  await moveStable({ place, service, fence, stable, canary, revisions });
  await writeRoles(client, { namespace: place.namespace, service }, { fence, stable, canary });
  // The new stable one first: it is what dashboards look at.
  for (const role of ['stable', 'canary', null] as const)
    for (const revision of revisions.filter(
      ({ kind, version }) => kind === 'ReplicaSet' && roleOf(version, request) === role,
    ))
      await label(scene, revision, fence, role);
  if (canary === null) await letAutoscalersGo(scene, writer, revisions, stable);
}

function roleOf(version: string, { stable, canary }: SetRolesRequest): Role {
  if (version === stable) return 'stable';
  return version === canary ? 'canary' : null;
}

/** New pods come from the template; those that live are told, without being restarted. */
async function label(scene: Scene, revision: Revision, fence: number, role: Role): Promise<void> {
  const planned = roleMetadataOf(revision.object.metadata.annotations);
  await writerOf(scene, fence).patch<ScaledObject>(
    referenceOf(scene, revision),
    ({ metadata, spec }) => [
      ...ownRole(metadata.labels, role),
      ...toRole(spec.template.metadata ?? {}, planned, role, '/spec/template/metadata'),
    ],
    revision.object,
  );
  if (revision.object.status?.replicas !== 0) await labelPods(scene, revision, role, planned);
}

function ownRole(labels: Readonly<Record<string, string>> | undefined, role: Role): readonly JsonPatchOperation[] {
  const path = `/metadata/labels/${pointerSegment(ROLE_LABEL)}`;
  const now = labels?.[ROLE_LABEL];
  if (role === null) return now === undefined ? [] : [{ op: 'remove', path }];
  return now === role ? [] : [{ op: 'add', path, value: role }];
}

const ATTEMPTS = 5;
/** Pods that are told at once. */
const AT_ONCE = 8;

/** Only pods that lack something are written, each as it was read; one that goes meanwhile needs nothing. */
async function labelPods(
  scene: Scene,
  revision: Revision,
  role: Role,
  planned: RoleMetadata | undefined,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const pods = (await podsNow(scene, revision)).filter(({ metadata }) => !metadata.deletionTimestamp);
    const lacking = pods.filter(({ metadata }) => toRole(metadata, planned, role, '/metadata').length > 0);
    if (lacking.length === 0) return;
    try {
      for (let first = 0; first < lacking.length; first += AT_ONCE)
        await Promise.all(lacking.slice(first, first + AT_ONCE).map((pod) => labelPod(scene, pod, role, planned)));
      return;
    } catch (error) {
      if (attempt === ATTEMPTS || !isConflict(error)) throw error;
    }
  }
}

async function labelPod({ client, place }: Scene, { metadata }: Pod, role: Role, planned: RoleMetadata | undefined) {
  const reference = { type: PODS, namespace: place.namespace, name: metadata.name };
  const unchanged = { op: 'replace', path: '/metadata/resourceVersion', value: metadata.resourceVersion } as const;
  await client.jsonPatch(reference, [...toRole(metadata, planned, role, '/metadata'), unchanged]);
}
