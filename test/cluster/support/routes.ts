import assert from 'node:assert/strict';
import type { V1Service } from '@kubernetes/client-node';
import { until } from './index.ts';
import { canaryOf } from './manifests.ts';
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
