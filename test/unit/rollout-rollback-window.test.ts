import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { whyKnown } from '../../src/rollout/rollback-window.ts';

describe('The rollback window', () => {
  const cases: readonly [history: string, version: string, revisions: number, known: boolean][] = [
    ['1 2', '1', 1, true],
    ['1 2 3', '1', 1, false],
    ['1 2 3', '1', 2, true],
    ['1 2 3', '2', 1, true],
    ['1 2 3', '4', 9, false],
    ['1 2 3', '3', 9, false],
    ['', '1', 9, false],
  ];
  for (const [history, version, revisions, known] of cases) {
    it(`after ${history || 'nothing'}, ${version} is ${known ? '' : 'not '}known within ${revisions}`, () => {
      const versions = history.split(' ').filter((each) => each !== '');
      const why = whyKnown({ version, history: versions, stable: versions.at(-1) ?? '0', revisions });
      assert.equal(why !== null, known);
    });
  }
});
