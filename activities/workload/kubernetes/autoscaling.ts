import type { FencedWriter, JsonPatchOperation, ResourceType, Revision } from '../../kubernetes/index.ts';
import {
  AUTOSCALES_ANNOTATION,
  type Autoscaler,
  type AutoscalerKind,
  hold,
  isSameTarget,
  letGo,
} from './autoscaler.ts';
import type { Scene } from './scene.ts';

const HORIZONTAL_POD_AUTOSCALERS: ResourceType = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
};
const SCALED_OBJECTS: ResourceType = { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', plural: 'scaledobjects' };

/** While there is a canary, nobody but the release changes the number of pods. */
export function holdAutoscalers(scene: Scene, writer: FencedWriter, revisions: readonly Revision[]): Promise<void> {
  return change(scene, writer, revisions, (autoscaler, kind) => hold(autoscaler, kind, scene.service));
}

/** Afterwards autoscalers scale the stable revision. */
export function letAutoscalersGo(
  scene: Scene,
  writer: FencedWriter,
  revisions: readonly Revision[],
  stable: string | null,
): Promise<void> {
  const revision = revisions.find(({ version }) => version === stable);
  const target = revision && { apiVersion: 'apps/v1', kind: revision.kind, name: revision.object.metadata.name };
  return change(scene, writer, revisions, (autoscaler, kind) => letGo(autoscaler, kind, target ?? null));
}

/** Something else than releases says how many pods this revision has. */
export async function isAutoscaled(scene: Scene, revision: Revision): Promise<boolean> {
  const target = { kind: revision.kind, name: revision.object.metadata.name };
  const all = await Promise.all(
    (await typesOf(scene)).map((type) => scene.client.list<Autoscaler>(type, scene.place.namespace)),
  );
  return all.flat().some(({ spec }) => isSameTarget(spec.scaleTargetRef, target));
}

async function typesOf({ client }: Scene): Promise<readonly ResourceType[]> {
  const withKeda = await client.serves(SCALED_OBJECTS);
  return withKeda ? [HORIZONTAL_POD_AUTOSCALERS, SCALED_OBJECTS] : [HORIZONTAL_POD_AUTOSCALERS];
}

async function change(
  scene: Scene,
  writer: FencedWriter,
  revisions: readonly Revision[],
  work: (autoscaler: Autoscaler, kind: AutoscalerKind) => readonly JsonPatchOperation[],
): Promise<void> {
  const { client, place, service } = scene;
  const { namespace } = place;
  for (const type of await typesOf(scene)) {
    const kind = type.kind as AutoscalerKind;
    const all = await client.list<Autoscaler>(type, namespace);
    // Also where nothing is to change: it then carries the number, and an older write under way fails.
    for (const autoscaler of all.filter((each) => isOf(each, service, revisions))) {
      const reference = { type, namespace, name: autoscaler.metadata.name };
      await writer.patch<Autoscaler>(reference, (current) => work(current, kind), autoscaler);
    }
  }
}

/** It scales one of the revisions, or did; what KEDA made is KEDA's. */
function isOf({ metadata, spec }: Autoscaler, service: string, revisions: readonly Revision[]): boolean {
  if (metadata.ownerReferences?.some(({ kind }) => kind === SCALED_OBJECTS.kind)) return false;
  const scales = revisions.some(({ kind, object }) =>
    isSameTarget(spec.scaleTargetRef, { kind, name: object.metadata.name }),
  );
  const isReplicaSet = spec.scaleTargetRef.kind === 'ReplicaSet';
  return scales || (isReplicaSet && metadata.annotations?.[AUTOSCALES_ANNOTATION] === service);
}
