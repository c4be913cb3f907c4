/** What Argo's own functions answer, from `../shared/vectors/argo` where a checkout has them; cases of our own stand in `rollout-replicas.test.ts`. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { ScalePlan } from '../../src/plan/target.ts';
import { budgetOf, type PodLimit, podLimit } from '../../src/rollout/budget.ts';
import { type Counts, nearestCounts } from '../../src/rollout/ratio.ts';
import { nextCounts } from '../../src/rollout/replace.ts';
import { scaleFor } from '../../src/rollout/replicas.ts';

const FILE = path.resolve(import.meta.dirname, '../../../shared/vectors/argo/replica-math.jsonl');
const there = existsSync(FILE);
const skip = there ? false : `no ${path.relative(process.cwd(), FILE)} in this checkout`;

interface Row {
  readonly Mode: 'basic' | 'routed';
  readonly Replicas: number;
  readonly Weight: number;
  readonly MaxSurge: string;
  readonly MaxUnavailable: string;
  readonly CanarySpec: number;
  readonly CanaryAvail: number;
  readonly StableSpec: number;
  readonly StableAvail: number;
  readonly DynamicStable?: boolean;
  readonly OutCanary: number;
  readonly OutStable: number;
}

/** As they were written down, a number is pods; nothing is Argo's default, the text `25`, which means percent. */
function limitOf(text: string): PodLimit {
  const limit = podLimit(text === '' ? '25' : /^[0-9]+$/.test(text) ? Number(text) : text);
  assert.ok(limit !== null, text);
  return limit;
}

/**
 * Argo's function runs out of options in a tie just below all of the pods ("should not get here") and scales the canary
 * to none; ours keeps one stable pod. The rows of that kind are checked with Argo's goal, and counted.
 */
function goalOf({ Replicas: replicas, Weight: weight }: Row, surge: number): Counts {
  const exact = (replicas * weight) / 100;
  const isMissed = surge === 0 && weight < 100 && replicas > 1 && exact === replicas - 0.5;
  if (!isMissed) return nearestCounts(weight, replicas, surge);
  missed += 1;
  assert.deepEqual(nearestCounts(weight, replicas, surge), { canary: replicas - 1, stable: 1 });
  return { canary: 0, stable: replicas };
}

let missed = 0;

function answer(row: Row): Counts {
  const { Replicas: replicas, Weight: weight } = row;
  const limits = { maxSurge: limitOf(row.MaxSurge), maxUnavailable: limitOf(row.MaxUnavailable) };
  if (row.Mode === 'basic') {
    const budget = budgetOf({ replicas, ...limits });
    return nextCounts({
      replicas,
      goal: goalOf(row, budget.surge),
      budget,
      canary: { wanted: row.CanarySpec, available: row.CanaryAvail },
      stable: { wanted: row.StableSpec, available: row.StableAvail },
    });
  }
  const scale: ScalePlan = {
    ...limits,
    dynamicStableScale: row.DynamicStable ?? false,
    minPodsPerReplicaSet: 1,
    abortScaleDownDelayMs: 30_000,
  };
  return scaleFor({ replicas, weight, scale, traffic: { kind: 'istio' } });
}

describe('The pods of both sides are those of Argo Rollouts', { skip }, () => {
  const rows = there ? readFileSync(FILE, 'utf8').trimEnd().split('\n') : [];
  for (const mode of ['basic', 'routed'] as const) {
    it(`${mode === 'basic' ? 'without' : 'with'} a router, in every row of the file`, (t) => {
      let checked = 0;
      for (const [index, line] of rows.entries()) {
        const row = JSON.parse(line) as Row;
        if (row.Mode !== mode) continue;
        assert.deepEqual(answer(row), { canary: row.OutCanary, stable: row.OutStable }, `line ${index + 1}: ${line}`);
        checked += 1;
      }
      assert.ok(checked > 0, `the file has rows of mode ${mode}`);
      t.diagnostic(`${checked} rows of mode ${mode}, ${missed} of them where Argo scales the canary to none`);
      assert.equal(missed > 0, mode === 'basic', 'a router knows no ties');
      missed = 0;
    });
  }

  it('and no other mode stands in the file', () => {
    assert.deepEqual(new Set(rows.map((line) => JSON.parse(line).Mode)), new Set(['basic', 'routed']));
  });
});
