import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RolloutObject } from '../../activities/rollout/argo/object.ts';
import { ownerOf } from '../../activities/rollout/argo/owner.ts';
import type { KubernetesPlace } from '../../src/plan/target.ts';

type Spec = RolloutObject['spec'];

const LOOKED_AFTER = { observedGeneration: '1' };

function rollout(spec: Spec, status: RolloutObject['status'] = LOOKED_AFTER, name = 'till'): RolloutObject {
  return { metadata: { name, generation: 1 }, spec, status };
}

const canary = (fields: NonNullable<Spec['strategy']>['canary']): Spec => ({ strategy: { canary: fields } });
const istio = (fields: object): Spec => canary({ trafficRouting: { istio: fields } });
const gateway = (fields: object): Spec =>
  canary({ trafficRouting: { plugins: { 'argoproj-labs/gatewayAPI': fields } } });
const selecting = (matchLabels: Record<string, string>): Spec => ({ selector: { matchLabels } });

const PLACE: KubernetesPlace = {
  platform: 'kubernetes',
  cluster: 'here',
  namespace: 'shop',
  selector: { app: 'shop', tier: 'web' },
  stableService: 'shop-stable',
  canaryService: 'shop-canary',
  traffic: { kind: 'replicas' },
};
const ISTIO: KubernetesPlace = {
  ...PLACE,
  traffic: {
    kind: 'istio',
    virtualServices: [{ name: 'shop', routes: [] }],
    destinationRule: { name: 'shop', stableSubset: 'stable', canarySubset: 'canary' },
  },
};
const GATEWAY: KubernetesPlace = {
  ...PLACE,
  traffic: {
    kind: 'gateway',
    routes: [
      { kind: 'HTTPRoute', name: 'shop' },
      { kind: 'GRPCRoute', name: 'shop-calls' },
    ],
  },
};
const ADOPTS: KubernetesPlace = { ...PLACE, adopts: { kind: 'Deployment', name: 'shop', scaleDown: 'never' } };

describe('a Rollout that a controller looks after', () => {
  const pods = 'the pods with app=shop,tier=web';
  const cases: readonly [what: string, place: KubernetesPlace, spec: Spec, owns: readonly string[]][] = [
    ['has other pods, Services and routes', ISTIO, selecting({ app: 'till' }), []],
    ['has the pods', PLACE, selecting({ app: 'shop', tier: 'web' }), [pods]],
    ['has some of the pods', PLACE, selecting({ app: 'shop', tier: 'web', track: 'b' }), [pods]],
    ['would take our ReplicaSets for its own', PLACE, selecting({ app: 'shop' }), [pods]],
    [
      'has pods that the release selects by further labels',
      PLACE,
      { selector: { matchLabels: { name: 'x' } }, template: { metadata: { labels: { app: 'shop', tier: 'web' } } } },
      [pods],
    ],
    ['has pods of another tier', PLACE, selecting({ app: 'shop', tier: 'jobs' }), []],
    ['selects nothing', PLACE, {}, []],
    ['moves the stable Service', PLACE, canary({ stableService: 'shop-stable' }), ['Service shop-stable']],
    ['moves the canary Service', PLACE, canary({ canaryService: 'shop-canary' }), ['Service shop-canary']],
    [
      'moves them in turn',
      PLACE,
      canary({ pingPong: { pingService: 'shop-stable', pongService: 'shop-canary' } }),
      ['Service shop-stable', 'Service shop-canary'],
    ],
    [
      'switches one',
      PLACE,
      { strategy: { blueGreen: { activeService: 'shop', previewService: 'shop-canary' } } },
      ['Service shop-canary'],
    ],
    ['weighs the VirtualService', ISTIO, istio({ virtualService: { name: 'shop' } }), ['VirtualService shop']],
    ['weighs it by its whole name', ISTIO, istio({ virtualService: { name: 'shop.shop' } }), ['VirtualService shop']],
    ['weighs one of another namespace', ISTIO, istio({ virtualService: { name: 'shop.till' } }), []],
    ['weighs several', ISTIO, istio({ virtualServices: [{ name: 'a' }, { name: 'shop' }] }), ['VirtualService shop']],
    ['moves the subsets', ISTIO, istio({ destinationRule: { name: 'shop' } }), ['DestinationRule shop']],
    ['weighs a VirtualService beside our pods’ count', PLACE, istio({ virtualService: { name: 'shop' } }), []],
    ['weighs the HTTPRoute', GATEWAY, gateway({ httpRoute: 'shop' }), ['HTTPRoute shop']],
    [
      'weighs several routes',
      GATEWAY,
      gateway({ httpRoutes: [{ name: 'shop' }], grpcRoutes: [{ name: 'shop-calls' }] }),
      ['HTTPRoute shop', 'GRPCRoute shop-calls'],
    ],
    ['weighs a GRPCRoute of that name', GATEWAY, gateway({ grpcRoute: 'shop' }), []],
    ['weighs routes elsewhere', GATEWAY, gateway({ namespace: 'till', httpRoute: 'shop' }), []],
    [
      'scales the adopted Deployment',
      ADOPTS,
      { workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop' } },
      ['Deployment shop'],
    ],
    ['scales another one', ADOPTS, { workloadRef: { kind: 'Deployment', name: 'till' } }, []],
  ];
  for (const [what, place, spec, owns] of cases) {
    it(`${what}: ${owns.length === 0 ? 'no owner' : owns.join(', ')}`, () => {
      const wanted = owns.length === 0 ? null : { rollout: 'till', owns };
      assert.deepEqual(ownerOf(place, [rollout(spec)]), wanted);
    });
  }

  it('counts held and without pods, and until it is deleted', () => {
    const spec = { ...selecting(PLACE.selector), paused: true, replicas: 0 };
    const held = rollout(spec);
    assert.equal(ownerOf(PLACE, [held])?.rollout, 'till');
    const metadata = { ...held.metadata, deletionTimestamp: '2026-11-23T15:00:00Z' };
    assert.equal(ownerOf(PLACE, [{ ...held, metadata }]), null);
  });

  it('counts, and one that none has ever seen does not', () => {
    const spec = selecting(PLACE.selector);
    assert.equal(ownerOf(PLACE, [rollout(spec, {})]), null);
    const both = [rollout(spec, LOOKED_AFTER, 'b'), rollout(spec, LOOKED_AFTER, 'a'), rollout(spec, {}, '0')];
    assert.equal(ownerOf(PLACE, both)?.rollout, 'a');
  });
});
