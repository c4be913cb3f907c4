/** Header and mirror routes: what is made, in which order, and that nothing else moves. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gatewayManaged } from '../../activities/traffic/kubernetes/managed-gateway.ts';
import { istioManaged } from '../../activities/traffic/kubernetes/managed-istio.ts';
import { isManaged, managedName } from '../../activities/traffic/kubernetes/managed-names.ts';
import { bothOf } from '../../activities/traffic/kubernetes/text-match.ts';
import type { ManagedRoute, StringMatch } from '../../activities/traffic/port.ts';
import { applied } from './json-patch.ts';

const SIDES = {
  namespace: 'web',
  stableService: 'shop-stable',
  canaryService: 'shop-canary',
  managedRoutes: ['first', 'second'],
};
const exact = (value: string): StringMatch => ({ kind: 'exact', value });
const prefix = (value: string): StringMatch => ({ kind: 'prefix', value });
const regex = (value: string): StringMatch => ({ kind: 'regex', value });
const header = (name: string, ...matches: ManagedRoute['matches']): ManagedRoute => ({ kind: 'header', name, matches });
const mirror = (name: string, percentage: number, ...matches: ManagedRoute['matches']): ManagedRoute => ({
  kind: 'mirror',
  name,
  percentage,
  matches,
});

describe('in a VirtualService', () => {
  const both = [
    { destination: { host: 'shop-stable', port: { number: 8080 } }, weight: 80 },
    { destination: { host: 'shop-canary', port: { number: 8080 } }, weight: 20 },
  ];
  const canary = { host: 'shop-canary', port: { number: 8080 } };
  type Http = Record<string, unknown>;
  const service = (...http: Http[]) => ({ metadata: { name: 'shop', namespace: 'web' }, spec: { hosts: ['x'], http } });
  const after = (object: ReturnType<typeof service>, wanted: readonly ManagedRoute[], routes: string[] = []) =>
    applied(object, istioManaged(object, { name: 'shop', routes }, SIDES, wanted)).spec.http;
  const refused = (object: ReturnType<typeof service>, wanted: readonly ManagedRoute[]) => {
    try {
      after(object, wanted);
    } catch (error) {
      return `${(error as { type?: string }).type}: ${(error as Error).message}`;
    }
    return assert.fail('nothing was refused');
  };

  test("a header route has Argo's shape, and stands before all others", () => {
    const primary = { name: 'primary', route: both };
    const wanted = [header('first', { headers: { Agent: exact('Chrome') } }, { headers: { agent: prefix('Fire') } })];
    assert.deepEqual(after(service(primary), wanted), [
      {
        name: 'first',
        match: [{ headers: { agent: { exact: 'Chrome' } } }, { headers: { agent: { prefix: 'Fire' } } }],
        route: [{ destination: canary, weight: 100 }],
      },
      primary,
    ]);
  });

  test('mirror routes keep the weights of the split; precedence is the order of the plan', () => {
    const primary = { name: 'primary', route: both, timeout: '3s' };
    const wanted = [mirror('second', 80, { path: regex('/b.*') }), mirror('first', 100, { method: exact('GET') })];
    const made = after(service(primary), wanted);
    assert.deepEqual(made, [
      {
        name: 'first',
        match: [{ method: { exact: 'GET' } }],
        route: both,
        timeout: '3s',
        mirror: canary,
        mirrorPercentage: { value: 100 },
      },
      {
        name: 'second',
        match: [{ uri: { regex: '/b.*' } }],
        route: both,
        timeout: '3s',
        mirror: canary,
        mirrorPercentage: { value: 80 },
      },
      primary,
    ]);
    assert.deepEqual(after(service(...made), [wanted[0] as ManagedRoute]), [made[1], primary], 'one is taken away');
    assert.deepEqual(after(service(...made), []), [primary], 'and all of them');
    assert.deepEqual(istioManaged(service(...made), { name: 'shop', routes: [] }, SIDES, wanted), [], 'again: nothing');
  });

  test('only what the split route takes is sent elsewhere, with what it does to requests', () => {
    const api = {
      name: 'api',
      match: [{ uri: { prefix: '/api' }, port: 80 }, { uri: { exact: '/a' } }],
      rewrite: { uri: '/' },
      route: both,
    };
    const pay = { name: 'pay', match: [{ uri: { prefix: '/pay' } }], route: [{ destination: { host: 'pay' } }] };
    const made = after(
      service(pay, api),
      [header('first', { headers: { x: exact('1') }, path: prefix('/api/v2') })],
      ['api'],
    );
    assert.deepEqual(made, [
      {
        name: 'first',
        match: [{ uri: { prefix: '/api/v2' }, port: 80, headers: { x: { exact: '1' } } }],
        rewrite: { uri: '/' },
        route: [{ destination: canary, weight: 100 }],
      },
      pay,
      api,
    ]);
  });

  test('each split route has its own', () => {
    const [a, b] = ['a', 'b'].map((name) => ({ name, match: [{ uri: { prefix: `/${name}` } }], route: both }));
    const made = after(service(a as Http, b as Http), [header('first')], ['a', 'b']);
    assert.deepEqual(
      made.map(({ name, match }) => [name, match]),
      [
        ['first', [{ uri: { prefix: '/a' } }]],
        ['first.2', [{ uri: { prefix: '/b' } }]],
        ['a', [{ uri: { prefix: '/a' } }]],
        ['b', [{ uri: { prefix: '/b' } }]],
      ],
    );
    assert.deepEqual(after(service(...made), [], ['a', 'b']), [a, b]);
  });

  test('what cannot be joined, or is none of ours, is refused', () => {
    const wild = service({ match: [{ uri: { regex: '/x.*' } }], route: both });
    assert.match(
      refused(wild, [header('first', { path: exact('/xy') })]),
      /^SHIPLOCK_KUBERNETES_ROUTE: .*spec\.http\[0\]\.match\[0\] already has a condition on uri/,
    );
    const other = service({ match: [{ uri: { prefix: '/a' } }], route: both });
    assert.match(
      refused(other, [header('first', { path: exact('/b') })]),
      /spec\.http takes no request that first matches/,
    );
    const cased = service({ match: [{ uri: { prefix: '/a' }, ignoreUriCase: true }], route: both });
    assert.match(refused(cased, [header('first', { path: exact('/a') })]), /ignores the case of paths/);
    assert.match(
      refused(other, [header('third')]),
      /^SHIPLOCK_KUBERNETES_REQUEST: third is none of the managed routes \(first, second\)/,
    );
  });
});

describe('in an HTTPRoute', () => {
  const both = [
    { name: 'shop-stable', port: 80, weight: 80 },
    { name: 'shop-canary', port: 80, weight: 20, filters: [{ type: 'RequestHeaderModifier' }] },
  ];
  type Rule = Record<string, unknown>;
  const route = (...rules: Rule[]) => ({
    metadata: { name: 'shop', namespace: 'web' },
    spec: { hostnames: ['x'], rules },
  });
  const after = (
    object: ReturnType<typeof route>,
    wanted: readonly ManagedRoute[],
    kind: 'HTTPRoute' | 'GRPCRoute' = 'HTTPRoute',
  ) => applied(object, gatewayManaged(kind, object, SIDES, wanted)).spec.rules;
  const refused = (
    object: ReturnType<typeof route>,
    wanted: readonly ManagedRoute[],
    kind: 'HTTPRoute' | 'GRPCRoute' = 'HTTPRoute',
  ) => {
    try {
      after(object, wanted, kind);
    } catch (error) {
      return (error as Error).message;
    }
    return assert.fail('nothing was refused');
  };
  const root = { path: { type: 'PathPrefix', value: '/' } };

  test('a header rule has more conditions than the rule that it is a copy of', () => {
    const rule = { matches: [root], timeouts: { request: '3s' }, backendRefs: both };
    const wanted = [
      header('first', { headers: { agent: exact('Chrome') } }, { headers: { agent: prefix('a.b'), y: regex('.+') } }),
    ];
    assert.deepEqual(after(route(rule), wanted), [
      {
        name: 'first',
        timeouts: { request: '3s' },
        matches: [
          { ...root, headers: [{ type: 'Exact', value: 'Chrome', name: 'agent' }] },
          {
            ...root,
            headers: [
              { type: 'RegularExpression', value: 'a\\.b.*', name: 'agent' },
              { type: 'RegularExpression', value: '.+', name: 'y' },
            ],
          },
        ],
        backendRefs: [{ name: 'shop-canary', port: 80, filters: [{ type: 'RequestHeaderModifier' }], weight: 1 }],
      },
      rule,
    ]);
  });

  test('a mirror rule has the split of its rule and a filter more', () => {
    const redirect = { matches: [{ path: { type: 'Exact', value: '/old' } }], filters: [{ type: 'RequestRedirect' }] };
    const rule = {
      name: 'api',
      matches: [{ path: { type: 'PathPrefix', value: '/api' } }],
      filters: [{ type: 'CORS' }],
      backendRefs: both,
    };
    const made = after(route(redirect, rule), [mirror('second', 35, { method: exact('GET'), path: prefix('/') })]);
    assert.deepEqual(made, [
      {
        name: 'second',
        matches: [{ path: { type: 'PathPrefix', value: '/api' }, method: 'GET' }],
        filters: [
          { type: 'CORS' },
          { type: 'RequestMirror', requestMirror: { backendRef: { name: 'shop-canary', port: 80 }, percent: 35 } },
        ],
        backendRefs: both,
      },
      redirect,
      rule,
    ]);
    assert.deepEqual(after(route(...made), []), [redirect, rule]);
  });

  test('what the Gateway API cannot say is refused at its place', () => {
    const rule = {
      matches: [{ path: { type: 'RegularExpression', value: '/a.*' }, headers: [{ name: 'X', value: '1' }] }],
      backendRefs: both,
    };
    assert.match(
      refused(route(rule), [header('first', { path: exact('/ab') })]),
      /spec\.rules\[0\]\.matches\[0\] already has a condition on the path/,
    );
    assert.match(
      refused(route(rule), [header('first', { headers: { x: exact('2') } })]),
      /already has a condition on header x/,
    );
    assert.match(
      refused(route(rule), [header('first', { method: prefix('G') })]),
      /takes methods by their names, where first has a prefix/,
    );
    assert.match(
      refused(route({ backendRefs: both }), [header('first', { path: exact('/a') })], 'GRPCRoute'),
      /is of gRPC, which first cannot match by path/,
    );
    const there = { matches: [{ path: { type: 'Exact', value: '/a' } }], backendRefs: both };
    assert.match(
      refused(route(there), [header('first', { path: prefix('/ab') })]),
      /takes no request that first matches/,
    );
  });

  test('gRPC is matched by its headers', () => {
    const rule = { matches: [{ method: { service: 'Shop' } }], backendRefs: both };
    const [made] = after(route(rule), [header('first', { headers: { x: exact('1') } })], 'GRPCRoute');
    assert.deepEqual(made?.matches, [
      { method: { service: 'Shop' }, headers: [{ type: 'Exact', value: '1', name: 'x' }] },
    ]);
  });
});

describe('two conditions on one text', () => {
  for (const [one, other, unit, expected] of [
    [exact('/a'), exact('/a'), 'segment', exact('/a')],
    [exact('/a'), exact('/b'), 'segment', null],
    [prefix('/a'), exact('/a/b'), 'segment', exact('/a/b')],
    [prefix('/a'), exact('/ab'), 'segment', null],
    [prefix('/a'), exact('/ab'), 'character', exact('/ab')],
    [prefix('/a/b'), prefix('/a'), 'segment', prefix('/a/b')],
    [prefix('/a/'), prefix('/a/b'), 'segment', prefix('/a/b')],
    [prefix('/'), regex('/x.*'), 'segment', regex('/x.*')],
    [regex('/x.*'), prefix(''), 'character', regex('/x.*')],
    [regex('/x.*'), exact('/x'), 'character', undefined],
    [regex('a'), regex('a'), 'character', regex('a')],
  ] as const)
    test(`${JSON.stringify([one, other])} by ${unit}`, () => {
      assert.deepEqual(bothOf(one, other, unit), expected);
      assert.deepEqual(bothOf(other, one, unit), expected, 'whichever is first');
    });
});

test('names of ours are told from those that only look like them', () => {
  assert.deepEqual(
    [0, 1, 2].map((index) => managedName('beta', index)),
    ['beta', 'beta.2', 'beta.3'],
  );
  for (const [name, expected] of [
    ['beta', true],
    ['beta.2', true],
    ['beta.10', true],
    ['beta.1', false],
    ['beta.02', false],
    ['beta.x', false],
    ['beta-2', false],
    ['', false],
  ] as const)
    assert.equal(isManaged(name, ['beta', '']), expected, name);
});
