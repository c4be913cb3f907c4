import type { Api } from './api.ts';
import type { Objects } from './objects.ts';

export interface Following {
  stop(): void;
}

/**
 * Tells an object as it is, and then after each change of it, in their order and without a gap: by a watch from the very
 * version that was told first.
 * @throws Refused; Error where there is no such object
 */
export async function followObject<T>(
  { api, objects }: { readonly api: Api; readonly objects: Pick<Objects, 'pathOf'> },
  [apiVersion, kind, name]: readonly [apiVersion: string, kind: string, name: string],
  onChange: (object: T) => void,
): Promise<Following> {
  const path = await objects.pathOf(apiVersion, kind);
  const only = `fieldSelector=${encodeURIComponent(`metadata.name=${name}`)}`;
  const { items, metadata } = await api.ask<{ items: T[]; metadata: { resourceVersion: string } }>(
    'GET',
    `${path}?${only}`,
  );
  const [now] = items;
  if (now === undefined) throw new Error(`there is no ${kind} ${name}`);
  onChange(now);
  const from = `watch=true&resourceVersion=${metadata.resourceVersion}`;
  const stop = await api.follow<{ type: string; object: T }>(`${path}?${from}&${only}`, ({ type, object }) => {
    if (type === 'ADDED' || type === 'MODIFIED') onChange(object);
  });
  return { stop };
}
