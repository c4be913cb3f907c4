import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { MockActivityEnvironment } from '@temporalio/testing';
import type { JobReport } from '../../activities/gates/port.ts';
import type { Reading } from '../../activities/metrics/port.ts';
import { assessReading } from '../../src/analysis/index.ts';
import type { JobCommand } from '../../src/plan/plan.ts';
import { activityEnvironment } from '../fixtures/activity-environment.ts';
import { activities, app, newKey, pidIn, root, until } from '../fixtures/gate-place.ts';

interface Options {
  readonly changes?: Partial<JobCommand>;
  readonly directory?: string;
  readonly worker?: MockActivityEnvironment;
  readonly key?: string;
}

/** A job that runs a Node program given as text, as a build worker would. */
async function run(source: string, options: Options = {}): Promise<{ reading: Reading; report: JobReport }> {
  const job = jobOf(source, options.changes);
  const { runJob } = activities({ environment: { SEEN: 'by every job', HIDDEN_TOKEN: 'abc-secret-xyz' } });
  const request = { job, directory: options.directory ?? app, key: options.key ?? newKey() };
  const reading = (await (options.worker ?? activityEnvironment()).run(runJob, request)) as Reading;
  return { reading, report: JSON.parse(reading.raw) as JobReport };
}

const jobOf = (source: string, changes: Partial<JobCommand> = {}): JobCommand => ({
  kind: 'job',
  command: [process.execPath, '-e', source],
  environment: {},
  attempts: 1,
  timeoutMs: 20_000,
  ...changes,
});

function judged(reading: Reading, changes: Partial<JobCommand> = {}) {
  return assessReading({ provider: jobOf('', changes), successCondition: null, failureCondition: null }, reading);
}

/** Fails until it has been started so often. */
const failsUntil = (attempt: number, file: string) => `
  const fs = require('fs');
  fs.appendFileSync(${JSON.stringify(file)}, 'x');
  console.log('attempt', fs.readFileSync(${JSON.stringify(file)}, 'utf8').length);
  process.exit(fs.readFileSync(${JSON.stringify(file)}, 'utf8').length < ${attempt} ? 7 : 0);`;

describe('A job', () => {
  it('that exits with 0 passes; its reading says what ran, how it ended, and what it wrote', async () => {
    const { reading, report } = await run('console.log("all", process.env.SEEN, process.env.OWN, process.cwd())', {
      changes: { environment: { OWN: 'and this one' } },
    });
    assert.deepEqual([judged(reading).verdict, judged(reading).value], ['pass', 'exit code 0']);
    assert.deepEqual(
      [reading.error, reading.address, reading.window, reading.beside],
      [null, 'shiplock-build-here', '', ''],
    );
    assert.equal(reading.query, report.command.join(' '));
    assert.ok(Math.abs(Date.parse(reading.at) - Date.now()) < 20_000);
    assert.deepEqual([report.end, report.exitCode, report.attempts], ['exited', 0, 1]);
    assert.equal(report.tail, `all by every job and this one ${app}`);
    const [log] = report.logs;
    const stored = await readFile(log?.file ?? '');
    assert.equal(log?.sha256, createHash('sha256').update(stored).digest('hex'));
    assert.equal(log?.bytes, stored.length);
  });

  it('that exits with another code fails', async () => {
    const { reading, report } = await run('console.error("3 of 40 checks failed"); process.exit(3)');
    assert.equal(judged(reading).verdict, 'fail');
    assert.match(judged(reading).because, /^the job ended with exit code 3 after/);
    assert.equal(report.tail, '3 of 40 checks failed');
  });

  it('is tried again until it exits with 0, and keeps the log of each attempt', async () => {
    const file = path.join(app, 'third-time');
    const { reading, report } = await run(failsUntil(3, file), { changes: { attempts: 5 } });
    assert.deepEqual([report.attempts, report.exitCode, judged(reading).verdict], [3, 0, 'pass']);
    assert.match(judged(reading).because, /exit code 0 after .* at attempt 3$/);
    const logs = await Promise.all(report.logs.map(({ file }) => readFile(file, 'utf8')));
    assert.deepEqual(logs, ['attempt 1\n', 'attempt 2\n', 'attempt 3\n']);
  });

  it('is not tried more often than it may be', async () => {
    const file = path.join(app, 'never');
    const { reading, report } = await run(failsUntil(99, file), { changes: { attempts: 2 } });
    assert.deepEqual([report.attempts, report.exitCode, judged(reading).verdict], [2, 7, 'fail']);
    assert.equal(await readFile(file, 'utf8'), 'xx');
  });

  it('that takes longer than it may is stopped, fails, and is not tried again', async () => {
    const startedAt = performance.now();
    const { reading, report } = await run('setInterval(() => {}, 1000)', { changes: { attempts: 3, timeoutMs: 500 } });
    assert.deepEqual([report.end, report.exitCode, report.attempts], ['timedOut', null, 1]);
    assert.equal(judged(reading).verdict, 'fail');
    assert.ok(performance.now() - startedAt < 15_000);
  });

  it('has one time for all its attempts', async () => {
    const { report } = await run('process.exit(1)', { changes: { attempts: 9, timeoutMs: 1_500 } });
    // On a busy machine the second attempt may not have its exit code within what is left.
    assert.ok(report.attempts < 3 && ['exited', 'timedOut'].includes(report.end), JSON.stringify(report));
  });

  it('that ends by a signal fails', async () => {
    const { reading, report } = await run('process.kill(process.pid, "SIGKILL"); setInterval(() => {}, 1000)');
    assert.deepEqual([report.end, report.exitCode, judged(reading).verdict], ['killed', null, 'fail']);
  });

  it('that cannot be started shows nothing, and is not tried again', async () => {
    const { reading, report } = await run('', { changes: { command: ['/no/such/program'], attempts: 4 } });
    assert.deepEqual([report.end, report.attempts, judged(reading).verdict], ['notStarted', 1, 'inconclusive']);
    assert.match(judged(reading).because, /^the job could not be started: .*ENOENT/);
  });

  it('runs without a shell', async () => {
    const { report } = await run('', { changes: { command: ['echo', '$SEEN', '&&', 'exit', '1'] } });
    assert.equal(report.tail, '$SEEN && exit 1');
  });

  it('shows no secret of its environment', async () => {
    const { reading, report } = await run('console.log(process.env.HIDDEN_TOKEN)');
    assert.doesNotMatch(reading.raw, /abc-secret-xyz/);
    assert.doesNotMatch(await readFile(report.logs[0]?.file ?? '', 'utf8'), /abc-secret-xyz/);
  });

  it('runs only within the folders of the policy', async () => {
    await assert.rejects(run('', { directory: root }), /within|outside|policy/);
    const link = path.join(app, 'elsewhere');
    await mkdir(path.join(root, 'other'), { recursive: true });
    await symlink(path.join(root, 'other'), link);
    await assert.rejects(run('', { directory: link }), /within|outside|policy/);
    await rm(link);
  });

  it('is gone with everything that it started once it is cancelled', async () => {
    const worker = activityEnvironment();
    const source = `
      const fs = require('fs');
      const child = require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true });
      fs.writeFileSync('job.pid', String(process.pid));
      fs.writeFileSync('child.pid', String(child.pid));
      setInterval(() => {}, 1000);`;
    const running = run(source, { worker, changes: { attempts: 5 } });
    const pids = [await pidIn('job.pid'), await pidIn('child.pid')];
    worker.cancel();
    await assert.rejects(running, { name: 'CancelledFailure' });
    await until('its processes are gone', () => pids.every((pid) => !isAlive(pid)));
  });

  it('that is cancelled between two attempts is not tried again', async () => {
    const worker = activityEnvironment();
    const file = path.join(app, 'cut-short');
    const running = run(failsUntil(99, file), { worker, changes: { attempts: 9 } });
    await until('a pause', () => heartbeats(worker).some((details) => JSON.stringify(details).includes('pauseMs')));
    const started = (await readFile(file, 'utf8')).length;
    worker.cancel();
    await assert.rejects(running, { name: 'CancelledFailure' });
    assert.equal((await readFile(file, 'utf8')).length, started);
  });
});

const heard = new WeakMap<MockActivityEnvironment, unknown[]>();

function heartbeats(worker: MockActivityEnvironment): readonly unknown[] {
  const known = heard.get(worker);
  if (known) return known;
  const details: unknown[] = [];
  worker.on('heartbeat', (beat: unknown) => details.push(beat));
  heard.set(worker, details);
  return details;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
