/** Everything that is in the namespace, of whatever kind: what a release left, and nothing that it did not. */
import { setTimeout as delay } from 'node:timers/promises';
import { ROLE_LABEL, VERSION_ANNOTATION } from '../../../activities/kubernetes/index.ts';
import type { ClusterObject, TestCluster } from './index.ts';
import { type Names, nameIn } from './names.ts';

interface Kind {
  readonly kind: string;
  readonly path: string;
}

/** Told and derived by others: what happened, which addresses a Service has. */
const OF_OTHERS = ['Event', 'Endpoints', 'EndpointSlice'];
/** Garbage is collected a moment after its owner goes. */
const SETTLES_MS = 15_000;

/** Every kind of object of a namespace that can be listed. */
export async function kindsOf({ api, namespace }: Pick<TestCluster, 'api' | 'namespace'>): Promise<readonly Kind[]> {
  const { groups } = await api.ask<{ groups: { preferredVersion: { groupVersion: string } }[] }>('GET', '/apis');
  const roots = ['/api/v1', ...groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`)];
  const known = await Promise.all(
    roots.map(async (root) => {
      const { resources } = await api.ask<{ resources: Resource[] }>('GET', root);
      return resources
        .filter(({ name, namespaced, verbs, kind }) => {
          return namespaced && !name.includes('/') && verbs.includes('list') && !OF_OTHERS.includes(kind);
        })
        .map(({ name, kind }) => ({ kind, path: `${root}/namespaces/${namespace}/${name}` }));
    }),
  );
  return known.flat();
}

interface Resource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

async function objectsNow({ api }: TestCluster, kinds: readonly Kind[]): Promise<readonly ClusterObject[]> {
  const lists = await Promise.all(
    kinds.map(async ({ kind, path }) => {
      const { items } = await api.ask<{ items: ClusterObject[] }>('GET', path);
      return items.map((item) => ({ ...item, kind }));
    }),
  );
  return lists.flat();
}

/** Who is there before a service comes. */
export async function presentIn(cluster: TestCluster, kinds: readonly Kind[]): Promise<ReadonlySet<string>> {
  return new Set((await objectsNow(cluster, kinds)).map(({ metadata }) => metadata.uid ?? ''));
}

/** A line for each object that came since and is not about to go, in the order of the alphabet. */
export async function leftIn(
  cluster: TestCluster,
  kinds: readonly Kind[],
  present: ReadonlySet<string> = new Set(),
  names: Names = [],
): Promise<string[]> {
  const deadline = Date.now() + SETTLES_MS;
  for (;;) {
    const all = await objectsNow(cluster, kinds);
    const alive = new Set(all.map(({ metadata }) => metadata.uid));
    const ours = all.filter(({ metadata }) => !present.has(metadata.uid ?? '') && !metadata.deletionTimestamp);
    const isOwned = ({ metadata }: ClusterObject) =>
      ((metadata.ownerReferences ?? []) as { uid: string }[]).every(({ uid }) => alive.has(uid));
    if (ours.every((object) => isOwned(object) && isMet(object)) || Date.now() > deadline)
      return ours.map((object) => lineOf(object, names)).sort();
    await delay(50);
  }
}

/** A ReplicaSet's pods have come and gone as it asks. */
function isMet({ kind, spec, status }: ClusterObject): boolean {
  if (kind !== 'ReplicaSet') return true;
  const { replicas = 0 } = spec as { replicas?: number };
  const { readyReplicas = 0, replicas: now = 0 } = (status ?? {}) as { readyReplicas?: number; replicas?: number };
  return now === replicas && readyReplicas === replicas;
}

function lineOf({ kind, metadata }: ClusterObject, names: Names): string {
  const version = metadata.annotations?.[VERSION_ANNOTATION];
  const role = metadata.labels?.[ROLE_LABEL];
  return [kind, kind === 'Pod' ? '' : nameIn(names, metadata.name), version, role].filter(Boolean).join(' ');
}
