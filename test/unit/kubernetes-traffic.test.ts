/** What the traffic adapter decides from what it read: moves, weights, capacity, what is chosen, what routers say, drift. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gatewayAcceptance, istioAcceptance } from '../../activities/traffic/kubernetes/acceptance.ts';
import {
  carriedPercent,
  endpointsOf,
  type SideFacts,
  whyNoShare,
} from '../../activities/traffic/kubernetes/capacity.ts';
import {
  choose,
  chosenByService,
  chosenBySubsets,
  chosenOrLost,
  NOBODY,
} from '../../activities/traffic/kubernetes/chosen.ts';
import { keyFrom, shownKey, sideDrift, weightDrift } from '../../activities/traffic/kubernetes/drift.ts';
import { gatewaySplits } from '../../activities/traffic/kubernetes/gateway.ts';
import { markOperations, marksOf } from '../../activities/traffic/kubernetes/marks.ts';
import { countedWeights, plannedMove, standingWeights } from '../../activities/traffic/kubernetes/planned-move.ts';
import { applied } from './json-patch.ts';

describe('what weights by version mean for two sides', () => {
  const split = (canary: string | null, percent: number) => ({ kind: 'split', canary, percent });
  for (const [title, standing, weights, expected] of [
    ['a canary beside stable', { stable: '1', canary: '1' }, { '1': 90, '2': 10 }, split('2', 10)],
    ['back to stable', { stable: '1', canary: '2' }, { '1': 100 }, split(null, 0)],
    ['back to stable, the canary named', { stable: '1', canary: '2' }, { '1': 100, '2': 0 }, split(null, 0)],
    ['all of it to the canary', { stable: '1', canary: '2' }, { '2': 100 }, split('2', 100)],
    ['all of it to the canary, stable named', { stable: '1', canary: '2' }, { '1': 0, '2': 100 }, split('2', 100)],
    ['a first release', { stable: null, canary: null }, { '1': 100 }, split('1', 100)],
    ['back in the window', { stable: '2', canary: '2' }, { '1': 100 }, split('1', 100)],
    ['nothing at all', { stable: '1', canary: '1' }, {}, { kind: 'silence' }],
  ] as const)
    test(title, () => assert.deepEqual(plannedMove(standing, weights), expected));

  for (const [weights, expected] of [
    [{ '2': 50, '3': 50 }, /2 and 3 cannot both be beside 1: there are two Services/],
    [{ '1': 80, '2': 10, '1-baseline': 10 }, /2 and 1-baseline cannot both be beside 1/],
    [{ '1': 90 }, /sum to 90/],
    [{ '1': 99.5, '2': 0.5 }, /99\.5 of 1 is not a whole percent/],
    [{ '1': 101, '2': -1 }, /101 of 1/],
  ] as const)
    test(`${JSON.stringify(weights)} is refused`, () => {
      const move = plannedMove({ stable: '1', canary: null }, weights);
      assert.ok(move.kind === 'refused');
      assert.match(move.because, expected);
    });
});

describe('percent by version', () => {
  for (const [stable, canary, shares, expected] of [
    [{ a: 100 }, { b: 100 }, [25], { a: 75, b: 25 }],
    [{ a: 100 }, { a: 100 }, [25], { a: 100 }],
    [{ a: 100 }, {}, [0], { a: 100 }],
    [{}, { b: 100 }, [100], { b: 100 }],
    [{}, {}, [0], {}],
    [{ a: 100 }, { b: 100 }, [null], {}],
    [{ a: 100 }, { b: 100 }, [0.2], { a: 99, b: 1 }],
    [{ a: 100 }, { b: 100 }, [99.9], { a: 1, b: 99 }],
    [{ a: 100 }, { b: 100 }, [100 / 3], { a: 67, b: 33 }],
    [{ a: 100 }, { b: 100 }, [0, 100], { a: 1, b: 99 }],
    [{ a: 100 }, { b: 100 }, [10, 25], { a: 75, b: 25 }],
    [{ a: 50, b: 50 }, { b: 100 }, [10], { a: 45, b: 55 }],
  ] as const)
    test(`${JSON.stringify({ stable, canary, shares })}`, () =>
      assert.deepEqual(standingWeights(stable, canary, shares), expected));

  test('by counts it sums to 100, and what is ready has some', () => {
    const counted = (...ready: number[]) =>
      countedWeights(ready.map((pods, index) => ({ version: `v${index}`, ready: pods })));
    assert.deepEqual(counted(3, 1), { v0: 75, v1: 25 });
    assert.deepEqual(counted(0, 4), { v1: 100 });
    assert.deepEqual(counted(1, 1, 1), { v0: 34, v1: 33, v2: 33 });
    assert.deepEqual(counted(0, 0), {});
    for (let stable = 0; stable <= 40; stable += 1)
      for (let canary = 1; canary <= 300; canary += 7) {
        const weights = Object.values(counted(stable, canary));
        assert.equal(
          weights.reduce((sum, weight) => sum + weight),
          100,
        );
        assert.ok(weights.every((weight) => Number.isInteger(weight) && weight > 0));
      }
  });
});

describe('the capacity of a side', () => {
  const slice = (...endpoints: object[]) => ({ metadata: { name: 's' }, endpoints });
  const pod = (name: string, conditions: object = { ready: true }) => ({
    conditions,
    targetRef: { kind: 'Pod', name },
  });

  test('pods in several slices count once; unready and terminating ones do not', () => {
    const slices = [
      slice(pod('a'), pod('b', {}), pod('c', { ready: false })),
      slice(pod('a'), pod('d', { ready: true, terminating: true }), {
        conditions: { ready: true },
        addresses: ['10.0.0.9'],
      }),
    ];
    assert.deepEqual(endpointsOf(slices), { pods: ['a', 'b'], foreign: 1 });
    for (const odd of [[null], [{ endpoints: 'x' }], [slice(7 as never)], [{}]])
      assert.deepEqual(endpointsOf(odd), { pods: [], foreign: 0 });
  });

  const facts = (more: Partial<SideFacts>): SideFacts => ({
    service: 'shop-canary',
    version: '2',
    ready: 4,
    others: 0,
    replicas: 4,
    ...more,
  });
  for (const [more, percent, why, carried] of [
    [{}, 100, '', 100],
    [{ ready: 0 }, 0, '', 0],
    [{ ready: 1 }, 50, '', 25],
    [{ ready: 3 }, 100, 'shop-canary leads to 3 of 4 pods of 2', 75],
    [{ ready: 0 }, 1, 'shop-canary leads to no ready pod of 2', 0],
    [{ others: 2 }, 1, 'shop-canary still leads to 2 pods that are not of 2', 0],
    [{ ready: 5 }, 100, '', 100],
    [{ ready: 1, replicas: 0 }, 100, '', 100],
  ] as const)
    test(`${JSON.stringify(more)} and ${percent} %`, () => {
      assert.equal(whyNoShare(facts(more), percent), why);
      assert.equal(carriedPercent(facts(more)), carried);
    });
});

describe('whose pods are chosen', () => {
  const service = (selector: unknown) => ({ metadata: { name: 's', namespace: 'web' }, spec: { selector } });
  const [one, hash] = [
    { label: 'shiplock.dev/revision', value: '1-0-0-aaaaaaaa' },
    { label: 'pod-template-hash', value: '7d4b' },
  ];

  test('one label is set, the other one removed, and the rest stays', () => {
    const all = service({ app: 'shop', tier: 'web' });
    assert.equal(chosenByService(all).revision, null);
    const first = applied(all, choose(chosenByService(all), hash));
    assert.deepEqual(first.spec.selector, { app: 'shop', tier: 'web', 'pod-template-hash': '7d4b' });
    const second = applied(first, choose(chosenByService(first), one));
    assert.deepEqual(second.spec.selector, { app: 'shop', tier: 'web', 'shiplock.dev/revision': '1-0-0-aaaaaaaa' });
    assert.deepEqual(choose(chosenByService(second), one), []);
    assert.deepEqual(applied(second, choose(chosenByService(second), NOBODY)).spec.selector, {
      app: 'shop',
      tier: 'web',
      'shiplock.dev/revision': 'none',
    });
  });

  test('a Service without a selector, or one that Argo moves, is refused', () => {
    for (const odd of [service(undefined), service({}), service('app'), {}, null])
      assert.throws(() => chosenByService(odd), { type: 'SHIPLOCK_KUBERNETES_SERVICE', message: /has no selector/ });
    const argo = service({ app: 'shop', 'rollouts-pod-template-hash': '5f' });
    assert.throws(() => chosenByService(argo), /Service web\/s is moved by Argo Rollouts' controller/);
  });

  test('a Service that lost its selector may be looked at on the way back, but is not pointed anywhere', () => {
    const lost = chosenOrLost(service(undefined));
    assert.throws(() => choose(lost, one), { type: 'SHIPLOCK_KUBERNETES_SERVICE', message: /has no selector/ });
    const whole = service({ app: 'shop' });
    assert.deepEqual(chosenOrLost(whole), chosenByService(whole));
  });

  test('subsets have labels of their own, or get them', () => {
    const names = { stableSubset: 'old', canarySubset: 'new' };
    const rule = (subsets: unknown, host: unknown = 'shop') => ({
      metadata: { name: 'r', namespace: 'web' },
      spec: { host, subsets },
    });
    const object = rule([
      { name: 'old', labels: { v: '1', 'pod-template-hash': 'x' } },
      { name: 'new', trafficPolicy: {} },
    ]);
    const { host, stable, canary } = chosenBySubsets(object, names);
    assert.deepEqual(
      [host, stable.revision, canary.revision],
      ['shop', { label: 'pod-template-hash', value: 'x' }, null],
    );
    assert.deepEqual(applied(object, [...choose(stable, one), ...choose(canary, hash)]).spec.subsets, [
      { name: 'old', labels: { v: '1', 'shiplock.dev/revision': '1-0-0-aaaaaaaa' } },
      { name: 'new', trafficPolicy: {}, labels: { 'pod-template-hash': '7d4b' } },
    ]);
    for (const [odd, expected] of [
      [rule([{ name: 'old' }]), /spec\.subsets has no subset named new/],
      [rule([{ name: 'old' }, { name: 'new' }, { name: 'new' }]), /spec\.subsets\[2\] is a second subset named new/],
      [rule([{ name: 'old', labels: 'x' }, { name: 'new' }]), /spec\.subsets\[0\]\.labels are no labels/],
      [rule([{ name: 'old' }, { name: 'new' }], null), /spec\.host names no host/],
      [rule('x'), /spec\.subsets is no list/],
    ] as const)
      assert.throws(() => chosenBySubsets(odd, names), { type: 'SHIPLOCK_KUBERNETES_ROUTE', message: expected });
  });
});

describe('what routers say', () => {
  const condition = (type: string, status: string, observedGeneration?: number) => ({
    type,
    status,
    reason: 'Because',
    message: 'so it is',
    observedGeneration,
  });
  const parent = (name: string, ...conditions: object[]) => ({
    parentRef: { name },
    controllerName: 'example.com/c',
    conditions,
  });
  const route = (...parents: unknown[]) => ({
    metadata: { name: 'shop', namespace: 'web', generation: 4 },
    spec: { parentRefs: [{ name: 'public' }, { name: 'inside', namespace: 'infra' }] },
    status: { parents },
  });
  const verdict = (object: unknown, before?: unknown) => gatewayAcceptance('HTTPRoute', object, before).verdict;
  const good = parent('public', condition('Accepted', 'True', 4), condition('ResolvedRefs', 'True', 4));

  test('every Gateway that reports must have accepted the last generation', () => {
    assert.equal(verdict(route(good)), 'accepted');
    assert.equal(verdict(route(parent('public', condition('Accepted', 'True', 3)))), 'waiting');
    const inside = {
      ...parent('inside', condition('Accepted', 'True', 3)),
      parentRef: { name: 'inside', namespace: 'infra' },
    };
    assert.equal(verdict(route(good, inside)), 'waiting');
    assert.deepEqual(
      gatewayAcceptance(
        'HTTPRoute',
        route(parent('public', condition('Accepted', 'True', 4), condition('ResolvedRefs', 'False', 4))),
      ),
      {
        verdict: 'refused',
        because: 'example.com/c (Gateway web/public) does not take it: ResolvedRefs is False (Because: so it is)',
      },
    );
    assert.equal(
      verdict(route(parent('public', condition('Accepted', 'True', 4), condition('PartiallyInvalid', 'True', 4)))),
      'refused',
    );
  });

  test('who says nothing, or is no parent any more, is not waited for', () => {
    for (const silent of [
      route(),
      route(parent('public')),
      route(parent('public', condition('Accepted', 'True'))),
      {},
      null,
    ])
      assert.equal(verdict(silent), 'silent');
    assert.equal(verdict(route(parent('former', condition('Accepted', 'False', 4)), good)), 'accepted');
  });

  test('a parent that did not take the route before has no say', () => {
    const bad = {
      ...parent('inside', condition('Accepted', 'False', 3)),
      parentRef: { name: 'inside', namespace: 'infra' },
    };
    assert.equal(verdict(route(good, bad), route(good, bad)), 'accepted');
    assert.equal(verdict(route(good, bad), route(good)), 'waiting');
  });

  test('istiod is asked where it writes a status', () => {
    const of = (status: unknown) =>
      istioAcceptance('VirtualService', { metadata: { name: 'v', namespace: 'web', generation: 3 }, status }).verdict;
    const reconciled = (status: string, observedGeneration: unknown) => ({
      conditions: [{ type: 'Reconciled', status, observedGeneration }],
    });
    assert.equal(of(undefined), 'silent');
    assert.equal(of({ observedGeneration: 3 }), 'silent');
    assert.equal(of(reconciled('True', '2')), 'waiting');
    assert.equal(of(reconciled('False', 3)), 'waiting');
    assert.equal(of(reconciled('True', '3')), 'accepted');
    assert.equal(of({ ...reconciled('True', undefined), observedGeneration: '3' }), 'accepted');
    const message = (level: string) => ({ type: { code: 'IST0101' }, level });
    assert.equal(of({ ...reconciled('True', 3), validationMessages: [message('WARNING')] }), 'accepted');
    assert.equal(of({ validationMessages: [message('ERROR')] }), 'refused');
    for (const odd of ['x', { conditions: 'x' }, { conditions: [null, 3], validationMessages: {} }])
      assert.equal(of(odd), 'silent');
  });
});

describe('what somebody else changed', () => {
  const marks = marksOf('shop');
  const object = (weight: number, annotations: Record<string, string> | undefined) => ({
    metadata: {
      name: 'shop',
      namespace: 'web',
      ...(annotations && { annotations }),
      managedFields: [
        { manager: 'shiplock', operation: 'Update' as const, time: '2026-01-02T00:00:00Z' },
        { manager: 'argocd', operation: 'Apply' as const, time: '2026-01-01T00:00:00Z' },
        { manager: 'kubectl-edit', operation: 'Update' as const, time: '2026-01-03T00:00:00Z' },
        { manager: 'traefik', operation: 'Update' as const, time: '2026-01-04T00:00:00Z', subresource: 'status' },
      ],
    },
    spec: {
      rules: [
        {
          backendRefs: [
            { name: 'a', weight: 100 - weight },
            { name: 'b', weight },
          ],
        },
      ],
    },
  });
  const drift = (weight: number, annotations: Record<string, string> | undefined, wanted = 50, fence = 2001) => {
    const seen = object(weight, annotations);
    const splits = gatewaySplits('HTTPRoute', seen, { namespace: 'web', stableService: 'a', canaryService: 'b' });
    return weightDrift(seen, splits, { marks, fence, wanted });
  };
  const written = { [marks.fence]: '2000', [marks.weight]: '25' };

  test('a weight is told with the place and whoever wrote last', () => {
    assert.equal(
      drift(10, written),
      'HTTPRoute web/shop: spec.rules[0] gives the canary 10 %, where this release wrote 25 % (others who wrote it: kubectl-edit at 2026-01-03T00:00:00Z)',
    );
  });

  test('what we wrote, what is wanted anyway, and what an earlier release left are no drift', () => {
    assert.equal(drift(25, written), '');
    assert.equal(drift(50, written), '');
    assert.equal(drift(10, written, 50, 3000), '');
    assert.equal(drift(10, undefined), '');
  });

  test('what a side chooses is told as well', () => {
    const [mine, other] = [
      { label: 'shiplock.dev/revision', value: 'x' },
      { label: 'pod-template-hash', value: 'y=z' },
    ];
    const seen = object(0, { [marks.fence]: '2000', [marks.chosen]: shownKey(mine) });
    const told = (chosen: typeof mine | null, wanted: typeof mine | null = null, fence = 2000) =>
      sideDrift(seen, { what: 'Service s', chosen, mark: marks.chosen }, { marks, fence, wanted });
    assert.equal(told(mine), '');
    assert.equal(told(other, other), '');
    assert.equal(told(other, null, 3000), '');
    assert.match(
      told(other),
      /Service s chooses pod-template-hash=y=z, where this release wrote shiplock\.dev\/revision=x/,
    );
    assert.match(told(null), /Service s chooses pods of all revisions/);
    assert.deepEqual(keyFrom(shownKey(other)), other);
    assert.equal(keyFrom('x'), null);
  });

  test('marks are added where they differ, also to an object without annotations', () => {
    const bare = { metadata: { name: 'x' } };
    assert.deepEqual(applied(bare, markOperations(bare, { [marks.weight]: '5' })).metadata, {
      name: 'x',
      annotations: { [marks.weight]: '5' },
    });
    const some = { metadata: { name: 'x', annotations: { 'a/b~c': '1', [marks.weight]: '4' } } };
    assert.deepEqual(applied(some, markOperations(some, { [marks.weight]: '5' })).metadata.annotations, {
      'a/b~c': '1',
      [marks.weight]: '5',
    });
    assert.deepEqual(markOperations(some, { [marks.weight]: '4' }), []);
  });
});
