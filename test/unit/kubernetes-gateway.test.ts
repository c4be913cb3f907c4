/** Weights in HTTPRoutes and GRPCRoutes, and what is refused. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type GatewaySides, gatewaySplits, gatewayWeights } from '../../activities/traffic/kubernetes/gateway.ts';
import { sharesOf } from '../../activities/traffic/kubernetes/split.ts';
import { applied } from './json-patch.ts';

const SIDES: GatewaySides = { namespace: 'web', stableService: 'shop-stable', canaryService: 'shop-canary' };

const to = (name: string, weight?: number, more: object = {}) => ({
  name,
  port: 80,
  ...(weight === undefined ? {} : { weight }),
  ...more,
});
const both = (canary: number) => [to('shop-stable', 100 - canary), to('shop-canary', canary)];
const route = (rules: unknown, namespace = 'web') => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'shop', namespace, resourceVersion: '7' },
  spec: { hostnames: ['shop.example'], rules },
});

function refusal(object: unknown): string {
  try {
    gatewaySplits('HTTPRoute', object, SIDES);
  } catch (error) {
    assert.equal((error as { type?: string }).type, 'SHIPLOCK_KUBERNETES_ROUTE');
    return (error as Error).message;
  }
  return assert.fail('nothing was refused');
}

describe('weights of a route of the Gateway API', () => {
  test('all rules with both Services are weighed, others survive', () => {
    const other = { matches: [{ path: { type: 'PathPrefix', value: '/admin' } }], backendRefs: [to('shop-stable')] };
    const redirect = { filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https' } }] };
    const object = route([{ backendRefs: both(0) }, other, { name: 'api', backendRefs: both(0) }, redirect]);
    const after = applied(object, gatewayWeights(gatewaySplits('HTTPRoute', object, SIDES), 25));
    assert.deepEqual(after, {
      ...object,
      spec: {
        ...object.spec,
        rules: [{ backendRefs: both(25) }, other, { name: 'api', backendRefs: both(25) }, redirect],
      },
    });
  });

  test('weights are shares of their sum, and 1 where none is written', () => {
    const shares = (...weights: (number | undefined)[]) => {
      const [stable, canary] = weights;
      const object = route([{ backendRefs: [to('shop-stable', stable), to('shop-canary', canary)] }]);
      return sharesOf(gatewaySplits('HTTPRoute', object, SIDES)).canary;
    };
    assert.deepEqual(shares(), [50]);
    assert.deepEqual(shares(undefined, 0), [0]);
    assert.deepEqual(shares(900, 100), [10]);
    assert.deepEqual(shares(3, 1), [25]);
    assert.deepEqual(shares(0, 0), [null]);
  });

  test('a share that is so already is not written', () => {
    const splits = gatewaySplits(
      'GRPCRoute',
      route([{ backendRefs: [to('shop-stable', 9), to('shop-canary', 1)] }]),
      SIDES,
    );
    assert.deepEqual(gatewayWeights(splits, 10), []);
    assert.deepEqual(
      gatewayWeights(splits, 20).flatMap((one) => (one.op === 'add' ? [one.value] : [])),
      [80, 20],
    );
  });

  test('a route of another namespace names that of the Services', () => {
    const refs = [to('shop-stable', 1, { namespace: 'web' }), to('shop-canary', 0, { namespace: 'web' })];
    assert.equal(gatewaySplits('HTTPRoute', route([{ backendRefs: refs }], 'gateways'), SIDES).length, 1);
    assert.match(
      refusal(route([{ backendRefs: both(0) }], 'gateways')),
      /gateways\/shop: spec\.rules has no rule with both/,
    );
  });

  test('what only has the name of a Service is none', () => {
    const refs = [to('shop-stable', 1), to('shop-canary', 0, { group: 'example.com', kind: 'Bucket' })];
    assert.match(refusal(route([{ backendRefs: refs }])), /spec\.rules has no rule with both/);
  });

  for (const [title, rules, expected] of [
    [
      'a third backend',
      [{ backendRefs: [...both(0), to('shop-experiment', 0)] }],
      /spec\.rules\[0\]\.backendRefs\[2\] is a destination besides/,
    ],
    [
      'a side twice, at two ports',
      [{ backendRefs: [...both(0), to('shop-canary', 0, { port: 81 })] }],
      /spec\.rules\[0\]\.backendRefs\[2\] is a second destination shop-canary/,
    ],
    ['no rules', undefined, /spec\.rules has no rule with both shop-stable and shop-canary/],
    ['rules that are no list', 'x', /spec\.rules is no list/],
    ['a backend that is none', [{ backendRefs: [null] }], /spec\.rules\[0\]\.backendRefs\[0\] is no backend/],
    [
      'a weight that is text',
      [{ backendRefs: [to('shop-stable', 1), { ...to('shop-canary'), weight: '5' }] }],
      /backendRefs\[1\]\.weight is no whole number/,
    ],
  ] as const)
    test(`${title} is refused at its place`, () => assert.match(refusal(route(rules)), expected));
});
