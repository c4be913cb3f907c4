import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { windowOf } from '../../activities/metrics/window.ts';

describe('the window of a query', () => {
  const cases: [string, string][] = [
    ['up', ''],
    ['rate(a[2m])', '2m'],
    ['rate(a[2m]) / rate(b[2m])', '2m'],
    ['rate(a[2m]) / rate(b[ 5m ])', '2m, 5m'],
    ['max_over_time(rate(a[1m])[10m:30s])', '1m, 10m:30s'],
    ['rate(a{b="[1h]",c=\'[2h]\',d=~"x\\"[3h]"}[2m])', '2m'],
    ['rate(a[2m]) # not [1h]', '2m'],
    ['a{b=~"[0-9]+"}', ''],
  ];
  for (const [query, window] of cases)
    it(`${query} → ${window || 'an instant'}`, () => assert.equal(windowOf(query), window));
});
