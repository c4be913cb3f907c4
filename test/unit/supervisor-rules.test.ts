import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  canonicalWeights,
  nextFence,
  partialWeights,
  type RevisionFacts,
  ruleChange,
  ruleCount,
  ruleFence,
  ruleRemoval,
  ruleWeights,
} from '../../infra/local/stack/rules.ts';

function revision(version: string, ready: number, replicas = 2, removing = false): RevisionFacts {
  return { version, replicas, ready, removing, because: ready < replicas ? 'GET /ready answers 503' : '' };
}

const codeOf = (ruling: ReturnType<typeof ruleFence>) => (ruling.allowed ? 'allowed' : ruling.code);

describe('the number of revisions', () => {
  it('stays below what the router can watch, where that is known', () => {
    assert.equal(codeOf(ruleCount(99, 100)), 'allowed');
    assert.equal(codeOf(ruleCount(100, 100)), 'SHIPLOCK_LOCAL_REVISIONS_FULL');
    assert.equal(codeOf(ruleCount(1_000, null)), 'allowed');
  });
});

describe('the fence', () => {
  it('lets equal and higher numbers pass, and refuses lower ones', () => {
    assert.equal(codeOf(ruleFence(1000, 1000)), 'allowed');
    assert.equal(codeOf(ruleFence(1000, 1001)), 'allowed');
    assert.equal(codeOf(ruleFence(1000, 999)), 'SHIPLOCK_FENCE_STALE');
  });

  it('gives each release the next thousand above everything seen', () => {
    assert.deepEqual([0, 999, 1000, 1001, 1999].map(nextFence), [1000, 1000, 2000, 2000, 2000]);
  });
});

describe('weights', () => {
  const both = [revision('a', 2), revision('b', 2)];

  for (const [what, asked, code] of [
    ['a sum below 100', { a: 50, b: 49 }, 'SHIPLOCK_LOCAL_REQUEST_INVALID'],
    ['a sum above 100', { a: 50, b: 51 }, 'SHIPLOCK_LOCAL_REQUEST_INVALID'],
    ['a fraction', { a: 49.5, b: 50.5 }, 'SHIPLOCK_LOCAL_REQUEST_INVALID'],
    ['a negative share', { a: 101, b: -1 }, 'SHIPLOCK_LOCAL_REQUEST_INVALID'],
    ['a share for what does not run', { a: 90, c: 10 }, 'SHIPLOCK_LOCAL_NOT_READY'],
    ['no share at all while something could serve', {}, 'SHIPLOCK_LOCAL_REQUEST_INVALID'],
    ['a share of zero for what does not run', { a: 100, c: 0 }, 'allowed'],
    ['a whole split', { a: 90, b: 10 }, 'allowed'],
  ] as const) {
    it(`${code === 'allowed' ? 'may have' : 'may not have'} ${what}`, () => {
      assert.equal(codeOf(ruleWeights({ a: 100 }, asked, both)), code);
    });
  }

  it('grow only where every replica is ready, and say what is missing', () => {
    const ruling = ruleWeights({ a: 100 }, { a: 90, b: 10 }, [revision('a', 2), revision('b', 1)]);
    assert.deepEqual(ruling, {
      allowed: false,
      code: 'SHIPLOCK_LOCAL_NOT_READY',
      message: 'b may not get 10 %: 1 of 2 replicas are ready (GET /ready answers 503)',
    });
  });

  it('need no readiness where a share stays or shrinks', () => {
    assert.equal(
      codeOf(ruleWeights({ a: 50, b: 50 }, { a: 60, b: 40 }, [revision('a', 2), revision('b', 0)])),
      'allowed',
    );
    assert.equal(
      codeOf(ruleWeights({ a: 50, b: 50 }, { a: 50, b: 50 }, [revision('a', 0), revision('b', 0)])),
      'allowed',
    );
  });

  it('do not grow on what is being removed', () => {
    const going = [revision('a', 2), revision('b', 2, 2, true)];
    assert.equal(codeOf(ruleWeights({ a: 100 }, { b: 100 }, going)), 'SHIPLOCK_LOCAL_NOT_READY');
  });

  it('may become none to undo a first release, or where there are none', () => {
    assert.equal(codeOf(ruleWeights({ a: 100 }, {}, [revision('a', 2)])), 'allowed');
    assert.equal(codeOf(ruleWeights({}, {}, both)), 'allowed');
  });

  it('are the same value in any order and with zeros', () => {
    assert.equal(JSON.stringify(canonicalWeights({ b: 10, a: 90, c: 0 })), JSON.stringify({ a: 90, b: 10 }));
  });
});

describe('the way back in part', () => {
  const back = { a: 100 };

  for (const [what, a, b, expected] of [
    ['all of it when the old side is whole', 4, 4, { a: 100 }],
    ['what the ready replicas carry', 2, 4, { a: 50, b: 50 }],
    ['nothing more while none is ready', 0, 4, { a: 20, b: 80 }],
    ['all of it to the better side when the new one is dead', 2, 0, { a: 100 }],
    ['what neither can carry to where it is wanted', 2, 1, { a: 75, b: 25 }],
    ['nothing when both are dead', 0, 0, { a: 20, b: 80 }],
  ] as const) {
    it(`moves ${what}`, () => {
      const moved = partialWeights({ a: 20, b: 80 }, back, [revision('a', a, 4), revision('b', b, 4)]);
      assert.deepEqual(canonicalWeights(moved), expected);
    });
  }

  it('always sums to 100 and never takes from the side that is wanted', () => {
    for (let before = 0; before <= 100; before += 5) {
      for (let a = 0; a <= 3; a++) {
        for (let b = 0; b <= 3; b++) {
          const current = { a: before, b: 100 - before };
          const moved = partialWeights(current, back, [revision('a', a, 3), revision('b', b, 3)]);
          const sum = Object.values(moved).reduce((total, weight) => total + weight, 0);
          assert.equal(sum, 100, `${before}/${a}/${b}`);
          assert.ok((moved.a ?? 0) >= before, `${before}/${a}/${b}`);
        }
      }
    }
  });
});

describe('what carries traffic', () => {
  it('is neither removed, nor made smaller, nor changed', () => {
    const carries = 'SHIPLOCK_LOCAL_CARRIES_TRAFFIC';
    assert.equal(codeOf(ruleRemoval('a', { a: 1 })), carries);
    const change = { replicasBefore: 2, replicas: 2, otherwiseSame: true };
    assert.equal(codeOf(ruleChange('a', { a: 100 }, { ...change, replicas: 1 })), carries);
    assert.equal(codeOf(ruleChange('a', { a: 100 }, { ...change, otherwiseSame: false })), carries);
    assert.equal(codeOf(ruleChange('a', { a: 100 }, { ...change, replicas: 3 })), 'allowed');
    assert.equal(codeOf(ruleChange('b', { a: 100 }, { ...change, otherwiseSame: false })), 'allowed');
    assert.equal(codeOf(ruleRemoval('b', { a: 100 })), 'allowed');
  });
});
