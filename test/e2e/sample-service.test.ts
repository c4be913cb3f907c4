import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import type { LoadLine } from '../../infra/load/main.ts';
import { runLoad } from '../../src/load/load.ts';

const SAMPLE = join(import.meta.dirname, '../../infra/sample-service');

test('a stopped service loses no request of a client that keeps its connections', { timeout: 300_000 }, async (t) => {
  const service = await started(t, { SERVICE_VERSION: '1.1.0' });
  const ending = new AbortController();
  let answered = 0;
  const load = await runLoad({
    address: service.address,
    ratePerSecond: 200,
    atMost: { seconds: 10, requests: 2_000 },
    signal: ending.signal,
    onResponse: () => {
      answered += 1;
      // As a router does: it stops sending, and the process is asked to end while requests are still under way.
      if (answered === 100) service.child.kill('SIGTERM');
      if (answered === 110) ending.abort();
    },
  });
  assert.equal(load.failures, 0);
  assert.deepEqual(Object.keys(load.versions), ['1.1.0']);
  assert.equal(await service.exitCode, 0);
});

test('a build whose file says so is bad from its start', { timeout: 300_000 }, async (t) => {
  const folder = await faults(t, { '1.2.0': { errorShare: 0.25 } });
  const bad = await started(t, { SERVICE_VERSION: '1.2.0', SAMPLE_FAULTS_DIR: folder });
  const good = await started(t, { SERVICE_VERSION: '1.1.0', SAMPLE_FAULTS_DIR: folder });
  const atMost = { seconds: 10, requests: 40 };
  const [ofBad, ofGood] = await Promise.all(
    [bad, good].map(({ address }) => runLoad({ address, ratePerSecond: 100, atMost })),
  );
  assert.deepEqual(ofBad?.versions['1.2.0']?.classes, { '2xx': 30, '5xx': 10 });
  assert.deepEqual(ofGood?.versions['1.1.0']?.classes, { '2xx': 40 });
});

test('a build that crashes at its start ends with code 1', { timeout: 300_000 }, async (t) => {
  const folder = await faults(t, { '1.3.0': { crash: 'atStart' } });
  const child = run(t, { SERVICE_VERSION: '1.3.0', SAMPLE_FAULTS_DIR: folder });
  const [code] = await once(child, 'exit');
  assert.equal(code, 1);
});

test('a build that crashes under traffic breaks off that very request', { timeout: 300_000 }, async (t) => {
  const folder = await faults(t, { '1.4.0': { crash: { afterRequests: 3 } } });
  const service = await started(t, { SERVICE_VERSION: '1.4.0', SAMPLE_FAULTS_DIR: folder });
  const ask = () => fetch(`${service.address}/credentials/1`);
  assert.deepEqual([(await ask()).status, (await ask()).status], [200, 200]);
  await assert.rejects(ask());
  assert.equal(await service.exitCode, 1);
});

test('its own tests, build and coverage report are gates that pass', { timeout: 300_000 }, async (t) => {
  for (const command of [
    ['npm', 'test'],
    ['npm', 'run', 'build'],
  ]) {
    const [name = '', ...rest] = command;
    const child = spawn(name, rest, { cwd: SAMPLE, stdio: 'ignore', env: withoutTestRunner() });
    t.after(() => void child.kill('SIGKILL'));
    const [code] = await once(child, 'exit');
    assert.equal(code, 0, command.join(' '));
  }
  const report = await readFile(join(SAMPLE, 'lcov.info'), 'utf8');
  const total = (key: string) =>
    [...report.matchAll(new RegExp(`^${key}:(\\d+)$`, 'gm'))].reduce((sum, [, lines]) => sum + Number(lines), 0);
  assert.ok(total('LH') / total('LF') >= 0.95, `${total('LH')} of ${total('LF')} lines`);
});

test('load as a process tells its counts line by line, and ends with a final one', { timeout: 300_000 }, async (t) => {
  const service = await started(t, { SERVICE_VERSION: '1.1.0' });
  const main = join(import.meta.dirname, '../../infra/load/main.ts');
  const bounds = ['--rate', '100', '--seconds', '20', '--requests', '2000', '--interval-ms', '100'];
  const child = spawn(process.execPath, [main, '--address', service.address, ...bounds], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => void child.kill('SIGKILL'));
  const lines: LoadLine[] = [];
  for await (const text of createInterface({ input: child.stdout })) {
    const line = JSON.parse(text) as LoadLine;
    lines.push(line);
    if (line.kind === 'interval' && line.requests > 20) child.kill('SIGTERM');
  }
  const last = lines.at(-1);
  assert.equal(last?.kind, 'final');
  assert.ok(last.requests > 20 && last.requests < 500, `${last.requests} requests`);
  assert.equal(last.versions['1.1.0']?.requests, last.requests);
  assert.ok(lines.filter(({ kind }) => kind === 'interval').length >= 2);
});

async function faults(t: TestContext, builds: Record<string, unknown>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'shiplock-sample-'));
  t.after(() => rm(folder, { recursive: true }));
  for (const [version, fault] of Object.entries(builds))
    await writeFile(join(folder, `${version}.json`), JSON.stringify(fault));
  return folder;
}

function run(t: TestContext, environment: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, ['main.ts'], {
    cwd: SAMPLE,
    env: { ...process.env, PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.after(() => void child.kill('SIGKILL'));
  return child;
}

async function started(t: TestContext, environment: Record<string, string>) {
  const child = run(t, environment);
  const exitCode = once(child, 'exit').then(([code]) => code as number | null);
  assert.ok(child.stdout);
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { port } = JSON.parse(line) as { port: number };
  return { child, exitCode, address: `http://127.0.0.1:${port}` };
}

/** A runner that is told it runs inside another one reports to that one, not to a file. */
function withoutTestRunner(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  return environment;
}
