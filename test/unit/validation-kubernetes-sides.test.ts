/** Which revision is looked at as `live` and as `preview`, on a cluster. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Revision } from '../../activities/kubernetes/index.ts';
import { sideIn } from '../../activities/validation/kubernetes.ts';

function revision(version: string, role: 'stable' | 'canary' | null, bornAt: number, ready = 2): Revision {
  const metadata = {
    name: `shop-${version}`,
    creationTimestamp: new Date(bornAt).toISOString(),
    labels: role === null ? {} : { 'shiplock.dev/role': role },
  };
  const key = { label: 'shiplock.dev/revision', value: version };
  const object = { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata, spec: { replicas: 2 } };
  return { version, key, ready, replicas: 2, kind: 'ReplicaSet', podSelector: {}, object } as unknown as Revision;
}

const OLD = revision('1.0.0', 'stable', 1_000);
const NEW = revision('1.1.0', 'canary', 2_000);

describe('the side that is previewed', () => {
  for (const [when, revisions, weights, preview, live] of [
    ['before a first switch', [NEW], {}, '1.1.0', undefined],
    ['before any traffic', [OLD, NEW], { '1.0.0': 100 }, '1.1.0', '1.0.0'],
    ['after a ramp, with its share', [OLD, NEW], { '1.0.0': 25, '1.1.0': 75 }, '1.1.0', undefined],
    ['a version older than the stable one', [OLD, revision('0.9.0', 'canary', 1)], { '1.0.0': 100 }, '0.9.0', '1.0.0'],
    [
      'after the switch, the old side',
      [revision('1.0.0', null, 1_000), revision('1.1.0', 'stable', 2_000)],
      { '1.1.0': 100 },
      '1.0.0',
      '1.1.0',
    ],
    ['a canary without ready pods', [OLD, revision('1.1.0', 'canary', 2_000, 0)], { '1.0.0': 100 }, undefined, '1.0.0'],
  ] as const)
    test(`is right ${when}`, () => {
      assert.equal(sideIn(revisions, weights, 'preview')?.version, preview);
      assert.equal(sideIn(revisions, weights, 'live')?.version, live);
    });
});
