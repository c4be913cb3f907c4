import { failure } from '../failure.ts';
import { type ApiRequest, type Connection, type ConnectionOptions, connect, hasCode } from './connection.ts';
import type { ClusterAccess } from './credentials.ts';
import type { JsonPatchOperation, KubernetesObject, ObjectReference, ResourceType } from './types.ts';

/** Whom `metadata.managedFields` names for what we write. */
export const FIELD_MANAGER = 'shiplock';
/** Objects of one page of a list: what client-go's informers ask for. */
const PAGE = 500;

export interface ListOptions {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** What an object must still be for a write to happen. */
export interface Precondition {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/**
 * Objects of one cluster. Everything that goes wrong is a failure with a `SHIPLOCK_KUBERNETES_` code, which says
 * whether trying again can help; each request ends after its time-out, and with the activity's cancellation.
 */
export interface KubernetesClient {
  readonly cluster: string;
  /** `null`: there is no such object. */
  get<T extends KubernetesObject>(reference: ObjectReference): Promise<T | null>;
  /** All pages. */
  list<T extends KubernetesObject>(type: ResourceType, namespace: string, options?: ListOptions): Promise<readonly T[]>;
  /** @throws SHIPLOCK_KUBERNETES_CONFLICT where one of that name exists */
  create<T extends KubernetesObject>(type: ResourceType, namespace: string, object: T): Promise<T>;
  /** @throws SHIPLOCK_KUBERNETES_CONFLICT where the object's `metadata.resourceVersion` is set and no longer current */
  replace<T extends KubernetesObject>(type: ResourceType, namespace: string, object: T): Promise<T>;
  /** @throws SHIPLOCK_KUBERNETES_CONFLICT where an operation sets `/metadata/resourceVersion` to one that is not current */
  jsonPatch<T extends KubernetesObject>(
    reference: ObjectReference,
    operations: readonly JsonPatchOperation[],
    subresource?: string,
  ): Promise<T>;
  /**
   * Server-side apply, of objects that are only ever applied: fields that were patched belong to another entry of
   * `managedFields`, though of the same name.
   *
   * @throws SHIPLOCK_KUBERNETES_FIELD_OWNED for somebody else's field, unless forced
   */
  apply<T extends KubernetesObject>(
    reference: ObjectReference,
    object: Omit<T, 'metadata'> & { readonly metadata?: Partial<T['metadata']> },
    options?: { readonly force?: boolean },
  ): Promise<T>;
  /** Its dependants are collected in the background. `false`: it was not there. */
  remove(reference: ObjectReference, precondition?: Precondition): Promise<boolean>;
  /** Whether the cluster knows this kind of object at all; everybody may ask, whatever rights are missing. */
  serves(type: ResourceType): Promise<boolean>;
  /** A POST to a subresource of an object or to a resource without objects, such as `pods/NAME/eviction`. */
  post<T>(
    type: ResourceType,
    options: { readonly namespace?: string; readonly name?: string; readonly subresource?: string },
    body: unknown,
  ): Promise<T>;
}

/** The clusters that the policy knows, by name. Their connections are made when they are needed, and kept. */
export interface KubernetesClusters {
  /** @throws SHIPLOCK_KUBERNETES_CLUSTER_UNKNOWN (not retried) */
  client(cluster: string): KubernetesClient;
}

/**
 * @example
 * const clusters = kubernetesClusters({ prod: { context: 'prod', namespaces: ['shop'] } }, { signal: cancellationSignal });
 * const service = await clusters.client('prod').get({ type: SERVICES, namespace: 'shop', name: 'shop-stable' });
 */
export function kubernetesClusters(
  known: Readonly<Record<string, ClusterAccess>>,
  options: ConnectionOptions,
): KubernetesClusters {
  const clients = new Map<string, KubernetesClient>();
  return {
    client: (cluster) => {
      const access = Object.hasOwn(known, cluster) ? known[cluster] : undefined;
      if (!access)
        throw failure(
          {
            code: 'SHIPLOCK_KUBERNETES_CLUSTER_UNKNOWN',
            message: `the worker's policy knows no cluster ${cluster}, only ${Object.keys(known).join(', ') || 'none'}`,
            mend: `add it under clusters`,
          },
          { retry: 'never' },
        );
      const client = clients.get(cluster) ?? clientOf(cluster, connect(cluster, access, options));
      clients.set(cluster, client);
      return client;
    },
  };
}

function clientOf(cluster: string, { send }: Connection): KubernetesClient {
  const requestOf = (
    verb: string,
    method: ApiRequest['method'],
    type: ResourceType,
    at: { namespace?: string; name?: string; subresource?: string },
  ): ApiRequest => ({
    method,
    path: pathOf(type, at),
    attempted: {
      cluster,
      verb,
      resource: `${resourceName(type)}${at.subresource ? `/${at.subresource}` : ''}`,
      namespace: at.namespace ?? '',
      ...(at.name && { name: at.name }),
    },
  });

  const list = async <T extends KubernetesObject>(
    type: ResourceType,
    namespace: string,
    selected: ListOptions = {},
  ) => {
    const items: T[] = [];
    let more: string | undefined;
    do {
      const query = { limit: `${PAGE}`, ...selected, ...(more ? { continue: more } : {}) };
      const page = (await send({ ...requestOf('list', 'GET', type, { namespace }), query })) as Page<T>;
      items.push(...(page.items ?? []));
      more = page.metadata?.continue;
    } while (more);
    return items;
  };

  const remove = async ({ type, namespace, name }: ObjectReference, preconditions: Precondition = {}) => {
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background', preconditions };
    return (await send({ ...requestOf('delete', 'DELETE', type, { namespace, name }), body }, 'absent')) !== null;
  };

  return {
    cluster,
    list,
    remove,
    get: async <T>({ type, namespace, name }: ObjectReference) =>
      (await send(requestOf('get', 'GET', type, { namespace, name }), 'absent')) as T | null,
    create: async <T>(type: ResourceType, namespace: string, object: T) =>
      (await send({ ...requestOf('create', 'POST', type, { namespace }), query: OURS, body: object })) as T,
    replace: async <T extends KubernetesObject>(type: ResourceType, namespace: string, object: T) => {
      const { name } = object.metadata;
      return (await send({ ...requestOf('update', 'PUT', type, { namespace, name }), query: OURS, body: object })) as T;
    },
    jsonPatch: async <T>({ type, namespace, name }: ObjectReference, body: unknown, subresource?: string) =>
      (await send({
        ...requestOf('patch', 'PATCH', type, { namespace, name, ...(subresource && { subresource }) }),
        query: OURS,
        contentType: 'application/json-patch+json',
        body,
      })) as T,
    apply: async <T>({ type, namespace, name }: ObjectReference, object: object, { force = false } = {}) => {
      const { apiVersion, kind } = type;
      const metadata = { ...('metadata' in object ? (object.metadata as object) : {}), name, namespace };
      return (await send({
        ...requestOf('patch', 'PATCH', type, { namespace, name }),
        query: { ...OURS, ...(force && { force: 'true' }) },
        contentType: 'application/apply-patch+yaml',
        body: { ...object, apiVersion, kind, metadata },
      })) as T;
    },
    serves: async (type: ResourceType) => {
      const request = requestOf('get', 'GET', type, {});
      try {
        const found = (await send({ ...request, path: rootOf(type) })) as { resources?: readonly { name: string }[] };
        return found.resources?.some(({ name }) => name === type.plural) ?? false;
      } catch (error) {
        if (hasCode(error, 'SHIPLOCK_KUBERNETES_NO_SUCH_API')) return false;
        throw error;
      }
    },
    post: async <T>(
      type: ResourceType,
      at: { namespace?: string; name?: string; subresource?: string },
      body: unknown,
    ) => (await send({ ...requestOf('create', 'POST', type, at), query: OURS, body })) as T,
  };
}

interface Page<T> {
  readonly items?: readonly T[];
  readonly metadata?: { readonly continue?: string };
}

const OURS = { fieldManager: FIELD_MANAGER };

function pathOf(
  type: ResourceType,
  { namespace, name, subresource }: { namespace?: string; name?: string; subresource?: string },
): string {
  const scope = namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const object = name ? `/${encodeURIComponent(name)}` : '';
  return `${rootOf(type)}${scope}/${type.plural}${object}${subresource ? `/${subresource}` : ''}`;
}

function rootOf({ apiVersion }: ResourceType): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** As RBAC and kubectl write it: `deployments.apps`. */
function resourceName({ apiVersion, plural }: ResourceType): string {
  const [group] = apiVersion.split('/');
  return apiVersion.includes('/') ? `${plural}.${group}` : plural;
}

/** Somebody else wrote in between: read again. */
export function isConflict(error: unknown): boolean {
  return hasCode(error, 'SHIPLOCK_KUBERNETES_CONFLICT');
}
