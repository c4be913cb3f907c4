import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { ActivityCancellationDetails } from '@temporalio/common';
import { activityEnvironment } from '../fixtures/activity-environment.ts';
import { app, newKey, pidIn, program, root, run } from '../fixtures/gate-place.ts';

/** A process that was killed and whose parent has not looked yet (a zombie) is gone. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const stat = process.platform === 'linux' ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '';
    return !stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
}

/** Writes its pid to a file, ignores SIGTERM and lives on; `setsid` leaves the process group. */
const child = (name: string, options: { setsid: boolean }) =>
  `require('child_process').spawn(process.execPath, ['-e', \`process.on('SIGTERM', () => {});
   require('fs').writeFileSync('${name}', String(process.pid)); setInterval(() => {}, 1000)\`],
   { stdio: 'inherit', detached: ${options.setsid} }).unref();`;

describe('what a gate started', () => {
  it('is gone when the gate ends by itself', async () => {
    const source = `${child('own-end', { setsid: false })}${child('own-end-setsid', { setsid: true })}
      const t = setInterval(() => { const { existsSync: e } = require('fs'); if (e('own-end') && e('own-end-setsid')) process.exit(0) }, 20)`;
    const report = await run(program(source));
    assert.equal(report.verdict, 'pass', report.because);
    assert.equal(exists(await pidIn('own-end')), false);
    if (process.platform === 'linux') assert.equal(exists(await pidIn('own-end-setsid')), false);
  });

  it('is gone when its time is up, and that is a failure', async () => {
    const source = `${child('late', { setsid: true })}process.on('SIGTERM', () => process.exit(0)); setInterval(() => {}, 1000)`;
    const report = await run(program(source, 1_500));
    assert.equal(report.verdict, 'fail');
    assert.match(report.because, /had not ended after .* and was stopped/);
    if (process.platform === 'linux') assert.equal(exists(await pidIn('late')), false);
  });

  it('is asked to end, and ended where it does not, when the release is cancelled', async () => {
    const worker = activityEnvironment();
    const source = `process.on('SIGTERM', () => require('fs').writeFileSync('asked', '1'));
      require('fs').writeFileSync('stubborn', String(process.pid)); setInterval(() => {}, 1000)`;
    const running = run(program(source), { worker });
    const pid = await pidIn('stubborn');
    worker.cancel();
    await assert.rejects(running, { name: 'CancelledFailure' });
    assert.ok(existsSync(path.join(app, 'asked')));
    assert.equal(exists(pid), false);
  });

  it('is gone when the worker is stopped, and the gate is tried again elsewhere', async () => {
    const worker = activityEnvironment();
    const source = `require('fs').writeFileSync('moved', String(process.pid)); setInterval(() => {}, 1000)`;
    const running = run(program(source), { worker });
    const pid = await pidIn('moved');
    worker.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
    await assert.rejects(running, { type: 'SHIPLOCK_WORKER_STOPPED', nonRetryable: false });
    assert.equal(exists(pid), false);
  });

  it('by an attempt that stalls is ended by the next attempt, so that one runs at a time', async () => {
    const key = newKey();
    const source = `require('fs').writeFileSync('first', String(process.pid)); setInterval(() => {}, 1000)`;
    const stalled = run(program(source), { key });
    const pid = await pidIn('first');
    const next = await run(program(`console.log('second')`), { key });
    assert.equal(next.verdict, 'pass');
    assert.equal(exists(pid), false);
    assert.equal((await stalled).verdict, 'fail');
  });

  it('by a worker that was killed is ended by the retry, so that one runs at a time', async () => {
    const key = newKey();
    const source = `require('fs').writeFileSync('orphan', String(process.pid)); setInterval(() => {}, 1000)`;
    const script = path.join(import.meta.dirname, '../fixtures/gate-worker.ts');
    const command = [process.execPath, '-e', source];
    const worker = spawn(process.execPath, [script, app, path.join(root, 'logs'), key, ...command], {
      stdio: 'inherit',
    });
    const pid = await pidIn('orphan');
    const killed = once(worker, 'exit');
    worker.kill('SIGKILL');
    await killed;
    assert.equal(exists(pid), true);
    assert.equal((await run(program(''), { key })).verdict, 'pass');
    assert.equal(exists(pid), false);
  });

  it('keeps no lock behind', async () => {
    const key = newKey();
    await run(program(''), { key });
    assert.equal(existsSync(path.join(root, 'logs', ...key.split('/'), 'lock.json')), false);
  });
});
