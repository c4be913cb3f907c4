import { failure } from '../failure.ts';
import { isConflict, type KubernetesClient } from './client.ts';
import { hasCode } from './connection.ts';
import { type Lease, raiseFence, type ServiceAt, stale } from './lease.ts';
import { FENCE_ANNOTATION } from './names.ts';
import {
  type JsonPatchOperation,
  type KubernetesObject,
  type ObjectReference,
  pointerSegment,
  type ResourceType,
} from './types.ts';

/** Writes of one service under one fencing number, of which a stalled older one can undo nothing. */
export interface FencedWriter {
  readonly client: KubernetesClient;
  readonly at: ServiceAt;
  readonly fence: number;
  /** @throws SHIPLOCK_FENCE_STALE (not retried) where a higher number was seen */
  raise(): Promise<Lease>;
  /** The same, for whoever has a write that need not wait until older writers are shut out. */
  raising(): Raising;
  /**
   * Compare and set: the change is worked out from the object as it is, and anew where somebody else wrote it in
   * between. With no operations only the fence is written, and nothing where it stands there already.
   *
   * @param read the object as it was read beside the lease of this writer, which is then not looked at again unless
   *   somebody wrote the object since
   * @throws SHIPLOCK_KUBERNETES_NOT_FOUND (retried) without the object; SHIPLOCK_FENCE_STALE; what `change` throws
   */
  patch<T extends KubernetesObject>(
    reference: ObjectReference,
    change: (current: T) => readonly JsonPatchOperation[] | Promise<readonly JsonPatchOperation[]>,
    read?: T,
  ): Promise<T>;
  /**
   * The next write looks at the lease again.
   *
   * @throws SHIPLOCK_KUBERNETES_CONFLICT (retried) where one of that name exists; SHIPLOCK_FENCE_STALE
   */
  create<T extends KubernetesObject>(type: ResourceType, object: T): Promise<T>;
  /**
   * Removes the object as it was looked at. `false`: it was not there.
   *
   * @param allow throws where the object must stay
   */
  remove<T extends KubernetesObject>(
    reference: ObjectReference,
    allow?: (current: T) => void | Promise<void>,
  ): Promise<boolean>;
}

/** Both fail with SHIPLOCK_FENCE_STALE (not retried) where a higher number was seen. */
export interface Raising {
  /** The lease shows no higher number. */
  readonly looked: Promise<Lease>;
  /** It shows ours: no older writer begins a write any more. */
  readonly raised: Promise<Lease>;
}

/** Somebody who writes the object at the same moment is read again this often. */
const ATTEMPTS = 8;

/**
 * @param annotation where objects carry the number; one that several services share needs one for each
 * @example
 * const writer = fencedWriter(client, { namespace: 'shop', service: 'api' }, 3001);
 * await writer.patch<ReplicaSet>(reference, () => [{ op: 'replace', path: '/spec/replicas', value: 5 }]);
 */
export function fencedWriter(
  client: KubernetesClient,
  at: ServiceAt,
  fence: number,
  annotation: string = FENCE_ANNOTATION,
): FencedWriter {
  let hasLooked = false;
  const raising = (): Raising => {
    const { promise: looked, resolve, reject } = Promise.withResolvers<Lease>();
    const raised = raiseFence(client, at, fence, (lease) => {
      hasLooked = true;
      resolve(lease);
    });
    // Whoever waits for one of the two hears of it.
    raised.catch(reject);
    looked.catch(() => undefined);
    return { looked, raised };
  };
  const raise = (): Promise<Lease> => raising().raised;

  const again = async <Result>(work: (attempt: number) => Promise<Result>): Promise<Result> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work(attempt);
      } catch (error) {
        if (attempt === ATTEMPTS || !isConflict(error)) throw error;
      }
    }
  };

  /** The object may be read beside the lease: what is written between the two fails the precondition. */
  const look = async <T extends KubernetesObject>(reference: ObjectReference, known?: T): Promise<T | null> => {
    const isRaised = known !== undefined && hasLooked;
    const [current] = await Promise.all([known ?? client.get<T>(reference), isRaised ? null : raise()]);
    if (current) mustNotBeNewer(current, reference, fence, annotation);
    return current;
  };

  return {
    client,
    at,
    fence,
    raise,
    raising,
    patch: <T extends KubernetesObject>(
      reference: ObjectReference,
      change: (current: T) => readonly JsonPatchOperation[] | Promise<readonly JsonPatchOperation[]>,
      read?: T,
    ) =>
      again(async (attempt) => {
        const current = await look<T>(reference, attempt === 1 ? read : undefined);
        if (!current) throw missing(client, reference);
        const operations = await change(current);
        if (operations.length === 0 && fenceOf(current, annotation) === fence) return current;
        const stamped = [...operations, ...stamp(current, operations, fence, annotation)];
        return client.jsonPatch<T>(reference, stamped).catch((error) => asConflict(client, reference, current, error));
      }),
    create: async <T extends KubernetesObject>(type: ResourceType, object: T) => {
      await raise();
      // A request may be under way for long, as in an admission webhook: what is made of its answer looks again.
      hasLooked = false;
      const annotations = { ...object.metadata.annotations, [annotation]: `${fence}` };
      return client.create<T>(type, at.namespace, { ...object, metadata: { ...object.metadata, annotations } });
    },
    remove: <T extends KubernetesObject>(
      reference: ObjectReference,
      allow: (current: T) => void | Promise<void> = () => undefined,
    ) =>
      again(async () => {
        const current = await look<T>(reference);
        if (!current) return false;
        await allow(current);
        const { uid = '', resourceVersion = '' } = current.metadata;
        return client.remove(reference, { uid, resourceVersion });
      }),
  };
}

/** The number of the last write of ours; 0: none. */
export function fenceOf({ metadata }: KubernetesObject, annotation: string = FENCE_ANNOTATION): number {
  const fence = Number(metadata.annotations?.[annotation] ?? '0');
  return Number.isSafeInteger(fence) ? fence : 0;
}

function mustNotBeNewer(
  current: KubernetesObject,
  { type, name }: ObjectReference,
  fence: number,
  annotation: string,
): void {
  const seen = fenceOf(current, annotation);
  if (seen > fence) throw stale(`${type.kind} ${name}`, fence, seen);
}

/**
 * The fence, and the precondition: a patch that *sets* another resourceVersion than the current one is answered with
 * 409, where a failed `test` operation is a 422 like any invalid patch.
 */
function stamp(
  { metadata }: KubernetesObject,
  operations: readonly JsonPatchOperation[],
  fence: number,
  annotation: string,
): JsonPatchOperation[] {
  const value = `${fence}`;
  const annotations = '/metadata/annotations';
  const made = metadata.annotations || operations.some(({ op, path }) => op === 'add' && path === annotations);
  const mark: JsonPatchOperation = made
    ? { op: 'add', path: `${annotations}/${pointerSegment(annotation)}`, value }
    : { op: 'add', path: annotations, value: { [annotation]: value } };
  return [mark, { op: 'replace', path: '/metadata/resourceVersion', value: metadata.resourceVersion }];
}

/**
 * An operation whose place somebody has just taken away is invalid (422) before the precondition is looked at: where
 * the object is another one by now, that is a conflict like any other.
 */
async function asConflict(
  client: KubernetesClient,
  reference: ObjectReference,
  { metadata }: KubernetesObject,
  error: unknown,
): Promise<never> {
  if (!hasCode(error, 'SHIPLOCK_KUBERNETES_INVALID')) throw error;
  const now = await client.get(reference);
  if (now?.metadata.resourceVersion === metadata.resourceVersion) throw error;
  const message = `${reference.type.kind} ${reference.name} was changed by somebody else at the same moment`;
  throw failure({ code: 'SHIPLOCK_KUBERNETES_CONFLICT', message, cause: error }, { retry: 'later' });
}

/**
 * Another attempt under the same number wrote the object since this one read it: which of the two is the late one only
 * the next attempt can tell.
 */
export function overtaken({ type, name }: ObjectReference): Error {
  const message = `${type.kind} ${name} was changed since this attempt read it, maybe by a later one of the same release`;
  return failure({ code: 'SHIPLOCK_KUBERNETES_OVERTAKEN', message }, { retry: 'later' });
}

function missing({ cluster }: KubernetesClient, { type, namespace, name }: ObjectReference): Error {
  return failure(
    {
      code: 'SHIPLOCK_KUBERNETES_NOT_FOUND',
      message: `there is no ${type.kind} ${name} in namespace ${namespace} of cluster ${cluster}`,
      mend: 'create it, or correct its name in the release file',
    },
    { retry: 'later' },
  );
}
