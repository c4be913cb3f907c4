/** Weights in VirtualServices of every shape that Argo's fields can mean, and what is refused. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type IstioSides, istioSplits, istioWeights } from '../../activities/traffic/kubernetes/istio.ts';
import { sharesOf } from '../../activities/traffic/kubernetes/split.ts';
import type { VirtualServicePlan } from '../../src/plan/target.ts';
import { applied } from './json-patch.ts';

const SIDES: IstioSides = { namespace: 'web', stableService: 'shop-stable', canaryService: 'shop-canary' };
const SUBSETS: IstioSides = { ...SIDES, subsets: { host: 'shop', namespace: 'web', stable: 'old', canary: 'new' } };

type Route = Record<string, unknown>;
const to = (host: string, weight?: number, more: object = {}): Route => ({
  destination: { host, ...more },
  ...(weight === undefined ? {} : { weight }),
});
const both = (canary?: number, stable = canary === undefined ? undefined : 100 - canary) => [
  to('shop-stable', stable),
  to('shop-canary', canary),
];
const virtualService = (spec: object, namespace = 'web') => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name: 'shop', namespace, resourceVersion: '7' },
  spec: { hosts: ['shop.example'], ...spec },
});
const PLAN: VirtualServicePlan = { name: 'shop', routes: [] };

function weighed(object: ReturnType<typeof virtualService>, percent: number, plan = PLAN, sides = SIDES) {
  const after = applied(object, istioWeights(istioSplits(object, plan, sides), percent));
  return { after, shares: sharesOf(istioSplits(after, plan, sides)) };
}

function refusal(object: unknown, plan = PLAN, sides = SIDES): string {
  try {
    istioSplits(object, plan, sides);
  } catch (error) {
    assert.equal((error as { type?: string }).type, 'SHIPLOCK_KUBERNETES_ROUTE');
    assert.equal((error as { nonRetryable?: boolean }).nonRetryable, true);
    return (error as Error).message;
  }
  return assert.fail('nothing was refused');
}

describe('weights of a VirtualService', () => {
  test('the only HTTP route needs no name', () => {
    const { after } = weighed(virtualService({ http: [{ route: both(0) }] }), 25);
    assert.deepEqual(after.spec, { hosts: ['shop.example'], http: [{ route: both(25) }] });
  });

  test('only the named routes are touched', () => {
    const http = [
      { name: 'primary', route: both(0) },
      { name: 'other', route: both(0) },
    ];
    const { after } = weighed(virtualService({ http }), 10, { ...PLAN, routes: ['primary'] });
    assert.deepEqual(after.spec, {
      hosts: ['shop.example'],
      http: [
        { name: 'primary', route: both(10) },
        { name: 'other', route: both(0) },
      ],
    });
  });

  test('a missing weight is 0, and is written', () => {
    const object = virtualService({ http: [{ route: [to('shop-stable', 100), to('shop-canary')] }] });
    assert.deepEqual(sharesOf(istioSplits(object, PLAN, SIDES)).canary, [0]);
    assert.deepEqual(weighed(object, 40).shares.canary, [40]);
  });

  test('what is so already is not written, whatever its sum', () => {
    const object = virtualService({ http: [{ route: both(1, 9) }] });
    assert.deepEqual(istioWeights(istioSplits(object, PLAN, SIDES), 10), []);
    assert.notEqual(istioWeights(istioSplits(object, PLAN, SIDES), 11).length, 0);
  });

  test('each write tests the name and the destinations first', () => {
    const object = virtualService({ http: [{ name: 'primary', route: both(0) }] });
    const operations = istioWeights(istioSplits(object, PLAN, SIDES), 10);
    const changed = virtualService({ http: [{ name: 'primary', route: [...both(0)].reverse() }] });
    assert.throws(() => applied(changed, operations), /differs/);
    const renamed = virtualService({ http: [{ name: 'secondary', route: both(0) }] });
    assert.throws(() => applied(renamed, operations), /differs/);
  });

  for (const [written, namespace] of [
    ['shop-canary', 'web'],
    ['shop-canary.web', 'mesh'],
    ['shop-canary.web.svc', 'mesh'],
    ['shop-canary.web.svc.cluster.local', 'mesh'],
    ['shop-canary.web.svc.example.internal', 'mesh'],
    ['shop-canary.web.svc.cluster.local.', 'web'],
  ] as const)
    test(`${written}, written in namespace ${namespace}, is the canary's Service`, () => {
      const route = [to('shop-stable.web', 100), to(written, 0)];
      assert.deepEqual(weighed(virtualService({ http: [{ route }] }, namespace), 30).shares.canary, [30]);
    });

  test("a short name in another namespace is another Service, and so is another namespace's", () => {
    const short = virtualService({ http: [{ route: both(0) }] }, 'mesh');
    assert.match(refusal(short), /VirtualService mesh\/shop: spec\.http\[0\] has no destination shop-stable/);
    const foreign = virtualService({ http: [{ route: [to('shop-stable', 100), to('shop-canary.other', 0)] }] });
    assert.match(refusal(foreign), /spec\.http\[0\] has no destination shop-canary/);
  });

  test('subsets of one host are told apart by their names', () => {
    const route = [to('shop.web.svc.cluster.local', 100, { subset: 'old' }), to('shop', 0, { subset: 'new' })];
    const { after, shares } = weighed(virtualService({ http: [{ route }] }), 20, PLAN, SUBSETS);
    assert.deepEqual(shares.canary, [20]);
    assert.deepEqual(
      (after.spec as unknown as { http: { route: Route[] }[] }).http[0]?.route.map(({ weight }) => weight),
      [80, 20],
    );
    const third = [...route, to('shop', 0, { subset: 'experiment' })];
    assert.match(refusal(virtualService({ http: [{ route: third }] }), PLAN, SUBSETS), /spec\.http\[0\]\.route\[2\]/);
    const foreign = [to('shop', 100, { subset: 'old' }), to('cart', 0, { subset: 'new' })];
    assert.match(
      refusal(virtualService({ http: [{ route: foreign }] }), PLAN, SUBSETS),
      /has no destination shop subset new/,
    );
  });

  test('TLS and TCP routes are found by port and SNI hosts', () => {
    const tls = [
      { match: [{ port: 443, sniHosts: ['a.example', 'b.example'] }], route: both(0) },
      { match: [{ port: 443, sniHosts: ['c.example'] }], route: both(0) },
    ];
    const tcp = [
      { match: [{ port: 5432 }], route: both(0) },
      { match: [{ port: 5433 }], route: both(0) },
    ];
    const plan: VirtualServicePlan = {
      name: 'shop',
      routes: [],
      tlsRoutes: [{ port: 443, sniHosts: ['b.example', 'a.example'] }],
      tcpRoutes: [{ port: 5433 }],
    };
    const { after } = weighed(virtualService({ tls, tcp }), 75, plan);
    assert.deepEqual(after.spec, {
      hosts: ['shop.example'],
      tls: [{ ...tls[0], route: both(75) }, tls[1]],
      tcp: [tcp[0], { ...tcp[1], route: both(75) }],
    });
    assert.match(
      refusal(virtualService({ tls, tcp }), { ...plan, tcpRoutes: [{ port: 1 }] }),
      /spec\.tcp has no route for port 1/,
    );
    assert.match(
      refusal(virtualService({ tls }), {
        name: 'shop',
        routes: [],
        tlsRoutes: [{ port: 443, sniHosts: ['a.example'] }],
      }),
      /spec\.tls has no route for port 443 and a\.example/,
    );
    assert.match(refusal(virtualService({ tcp })), /spec\.tcp has 2 routes to these Services; name their ports/);
  });

  test('a TLS route to something else, beside the HTTP route, is not ours', () => {
    const object = virtualService({
      http: [{ route: both(0) }],
      tls: [{ match: [{ port: 443 }], route: [to('vault')] }],
    });
    assert.deepEqual(weighed(object, 10).after.spec.hosts, ['shop.example']);
    assert.equal(istioSplits(object, PLAN, SIDES).length, 1);
  });

  test('routes that say different things are reported as they are', () => {
    const http = [
      { name: 'a', route: both(10) },
      { name: 'b', route: both(25) },
    ];
    const shares = sharesOf(istioSplits(virtualService({ http }), { ...PLAN, routes: ['a', 'b'] }, SIDES));
    assert.deepEqual(shares, { canary: [10, 25], consistent: false });
    const none = virtualService({ http: [{ route: both(0, 0) }] });
    assert.deepEqual(sharesOf(istioSplits(none, PLAN, SIDES)), { canary: [null], consistent: true });
  });

  test('mirror routes of ours have the same weights, header routes have none', () => {
    const http = [
      { name: 'beta', match: [{ headers: { x: { exact: '1' } } }], route: [to('shop-canary', 100)] },
      { name: 'shadow', match: [{ method: { exact: 'GET' } }], mirror: { host: 'shop-canary' }, route: both(0) },
      { route: both(0) },
    ];
    const sides = { ...SIDES, managedRoutes: ['beta', 'shadow'] };
    const { after } = weighed(virtualService({ http }), 50, PLAN, sides);
    assert.deepEqual(after.spec, {
      hosts: ['shop.example'],
      http: [http[0], { ...http[1], route: both(50) }, { route: both(50) }],
    });
  });
});

describe('what of a VirtualService is refused, at its place', () => {
  for (const [title, spec, plan, expected] of [
    ['no routes at all', {}, PLAN, /spec\.http has no route/],
    [
      'several routes, and none is named',
      { http: [{ name: 'a', route: both() }, { route: both() }] },
      PLAN,
      /spec\.http has 2 routes; name those .* it has a, \(one without a name\)/,
    ],
    [
      'a named route that is missing',
      { http: [{ name: 'a', route: both() }] },
      { ...PLAN, routes: ['b'] },
      /spec\.http has no route named b; it has a/,
    ],
    [
      'a name that stands twice',
      {
        http: [
          { name: 'a', route: both() },
          { name: 'a', route: both() },
        ],
      },
      { ...PLAN, routes: ['a'] },
      /spec\.http\[1\] is a second route named a/,
    ],
    [
      'no canary',
      { http: [{ route: [to('shop-stable', 100)] }] },
      PLAN,
      /spec\.http\[0\] has no destination shop-canary; add it, with weight 0/,
    ],
    [
      'the canary twice',
      { http: [{ route: [...both(), to('shop-canary')] }] },
      PLAN,
      /spec\.http\[0\]\.route\[2\] is a second destination shop-canary/,
    ],
    [
      'a third destination, such as an experiment',
      { http: [{ route: [...both(), to('shop-experiment')] }] },
      PLAN,
      /spec\.http\[0\]\.route\[2\] is a destination besides shop-stable and shop-canary/,
    ],
    ['a redirect', { http: [{ redirect: { uri: '/' } }] }, PLAN, /spec\.http\[0\] has no destinations/],
    [
      'a weight that is none',
      { http: [{ route: [to('shop-stable', 99.5), to('shop-canary', 0.5)] }] },
      PLAN,
      /spec\.http\[0\]\.route\[0\]\.weight is no whole number/,
    ],
    [
      'a negative weight',
      { http: [{ route: [to('shop-stable', 101), to('shop-canary', -1)] }] },
      PLAN,
      /spec\.http\[0\]\.route\[1\]\.weight is no whole number/,
    ],
    ['http that is no list', { http: { 0: {} } }, PLAN, /spec\.http is no list/],
    [
      'a destination that is none',
      { http: [{ route: ['shop-canary'] }] },
      PLAN,
      /spec\.http\[0\]\.route\[0\] is no destination/,
    ],
    [
      'a host that is a number',
      { http: [{ route: [{ destination: { host: 1 } }] }] },
      PLAN,
      /spec\.http\[0\]\.route\[0\]\.destination\.host is no text/,
    ],
  ] as const)
    test(title, () => assert.match(refusal(virtualService(spec), plan), expected));

  test('what is no object', () => {
    for (const odd of [null, 'x', 7, [], { spec: null }, { metadata: [] }])
      assert.match(refusal(odd), /VirtualService/);
  });
});
