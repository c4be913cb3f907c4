import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isConfirmed } from '../../src/validation/question.ts';

test('a move counts as confirmed by the router with and without pods that came for it', () => {
  for (const [because, expected] of [
    ['confirmed by the router', true],
    ['1.1.0: 4 of 4 replicas ready after 3.1 s; confirmed by the router', true],
    ['1.1.0: 4 of 4 replicas ready after 3.1 s; set; the router was not asked', false],
    ['set; the router was not asked', false],
    ['', false],
  ] as const)
    assert.equal(isConfirmed(because), expected, because);
});
