import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LoadReport, LoadSide, Probe } from '../../activities/validation/port.ts';
import type { PerformanceCheck } from '../../src/plan/plan.ts';
import { judgeHeaders, judgeLoad, judgeProbe } from '../../src/validation/judge.ts';

const probe = (changes: Partial<Probe> = {}): Probe => ({
  at: '2026-11-23T15:00:00.000Z',
  url: 'http://127.0.0.1:20001/health',
  status: 200,
  headers: {},
  seconds: 0.0123,
  error: null,
  version: '1.1.0',
  ...changes,
});
const lost = probe({ status: null, error: 'no answer within 500 ms' });

describe('a probe', () => {
  const check = { path: '/health', status: 200, timeoutMs: 500 };

  it('passes with the status that was asked for, and only with it', () => {
    assert.deepEqual(judgeProbe(check, probe()), { verdict: 'pass', because: '/health answers 200 in 0.012 s' });
    const other = judgeProbe(check, probe({ status: 204 }));
    assert.deepEqual(other, { verdict: 'fail', because: '/health answers 204 in 0.012 s, not 200' });
  });

  it('fails without an answer, and says why', () => {
    const { verdict, because } = judgeProbe(check, lost);
    assert.deepEqual([verdict, because], ['fail', `${lost.url} did not answer: no answer within 500 ms`]);
  });
});

describe('required headers', () => {
  const required = { 'x-content-type-options': 'nosniff', 'content-security-policy': '' };
  const headers = { 'x-content-type-options': 'nosniff ', 'content-security-policy': "default-src 'self'" };

  it('pass when each is there with its value, or with any', () => {
    const { verdict, because } = judgeHeaders(required, probe({ headers }));
    assert.equal(verdict, 'pass');
    assert.match(because, /^2 of 2 required headers: x-content-type-options, content-security-policy$/);
  });

  const wrong: readonly [string, Readonly<Record<string, string>>, RegExp][] = [
    ['missing', { 'content-security-policy': 'x' }, /x-content-type-options is missing/],
    [
      'different',
      { ...headers, 'x-content-type-options': 'sniff' },
      /x-content-type-options is "sniff", not "nosniff"/,
    ],
    ['empty', { ...headers, 'content-security-policy': ' ' }, /content-security-policy is missing/],
  ];
  for (const [name, found, expected] of wrong) {
    it(`fail where one is ${name}`, () => {
      const { verdict, because } = judgeHeaders(required, probe({ headers: found }));
      assert.equal(verdict, 'fail');
      assert.match(because, expected);
    });
  }

  it('show nothing where the service did not answer, or failed, or none is required', () => {
    assert.equal(judgeHeaders(required, lost).verdict, 'inconclusive');
    assert.equal(judgeHeaders(required, probe({ headers, status: 503 })).verdict, 'inconclusive');
    assert.equal(judgeHeaders({}, probe({ headers })).verdict, 'inconclusive');
  });
});

describe('a load', () => {
  const check: PerformanceCheck = {
    path: '/',
    ratePerSecond: 100,
    durationMs: 10_000,
    p95Seconds: 0.2,
    errorShare: 0.01,
    versusStable: null,
  };
  const compared = { ...check, versusStable: 1.5 };
  const side = (changes: Partial<LoadSide> = {}): LoadSide => ({
    requests: 1_000,
    failed: 0,
    p50Seconds: 0.05,
    p95Seconds: 0.1,
    p99Seconds: 0.15,
    late: 0,
    ...changes,
  });
  const report = (live: Partial<LoadSide> = {}, preview: Partial<LoadSide> | null = null): LoadReport => ({
    at: '2026-11-23T15:00:00.000Z',
    live: side(live),
    preview: preview && side(preview),
  });

  const cases: readonly [string, PerformanceCheck, LoadReport, 'pass' | 'fail' | 'inconclusive', RegExp][] = [
    ['within its limits', check, report(), 'pass', /^p95 0\.100 s of 1000 requests, 0 failed$/],
    ['at its very limits', check, report({ p95Seconds: 0.2, failed: 10 }), 'pass', /10 failed/],
    ['slower than allowed', check, report({ p95Seconds: 0.201 }), 'fail', /above 0\.200 s/],
    ['with more failures than allowed', check, report({ failed: 11 }), 'fail', /11 of 1000 .* 1\.10 % > 1\.00 %/],
    [
      'that failed while it was sent late',
      check,
      report({ failed: 500, late: 500 }),
      'fail',
      /500 of 1000 requests failed/,
    ],
    ['with a hundred requests', check, report({ requests: 100 }), 'pass', /of 100 requests/],
    [
      'with fewer than a hundred',
      check,
      report({ requests: 99, failed: 99 }),
      'inconclusive',
      /99 requests are too few/,
    ],
    ['without any', check, report({ requests: 0, p95Seconds: 0 }), 'inconclusive', /0 requests are too few/],
    ['sent late', check, report({ late: 31 }), 'inconclusive', /31 of 1000 requests were sent late/],
    ['without latencies', check, report({ p95Seconds: 0 }), 'inconclusive', /no latency/],
    ['whose latency is no number', check, report({ p95Seconds: Number.NaN }), 'inconclusive', /no latency/],
    ['as fast as the old side', compared, report({}, {}), 'pass', /1\.00 times the old side's 0\.100 s$/],
    ['slower than the old side', compared, report({ p95Seconds: 0.16 }, {}), 'fail', /1\.60 times .*: above 1\.5$/],
    ['whose comparison is missing', compared, report(), 'inconclusive', /could not be compared/],
    [
      'compared with too few',
      compared,
      report({}, { requests: 50 }),
      'inconclusive',
      /old side 50 requests are too few/,
    ],
    ['compared with a late one', compared, report({}, { late: 500 }), 'inconclusive', /old side 500 of 1000/],
    ['compared with a failing one', compared, report({}, { failed: 900 }), 'inconclusive', /no measure/],
    ['compared with nothing measured', compared, report({}, { p95Seconds: 0 }), 'inconclusive', /old side no latency/],
    ['not to be compared', check, report({ p95Seconds: 0.16 }, {}), 'pass', /0 failed$/],
  ];
  for (const [name, planned, seen, verdict, because] of cases) {
    it(`${name}: ${verdict}`, () => {
      const judged = judgeLoad(planned, seen);
      assert.equal(judged.verdict, verdict, judged.because);
      assert.match(judged.because, because);
    });
  }
});
