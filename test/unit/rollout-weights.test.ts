import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { baselineName, weightsFor } from '../../src/rollout/weights.ts';

describe('The weights of a canary step', () => {
  it('sum to 100 for every share', () => {
    for (let weight = 0; weight <= 100; weight += 1) {
      const weights = weightsFor({ stable: '1.0.0', canary: '1.1.0', weight });
      assert.deepEqual(weights, { '1.0.0': 100 - weight, '1.1.0': weight });
    }
  });

  it('are all the canary’s where there is no stable side, or it is the same version', () => {
    assert.deepEqual(weightsFor({ stable: null, canary: '1.0.0', weight: 10 }), { '1.0.0': 100 });
    assert.deepEqual(weightsFor({ stable: '1.0.0', canary: '1.0.0', weight: 10 }), { '1.0.0': 100 });
  });

  it('give a baseline as much as the canary, or what is left', () => {
    for (let weight = 0; weight <= 100; weight += 1) {
      const weights = weightsFor({ stable: 'a', canary: 'b', baseline: 'c', weight });
      assert.equal(weights.b, weight);
      assert.equal(weights.c, Math.min(weight, 100 - weight));
      assert.equal(
        Object.values(weights).reduce((sum, share) => sum + share, 0),
        100,
      );
      assert.ok(Object.values(weights).every((share) => share >= 0));
    }
    assert.deepEqual(weightsFor({ stable: null, canary: 'b', baseline: null, weight: 10 }), { b: 100 });
  });

  it('name a baseline like nothing else that runs', () => {
    assert.equal(baselineName('1.0.0', ['1.0.0', '1.1.0']), '1.0.0-baseline');
    assert.equal(baselineName('1.0.0', ['1.0.0', '1.0.0-baseline']), '1.0.0-baseline-2');
    assert.ok(baselineName('x'.repeat(128), []).length <= 128);
  });

  for (const weight of [-1, 101, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    it(`are refused for a share of ${weight}`, () => {
      assert.throws(() => weightsFor({ stable: '1.0.0', canary: '1.1.0', weight }), RangeError);
    });
  }
});
