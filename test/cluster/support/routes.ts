import assert from 'node:assert/strict';
import type { V1Service } from '@kubernetes/client-node';
import { until } from './index.ts';
import { canaryOf, stableOf } from './manifests.ts';
import type { Story } from './story.ts';
import { eventsSince, resourceVersionOf } from './watched.ts';

/** Whose routes are looked at. */
type Routed = Pick<Story, 'cluster' | 'service'>;

export interface Destination {
  readonly destination: { readonly host: string; readonly subset?: string };
  readonly weight?: number;
}

export interface Route {
  readonly name?: string;
  readonly route?: readonly Destination[];
  readonly match?: readonly unknown[];
  readonly mirror?: Destination['destination'];
  readonly mirrorPercentage?: { readonly value: number };
}

export interface VirtualServiceSpec {
  readonly http?: readonly Route[];
  readonly tls?: readonly Route[];
  readonly tcp?: readonly Route[];
}

/** The spec of the VirtualService that is named after the story's service. */
export async function routesOf({ cluster, service }: Routed, name = service): Promise<VirtualServiceSpec> {
  const found = await cluster.get<{ spec: VirtualServiceSpec } & object>(
    'networking.istio.io/v1',
    'VirtualService',
    name,
  );
  assert.ok(found, `VirtualService ${name}`);
  return found.spec;
}

/** The two weights of every route, in its order: `[[90, 10]]`. A weight that is left out is 0. */
export function weightsIn({ http = [], tls = [], tcp = [] }: VirtualServiceSpec): number[][] {
  return [...http, ...tls, ...tcp].map(({ route = [] }) => route.map(({ weight = 0 }) => weight));
}

/** Waits until each route has these weights. */
export async function hasWeights(story: Routed, ...weights: readonly (readonly number[])[]): Promise<void> {
  await until(`weights ${JSON.stringify(weights)}`, async () => {
    const now = JSON.stringify(weightsIn(await routesOf(story)));
    if (now === JSON.stringify(weights)) return true;
    throw new Error(now);
  });
}

/** What the API server had of one object after another change, from now on, as a watch tells it; equal ones in a row once. */
async function record<T>(
  { cluster }: Routed,
  apiVersion: string,
  kind: string,
  name: string,
  told: (object: T) => string,
): Promise<() => Promise<readonly string[]>> {
  const from = await resourceVersionOf(cluster, apiVersion, kind);
  const now = await cluster.get<T>(apiVersion, kind, name);
  return async () => {
    const events = await eventsSince<T>(cluster, apiVersion, kind, from, name);
    const seen = [...(now ? [told(now)] : []), ...events.map(({ object }) => told(object))];
    return seen.filter((one, index) => index > 0 && one !== seen[index - 1]);
  };
}

/** The weights of the VirtualService after each change of them: `75,25`; several routes with a blank between. */
export function recordWeights(story: Routed): Promise<() => Promise<readonly string[]>> {
  return record<{ spec: VirtualServiceSpec }>(
    story,
    'networking.istio.io/v1',
    'VirtualService',
    story.service,
    ({ spec }) => weightsIn(spec).join(' '),
  );
}

/** What canaryService selects after each change of it. */
export function recordServices(story: Routed): Promise<() => Promise<readonly string[]>> {
  return record<V1Service>(story, 'v1', 'Service', canaryOf(story.service), ({ spec }) =>
    JSON.stringify(spec?.selector),
  );
}

/** Both Services and the VirtualService at one moment. */
export interface Moment {
  /** `75/25`: of stableService and canaryService, or ping and pong. */
  readonly weights: string;
  /** The revision that each of the two selects, in the same order. */
  readonly selects: readonly [string, string];
}

/** What they were after each change of any of them from now on, in the order in which the API server took the writes. */
export async function recordSides(story: Story): Promise<() => Promise<readonly Moment[]>> {
  const { cluster, service } = story;
  const selected = ({ spec }: V1Service) => spec?.selector?.['shiplock.dev/revision'] ?? '';
  const told = {
    VirtualService: ({ spec }: { spec: VirtualServiceSpec }) =>
      weightsIn(spec)
        .map((pair) => pair.join('/'))
        .join(' '),
    Service: selected,
  };
  const objects = [
    ['networking.istio.io/v1', 'VirtualService', service],
    ['v1', 'Service', stableOf(service)],
    ['v1', 'Service', canaryOf(service)],
  ] as const;
  const followed = await Promise.all(
    objects.map(async ([apiVersion, kind, name]) => {
      const path = await cluster.pathOf(apiVersion, kind);
      const { items, metadata } = await cluster.api.ask<Listed>('GET', `${path}?fieldSelector=metadata.name=${name}`);
      const query = `watch=true&resourceVersion=${metadata.resourceVersion}&timeoutSeconds=1`;
      const says = told[kind] as (object: unknown) => string;
      return { now: says(items[0]), path: `${path}?${query}&fieldSelector=metadata.name=${name}`, says };
    }),
  );
  return async () => {
    const changes = await Promise.all(
      followed.map(async ({ path, says }, index) => {
        const events = await cluster.api.watched<{ object: Written }>(path);
        return events.map(({ object }) => ({ at: Number(object.metadata.resourceVersion), index, now: says(object) }));
      }),
    );
    const state = followed.map(({ now }) => now);
    const moments: Moment[] = [momentOf(state)];
    // All are of one store, whose versions count every write.
    for (const { index, now } of changes.flat().toSorted((one, other) => one.at - other.at)) {
      if (state[index] === now) continue;
      state[index] = now;
      moments.push(momentOf(state));
    }
    return moments;
  };
}

interface Written {
  readonly metadata: { readonly resourceVersion: string };
}

interface Listed {
  readonly items: readonly unknown[];
  readonly metadata: { readonly resourceVersion: string };
}

function momentOf([weights = '', stable = '', canary = '']: readonly string[]): Moment {
  return { weights, selects: [stable, canary] };
}
