import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { personOf } from '../../activities/attestation/person.ts';

describe('a person', () => {
  const alice = { type: 'jwt', name: 'alice@example.com' };
  const cases: [string, Parameters<typeof personOf>[0], ReturnType<typeof personOf>][] = [
    [
      'whom the server proves',
      { identity: 'bob', principal: alice },
      { identity: 'bob', principal: 'jwt:alice@example.com', level: 'principal' },
    ],
    [
      'proven without a claim',
      { principal: alice },
      { identity: '', principal: 'jwt:alice@example.com', level: 'principal' },
    ],
    ['who only claims', { identity: 'bob' }, { identity: 'bob', principal: null, level: 'identity' }],
    [
      'of whom nothing is said',
      { identity: '', principal: null },
      { identity: '', principal: null, level: 'anonymous' },
    ],
    [
      'who is the server itself',
      { identity: 'history', principal: { type: 'temporal', name: 'internal' } },
      { identity: 'history', principal: null, level: 'identity' },
    ],
    [
      'proven without a name',
      { identity: '', principal: { type: 'jwt', name: '' } },
      { identity: '', principal: null, level: 'anonymous' },
    ],
  ];
  for (const [who, claimed, expected] of cases) {
    it(`${who} has the level ${expected.level}`, () => assert.deepEqual(personOf(claimed), expected));
  }
});
