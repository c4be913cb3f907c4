import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOver, type Pod } from '../../activities/workload/kubernetes/pod.ts';
import { restartingOf } from '../../activities/workload/kubernetes/restarting.ts';
import { nextEvictions } from '../../src/rollout/restart.ts';

const NOON = Date.parse('2026-03-04T12:00:00Z');

function pod(uid: string, { readyFor = 60, created = '2026-03-04T11:00:00Z' } = {}): Pod {
  const lastTransitionTime = new Date(NOON - 1_000 * readyFor).toISOString();
  return {
    metadata: { name: `web-${uid}`, uid, creationTimestamp: created },
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: readyFor < 0 ? 'False' : 'True', lastTransitionTime }],
    },
  };
}

function evictedOf(pods: readonly Pod[], old: readonly string[], { minReadySeconds = 0, ready = 9 } = {}) {
  const template = { spec: { containers: [] } };
  const object = { metadata: { name: 'web' }, spec: { minReadySeconds, selector: {}, template } };
  const from = { old, maxUnavailable: 1, now: NOON } as const;
  return nextEvictions(restartingOf({ object, replicas: pods.length, ready }, pods, from)).map(({ uid }) => uid);
}

test('a pod that came since is never evicted, however old the clocks say it is', () => {
  const young = pod('new', { created: '2026-03-04T10:00:00Z' });
  assert.deepEqual(evictedOf([young, pod('a')], ['a', 'gone']), ['a']);
  assert.deepEqual(evictedOf([young, young], ['a', 'gone']), []);
});

test('the next pod waits until the replacement has been ready for minReadySeconds', () => {
  const pods = [pod('new', { readyFor: 5 }), pod('a')];
  assert.deepEqual(evictedOf(pods, ['a'], { minReadySeconds: 6 }), []);
  assert.deepEqual(evictedOf(pods, ['a'], { minReadySeconds: 5 }), ['a']);
  assert.deepEqual(
    evictedOf(pods, ['a'], { minReadySeconds: 5, ready: 1 }),
    [],
    'its controller does not count it yet',
  );
  assert.deepEqual(evictedOf([pod('new', { readyFor: -1 }), pod('a')], ['a']), []);
});

test('pods that are being deleted, or have ended, are over', () => {
  const { metadata, status } = pod('a');
  assert.equal(isOver({ metadata, status }), false);
  assert.equal(isOver({ metadata: { ...metadata, deletionTimestamp: '2026-03-04T12:00:00Z' }, status }), true);
  assert.equal(isOver({ metadata, status: { ...status, phase: 'Failed' } }), true);
  assert.equal(isOver({ metadata, status: { ...status, phase: 'Succeeded' } }), true);
});
