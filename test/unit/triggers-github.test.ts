import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { meaningOf } from '../../src/triggers/github/event.ts';
import { vouchedFor } from '../../src/triggers/github/signature.ts';
import type { Trigger } from '../../src/triggers/index.ts';
import { releasePublished, runCompleted, SECRET, signed, someTrigger } from '../fixtures/github-deliveries.ts';

const NOW = Date.now();

suite('a signature', () => {
  test('is the one of GitHub’s own documentation', async () => {
    const trigger = someTrigger({ secrets: ["It's a Secret to Everybody"] });
    const signature = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
    assert.deepEqual(await vouchedFor([trigger], Buffer.from('Hello, World!'), signature), [trigger]);
  });

  test('speaks for the triggers of its own secret only', async () => {
    const api = someTrigger();
    const web = someTrigger({ repository: 'credlink/web', secrets: ['the secret of another repository'] });
    const { body, headers } = signed('ping', {});
    assert.deepEqual(await vouchedFor([api, web], Buffer.from(body), headers['x-hub-signature-256']), [api]);
  });

  test('may be made with the old secret or the new one while it is replaced', async () => {
    const trigger = someTrigger({ secrets: ['the-new-secret-of-it', SECRET] });
    for (const secret of trigger.secrets) {
      const { body, headers } = signed('ping', {}, { secret });
      assert.equal((await vouchedFor([trigger], Buffer.from(body), headers['x-hub-signature-256'])).length, 1);
    }
  });

  const { body, headers } = signed('release', releasePublished('v1.2.0'));
  const right = headers['x-hub-signature-256'] ?? '';
  const WRONG: [string, string, string | undefined][] = [
    ['is missing', body, undefined],
    ['is empty', body, ''],
    ['is of another body', `${body} `, right],
    [
      'is of another secret',
      body,
      signed('x', body, { secret: 'not-the-secret-at-all' }).headers['x-hub-signature-256'],
    ],
    ['is in capitals', body, right.toUpperCase()],
    ['is cut short', body, right.slice(0, -1)],
    ['is of SHA-1', body, right.replace('sha256', 'sha1')],
    ['came twice', body, `${right}, ${right}`],
    ['is of nothing', '', signed('x', '').headers['x-hub-signature-256']],
  ];
  for (const [what, sent, signature] of WRONG) {
    test(`proves nothing where it ${what}`, async () => {
      assert.deepEqual(await vouchedFor([someTrigger()], Buffer.from(sent), signature), []);
    });
  }

  test('proves nothing of bytes that are no UTF-8, whatever they were replaced with', async () => {
    const replaced = signed('x', '{"a":"\ufffd"}').headers['x-hub-signature-256'];
    const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    assert.deepEqual(await vouchedFor([someTrigger()], bytes, replaced), []);
  });
});

suite('a delivery', () => {
  const meaning = (event: string, payload: unknown, trigger: Trigger = someTrigger()) =>
    meaningOf({ event, payload, vouched: [trigger], triggers: [trigger], now: NOW });
  const onRelease = (changes: object) =>
    someTrigger({ on: { release: { stripV: true, prereleases: false, ...changes }, workflowRun: null } });

  const STARTS: [string, string, unknown, Trigger, string][] = [
    ['a published release: its tag', 'release', releasePublished('1.2.0'), someTrigger(), '1.2.0'],
    ['without the leading v', 'release', releasePublished('v1.2.0'), someTrigger(), '1.2.0'],
    ['with it, where that is wanted', 'release', releasePublished('v1.2.0'), onRelease({ stripV: false }), 'v1.2.0'],
    ['a tag that only begins with v', 'release', releasePublished('vintage'), someTrigger(), 'vintage'],
    [
      'a pre-release, where that is wanted',
      'release',
      releasePublished('2.0.0-rc.1', { prerelease: true }),
      onRelease({ prereleases: true }),
      '2.0.0-rc.1',
    ],
    [
      'whatever the case of the repository',
      'release',
      releasePublished('1.2.0', { repository: 'CredLink/API' }),
      someTrigger(),
      '1.2.0',
    ],
    [
      'a run on the branch: its commit',
      'workflow_run',
      runCompleted(),
      someTrigger(),
      'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3',
    ],
    [
      'a run whose path carries a ref',
      'workflow_run',
      runCompleted({ path: '.github/workflows/ci.yml@refs/heads/main' }),
      someTrigger(),
      'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3',
    ],
  ];
  for (const [what, event, payload, trigger, version] of STARTS) {
    test(`starts ${what}`, () => {
      const found = meaning(event, payload, trigger);
      assert.deepEqual([found.verdict, found.verdict === 'start' && found.version], ['start', version], found.because);
    });
  }

  const IGNORED: [string, string, unknown, RegExp, Trigger?][] = [
    ['a ping', 'ping', { zen: 'Keep it logically awesome.' }, /pong/],
    ['another event', 'push', { ref: 'refs/heads/main' }, /"push" starts nothing/],
    ['another action', 'release', releasePublished('1.2.0', { action: 'edited' }), /edited, not published/],
    ['a draft', 'release', releasePublished('1.2.0', { draft: true }), /draft/],
    ['a release that was never published', 'release', releasePublished('1.2.0', { at: null }), /draft/],
    ['a pre-release', 'release', releasePublished('1.2.0', { prerelease: true }), /pre-release/],
    [
      'a repository without a trigger',
      'release',
      releasePublished('1.2.0', { repository: 'else/where' }),
      /no trigger is configured for else\/where/,
    ],
    [
      'a release where only runs count',
      'release',
      releasePublished('1.2.0'),
      /start nothing/,
      someTrigger({ on: { ...someTrigger().on, release: null } }),
    ],
    ['a run that goes on', 'workflow_run', runCompleted({}, { action: 'in_progress' }), /in_progress, not completed/],
    ['a run that failed', 'workflow_run', runCompleted({ conclusion: 'failure' }), /ended with failure/],
    ['a run without a conclusion', 'workflow_run', runCompleted({ conclusion: null }), /ended with nothing/],
    ['a run on another branch', 'workflow_run', runCompleted({ head_branch: 'feature' }), /of branch feature/],
    [
      'a run of a fork whose branch has the same name',
      'workflow_run',
      runCompleted({ head_repository: { full_name: 'mallory/api' } }),
      /of a fork/,
    ],
    ['a run of a fork that is gone', 'workflow_run', runCompleted({ head_repository: null }), /of a fork/],
    [
      'a run of another workflow',
      'workflow_run',
      runCompleted({ path: '.github/workflows/mine.yml' }),
      /mine\.yml start nothing/,
    ],
    [
      'a run that a pull request caused',
      'workflow_run',
      runCompleted({ event: 'pull_request_target' }),
      /caused by pull_request_target/,
    ],
  ];
  for (const [what, event, payload, because, trigger] of IGNORED) {
    test(`ignores ${what}, and says so`, () => {
      const found = meaning(event, payload, trigger);
      assert.equal(found.verdict, 'ignored');
      assert.match(found.because, because);
    });
  }

  const OTHERS: [string, string, unknown, 'malformed' | 'stale', RegExp][] = [
    ['a tag that is no version', 'release', releasePublished('1.2.0; rm -rf /'), 'malformed', /is no version/],
    ['a tag that is too long', 'release', releasePublished('1'.repeat(129)), 'malformed', /is no version/],
    ['a commit that is none', 'workflow_run', runCompleted({ head_sha: '../../etc' }), 'malformed', /head_sha/],
    ['a body without a repository', 'release', { action: 'published' }, 'malformed', /repository/],
    [
      'a release of yesterday and more',
      'release',
      releasePublished('1.2.0', { at: '2020-01-01T00:00:00Z' }),
      'stale',
      /2020-01-01/,
    ],
    [
      'a run of long ago',
      'workflow_run',
      runCompleted({ updated_at: '2020-01-01T00:00:00Z' }),
      'stale',
      /too long ago/,
    ],
  ];
  for (const [what, event, payload, verdict, because] of OTHERS) {
    test(`refuses ${what}`, () => {
      const found = meaning(event, payload);
      assert.equal(found.verdict, verdict, found.because);
      assert.match(found.because, because);
    });
  }

  test('takes the trigger of the run’s own branch', () => {
    const on = (branch: string, environment: string) =>
      someTrigger({
        environment,
        on: { release: null, workflowRun: { workflow: '.github/workflows/ci.yml', branch, events: ['push'] } },
      });
    const triggers = [on('main', 'production'), on('staging', 'staging')];
    const payload = runCompleted({ head_branch: 'staging' });
    const found = meaningOf({ event: 'workflow_run', payload, vouched: triggers, triggers, now: NOW });
    assert.equal(found.verdict === 'start' && found.trigger.environment, 'staging');
  });
});
