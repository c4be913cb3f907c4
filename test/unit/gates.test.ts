import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, readFile, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { Gate } from '../../src/plan/plan.ts';
import { activityEnvironment } from '../fixtures/activity-environment.ts';
import { activities, app, newKey, program, root, run, until } from '../fixtures/gate-place.ts';

describe('a command gate', () => {
  it('passes with exit code 0 and stores what the command wrote', async () => {
    const report = await run(program(`console.log('out'); console.error('err')`));
    assert.equal(report.verdict, 'pass', report.because);
    assert.equal(report.exitCode, 0);
    assert.ok(report.log);
    const stored = await readFile(report.log.file);
    assert.equal(report.log.sha256, createHash('sha256').update(stored).digest('hex'));
    assert.deepEqual(stored.toString().split('\n').sort(), ['', 'err', 'out']);
    assert.equal(report.log.bytes, 8);
    assert.match(report.log.tail, /out/);
  });

  it('fails with any other exit code', async () => {
    const report = await run(program('process.exit(3)'));
    assert.deepEqual([report.verdict, report.exitCode], ['fail', 3]);
    assert.match(report.because, /exit code 3 after/);
  });

  it('fails where a signal ends it', async () => {
    const report = await run(program(`process.kill(process.pid, 'SIGKILL')`));
    assert.deepEqual([report.verdict, report.exitCode], ['fail', null]);
    assert.match(report.because, /ended by SIGKILL/);
  });

  it('shows nothing where the program is not there', async () => {
    const gate = { ...program(''), command: ['shiplock-no-such-program'] } as Gate;
    const report = await run(gate);
    assert.equal(report.verdict, 'inconclusive');
    assert.match(report.because, /could not be started: .*ENOENT/);
  });

  it('reads no shell language', async () => {
    const gate = { ...program(''), command: ['echo', '$HOME; touch hacked', '`id`', '*'] } as Gate;
    const report = await run(gate);
    assert.equal(report.log?.tail, '$HOME; touch hacked `id` *');
    assert.equal(existsSync(path.join(app, 'hacked')), false);
  });

  it('sees the variables it is given, and no others of the worker', async () => {
    process.env.SHIPLOCK_TEST_HIDDEN = 'hidden';
    const report = await run(program(`console.log(Object.keys(process.env).sort().join())`), {
      environment: { CI: '1' },
    });
    delete process.env.SHIPLOCK_TEST_HIDDEN;
    const seen = report.log?.tail.split(',').filter((name) => !name.startsWith('__'));
    assert.deepEqual(seen, ['CI', 'PATH', 'SHIPLOCK_GATE']);
  });

  it('as another user cannot read what the worker holds', async (t) => {
    if (process.platform !== 'linux' || process.getuid?.() !== 0)
      return t.skip('only root on Linux can run as another');
    await Promise.all([root, app].map((folder) => chmod(folder, 0o755)));
    const source = `const fs = require('fs'); console.log(process.getuid(), process.getgroups().join());
      try { console.log(fs.readFileSync('/proc/${process.pid}/environ').length) } catch (e) { console.log(e.code) }`;
    const report = await run(program(source), { runAs: { uid: 65_534, gid: 65_534 } });
    assert.equal(report.verdict, 'pass', report.because);
    assert.equal(report.log?.tail, '65534 65534\nEACCES');
  });

  it('has the values of its secrets blackened in the log', async () => {
    const report = await run(program('console.log(process.env.NPM_TOKEN)'), {
      environment: { NPM_TOKEN: 'abcdef123456' },
    });
    assert.equal(report.log?.tail, '***');
    assert.doesNotMatch(await readFile(report.log?.file ?? '', 'utf8'), /abcdef/);
  });

  it('keeps how a long output began and ended, and counts all of it', async () => {
    const source = `const fs = require('fs'); fs.writeSync(1, 'BEGIN'); for (let i = 0; i < 48; i++) fs.writeSync(1, 'x'.repeat(65536)); fs.writeSync(1, 'END')`;
    const { log } = await run(program(source));
    assert.ok(log);
    const stored = await readFile(log.file, 'utf8');
    assert.equal(log.bytes, 48 * 65536 + 8);
    assert.equal(log.kept, 1024 * 1024);
    assert.ok(stored.length < 1024 * 1024 + 100);
    assert.match(stored, /^BEGIN/);
    assert.match(stored, /END$/);
    assert.match(stored, new RegExp(`\\[… ${log.bytes - log.kept} bytes are left out here …\\]`));
  });

  it('does not overwrite the log of its earlier run', async () => {
    const key = newKey();
    const [first, second] = [
      await run(program('console.log(1)'), { key }),
      await run(program('console.log(2)'), { key }),
    ];
    assert.equal(await readFile(first.log?.file ?? '', 'utf8'), '1\n');
    assert.equal(await readFile(second.log?.file ?? '', 'utf8'), '2\n');
  });

  it('heartbeats with the bytes written so far, and has them in the stored log meanwhile', async () => {
    const worker = activityEnvironment();
    const key = newKey();
    const file = path.join(root, 'logs', ...key.split('/'), 'gate.log');
    const beats: unknown[] = [];
    worker.on('heartbeat', (details) => beats.push(details));
    const go = path.join(app, 'go');
    const running = run(
      program(
        `console.log('early'); const t = setInterval(() => { if (require('fs').existsSync('go')) clearInterval(t) }, 20)`,
      ),
      { worker, key },
    );
    await until('the log', () => readFile(file, 'utf8').catch(() => ''));
    await writeFile(go, '');
    assert.equal((await running).verdict, 'pass');
    assert.deepEqual(beats[0], { bytes: 0 });
    assert.ok(beats.some((beat) => (beat as { bytes: number }).bytes === 6));
  });

  it('runs only in the directories of the policy, also where a symbolic link leads elsewhere', async () => {
    await symlink(tmpdir(), path.join(app, 'out'));
    for (const directory of [path.join(app, 'out'), path.join(app, '..'), '/']) {
      await assert.rejects(run({ ...program(''), directory }), { type: 'SHIPLOCK_POLICY_REFUSED', nonRetryable: true });
    }
    await assert.rejects(run({ ...program(''), directory: path.join(app, 'no') }), { type: 'SHIPLOCK_FILE_MISSING' });
  });
});

describe('a report gate', () => {
  it('names the recorded audit report and when it was made', async () => {
    const counts = { info: 0, low: 0, moderate: 0, high: 0, critical: 0 };
    await writeFile(path.join(app, 'audit.json'), JSON.stringify({ metadata: { vulnerabilities: counts } }));
    await utimes(path.join(app, 'audit.json'), 0, 1_700_000_000);
    const report = await run({
      kind: 'audit',
      name: 'a',
      directory: app,
      timeoutMs: 1,
      report: 'audit.json',
      level: 'low',
    });
    assert.equal(report.verdict, 'pass');
    assert.match(report.because, /^recorded report of 2023-11-14T22:13:20\.000Z: no known/);
    assert.deepEqual([report.log, report.exitCode], [null, null]);
  });

  it('judges the answer of an audit command, whatever its exit code says', async () => {
    const counts = `{ low: 0, moderate: 0, high: 2, critical: 0 }`;
    const audit = (source: string): Gate => ({ ...program(source), kind: 'audit', level: 'high' }) as Gate;
    const found = await run(
      audit(`console.error('warning'); console.log(JSON.stringify({ metadata: { vulnerabilities: ${counts} } }))`),
    );
    assert.deepEqual([found.verdict, found.exitCode], ['fail', 0]);
    const refused = await run(audit(`console.log('{"message":"405 Method Not Allowed","error":{}}'); process.exit(1)`));
    assert.equal(refused.verdict, 'inconclusive');
    assert.match(refused.because, /could not be made: 405/);
    assert.match(refused.log?.tail ?? '', /405/);
  });

  it('shows nothing where the report is missing, no file, or too large', async () => {
    const coverage = (report: string): Gate => ({
      kind: 'coverage',
      name: 'c',
      directory: app,
      timeoutMs: 1,
      report,
      minimumPercent: 80,
    });
    const missing = await run(coverage('lcov.info'));
    assert.equal(missing.verdict, 'inconclusive');
    assert.match(missing.because, /ENOENT/);
    assert.match((await run(coverage('.'))).because, /is no file/);
    await writeFile(path.join(app, 'huge.info'), '');
    await truncate(path.join(app, 'huge.info'), 17 * 1024 * 1024);
    assert.match((await run(coverage('huge.info'))).because, /larger than 16 MiB/);
    await writeFile(path.join(root, 'outside.info'), 'SF:a\nDA:1,1\nend_of_record\n');
    await assert.rejects(run(coverage('../outside.info')), { type: 'SHIPLOCK_POLICY_REFUSED' });
  });

  it('passes on lcov that reaches the minimum and says when it was made', async () => {
    await writeFile(path.join(app, 'lcov.info'), 'SF:a\nDA:1,1\nend_of_record\n');
    const report = await run({
      kind: 'coverage',
      name: 'c',
      directory: app,
      timeoutMs: 1,
      report: 'lcov.info',
      minimumPercent: 80,
    });
    assert.equal(report.verdict, 'pass');
    assert.match(report.because, /1 of 1 lines .*\(report of \d{4}-/);
  });
});

describe('a build host', () => {
  it('answers with its own queue', async () => {
    assert.deepEqual(await activities().claimBuildHost(), { taskQueue: 'shiplock-build-here' });
  });
});
