import { parseAllDocuments } from 'yaml';
import { type Api, Refused } from './api.ts';

/** Any object, as the API server has it: JSON, times as strings. */
export interface ClusterObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

export type PatchKind = 'merge' | 'json' | 'strategic';

/** Objects of one namespace (those that have none are the cluster's). Kinds are found by discovery. */
export interface Objects {
  /**
   * Server-side apply, as the field manager `test` unless another is named. A string is YAML, of one document or several.
   * @returns the objects as they are now
   */
  apply(manifests: string | object | readonly object[], fieldManager?: string): Promise<readonly ClusterObject[]>;
  /** @throws Refused, for example `AlreadyExists` */
  create<T = ClusterObject>(object: object): Promise<T>;
  /** null where there is no such object. */
  get<T = ClusterObject>(apiVersion: string, kind: string, name: string): Promise<T | null>;
  list<T = ClusterObject>(apiVersion: string, kind: string, selector?: string): Promise<readonly T[]>;
  /** A merge patch by default. `subresource`: `status`, `scale`. */
  patch<T = ClusterObject>(
    apiVersion: string,
    kind: string,
    name: string,
    patch: object,
    options?: { readonly kind?: PatchKind; readonly subresource?: string; readonly fieldManager?: string },
  ): Promise<T>;
  /** Deletes it with what it owns; nothing happens where it is gone already. */
  remove(apiVersion: string, kind: string, name: string): Promise<void>;
  /** Whether this API server knows the kind. */
  serves(apiVersion: string, kind: string): Promise<boolean>;
  /** Where an object, or with no name its kind, is: `/apis/apps/v1/namespaces/x/deployments/y`. */
  pathOf(apiVersion: string, kind: string, name?: string): Promise<string>;
}

interface Resources {
  readonly resources: readonly { readonly kind: string; readonly name: string; readonly namespaced: boolean }[];
}

const CONTENT_TYPES: Readonly<Record<PatchKind, string>> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};

export function objectsOf(api: Api, namespace: string): Objects {
  const known = new Map<string, Promise<Resources>>();
  const groupOf = (apiVersion: string) => (apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`);
  const discover = (apiVersion: string) => {
    const asked = known.get(apiVersion) ?? api.ask<Resources>('GET', groupOf(apiVersion));
    known.set(apiVersion, asked);
    asked.catch(() => known.delete(apiVersion));
    return asked;
  };
  const find = async (apiVersion: string, kind: string) =>
    (await discover(apiVersion)).resources.find((each) => each.kind === kind && !each.name.includes('/'));
  const pathOf: Objects['pathOf'] = async (apiVersion, kind, name) => {
    const resource = await find(apiVersion, kind);
    if (!resource) throw new Error(`${apiVersion} has no ${kind}`);
    const within = resource.namespaced ? `/namespaces/${namespace}` : '';
    return `${groupOf(apiVersion)}${within}/${resource.name}${name === undefined ? '' : `/${name}`}`;
  };
  const unlessGone = async <T>(asked: Promise<T>): Promise<T | null> =>
    asked.catch((error) => {
      if (error instanceof Refused && error.status === 404) return null;
      throw error;
    });

  return {
    async apply(manifests, fieldManager = 'test') {
      const applied: ClusterObject[] = [];
      for (const body of objectsIn(manifests)) {
        const path = await pathOf(body.apiVersion, body.kind, body.metadata.name);
        const contentType = 'application/apply-patch+yaml';
        applied.push(await api.ask('PATCH', `${path}?fieldManager=${fieldManager}&force=true`, { body, contentType }));
      }
      return applied;
    },
    async create(object) {
      const { apiVersion, kind } = object as ClusterObject;
      return api.ask('POST', await pathOf(apiVersion, kind), { body: object });
    },
    get: async (apiVersion, kind, name) => unlessGone(api.ask('GET', await pathOf(apiVersion, kind, name))),
    async list<T>(apiVersion: string, kind: string, selector?: string) {
      const query = selector ? `?labelSelector=${encodeURIComponent(selector)}` : '';
      const { items } = await api.ask<{ items: T[] }>('GET', `${await pathOf(apiVersion, kind)}${query}`);
      return items.map((item) => ({ apiVersion, kind, ...item }));
    },
    async patch(apiVersion, kind, name, body, options = {}) {
      const path = await pathOf(apiVersion, kind, name);
      const below = options.subresource ? `/${options.subresource}` : '';
      const contentType = CONTENT_TYPES[options.kind ?? 'merge'];
      const query = options.fieldManager ? `?fieldManager=${options.fieldManager}` : '';
      return api.ask('PATCH', `${path}${below}${query}`, { body, contentType });
    },
    async remove(apiVersion, kind, name) {
      const body = { propagationPolicy: 'Background' };
      await unlessGone(api.ask('DELETE', await pathOf(apiVersion, kind, name), { body }));
    },
    serves: async (apiVersion, kind) => {
      const resource = await unlessGone(discover(apiVersion).then(() => find(apiVersion, kind)));
      return Boolean(resource);
    },
    pathOf,
  };
}

function objectsIn(manifests: string | object | readonly object[]): readonly ClusterObject[] {
  const all =
    typeof manifests === 'string'
      ? parseAllDocuments(manifests).map((document) => document.toJS() as unknown)
      : [manifests].flat();
  return all.filter((each): each is ClusterObject => each !== null && typeof each === 'object');
}
