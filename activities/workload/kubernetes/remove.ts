import { failure } from '../../failure.ts';
import {
  FENCE_ANNOTATION,
  type FencedWriter,
  type Lease,
  type ObjectReference,
  pointerSegment,
  type Revision,
  type ScaledObject,
} from '../../kubernetes/index.ts';
import type { RemoveRevisionRequest } from '../port.ts';
import { findRevision } from './await-ready.ts';
import { mustBeIdle } from './carries.ts';
import { referenceOf, type Scene, sceneOf, type WorkloadDependencies, writerOf } from './scene.ts';
import { DELAY_ANNOTATION } from './template.ts';

/** When an aborted revision goes, RFC 3339. */
const UNTIL_ANNOTATION = 'shiplock.dev/scale-down-at';

export async function removeRevision(
  dependencies: WorkloadDependencies,
  request: RemoveRevisionRequest,
): Promise<void> {
  const scene = sceneOf(dependencies, request);
  const { version, fence } = request;
  const writer = writerOf(scene, fence);
  const [lease, revision] = await Promise.all([writer.raise(), findRevision(scene, version)]);
  if (!revision) return;
  if (revision.kind === 'Deployment') return scaleDownAdopted(scene, writer, revision);
  await mustBeIdle(scene, version, 'be removed');
  const reference = referenceOf(scene, revision);
  if (isAborted(revision, lease, fence) && !(await delayIsOver(writer, reference, revision))) return;
  await writer.remove(reference);
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

/** Fences grow by one within a release, and by a thousand from release to release. */
const FENCE_STRIDE = 1000;

/** The canary of the very release that takes it away; what an earlier one left behind goes at once. */
function isAborted({ version, object }: Revision, { canary }: Lease, fence: number): boolean {
  const written = Number(object.metadata.annotations?.[FENCE_ANNOTATION] ?? '0');
  return canary === version && Math.floor(written / FENCE_STRIDE) === Math.floor(fence / FENCE_STRIDE);
}

/**
 * Proxies may send requests for a while to a side that has no weight any more, so an aborted one stays for the plan's
 * `abortScaleDownDelay`. The first attempt writes when that is over, and each one before then fails until then.
 *
 * @returns `false` where it stays for ever
 */
async function delayIsOver(
  writer: FencedWriter,
  reference: ObjectReference,
  { version, object }: Revision,
): Promise<boolean> {
  const { [DELAY_ANNOTATION]: delay = '0', [UNTIL_ANNOTATION]: known } = object.metadata.annotations ?? {};
  if (delay === 'never') return false;
  const delayMs = Number(delay);
  if (!(delayMs > 0)) return true;
  const until = known ?? new Date(Date.now() + delayMs).toISOString();
  if (known === undefined) {
    const path = `/metadata/annotations/${pointerSegment(UNTIL_ANNOTATION)}`;
    await writer.patch<ScaledObject>(reference, () => [{ op: 'add', path, value: until }], object);
  }
  const remainingMs = Date.parse(until) - Date.now();
  if (!(remainingMs > 0)) return true;
  const message = `${version} has no traffic any more and keeps its pods until ${until} (abortScaleDownDelay)`;
  throw failure(
    { code: 'SHIPLOCK_KUBERNETES_SCALE_DOWN_DELAYED', message },
    { retry: 'later', afterMs: Math.min(remainingMs, LONGEST_WAIT_MS) },
  );
}

const LONGEST_WAIT_MS = 30_000;
