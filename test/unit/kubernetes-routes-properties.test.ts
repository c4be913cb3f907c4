/** Whatever else stands in a router's object: it survives, and nothing but a named refusal comes of nonsense. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonPatchOperation } from '../../activities/kubernetes/index.ts';
import { gatewaySplits, gatewayWeights } from '../../activities/traffic/kubernetes/gateway.ts';
import { istioSplits, istioWeights } from '../../activities/traffic/kubernetes/istio.ts';
import { type Split, sharesOf } from '../../activities/traffic/kubernetes/split.ts';
import { random as seeded } from '../fixtures/random.ts';
import { applied } from './json-patch.ts';

type Random = () => number;
const whole = (random: Random, below: number): number => Math.floor(random() * below);
const oneOf = <T>(random: Random, all: readonly T[]): T => all[whole(random, all.length)] as T;

const SIDES = { namespace: 'web', stableService: 'shop-stable', canaryService: 'shop-canary', managedRoutes: ['beta'] };
const KEYS = ['name', 'match', 'route', 'weight', 'a/b', 'c~d', '', '__proto__', 'destination', 'host', 'backendRefs'];

/** Any JSON, hostile keys among them. */
function anything(random: Random, depth = 3): unknown {
  const leaf = () => oneOf(random, [null, true, 0, -1, 1.5, 1e300, '', 'shop-canary', 'shop-stable', 'beta', {}, []]);
  if (depth === 0) return leaf();
  return oneOf(random, [
    leaf,
    () => Array.from({ length: whole(random, 4) }, () => anything(random, depth - 1)),
    () => extras(random, depth),
  ])();
}

function extras(random: Random, depth = 3): Record<string, unknown> {
  const keys = Array.from({ length: whole(random, 4) }, () => oneOf(random, KEYS));
  return JSON.parse(
    `{${keys.map((key) => `${JSON.stringify(key)}:${JSON.stringify(anything(random, depth - 1))}`).join(',')}}`,
  );
}

function shuffled<T>(random: Random, all: readonly T[]): T[] {
  return all
    .map((one) => ({ one, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}

const weight = (random: Random) => oneOf(random, [{}, { weight: whole(random, 101) }]);

function virtualService(random: Random) {
  const destinations = () =>
    shuffled(random, ['shop-stable', 'shop-canary.web.svc.cluster.local']).map((host) => ({
      ...extras(random),
      ...weightless(weight(random)),
      destination: { ...extras(random, 2), host },
    }));
  const routes = ['a', 'b', 'c'].map((name) => ({ ...extras(random), name, route: destinations() }));
  return {
    ...extras(random),
    metadata: { ...extras(random), name: 'shop', namespace: 'web' },
    spec: { ...extras(random), http: shuffled(random, routes), tcp: undefined, tls: undefined },
  };
}

/** An extra may have brought a weight that is none. */
const weightless = <T extends object>(given: T) => ({ weight: undefined, ...given });

function httpRoute(random: Random) {
  const backends = () =>
    shuffled(random, ['shop-stable', 'shop-canary']).map((name) => ({
      ...extras(random),
      ...weightless(weight(random)),
      name,
      kind: 'Service',
      group: '',
      namespace: 'web',
    }));
  const rules = Array.from({ length: 1 + whole(random, 3) }, () => ({ ...extras(random), backendRefs: backends() }));
  const others = [{ ...extras(random), backendRefs: undefined }];
  return {
    metadata: { ...extras(random), name: 'shop', namespace: 'web' },
    spec: { ...extras(random), rules: shuffled(random, [...rules, ...others]) },
  };
}

/** The object without the weights of the splits: what must be the same before and after. */
function rest(object: unknown, splits: readonly Split[]): string {
  const copy = structuredClone(object);
  for (const { stable, canary } of splits)
    for (const { spot } of [stable, canary]) {
      const at = spot.path.reduce<unknown>((found, key) => (found as Record<string, unknown>)[key], copy);
      delete (at as Record<string, unknown>).weight;
    }
  return JSON.stringify(copy);
}

/** As it arrives: through JSON. */
const arrived = (object: unknown): unknown => JSON.parse(JSON.stringify(object));

test('only weights change: all else of 2,000 random objects is the same byte for byte', () => {
  const random = seeded(41);
  let written = 0;
  for (let round = 0; round < 1_000; round += 1) {
    const percent = whole(random, 101);
    const named = { name: 'shop', routes: oneOf(random, [['a'], ['b', 'c'], ['a', 'b', 'c']]) };
    written += check(arrived(virtualService(random)), percent, (one) => istioSplits(one, named, SIDES), istioWeights);
    written += check(
      arrived(httpRoute(random)),
      percent,
      (one) => gatewaySplits('HTTPRoute', one, SIDES),
      gatewayWeights,
    );
  }
  assert.ok(written > 1_800, `${written} objects were written`);
});

function check(
  object: unknown,
  percent: number,
  splitsOf: (object: unknown) => readonly Split[],
  weights: (splits: readonly Split[], percent: number) => readonly JsonPatchOperation[],
): number {
  const splits = splitsOf(object);
  const operations = weights(splits, percent);
  const after = applied(object, operations);
  const now = splitsOf(after);
  assert.ok(now.length > 0);
  for (const share of sharesOf(now).canary)
    assert.ok(Math.abs((share ?? -1) - percent) < 1e-9, `${share}, not ${percent}`);
  assert.equal(rest(after, now), rest(object, splits));
  assert.deepEqual(weights(now, percent), [], 'the same again writes nothing');
  return operations.length > 0 ? 1 : 0;
}

test('nonsense is read or refused by name, and never anything else', () => {
  const random = seeded(42);
  const refused = new Set<string>();
  for (let round = 0; round < 20_000; round += 1) {
    const odd = oneOf(random, [
      () => anything(random, 5),
      () => ({
        metadata: anything(random),
        spec: { http: anything(random, 4), tls: anything(random), rules: anything(random) },
      }),
      () => ({ spec: { http: [{ route: anything(random) }], rules: [{ backendRefs: anything(random) }] } }),
      () => ({ spec: { http: [{ route: [{ destination: anything(random), weight: anything(random, 0) }] }] } }),
    ])();
    for (const read of [
      () => istioWeights(istioSplits(odd, { name: 'shop', routes: [] }, SIDES), 5),
      () => gatewayWeights(gatewaySplits('HTTPRoute', odd, SIDES), 5),
    ])
      try {
        applied(odd, read());
      } catch (error) {
        assert.equal((error as { type?: string }).type, 'SHIPLOCK_KUBERNETES_ROUTE', String(error));
        refused.add((error as Error).message.replace(/\d+/g, 'N'));
      }
  }
  assert.ok(refused.size > 20, `${refused.size} different refusals`);
});
