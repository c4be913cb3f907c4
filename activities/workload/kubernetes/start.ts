import type { KubernetesTarget } from '../../../src/plan/target.ts';
import { failure } from '../../failure.ts';
import {
  CONFIG_MAPS,
  type FencedWriter,
  fenceOf,
  hasCode,
  isConflict,
  type KubernetesObject,
  listRevisions,
  type ObjectReference,
  REPLICA_SETS,
  ROLE_LABEL,
  type ScaledObject,
  SERVICE_LABEL,
  TEMPLATE_ANNOTATION,
  VERSION_ANNOTATION,
} from '../../kubernetes/index.ts';
import type { StartRevisionRequest } from '../port.ts';
import { mustBeIdle } from './carries.ts';
import { rolesOf, type Scene, sceneOf, type WorkloadDependencies, writerOf } from './scene.ts';
import { configMapsOf, replicaSetOf, revisionName, templateDigest } from './template.ts';

/** Beside the others: a ReplicaSet without pods first, what its pods need, then the pods. */
export async function startRevision(dependencies: WorkloadDependencies, request: StartRevisionRequest): Promise<void> {
  const { version, target, fence } = request;
  if (target.platform !== 'kubernetes') throw foreign(target.platform);
  const scene = sceneOf(dependencies, request);
  const writer = writerOf(scene, fence);
  const reference = {
    type: REPLICA_SETS,
    namespace: scene.place.namespace,
    name: revisionName(scene.service, version),
  };
  const { set, created } = await ensureSet(scene, writer, reference, { version, target });
  try {
    await ensureConfigMaps(scene, writer, set, { version, target });
    const replicas = request.replicas ?? target.replicas;
    await writer.patch<ScaledObject>(
      reference,
      ({ spec }) => (spec.replicas === replicas ? [] : [{ op: 'replace', path: '/spec/replicas', value: replicas }]),
      set,
    );
  } catch (error) {
    if (created && hasCode(error, 'SHIPLOCK_FENCE_STALE')) await withdraw(scene, reference, set);
    throw error;
  }
}

interface Wanted {
  readonly version: string;
  readonly target: KubernetesTarget;
}

/** The same version of another template is replaced where nobody sees it. */
async function ensureSet(
  scene: Scene,
  writer: FencedWriter,
  reference: ObjectReference,
  wanted: Wanted,
): Promise<{ set: ScaledObject; created: boolean }> {
  const found = await scene.client.get<ScaledObject>(reference);
  if (found && !found.metadata.deletionTimestamp) {
    mustBeOurs(found, scene, wanted.version);
    if (found.metadata.annotations?.[TEMPLATE_ANNOTATION] === templateDigest(wanted.target))
      return { set: found, created: false };
    await writer.remove<ScaledObject>(reference, (current) =>
      mustBeReplaceable(scene, writer, current, wanted.version),
    );
  }
  return { set: await createSet(scene, writer, wanted), created: true };
}

async function createSet(scene: Scene, writer: FencedWriter, { version, target }: Wanted): Promise<ScaledObject> {
  const { client, place, service } = scene;
  const [lease, revisions] = await Promise.all([writer.raise(), listRevisions(client, place, service)]);
  const roles = rolesOf(lease, revisions);
  const role = roles.stable === version ? 'stable' : 'canary';
  const stable =
    revisions.find((revision) => revision.version === roles.stable && revision.version !== version) ?? null;
  return writer.create<ScaledObject>(REPLICA_SETS, replicaSetOf({ service, version, target, role, stable }));
}

async function mustBeReplaceable(scene: Scene, writer: FencedWriter, set: ScaledObject, version: string) {
  const { stable } = await writer.raise();
  if (stable === version || set.metadata.labels?.[ROLE_LABEL] === 'stable')
    throw failure(
      {
        code: 'SHIPLOCK_KUBERNETES_REVISION_DIFFERS',
        message: `${version} of ${scene.service} is stable with another pod template`,
        mend: 'release the change as a version of its own',
      },
      { retry: 'never' },
    );
  await mustBeIdle(scene, version, 'be replaced by another pod template');
}

async function ensureConfigMaps(
  { place, service, client }: Scene,
  writer: FencedWriter,
  set: ScaledObject,
  { version, target }: Wanted,
): Promise<void> {
  const { name, uid = '' } = set.metadata;
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid };
  for (const { metadata, ...content } of configMapsOf({ service, version, target })) {
    const reference = { type: CONFIG_MAPS, namespace: place.namespace, name: metadata.name };
    const map = { ...content, metadata: { ...metadata, ownerReferences: [owner] } };
    try {
      await writer.create<KubernetesObject>(CONFIG_MAPS, map);
    } catch (error) {
      if (!isConflict(error)) throw error;
      const found = await client.get(reference);
      if (found?.metadata.ownerReferences?.some((each) => each.uid === uid)) continue;
      if (found && found.metadata.labels?.[SERVICE_LABEL] !== service) throw taken(reference);
      // It belonged to a ReplicaSet that was replaced, and is about to be collected.
      await writer.remove(reference);
      await writer.create<KubernetesObject>(CONFIG_MAPS, map);
    }
  }
}

/** A creator that was overtaken takes its ReplicaSet away, unless the later writer has touched it. */
async function withdraw({ client }: Scene, reference: ObjectReference, created: ScaledObject): Promise<void> {
  try {
    const found = await client.get<ScaledObject>(reference);
    const { uid = '', resourceVersion = '' } = found?.metadata ?? {};
    if (!found || uid !== created.metadata.uid || fenceOf(found) !== fenceOf(created)) return;
    await client.remove(reference, { uid, resourceVersion });
  } catch {
    // It has no pods; the next release clears it.
  }
}

function mustBeOurs({ metadata }: ScaledObject, { service, place }: Scene, version: string): void {
  const { labels, annotations } = metadata;
  if (labels?.[SERVICE_LABEL] === service && annotations?.[VERSION_ANNOTATION] === version) return;
  throw taken({ type: REPLICA_SETS, namespace: place.namespace, name: metadata.name });
}

function taken({ type, namespace, name }: ObjectReference): Error {
  return failure(
    {
      code: 'SHIPLOCK_KUBERNETES_NAME_TAKEN',
      message: `${type.kind} ${name} in namespace ${namespace} is somebody else's`,
      mend: 'rename it, or the service of the release file',
    },
    { retry: 'never' },
  );
}

function foreign(platform: string): Error {
  const message = `a target of the platform ${platform} cannot be started on Kubernetes`;
  return failure({ code: 'SHIPLOCK_KUBERNETES_TARGET', message }, { retry: 'never' });
}
