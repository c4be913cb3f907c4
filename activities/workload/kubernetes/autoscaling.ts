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

async function change(
  scene: Scene,
  writer: FencedWriter,
  revisions: readonly Revision[],
  work: (autoscaler: Autoscaler, kind: AutoscalerKind) => readonly JsonPatchOperation[],
): Promise<void> {
  const { client, place, service } = scene;
  const { namespace } = place;
  const types = (await client.serves(SCALED_OBJECTS))
    ? [HORIZONTAL_POD_AUTOSCALERS, SCALED_OBJECTS]
    : [HORIZONTAL_POD_AUTOSCALERS];
  for (const type of types) {
    const kind = type.kind as AutoscalerKind;
    const all = await client.list<Autoscaler>(type, namespace);
    const ours = all.filter((autoscaler) => isOf(autoscaler, service, revisions) && work(autoscaler, kind).length > 0);
    for (const autoscaler of ours) {
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
