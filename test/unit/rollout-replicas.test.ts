import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CanaryScale, ScalePlan } from '../../src/plan/target.ts';
import { budgetOf, podLimit } from '../../src/rollout/budget.ts';
import { nearestCounts, reachable } from '../../src/rollout/ratio.ts';
import { nextCounts } from '../../src/rollout/replace.ts';
import { scaleFor } from '../../src/rollout/replicas.ts';

const SCALE: ScalePlan = {
  maxSurge: '25%',
  maxUnavailable: '25%',
  dynamicStableScale: false,
  minPodsPerReplicaSet: 1,
  abortScaleDownDelayMs: 30_000,
};
const router = { kind: 'istio' } as const;
const none = { kind: 'replicas' } as const;

const pods = (wanted: number, available = wanted) => ({ wanted, available });

describe('A limit of pods', () => {
  for (const [value, limit] of [
    [25, 25],
    [0, 0],
    ['25%', '25%'],
    // Kubernetes reads text without its sign as percent too, and Argo's own default is written so.
    ['25', '25%'],
    ['1', '1%'],
    ['100%', '100%'],
    ['', null],
    ['%', null],
    ['a quarter', null],
    ['-1', null],
    ['2.5%', null],
    [-1, null],
    [1.5, null],
  ] as const) {
    it(`${JSON.stringify(value)} is ${limit === null ? 'none' : JSON.stringify(limit)}`, () => {
      assert.equal(podLimit(value), limit);
    });
  }

  for (const [replicas, maxSurge, maxUnavailable, surge, unavailable, rule] of [
    [10, '25%', '25%', 3, 2, 'surge is rounded up, unavailable down'],
    [1, '25%', '25%', 1, 0, 'even one pod may be surged'],
    [1, 0, '25%', 0, 1, 'both come to 0: one pod may be missing'],
    [4, 0, 0, 0, 1, 'both are 0: one pod may be missing'],
    [3, 0, 5, 0, 3, 'no more may be missing than there are'],
    [20, '1%', '1%', 1, 0, 'a percent of few pods is one, or none'],
    [0, '25%', '25%', 0, 0, 'of no pods'],
  ] as const) {
    it(`of ${replicas} pods, ${maxSurge} and ${maxUnavailable}: ${rule}`, () => {
      assert.deepEqual(budgetOf({ replicas, maxSurge, maxUnavailable }), { surge, unavailable });
    });
  }

  it('is refused where it is neither pods nor percent', () => {
    const bad = { replicas: 4, maxSurge: 'some%' as `${number}%`, maxUnavailable: 0 };
    assert.throws(() => budgetOf(bad), RangeError);
  });
});

describe('The ratio of pods nearest to a weight', () => {
  for (const [weight, replicas, surge, canary, stable, rule] of [
    [50, 4, 0, 2, 2, 'is exact where it can be'],
    [10, 4, 0, 1, 3, 'never leaves a side empty, low'],
    [99, 4, 0, 3, 1, 'never leaves a side empty, high'],
    [10, 4, 1, 1, 4, 'takes one pod more where that is nearer'],
    [50, 3, 0, 2, 1, 'rounds a tie to the canary’s side'],
    [50, 3, 1, 2, 2, 'unless one more is exact'],
    [33, 10, 0, 3, 7, 'rounds to the nearer'],
    [66, 10, 0, 7, 3, 'rounds to the nearer, up'],
    [0, 4, 1, 0, 4, 'of 0 is the stable side alone'],
    [100, 4, 1, 4, 0, 'of 100 is the canary alone'],
    [5, 1, 0, 0, 1, 'of one pod without surge is all or nothing, low'],
    [60, 1, 0, 1, 0, 'of one pod without surge is all or nothing, high'],
    [5, 1, 1, 1, 1, 'of one pod with surge is half'],
    [50, 0, 1, 0, 0, 'of no pods is none'],
    // Argo Rollouts scales the canary to none there.
    [75, 2, 0, 1, 1, 'keeps one stable pod in a tie just below all'],
    [90, 5, 0, 4, 1, 'keeps one stable pod in a tie just below all'],
  ] as const) {
    it(`${rule}: ${weight} % of ${replicas}, surge ${surge}`, () => {
      assert.deepEqual(nearestCounts(weight, replicas, surge), { canary, stable });
    });
  }

  it('is told as the weight that it comes to', () => {
    assert.deepEqual(reachable(10, 4, 0), { canary: 1, stable: 3, weight: 25 });
    assert.deepEqual(reachable(10, 4, 1), { canary: 1, stable: 4, weight: 20 });
    assert.deepEqual(reachable(50, 0, 0), { canary: 0, stable: 0, weight: 0 });
  });
});

describe('The next pods without a router', () => {
  // The examples in the comment of Argo's function, and what its rules say besides.
  for (const [rule, given, canary, stable] of [
    ['both sides in one go', [10, 10, 1, 1, pods(0), pods(10)], 1, 9],
    ['nothing may be missing: the canary first', [10, 30, 3, 0, pods(0), pods(10)], 3, 10],
    ['the canary serves: the stable side shrinks', [10, 30, 3, 0, pods(3), pods(10)], 3, 7],
    ['it serves in part only: the stable side shrinks in part', [10, 30, 3, 0, pods(3, 2), pods(10)], 3, 8],
    ['no surge: the stable side first', [10, 30, 0, 5, pods(0), pods(10)], 0, 7],
    ['no surge: then the canary', [10, 30, 0, 5, pods(0), pods(7)], 3, 7],
    ['one pod, surged', [1, 5, 1, 0, pods(0), pods(1)], 1, 1],
    ['pods that crash make room', [4, 50, 1, 1, pods(1), pods(4, 1)], 1, 2],
    ['back: the canary goes as the stable side serves', [10, 0, 3, 2, pods(5), pods(5)], 3, 8],
    ['back, nothing may be missing', [4, 0, 1, 0, pods(2), pods(2)], 2, 3],
    ['back: a canary that never served makes room', [4, 0, 1, 0, pods(2, 0), pods(3)], 1, 3],
    ['pods about to go do not count as serving', [4, 100, 1, 1, pods(4, 1), pods(1, 3)], 4, 1],
  ] as const) {
    const [replicas, weight, surge, unavailable, canaryPods, stablePods] = given;
    it(rule, () => {
      const budget = { surge, unavailable };
      const goal = nearestCounts(weight, replicas, surge);
      const next = nextCounts({ replicas, goal, budget, canary: canaryPods, stable: stablePods });
      assert.deepEqual(next, { canary, stable });
    });
  }

  it('of a first release are all the canary’s', () => {
    const first = { replicas: 4, goal: { canary: 1, stable: 3 }, budget: { surge: 1, unavailable: 1 }, stable: null };
    assert.deepEqual(nextCounts({ ...first, canary: pods(0) }), { canary: 4, stable: 0 });
    assert.deepEqual(nextCounts({ ...first, canary: pods(6) }), { canary: 4, stable: 0 });
  });

  it('grow only into what still older revisions leave, and nothing shrinks before they are gone', () => {
    const given = {
      replicas: 10,
      goal: { canary: 5, stable: 5 },
      budget: { surge: 1, unavailable: 5 },
      canary: pods(0),
      stable: pods(8),
    };
    assert.deepEqual(nextCounts({ ...given, older: 2 }), { canary: 1, stable: 8 });
    assert.deepEqual(nextCounts({ ...given, older: 0 }), { canary: 3, stable: 5 });
  });
});

describe('The pods of both sides behind a router', () => {
  const dynamic = { ...SCALE, dynamicStableScale: true };
  const atLeastTwo = { ...SCALE, minPodsPerReplicaSet: 2 };
  const set = (count: number): CanaryScale => ({ kind: 'replicas', replicas: count });
  const weighed = (weight: number): CanaryScale => ({ kind: 'weight', weight });
  for (const [rule, given, canary, stable] of [
    ['the canary’s are rounded up', [10, 25, SCALE], 3, 10],
    ['even one percent is a pod', [4, 1, SCALE], 1, 4],
    ['no weight is no pod', [4, 0, SCALE], 0, 4],
    ['the stable side keeps its own to the end', [4, 100, SCALE], 4, 4],
    ['with dynamicStableScale it shrinks, rounded up too', [10, 25, dynamic], 3, 8],
    ['and is gone at the end', [10, 100, dynamic], 10, 0],
    ['a small canary has the least number', [10, 1, atLeastTwo], 2, 10],
    ['but none where it has no traffic', [10, 0, atLeastTwo], 0, 10],
    ['and never more than the stable side', [1, 10, { ...SCALE, minPodsPerReplicaSet: 3 }], 1, 1],
    ['so has a small stable side', [10, 99, { ...dynamic, minPodsPerReplicaSet: 2 }], 10, 2],
    ['setCanaryScale: replicas', [4, 25, SCALE, set(3)], 3, 4],
    ['setCanaryScale: replicas may be none', [4, 25, SCALE, set(0)], 0, 4],
    ['setCanaryScale: replicas are taken as they are', [4, 25, atLeastTwo, set(1)], 1, 4],
    ['setCanaryScale: replicas leave the stable side whole', [4, 50, dynamic, set(1)], 1, 4],
    ['setCanaryScale: weight', [4, 25, SCALE, weighed(50)], 2, 4],
    ['setCanaryScale: weight below the traffic’s', [4, 50, dynamic, weighed(25)], 1, 3],
    ['setCanaryScale: weight above the traffic’s leaves stable its traffic', [4, 25, dynamic, weighed(75)], 3, 3],
    ['setCanaryScale: matchTrafficWeight', [4, 75, SCALE, { kind: 'matchTrafficWeight' } as CanaryScale], 3, 4],
  ] as const) {
    const [replicas, weight, scale, canaryScale] = given;
    it(rule, () => {
      const counts = scaleFor({ replicas, weight, scale, traffic: router, ...(canaryScale && { canaryScale }) });
      assert.deepEqual(counts, { canary, stable });
    });
  }

  it('follow Argo’s TestCanarySetCanaryScale: 0, 1, 1, 3, 2, 4 canaries beside 4', () => {
    const steps: [number, CanaryScale | undefined][] = [
      [0, undefined],
      [0, weighed(25)],
      [25, weighed(25)],
      [50, set(3)],
      [50, { kind: 'matchTrafficWeight' }],
      [100, { kind: 'matchTrafficWeight' }],
    ];
    const counts = steps.map(([weight, canaryScale]) =>
      scaleFor({ replicas: 4, weight, scale: SCALE, traffic: router, ...(canaryScale && { canaryScale }) }),
    );
    assert.deepEqual(
      counts.map(({ canary }) => canary),
      [0, 1, 1, 3, 2, 4],
    );
    assert.ok(counts.every(({ stable }) => stable === 4));
  });

  it('without a router are the ratio’s, with surge as planned', () => {
    assert.deepEqual(scaleFor({ replicas: 4, weight: 10, scale: SCALE, traffic: none }), { canary: 1, stable: 4 });
    const tight = { ...SCALE, maxSurge: 0 };
    assert.deepEqual(scaleFor({ replicas: 4, weight: 10, scale: tight, traffic: none }), { canary: 1, stable: 3 });
  });
});
