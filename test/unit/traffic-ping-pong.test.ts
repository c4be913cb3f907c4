import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alternates } from '../../activities/traffic/kubernetes/ping-pong.ts';
import type { KubernetesPlace, TrafficPlan } from '../../src/plan/target.ts';

const place = (traffic: TrafficPlan): KubernetesPlace => ({
  platform: 'kubernetes',
  cluster: 'test',
  namespace: 'web',
  selector: { app: 'shop' },
  stableService: 'shop-ping',
  canaryService: 'shop-pong',
  traffic,
});

test('the two Services change roles with ping-pong, and with nothing else', () => {
  const istio = { kind: 'istio', virtualServices: [{ name: 'shop', routes: [] }] } as const;
  const gateway = { kind: 'gateway', routes: [{ kind: 'HTTPRoute', name: 'shop' }] } as const;
  const alternate = (traffic: TrafficPlan) => alternates(place(traffic));
  assert.deepEqual([alternate({ ...istio, pingPong: true }), alternate({ ...gateway, pingPong: true })], [true, true]);
  assert.deepEqual([alternate(istio), alternate(gateway), alternate({ kind: 'replicas' })], [false, false, false]);
});
