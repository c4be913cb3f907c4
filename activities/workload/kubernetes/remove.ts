import type { FencedWriter, Revision, ScaledObject } from '../../kubernetes/index.ts';
import type { RemoveRevisionRequest } from '../port.ts';
import { findRevision } from './await-ready.ts';
import { mustBeIdle } from './carries.ts';
import { referenceOf, type Scene, sceneOf, type WorkloadDependencies, writerOf } from './scene.ts';

export async function removeRevision(
  dependencies: WorkloadDependencies,
  request: RemoveRevisionRequest,
): Promise<void> {
  const scene = sceneOf(dependencies, request);
  const { version, fence } = request;
  const writer = writerOf(scene, fence);
  const [, revision] = await Promise.all([writer.raise(), findRevision(scene, version)]);
  if (!revision) return;
  if (revision.kind === 'Deployment') return scaleDownAdopted(scene, writer, revision);
  await mustBeIdle(scene, version, 'be removed');
  await writer.remove(referenceOf(scene, revision));
}

/** It is never deleted: `kubectl scale` brings it back. */
async function scaleDownAdopted(scene: Scene, writer: FencedWriter, revision: Revision): Promise<void> {
  if (scene.place.adopts?.scaleDown === 'never' || revision.replicas === 0) return;
  await mustBeIdle(scene, revision.version, 'be scaled to zero');
  await writer.patch<ScaledObject>(
    referenceOf(scene, revision),
    ({ spec }) => (spec.replicas === 0 ? [] : [{ op: 'replace', path: '/spec/replicas', value: 0 }]),
    revision.object,
  );
}
