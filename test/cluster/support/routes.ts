import assert from 'node:assert/strict';
import type { Story } from './story.ts';
import { until } from './until.ts';

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
export async function routesOf({ cluster, service }: Story, name = service): Promise<VirtualServiceSpec> {
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
export async function hasWeights(story: Story, ...weights: readonly (readonly number[])[]): Promise<void> {
  await until(`weights ${JSON.stringify(weights)}`, async () => {
    const now = JSON.stringify(weightsIn(await routesOf(story)));
    if (now === JSON.stringify(weights)) return true;
    throw new Error(now);
  });
}

/** Every spec of the VirtualService that the API server had, one after the other, as a watch tells. */
export async function recordWeights(story: Story): Promise<() => Promise<readonly string[]>> {
  const { cluster, service } = story;
  const path = await cluster.pathOf('networking.istio.io/v1', 'VirtualService');
  const list = await cluster.api.ask<{ metadata: { resourceVersion: string } }>('GET', path);
  const from = list.metadata.resourceVersion;
  return async () => {
    const query = `watch=true&resourceVersion=${from}&timeoutSeconds=1&fieldSelector=metadata.name=${service}`;
    const { body } = await cluster.api.send('GET', `${path}?${query}`);
    const events = (typeof body === 'string' ? body : JSON.stringify(body)).trim().split('\n');
    const seen = events.map((line) => JSON.parse(line) as { object: { spec: VirtualServiceSpec } });
    const told = seen.map(({ object }) => weightsIn(object.spec).join(' '));
    return told.filter((weights, index) => weights !== told[index - 1]);
  };
}
