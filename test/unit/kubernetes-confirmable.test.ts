/** Which releases could be confirmed by somebody, and which by nobody. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { confirmable, type Reported } from '../../activities/traffic/kubernetes/confirmable.ts';
import type { TrafficPlan } from '../../src/plan/target.ts';

const NOW = Date.parse('2026-11-26T16:00:00Z');
const at = (secondsAgo: number): string => new Date(NOW - 1_000 * secondsAgo).toISOString();

const ISTIO: TrafficPlan = { kind: 'istio', virtualServices: [{ name: 'shop', routes: [] }] };
const PING_PONG: TrafficPlan = { ...ISTIO, pingPong: true };
const SUBSETS: TrafficPlan = {
  ...ISTIO,
  destinationRule: { name: 'shop', canarySubset: 'canary', stableSubset: 'stable' },
};
const GATEWAY: TrafficPlan = { kind: 'gateway', routes: [{ kind: 'HTTPRoute', name: 'shop' }] };
const REPLICAS: TrafficPlan = { kind: 'replicas' };

const service = (verdict: Reported['verdict'], createdAt?: string): Reported => {
  return { kind: 'VirtualService', name: 'shop', verdict, createdAt };
};
const other = (verdict: Reported['verdict'], createdAt?: string): Reported => {
  return { kind: 'VirtualService', name: 'other', verdict, createdAt };
};
const route = (verdict: Reported['verdict'], createdAt?: string): Reported => {
  return { kind: 'HTTPRoute', name: 'shop', verdict, createdAt };
};
const OLD = at(3_600);
const verdict = (traffic: TrafficPlan, counted: boolean | null, ...objects: readonly Reported[]) =>
  confirmable(traffic, counted, objects, NOW).verdict;

describe('weights', () => {
  test('are confirmed by what the router counts, also where the Services change roles', () => {
    for (const traffic of [ISTIO, PING_PONG, GATEWAY]) {
      assert.equal(verdict(traffic, true, service('silent', OLD)), 'yes');
      assert.equal(verdict(traffic, false, service('silent', OLD)), 'no');
    }
  });

  test('are not by counters that do not tell the sides apart', () => {
    assert.equal(verdict(SUBSETS, true, service('silent', OLD)), 'no');
    assert.equal(verdict(SUBSETS, null, service('silent', OLD)), 'no');
    assert.equal(verdict(SUBSETS, true, service('accepted', OLD)), 'yes');
    assert.match(confirmable(SUBSETS, true, [service('silent', OLD)], NOW).because, /subsets of DestinationRule shop/);
  });

  test('are not by the share of the pods', () => {
    for (const counted of [true, false, null]) assert.equal(verdict(REPLICAS, counted), 'no');
  });

  test('are where whoever has a say does report, whatever it says now', () => {
    for (const now of ['accepted', 'waiting', 'refused'] as const) {
      assert.equal(verdict(ISTIO, false, service(now, OLD)), 'yes');
      assert.equal(verdict(GATEWAY, false, route(now, OLD)), 'yes');
    }
    assert.equal(verdict(GATEWAY, false, route('silent', OLD)), 'no');
  });

  test('are not where one of several objects has nobody who reports', () => {
    const found = confirmable(ISTIO, false, [service('accepted', OLD), other('silent', OLD)], NOW);
    assert.equal(found.verdict, 'no');
    assert.match(found.because, /^VirtualService other has no condition Reconciled/);
  });

  test('may still be where the object is new', () => {
    assert.equal(verdict(ISTIO, false, service('silent', at(59))), 'notYet');
    assert.equal(verdict(ISTIO, false, service('silent', at(60))), 'no');
    assert.equal(verdict(ISTIO, false, service('silent', at(-5))), 'notYet');
    assert.equal(verdict(ISTIO, false, service('silent', at(59)), other('silent', OLD)), 'no');
    assert.equal(verdict(ISTIO, false, service('silent', undefined)), 'no');
  });

  test('are not known to be where nobody reports and no policy is named', () => {
    assert.equal(verdict(ISTIO, null, service('silent', OLD)), 'unknown');
    assert.equal(verdict(ISTIO, null, service('accepted', OLD)), 'yes');
  });

  test('of an object that is not there are another failure’s to say', () => {
    assert.equal(verdict(ISTIO, false), 'yes');
  });

  test('that nobody confirms are told with what to do', () => {
    const { because, mend } = confirmable(ISTIO, false, [service('silent', OLD)], NOW) as {
      because: string;
      mend: string;
    };
    assert.match(because, /PILOT_ENABLE_STATUS is set, and the policy names no routerMetrics for this cluster$/);
    assert.equal(
      mend,
      'name routerMetrics in the policy, or have istiod write a status (PILOT_ENABLE_STATUS=true), or leave validation out of the release file, or give it onFailure: phase',
    );
    const of = (traffic: TrafficPlan, counted: boolean, ...objects: readonly Reported[]) =>
      (confirmable(traffic, counted, objects, NOW) as { mend: string }).mend;
    assert.doesNotMatch(of(SUBSETS, true, service('silent', OLD)), /routerMetrics/);
    assert.match(of(GATEWAY, false, route('silent', OLD)), /controller of its Gateway/);
    assert.match(of(REPLICAS, false), /^name a router under target\.traffic/);
  });
});
