/** What the API server had of objects since a moment, as a watch tells it. */
import type { TestCluster } from './index.ts';

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: T;
}

/** Now, for `eventsSince`. */
export async function resourceVersionOf(cluster: TestCluster, apiVersion: string, kind: string): Promise<string> {
  const path = await cluster.pathOf(apiVersion, kind);
  const list = await cluster.api.ask<{ metadata: { resourceVersion: string } }>('GET', path);
  return list.metadata.resourceVersion;
}

/** All changes of a kind, or of its object of this name, up to now. */
export async function eventsSince<T>(
  cluster: TestCluster,
  apiVersion: string,
  kind: string,
  from: string,
  name?: string,
): Promise<readonly WatchEvent<T>[]> {
  const one = name === undefined ? '' : `&fieldSelector=metadata.name=${name}`;
  const query = `watch=true&resourceVersion=${from}&timeoutSeconds=1${one}`;
  return cluster.api.watched<WatchEvent<T>>(`${await cluster.pathOf(apiVersion, kind)}?${query}`);
}
