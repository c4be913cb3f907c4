/** A target on Kubernetes as it arrives at a worker, whoever compiled it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type KubernetesTarget, type Plan, validatePlan } from '../../src/plan/index.ts';
import { someClusterPlan } from '../fixtures/some-cluster-plan.ts';

const MANAGED = {
  kind: 'istio',
  virtualServices: [{ name: 'a', routes: [] }],
  managedRoutes: ['beta'],
} as const satisfies KubernetesTarget['traffic'];

const POD = someClusterPlan().target.template;
const podWith = (labels: object, spec: object = POD.spec as object) => ({ metadata: { labels }, spec });

/** A value so deep that whoever walks it by recursion runs out of stack. */
function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = { a: value };
  return value;
}

function said(plan: unknown): string {
  try {
    validatePlan(plan);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

describe('a plan on Kubernetes', () => {
  test('is one', () => {
    const plan = someClusterPlan({
      adopts: { kind: 'Deployment', name: 'shop', scaleDown: 'onsuccess' },
      configMaps: [{ name: 'settings', data: { a: 'b' } }],
      traffic: { ...MANAGED, pingPong: true, destinationRule: { name: 'a', canarySubset: 'b', stableSubset: 'c' } },
      roleMetadata: { canary: { labels: { a: 'b' }, annotations: {} } },
      antiAffinity: { kind: 'preferred', weight: 1 },
    });
    assert.deepEqual(validatePlan(plan), plan);
  });

  const wrong: readonly [says: string, target: object, message: RegExp][] = [
    ['an unknown field', { kubeconfig: '/etc' }, /target: Unrecognized key: "kubeconfig"/],
    ['a namespace that is none', { namespace: 'a/b' }, /target.namespace: expected a DNS label/],
    ['a path for a cluster', { cluster: '../x' }, /target.cluster: expected a DNS label/],
    ['no pods', { replicas: 0 }, /target.replicas/],
    ['an empty selector', { selector: {} }, /target.selector: expected a label/],
    ['a selector that does not fit', { selector: { app: 'other' } }, /target: expected a selector that fits/],
    ['one Service for both sides', { canaryService: 'credlink-api-stable' }, /target: expected two different services/],
    [
      'a template without containers',
      { template: podWith({ app: 'credlink-api' }, {}) },
      /expected a pod template with/,
    ],
    ['a template without labels', { template: { spec: POD.spec } }, /expected a pod template with labels/],
    [
      "a label of the engine's",
      { template: podWith({ app: 'credlink-api', 'shiplock.dev/role': 'x' }) },
      /pod template/,
    ],
    ['a template that is too deep', { template: { ...POD, x: deep(65) } }, /at most 262144 bytes and 64 levels/],
    ['a template deeper than any stack', { template: { ...POD, x: deep(100_000) } }, /at most 262144 bytes and 64 lev/],
    ['a template that is too large', { template: { ...POD, x: 'x'.repeat(262_144) } }, /at most 262144 bytes/],
    ['a list for a template', { template: [] }, /expected a pod template/],
    [
      'ConfigMaps of one name',
      {
        configMaps: [
          { name: 'a', data: {} },
          { name: 'a', data: {} },
        ],
      },
      /names that differ/,
    ],
    [
      'a VirtualService twice',
      {
        traffic: {
          ...MANAGED,
          virtualServices: [
            { name: 'a', routes: [] },
            { name: 'a', routes: [] },
          ],
        },
      },
      /target.traffic.virtualServices: expected names that differ/,
    ],
    ['no route', { traffic: { kind: 'gateway', routes: [] } }, /target.traffic.routes/],
    ['another router', { traffic: { kind: 'nginx' } }, /target.traffic/],
    [
      'a surge that is no amount',
      { scale: { ...someClusterPlan().target.scale, maxSurge: 'all' } },
      /target.scale.maxSurge/,
    ],
    [
      'a stable side that shrinks without a router',
      { traffic: { kind: 'replicas' }, scale: { ...someClusterPlan().target.scale, dynamicStableScale: true } },
      /expected a router where dynamicStableScale is on/,
    ],
    [
      'ready after the deadline',
      { minReadySeconds: 60 },
      /target.minReadySeconds: expected less than canary.readyDeadline/,
    ],
  ];
  for (const [says, target, message] of wrong) {
    test(`with ${says} is refused`, () => {
      assert.match(said(someClusterPlan(target as Partial<KubernetesTarget>)), message);
    });
  }

  const steps = (...kinds: readonly object[]) => ({ ...someClusterPlan().canary, background: null, steps: kinds });
  const routed: readonly [says: string, plan: object, message: RegExp | null][] = [
    ['a scale', { canary: steps({ kind: 'setCanaryScale', scale: { kind: 'weight', weight: 5 } }) }, null],
    ['a scale of nothing', { canary: steps({ kind: 'setCanaryScale', scale: {} }) }, /canary.steps\[0\].scale/],
    [
      'a route',
      {
        canary: steps({
          kind: 'setHeaderRoute',
          name: 'beta',
          matches: [{ headers: { a: { kind: 'exact', value: 'b' } } }],
        }),
        target: someClusterPlan({ traffic: MANAGED }).target,
      },
      null,
    ],
    [
      'a route that is not the engine’s',
      { canary: steps({ kind: 'setHeaderRoute', name: 'beta', matches: [] }) },
      /canary.steps\[0\].name: expected one of the target's managedRoutes/,
    ],
    [
      'a mirror without a router',
      {
        canary: steps({ kind: 'setMirrorRoute', name: 'beta', matches: [], percentage: 1 }),
        target: someClusterPlan({ traffic: { kind: 'replicas' } }).target,
      },
      /canary.steps\[0\]: expected a router for such a step/,
    ],
    [
      'a header of no name',
      {
        canary: steps({
          kind: 'setHeaderRoute',
          name: 'beta',
          matches: [{ headers: { 'a b': { kind: 'exact', value: 'b' } } }],
        }),
        target: someClusterPlan({ traffic: MANAGED }).target,
      },
      /canary.steps\[0\].matches\[0\].headers/,
    ],
    [
      'a third side',
      { canary: { ...steps(), baselineService: 'x' } },
      /canary.baselineService: expected no third side/,
    ],
    ['a rollback window', { canary: { ...steps(), rollbackWindow: { revisions: 3 } } }, null],
    [
      'a switch without a router',
      {
        cutover: { preview: null, before: null, approval: null, pauseMs: null, after: null },
        target: someClusterPlan({ traffic: { kind: 'replicas' } }).target,
      },
      /cutover: expected a router/,
    ],
  ];
  for (const [says, change, message] of routed) {
    test(`with ${says} is ${message === null ? 'one' : 'refused'}`, () => {
      const text = said({ ...someClusterPlan(), ...change } as Plan);
      if (message === null) assert.equal(text, '');
      else assert.match(text, message);
    });
  }
});
