import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { revisionId } from '../../src/rollout/revision-id.ts';
import { seeded } from '../bench/judge/chance.ts';

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

describe('The ID of a revision', () => {
  for (const [version, slug] of [
    ['1.1.0', '1-1-0-'],
    ['v2', 'v2-'],
    ['Release_2026/11 (final)', 'release-2026-11-final-'],
    ['--x--', 'x-'],
    ['ü', ''],
    [`${'a'.repeat(39)}.b`, `${'a'.repeat(39)}-`],
    ['sha256:'.padEnd(80, 'f'), `sha256-${'f'.repeat(33)}-`],
  ] as const) {
    it(`of ${version} is readable, and ends with the version's hash`, () => {
      const hash = createHash('sha256').update(version).digest('hex').slice(0, 8);
      assert.equal(revisionId(version), `${slug}${hash}`);
    });
  }

  it('tells versions apart that look the same as a name', () => {
    const versions = ['1.0', '1-0', '1_0', '1..0', '1.0-'];
    assert.equal(new Set(versions.map(revisionId)).size, versions.length);
  });

  it('is a DNS label of at most 49 characters, whatever the version is', () => {
    const random = seeded(7);
    for (let round = 0; round < 2_000; round += 1) {
      const length = 1 + Math.floor(random() * 128);
      const version = String.fromCodePoint(...Array.from({ length }, () => 32 + Math.floor(random() * 600)));
      const id = revisionId(version);
      assert.match(id, DNS_LABEL, version);
      assert.ok(id.length <= 49, `${id} of ${version}`);
    }
  });
});
