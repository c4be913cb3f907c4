/** What `check` says of weights that no router splits. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { compileRelease, describePlan } from '../../src/plan/index.ts';
import { edited, folderOf } from './plan-fixture.ts';
import { CLUSTER } from './plan-kubernetes-fixture.ts';

const ROUTED = `      trafficRouting:
        istio:
          virtualService: { name: shop, routes: [primary] }
`;

/** The table of three pods at 10, 25 and 50 %. */
function shown(files: Readonly<Record<string, string>>): string {
  const made = compileRelease({ file: path.join(folderOf(files), 'release.yaml'), version: '1.2.0' });
  assert.ok(made.ok, JSON.stringify(made.errors));
  const steps = [10, 25, 50].map((weight) => ({ kind: 'setWeight', weight }) as const);
  return describePlan({ ...made.plan, canary: { ...made.plan.canary, steps } }, { width: 200 });
}

test('without a router each step says which weight so many pods can reach', () => {
  const rows = shown(edited('rollout.yaml', ROUTED, '', CLUSTER));
  assert.match(rows, /step 1: weight: asked 10 %, reachable 25 % with 4 pods, 1 of them the canary’s/);
  assert.match(rows, /step 2: weight 25 %/);
  assert.match(rows, /step 3: weight 50 %/);
});

test('with one the weights are as asked', () => {
  const rows = shown(CLUSTER);
  assert.match(rows, /step 1: weight 10 %/);
  assert.doesNotMatch(rows, /reachable/);
});
