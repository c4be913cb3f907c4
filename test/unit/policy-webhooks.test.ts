import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { keyOf } from '../../activities/notify/cloud-event.ts';
import { judge } from '../../activities/notify/verdict.ts';
import { gateEnvironment, parsePolicy, policyRefusals } from '../../workers/policy.ts';
import { somePlan } from '../fixtures/some-plan.ts';

const hook = (url: string): string => `webhooks: { deploys: { url: '${url}', secret: { env: DEPLOYS } } }`;

suite('webhooks of a policy', () => {
  test('are named by the release, and no others are', () => {
    const policy = parsePolicy(hook('https://hooks.example/in'), 'p.yaml');
    const about = (notify: string[]) =>
      policyRefusals({ ...somePlan(), notify }, policy).filter((reason) => reason.includes('webhook'));
    assert.deepEqual(about(['deploys']), []);
    assert.deepEqual(about(['deploys', 'audit', 'constructor']), [
      'the webhook "audit" is not in "webhooks"',
      'the webhook "constructor" is not in "webhooks"',
    ]);
  });

  for (const url of ['https://hooks.example/in', 'http://127.0.0.1:8080/', 'http://localhost/', 'http://[::1]:1/']) {
    test(`may be at ${url}`, () => assert.equal(parsePolicy(hook(url), 'p.yaml').webhooks.deploys?.url, url));
  }

  const WRONG: [string, RegExp][] = [
    ['http://hooks.example/in', /p\.yaml:1:\d+: webhooks\.deploys\.url: .*http is spoken only to a loopback/],
    ['http://127.0.0.1.evil.example/', /loopback/],
    ['http://localhost.evil.example/', /loopback/],
    ['https://user:password@hooks.example/', /no credentials/],
    ['ftp://hooks.example/', /http\(s\)/],
    ['hooks.example', /http\(s\)/],
  ];
  for (const [url, message] of WRONG) {
    test(`may not be at ${url}`, () => assert.throws(() => parsePolicy(hook(url), 'p.yaml'), message));
  }

  test('take their secret by reference, never written out', () => {
    assert.throws(
      () => parsePolicy("webhooks: { deploys: { url: 'https://h.example/', secret: whsec_abc } }", 'p.yaml'),
      /webhooks\.deploys\.secret/,
    );
  });

  test('keep their secrets from gates, whatever the policy lets those see', () => {
    const policy = parsePolicy(`${hook('https://hooks.example/in')}\nenvironment: ['*']`, 'p.yaml');
    assert.deepEqual(gateEnvironment({ DEPLOYS: 'whsec_…', PATH: '/bin' }, policy), { PATH: '/bin' });
  });
});

suite('a secret', () => {
  const cases: [string, string, number | null][] = [
    ['whsec_ and 32 bytes', `whsec_${Buffer.alloc(32, 1).toString('base64')}`, 32],
    ['24 bytes without the prefix', Buffer.alloc(24, 1).toString('base64'), 24],
    ['23 bytes', Buffer.alloc(23, 1).toString('base64'), null],
    ['65 bytes', Buffer.alloc(65, 1).toString('base64'), null],
    ['a password', 'correct horse battery staple', null],
    ['nothing', '', null],
  ];
  for (const [what, secret, length] of cases) {
    test(`of ${what} is ${length === null ? 'refused' : 'a key'}`, () =>
      assert.equal(keyOf(secret)?.length ?? null, length));
  }
});

suite('a receiver’s answer', () => {
  const now = Date.parse('2026-11-23T10:00:00Z');
  const cases: [number, string | undefined, string, number | null][] = [
    [200, undefined, 'delivered', null],
    [202, '60', 'delivered', null],
    [299, undefined, 'delivered', null],
    [301, undefined, 'refused', null],
    [400, undefined, 'refused', null],
    [404, '5', 'refused', null],
    [410, undefined, 'refused', null],
    [408, undefined, 'later', null],
    [429, '30', 'later', 30_000],
    [429, '0', 'later', 1_000],
    [429, '86400', 'later', 600_000],
    [503, 'Mon, 23 Nov 2026 10:00:20 GMT', 'later', 20_000],
    [503, 'Mon, 23 Nov 2020 10:00:20 GMT', 'later', 1_000],
    [500, 'soon', 'later', null],
    [599, '99999999999999999999', 'later', 600_000],
    [0, undefined, 'later', null],
  ];
  for (const [status, retryAfter, verdict, afterMs] of cases) {
    test(`of ${status}${retryAfter ? ` with Retry-After: ${retryAfter}` : ''} is ${verdict}`, () => {
      const found = judge({ status, text: '', retryAfter }, now);
      assert.deepEqual([found.verdict, 'afterMs' in found ? found.afterMs : null], [verdict, afterMs]);
    });
  }
});
