import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ShiplockError } from '../../src/errors.ts';
import { githubReceiver, type Wanted } from '../../src/triggers/index.ts';
import { allowance } from '../../src/triggers/rate.ts';
import { releasePublished, SECRET, type Signed, signed, someTrigger } from '../fixtures/github-deliveries.ts';

const NOW = Date.now();

suite('the receiver', () => {
  const receiver = (triggers = [someTrigger()], start = async (_wanted: Wanted) => begun) => {
    const started: Wanted[] = [];
    const receive = githubReceiver(triggers, (wanted) => {
      started.push(wanted);
      return start(wanted);
    });
    const send = ({ headers, body }: Signed, changes: Record<string, string | undefined> = {}) =>
      receive({ headers: { ...headers, ...changes }, body: Buffer.from(body), now: NOW });
    return { send, started };
  };
  const begun = {
    release: 'release-production-api',
    version: '1.2.0',
    run: 'r',
    state: 'started',
    again: false,
  } as const;
  const delivery = signed('release', releasePublished('v1.2.0'));

  test('answers 202 with what began, and starts it with the trigger’s own release file', async () => {
    const { send, started } = receiver();
    const { answer } = await send(delivery);
    assert.deepEqual([answer.status, answer.body], [202, { ok: true, ...begun }]);
    assert.equal(started[0]?.trigger.release, '/srv/credlink/release.yaml');
    assert.equal(started[0]?.delivery, delivery.headers['x-github-delivery']);
  });

  const REFUSED: [string, Signed, Record<string, string | undefined>, number, string][] = [
    ['no signature', delivery, { 'x-hub-signature-256': undefined }, 401, 'SHIPLOCK_TRIGGER_SIGNATURE'],
    ['a form', delivery, { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'SHIPLOCK_TRIGGER_MALFORMED'],
    ['no event', delivery, { 'x-github-event': undefined }, 400, 'SHIPLOCK_TRIGGER_MALFORMED'],
    ['an event that is none', delivery, { 'x-github-event': 'Release!' }, 400, 'SHIPLOCK_TRIGGER_MALFORMED'],
    ['no delivery id', delivery, { 'x-github-delivery': undefined }, 400, 'SHIPLOCK_TRIGGER_MALFORMED'],
    [
      'a delivery id with a line break',
      delivery,
      { 'x-github-delivery': 'a'.repeat(9).concat('\nb') },
      400,
      'SHIPLOCK_TRIGGER_MALFORMED',
    ],
    ['half a JSON', signed('release', '{"action":'), {}, 400, 'SHIPLOCK_TRIGGER_MALFORMED'],
    [
      'an old one',
      signed('release', releasePublished('1.2.0', { at: '2020-01-01T00:00:00Z' })),
      {},
      422,
      'SHIPLOCK_TRIGGER_STALE',
    ],
  ];
  for (const [what, sent, changes, status, code] of REFUSED) {
    test(`refuses ${what} with ${status}, and starts nothing`, async () => {
      const { send, started } = receiver();
      const { answer } = await send(sent, changes);
      const { error } = answer.body as { error: { code: string; mend: string } };
      assert.deepEqual([answer.status, error.code, started.length], [status, code, 0]);
      assert.ok(error.mend);
    });
  }

  test('refuses what another repository’s secret signed', async () => {
    const web = someTrigger({ repository: 'credlink/web', secrets: ['the secret of another repository'] });
    const { send, started } = receiver([someTrigger(), web]);
    const { answer } = await send(signed('release', releasePublished('1.2.0'), { secret: web.secrets[0] }));
    assert.deepEqual([answer.status, started.length], [401, 0]);
  });

  const FAILED: [`SHIPLOCK_${string}`, number][] = [
    ['SHIPLOCK_RELEASE_BUSY', 409],
    ['SHIPLOCK_PLAN_INVALID', 422],
    ['SHIPLOCK_TEMPORAL_UNREACHABLE', 503],
    ['SHIPLOCK_WORKER_SILENT', 500],
  ];
  for (const [code, status] of FAILED) {
    test(`answers ${status} where a start fails with ${code}`, async () => {
      const { send } = receiver([someTrigger()], async () => {
        throw new ShiplockError({ code, message: 'it does not', mend: 'mend it' });
      });
      const { answer } = await send(delivery);
      assert.deepEqual([answer.status, answer.body.error], [status, { code, message: 'it does not', mend: 'mend it' }]);
    });
  }

  test('tells a stranger nothing of what nobody foresaw', async () => {
    const { send } = receiver([someTrigger()], async () => {
      throw new Error('password=hunter2');
    });
    const { answer, about } = await send(delivery);
    assert.equal(answer.status, 500);
    assert.ok(!JSON.stringify(answer).includes('hunter2'));
    assert.equal(about.because, 'password=hunter2');
  });

  test('starts only so many a minute of one repository', async () => {
    const { send, started } = receiver();
    const statuses: number[] = [];
    for (let n = 0; n < 25; n += 1) statuses.push((await send(delivery)).answer.status);
    assert.deepEqual([statuses.filter((status) => status === 429).length, started.length], [5, 20]);
  });

  test('logs who sent what, and never a secret or a signature', async () => {
    const { send } = receiver();
    const { about } = await send(delivery);
    assert.equal(about.repository, 'credlink/api');
    const line = JSON.stringify(about);
    assert.ok(!line.includes(SECRET) && !line.includes(delivery.headers['x-hub-signature-256'] ?? '-'));
  });
});

test('an allowance fills up with time, and never beyond its burst', () => {
  const { take } = allowance({ burst: 2, perMinute: 60 });
  const taken = [0, 0, 0, 1_000, 1_000, 60_000, 60_000, 60_000].map((now) => take(now));
  assert.deepEqual(taken, [true, true, false, true, false, true, true, false]);
});
