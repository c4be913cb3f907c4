import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { run } from '../../src/cli/main.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import type { ReleaseStatus } from '../../workflows/messages.ts';
import { openStage, type Stage } from './client-stage.ts';
import { openPassage } from './support/passage.ts';

let stage: Stage;
let folder: string;

before(async () => {
  stage = await openStage();
  await stage.workerUp();
  folder = mkdtempSync(join(tmpdir(), 'shiplock-cli-'));
});
after(async () => {
  await stage.close();
  rmSync(folder, { recursive: true });
});

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command line in this process; what a person would be asked is answered with `answer`. */
async function shiplock(
  args: string[],
  options: { env?: Record<string, string>; answer?: string } = {},
): Promise<Said> {
  let out = '';
  let err = '';
  const terminal: Terminal = {
    env: { ...options.env },
    color: false,
    live: false,
    interactive: options.answer !== undefined,
    width: 120,
    rows: 40,
    out: (text) => {
      out += `${text}\n`;
    },
    err: (text) => {
      err += `${text}\n`;
    },
    ask: async (question) => {
      err += question;
      return options.answer ?? '';
    },
  };
  return { code: await run(args, terminal), out, err };
}

/** A release file of a service of its own; `steps` and `promotion` as YAML in one line. */
function releaseFile(
  service: string,
  { steps = '[{ setWeight: 25 }]', promotion = '{ automatic: true }' } = {},
): string {
  const file = join(folder, `${service}.yaml`);
  writeFileSync(
    file,
    `apiVersion: shiplock/v1
kind: Release
service: ${service}
target: { platform: local, command: [node, main.ts], directory: ., replicas: 1, readinessPath: /ready, stableService: a, canaryService: b }
canary: { steps: ${steps} }
promotion: ${promotion}
window: { duration: 1m }
`,
  );
  return file;
}

async function until(id: string, met: (status: ReleaseStatus) => boolean): Promise<ReleaseStatus> {
  for await (const { status } of stage.shiplock.watch(id, { signal: AbortSignal.timeout(120_000) })) {
    if (status && met(status)) return status;
  }
  throw new Error(`${id}: it never came to that`);
}

const ASKS = '{ approval: { deadline: 5m } }';
const PAUSES = '[{ pause: {} }]';

suite('start', () => {
  test('with --wait streams plain lines, and exits with 0 once released', async () => {
    const file = releaseFile('streamed');
    const { code, out } = await shiplock(['start', '1.1.0', '-f', file, '--wait', '--timeout', '30s']);
    assert.equal(code, 0, out);
    assert.match(out, /^started release-production-streamed: 1\.1\.0/);
    assert.match(out, /✔ set weight 25 %/);
    assert.match(out, /streamed 1\.1\.0 in production: released/);
    assert.ok(!out.includes('\u001b'));
  });

  test('takes the tag and the environment from where CI puts them', async () => {
    const file = releaseFile('tagged');
    const env = { CI_COMMIT_SHA: 'abc1234', ENVIRONMENT: 'staging' };
    const { code, out } = await shiplock(['start', '-f', file, '-o', 'json'], { env });
    const answer = JSON.parse(out);
    assert.equal(code, 0);
    assert.deepEqual(
      [answer.ok, answer.kind, answer.id, answer.version],
      [true, 'started', 'release-staging-tagged', 'abc1234'],
    );
  });

  test('asks a person where AUTO_PROMOTE is false, and refuses an AUTO_PROMOTE that is neither', async () => {
    const file = releaseFile('asked', { promotion: ASKS });
    const { code, err } = await shiplock(['start', '1.1.0', '-f', file], { env: { AUTO_PROMOTE: 'yes' } });
    assert.deepEqual([code, /AUTO_PROMOTE is "yes"/.test(err)], [2, true]);
    const started = await shiplock(['start', '1.1.0', '-f', file, '--wait'], { env: { AUTO_PROMOTE: 'true' } });
    assert.equal(started.code, 0);
  });

  test('that is refused says who is at it, in JSON too', async () => {
    const file = releaseFile('taken', { steps: PAUSES });
    assert.equal((await shiplock(['start', '1.1.0', '-f', file])).code, 0);
    const { code, out, err } = await shiplock(['start', '1.2.0', '-f', file, '-o', 'json']);
    const { ok, error } = JSON.parse(out);
    assert.deepEqual([code, ok, error.code], [1, false, 'SHIPLOCK_RELEASE_BUSY']);
    assert.match(
      err,
      /error: release-production-taken is busy: 1\.1\.0, started by .* \(SHIPLOCK_RELEASE_BUSY\)\n {2}mend: /,
    );
  });

  test('lists every error of a wrong file with its place, and starts nothing', async () => {
    const file = releaseFile('wrong', { steps: '[{ setWeight: 101 }, { pause: { duration: 5x } }]' });
    const { code, err } = await shiplock(['start', '1.1.0', '-f', file]);
    assert.equal(code, 1);
    assert.match(err, /wrong\.yaml:\d+:\d+: canary\.steps\[0\]\.setWeight: /);
    assert.match(err, /wrong\.yaml:\d+:\d+: canary\.steps\[1\]\.pause\.duration: /);
    assert.match(err, /SHIPLOCK_PLAN_INVALID/);
    assert.match((await shiplock(['get', 'wrong'])).err, /SHIPLOCK_RELEASE_UNKNOWN/);
  });

  test('leaves with 5 at its time-out, and the release goes on', async () => {
    const file = releaseFile('slow', { steps: PAUSES });
    const { code, out } = await shiplock(['start', '1.1.0', '-f', file, '--wait', '--timeout', '2s']);
    assert.equal(code, 5);
    assert.match(out, /still going on: .* the release goes on/);
    assert.equal((await stage.shiplock.get('release-production-slow')).execution.state, 'running');
  });

  test('leaves when it is interrupted, and the release goes on', async () => {
    const file = releaseFile('interrupted', { steps: PAUSES });
    const bin = new URL('../../bin/shiplock.js', import.meta.url).pathname;
    const child = spawn(process.execPath, [bin, 'start', '1.1.0', '-f', file, '--wait'], {
      env: { ...process.env, TEMPORAL_ADDRESS: stage.address },
    });
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    for await (const chunk of child.stdout) {
      said += chunk;
      if (said.includes('shiplock promote') && !child.killed) child.kill('SIGINT');
    }
    if (child.exitCode === null) await once(child, 'exit');
    assert.equal(child.exitCode, 130);
    assert.match(said, /detached: the release goes on/);
    assert.equal((await stage.shiplock.get('release-production-interrupted')).execution.state, 'running');
  });
});

suite('get --watch', () => {
  test('leaves when it is interrupted while Temporal does not answer, and throws nothing afterwards', async (t) => {
    const file = releaseFile('cut-off', { steps: PAUSES });
    assert.equal((await shiplock(['start', '1.1.0', '-f', file])).code, 0);
    const passage = await openPassage(stage.address);
    t.after(() => passage.close());
    const bin = new URL('../../bin/shiplock.js', import.meta.url).pathname;
    const child = spawn(process.execPath, [bin, 'get', 'cut-off', '--watch'], {
      env: { ...process.env, TEMPORAL_ADDRESS: passage.address },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    t.after(() => child.kill('SIGKILL'));
    const exited = once(child, 'exit');
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (part) => {
      errors += part;
    });
    await once(child.stdout, 'data');
    // Its next look meets nobody, and is asked again for ten seconds; most of them it waits between two attempts.
    await passage.cut();
    await delay(600);
    child.kill('SIGINT');
    await exited;
    assert.equal(child.exitCode, 130, errors);
    assert.equal(
      errors,
      'detached: the release goes on; `shiplock get release-production-cut-off --watch` shows it again\n',
    );
  });
});

suite('approve', () => {
  test('binds to what was seen: without a token nothing is sent, unless a person confirms what is shown', async () => {
    const file = releaseFile('confirmed', { promotion: ASKS });
    await shiplock(['start', '1.1.0', '-f', file]);
    const { waiting } = await until('release-production-confirmed', ({ waiting }) => waiting?.kind === 'approval');
    assert.ok(waiting);

    const unnamed = await shiplock(['approve', 'confirmed']);
    assert.deepEqual([unnamed.code, /must name what it answers/.test(unnamed.err)], [2, true]);
    const nameOnly = await shiplock(['approve', 'confirmed', '--step', 'promotion']);
    assert.deepEqual([nameOnly.code, /lacks the part after the @/.test(nameOnly.err)], [2, true]);
    const foreign = await shiplock(['approve', 'confirmed', '--step', 'promotion@00000000']);
    assert.deepEqual([foreign.code, /✖ approve .*refused: .*not what is asked for/.test(foreign.out)], [1, true]);
    const other = await shiplock(['approve', 'confirmed', '--step', 'step-1', '--yes']);
    assert.deepEqual([other.code, /waits at promotion@.*, not at step-1/.test(other.err)], [1, true]);
    const declined = await shiplock(['approve', 'confirmed'], { answer: 'n' });
    assert.deepEqual([declined.code, declined.err.includes(`approve ${waiting.token}? [y/N]`)], [1, true]);
    assert.match(declined.err, /Release: +release-production-confirmed[\s\S]*nothing was sent/);
    const confirmed = await shiplock(['approve', 'confirmed'], { answer: 'y' });
    assert.deepEqual([confirmed.code, /✔ approve by .* accepted/.test(confirmed.out)], [0, true]);
    assert.equal(
      (await stage.shiplock.wait('release-production-confirmed', { timeoutMs: 120_000 })).verdict,
      'released',
    );
  });

  test('with --yes takes what waits now; a second one is told that nothing waits', async () => {
    const file = releaseFile('unseen', { promotion: ASKS });
    await shiplock(['start', '1.1.0', '-f', file]);
    await until('release-production-unseen', ({ waiting }) => waiting?.kind === 'approval');
    const { code, out } = await shiplock(['approve', 'production/unseen', '--yes', '--comment', 'ok', '-o', 'json']);
    const { ok, decision } = JSON.parse(out);
    assert.deepEqual([code, ok, decision.signal, decision.accepted], [0, true, 'approve', true]);
    await until('release-production-unseen', ({ phase }) => phase === 'window');
    assert.match(
      (await shiplock(['approve', 'unseen', '--yes'])).err,
      /nothing waits for approve .*SHIPLOCK_NOTHING_WAITS/,
    );
  });
});

suite('the other verbs', () => {
  test('reject needs no token, and the watcher exits with 4', async () => {
    const file = releaseFile('rejected', { promotion: ASKS });
    const waiting = shiplock(['start', '1.1.0', '-f', file, '--wait', '--timeout', '30s']);
    await seen('release-production-rejected');
    await until('release-production-rejected', ({ waiting }) => waiting?.kind === 'approval');
    assert.equal((await shiplock(['reject', 'rejected', '--comment', 'not today'])).code, 0);
    const { code, out } = await waiting;
    assert.deepEqual([code, /rejected: not today/.test(out)], [4, true]);
  });

  test('pause, resume, promote, promote-full, abort: each is answered, and get --watch exits with 3', async () => {
    const id = 'release-production-steered';
    const file = releaseFile('steered', {
      steps: '[{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }, { pause: {} }]',
    });
    await shiplock(['start', '1.1.0', '-f', file]);
    await until(id, ({ waiting }) => waiting?.kind === 'pause');
    const accepted = async (...args: string[]): Promise<void> => {
      const { code, out, err } = await shiplock(args);
      assert.deepEqual([code, /^✔ .* accepted: /.test(out)], [0, true], out + err);
    };
    await accepted('pause', 'steered', '--reason', 'lunch');
    await accepted('promote', 'steered', '--yes');
    await until(id, ({ waiting }) => waiting?.kind === 'paused');
    await accepted('resume', 'steered', '--yes');
    await until(id, ({ weights }) => weights['1.1.0'] === 50);
    const foreign = await shiplock(['promote-full', 'steered', '--version', '9.9.9', '--reason', 'test']);
    assert.deepEqual([foreign.code, /refused/.test(foreign.out)], [1, true]);
    assert.equal((await shiplock(['finalise', 'steered'])).code, 1);
    await accepted('abort', 'steered', '--reason', 'enough');
    const { code, out } = await shiplock(['get', 'steered', '--watch', '-o', 'json']);
    assert.equal(code, 3);
    const last = JSON.parse(out.trim().split('\n').at(-1) ?? '');
    assert.deepEqual([last.ok, last.status.outcome, last.because], [true, 'rolledBack', 'enough']);
  });

  test('promote-full skips the rest of the ramp', async () => {
    const file = releaseFile('hurried', { steps: '[{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }]' });
    await shiplock(['start', '1.1.0', '-f', file]);
    await until('release-production-hurried', ({ waiting }) => waiting?.kind === 'pause');
    const { code, out } = await shiplock(['promote-full', 'hurried', '--version', '1.1.0', '--reason', 'urgent']);
    assert.equal(code, 0, out);
    await until('release-production-hurried', ({ outcome }) => outcome === 'released');
    assert.equal((await shiplock(['finalise', 'hurried'])).code, 0);
    assert.equal((await shiplock(['get', 'hurried', '--watch', '--timeout', '20s'])).code, 0);
  });
});

test('get shows the tree, and list the release, as text and as JSON', async () => {
  const file = releaseFile('shown', { steps: PAUSES });
  await shiplock(['start', '1.1.0', '-f', file]);
  await until('release-production-shown', ({ waiting }) => waiting?.kind === 'pause');
  const tree = await shiplock(['get', 'production/shown']);
  assert.match(
    tree.out,
    /Version: +1\.1\.0, replacing 1\.0\.0[\s\S]*॥ pause until promoted[\s\S]*shiplock promote production\/shown --step step-1@/,
  );
  const json = JSON.parse((await shiplock(['get', 'release-production-shown', '-o', 'json'])).out);
  assert.deepEqual([json.ok, json.status.phase, json.execution.state], [true, 'canary', 'running']);
  const { out: notes } = await shiplock(['get', 'shown', '--notes']);
  assert.match(notes, /^# shown 1\.0\.0 → 1\.1\.0 in production\n\n\*\*Under way \(canary\)\*\*/);
  const noted = JSON.parse((await shiplock(['get', 'shown', '--notes', '-o', 'json'])).out);
  assert.deepEqual([noted.ok, noted.notes.split('\n')[0]], [true, notes.split('\n')[0]]);
  const table = await listed('shown');
  assert.match(table, /^RELEASE +VERSION +STATE[\s\S]*production\/shown +1\.1\.0 +running +canary +pause/);
});

async function listed(service: string): Promise<string> {
  for (let look = 0; look < 1_200; look++) {
    const { out } = await shiplock(['list', '--service', service, '--open']);
    if (out.includes('pause')) return out;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('visibility never showed it');
}

async function seen(id: string): Promise<void> {
  for (let look = 0; look < 1_200; look++) {
    const known = await stage.shiplock.get(id).catch(() => null);
    if (known) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${id} never appeared`);
}
