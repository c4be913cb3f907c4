import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonPatchOperation } from '../../activities/kubernetes/index.ts';
import { type Autoscaler, hold, letGo } from '../../activities/workload/kubernetes/autoscaler.ts';

const TARGET = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'shop-1' };
const NEXT = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'shop-2' };

function autoscaler(change: Partial<Autoscaler['spec']> = {}, annotations?: Record<string, string>): Autoscaler {
  return {
    metadata: { name: 'shop', ...(annotations && { annotations }) },
    spec: { scaleTargetRef: TARGET, ...change },
  };
}

const held = (value: object) => ({ 'shiplock.dev/held': JSON.stringify(value), 'shiplock.dev/autoscales': 'shop' });
const pathsOf = (operations: readonly JsonPatchOperation[]) => operations.map(({ op, path }) => `${op} ${path}`);

test('an autoscaler is held in both directions, and remembers what it was', () => {
  const behavior = { scaleDown: { selectPolicy: 'Min', stabilizationWindowSeconds: 60 } };
  assert.deepEqual(hold(autoscaler({ behavior }), 'HorizontalPodAutoscaler', 'shop'), [
    { op: 'add', path: '/metadata/annotations', value: held({ up: null, down: 'Min' }) },
    {
      op: 'add',
      path: '/spec/behavior',
      value: {
        scaleUp: { selectPolicy: 'Disabled' },
        scaleDown: { selectPolicy: 'Disabled', stabilizationWindowSeconds: 60 },
      },
    },
  ]);
  assert.deepEqual(hold(autoscaler({}, held({ up: null, down: null })), 'HorizontalPodAutoscaler', 'shop'), []);
});

test('it goes on as before, for the workload that is stable now', () => {
  const behavior = {
    scaleUp: { selectPolicy: 'Disabled' },
    scaleDown: { selectPolicy: 'Disabled', stabilizationWindowSeconds: 60 },
  };
  assert.deepEqual(letGo(autoscaler({ behavior }, held({ up: null, down: 'Min' })), 'HorizontalPodAutoscaler', NEXT), [
    { op: 'remove', path: '/metadata/annotations/shiplock.dev~1held' },
    { op: 'add', path: '/spec/behavior/scaleUp/selectPolicy', value: 'Max' },
    { op: 'add', path: '/spec/behavior/scaleDown/selectPolicy', value: 'Min' },
    { op: 'replace', path: '/spec/scaleTargetRef', value: NEXT },
  ]);
});

test('what somebody else has changed meanwhile stays', () => {
  const behavior = { scaleUp: { selectPolicy: 'Min' }, scaleDown: { selectPolicy: 'Disabled' } };
  const freed = letGo(autoscaler({ behavior }, held({ up: null, down: null })), 'HorizontalPodAutoscaler', TARGET);
  assert.deepEqual(pathsOf(freed), [
    'remove /metadata/annotations/shiplock.dev~1held',
    'add /spec/behavior/scaleDown/selectPolicy',
  ]);
  const gone = letGo(autoscaler({}, held({ up: null, down: null })), 'HorizontalPodAutoscaler', null);
  assert.deepEqual(pathsOf(gone), ['remove /metadata/annotations/shiplock.dev~1held']);
  const damaged = letGo(autoscaler({ behavior }, { 'shiplock.dev/held': 'oops' }), 'HorizontalPodAutoscaler', TARGET);
  assert.deepEqual(pathsOf(damaged), ['remove /metadata/annotations/shiplock.dev~1held']);
});

test('a direction that was disabled before stays so', () => {
  const behavior = { scaleUp: { selectPolicy: 'Disabled' }, scaleDown: { selectPolicy: 'Disabled' } };
  const freed = letGo(autoscaler({ behavior }, held({ up: 'Max', down: 'Disabled' })), 'HorizontalPodAutoscaler', null);
  assert.deepEqual(freed.slice(1), [
    { op: 'add', path: '/spec/behavior/scaleUp/selectPolicy', value: 'Max' },
    { op: 'add', path: '/spec/behavior/scaleDown/selectPolicy', value: 'Disabled' },
  ]);
});

test('a ScaledObject is paused, and only its own pause is taken back', () => {
  const paused = 'autoscaling.keda.sh/paused';
  assert.deepEqual(hold(autoscaler({}, { a: 'b' }), 'ScaledObject', 'shop'), [
    { op: 'add', path: '/metadata/annotations/shiplock.dev~1held', value: '{"up":null,"down":null,"paused":false}' },
    { op: 'add', path: '/metadata/annotations/autoscaling.keda.sh~1paused', value: 'true' },
    { op: 'add', path: '/metadata/annotations/shiplock.dev~1autoscales', value: 'shop' },
  ]);
  const ours = { ...held({ up: null, down: null, paused: false }), [paused]: 'true' };
  assert.deepEqual(pathsOf(letGo(autoscaler({}, ours), 'ScaledObject', TARGET)), [
    'remove /metadata/annotations/shiplock.dev~1held',
    'remove /metadata/annotations/autoscaling.keda.sh~1paused',
  ]);
  const theirs = { ...held({ up: null, down: null, paused: true }), [paused]: 'true' };
  assert.deepEqual(pathsOf(letGo(autoscaler({}, theirs), 'ScaledObject', TARGET)), [
    'remove /metadata/annotations/shiplock.dev~1held',
  ]);
});

test('KEDA’s defaults name a Deployment', () => {
  const scaled = autoscaler({ scaleTargetRef: { name: 'shop' } });
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop' };
  assert.deepEqual(letGo(scaled, 'ScaledObject', deployment), []);
  assert.deepEqual(letGo(scaled, 'ScaledObject', NEXT), [{ op: 'replace', path: '/spec/scaleTargetRef', value: NEXT }]);
});
