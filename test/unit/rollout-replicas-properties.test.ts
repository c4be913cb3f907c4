/** What holds of the pods of both sides, whatever the numbers. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CanaryScale, ScalePlan } from '../../src/plan/target.ts';
import { budgetOf } from '../../src/rollout/budget.ts';
import { nearestCounts, reachable } from '../../src/rollout/ratio.ts';
import { nextCounts } from '../../src/rollout/replace.ts';
import { scaleFor } from '../../src/rollout/replicas.ts';
import { seeded } from '../bench/judge/chance.ts';

const random = seeded(11);
const below = (count: number): number => Math.floor(random() * count);
const oneOf = <One>(...some: readonly One[]): One => some[below(some.length)] as One;

function someScale(): ScalePlan {
  const limit = () => oneOf<number | `${number}%`>(below(6), `${below(101)}%`);
  return {
    maxSurge: limit(),
    maxUnavailable: limit(),
    dynamicStableScale: oneOf(true, false),
    minPodsPerReplicaSet: 1 + below(4),
    abortScaleDownDelayMs: null,
  };
}

describe('Without a router', () => {
  it('a weight of 1 to 99 leaves neither side without a pod where there may be two, and its pods are a pod’s share away at most', () => {
    for (let replicas = 1; replicas <= 60; replicas += 1) {
      for (const surge of [0, 1, 5]) {
        for (let weight = 0; weight <= 100; weight += 1) {
          const { canary, stable } = nearestCounts(weight, replicas, surge);
          const total = canary + stable;
          const told = `${weight} % of ${replicas} (surge ${surge}): ${canary}/${stable}`;
          assert.ok(canary >= 0 && stable >= 0 && total > 0, told);
          assert.ok(total === replicas || (surge > 0 && total === replicas + 1), told);
          if (weight > 0 && weight < 100 && replicas + surge > 1) assert.ok(canary > 0 && stable > 0, told);
          if (weight === 0) assert.equal(canary, 0, told);
          if (weight === 100) assert.equal(stable, 0, told);
          assert.ok(Math.abs(reachable(weight, replicas, surge).weight - weight) <= 100 / replicas, told);
        }
      }
    }
  });

  it('both limits hold at every moment, however the pods become available, and the weight is reached', () => {
    for (let round = 0; round < 3_000; round += 1) {
      const replicas = 1 + below(20);
      const budget = budgetOf({ replicas, ...someScale() });
      const least = replicas - budget.unavailable;
      let canary = { wanted: 0, available: 0 };
      let stable = { wanted: replicas, available: replicas };
      for (const weight of [below(101), below(101), oneOf(0, 100)]) {
        const goal = nearestCounts(weight, replicas, budget.surge);
        let moves = 0;
        for (;;) {
          const next = nextCounts({ replicas, goal, budget, canary, stable });
          const told = JSON.stringify({ replicas, weight, budget, canary, stable, next });
          const serving = canary.available + stable.available;
          assert.ok(next.canary >= 0 && next.stable >= 0, told);
          assert.ok(next.canary + next.stable <= replicas + budget.surge, told);
          const left = Math.min(canary.available, next.canary) + Math.min(stable.available, next.stable);
          assert.ok(left >= Math.min(serving, least), told);
          if (least > 0) assert.ok(next.canary + next.stable > 0, told);
          const isAtRest = next.canary === canary.available && next.stable === stable.available;
          if (isAtRest && next.canary === goal.canary && next.stable === goal.stable) break;
          moves += 1;
          assert.ok(moves < 1_000, `never comes to rest: ${told}`);
          // One pod more becomes available, of either side.
          canary = { wanted: next.canary, available: Math.min(canary.available, next.canary) };
          stable = { wanted: next.stable, available: Math.min(stable.available, next.stable) };
          if (canary.available < canary.wanted && (stable.available === stable.wanted || oneOf(true, false))) {
            canary = { ...canary, available: canary.available + 1 };
          } else if (stable.available < stable.wanted) stable = { ...stable, available: stable.available + 1 };
        }
      }
    }
  });
});

describe('Behind a router', () => {
  it('every side that has traffic has pods for it, before and after the weight moves', () => {
    for (let round = 0; round < 5_000; round += 1) {
      const [replicas, scale] = [1 + below(50), someScale()];
      const at = (weight: number, canaryScale?: CanaryScale) =>
        scaleFor({ replicas, weight, scale, traffic: { kind: 'istio' }, ...(canaryScale && { canaryScale }) });
      const [old, wanted] = [below(101), below(101)];
      const [from, to] = [at(old), at(wanted)];
      // The workflow grows what is to grow before the weight, and shrinks the rest after it.
      const before = { canary: Math.max(from.canary, to.canary), stable: Math.max(from.stable, to.stable) };
      const told = JSON.stringify({ replicas, scale, old, wanted, from, to, before });
      for (const weight of [old, wanted]) {
        assert.ok(before.canary * 100 >= weight * replicas, told);
        assert.ok(before.stable * 100 >= (100 - weight) * replicas, told);
      }
      assert.ok(to.canary + to.stable > 0, told);
      assert.ok(to.canary <= replicas && to.stable <= replicas, told);
      assert.equal(to.canary === 0, wanted === 0, told);
      if (!scale.dynamicStableScale) assert.equal(to.stable, replicas, told);
      else assert.equal(to.stable === 0, wanted === 100, told);
      const scaled = at(
        wanted,
        oneOf<CanaryScale>({ kind: 'weight', weight: below(101) }, { kind: 'replicas', replicas: below(9) }),
      );
      assert.ok(
        scaled.stable * 100 >= (100 - wanted) * replicas,
        `a canary's scale takes no pods from stable: ${told}`,
      );
    }
  });
});
