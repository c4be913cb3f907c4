import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { weightsFor } from '../../src/rollout/weights.ts';

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

  for (const weight of [-1, 101, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    it(`are refused for a share of ${weight}`, () => {
      assert.throws(() => weightsFor({ stable: '1.0.0', canary: '1.1.0', weight }), RangeError);
    });
  }
});
