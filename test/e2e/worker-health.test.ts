import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { serverPath } from '../../infra/local/servers/index.ts';
import { loadWorkflowBundle } from '../../workers/bundle.ts';
import { freePort } from '../fixtures/free-port.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SHIPLOCK = join(ROOT, 'bin/shiplock.js');

describe('the probes of a worker', { timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'shiplock-health-'));
  let temporal: ChildProcess;
  let address: string;

  before(async () => {
    // As an image has it: on a file system that cannot be written it could not be made.
    await loadWorkflowBundle();
    const { path } = await serverPath('temporal', { fetch: true });
    const port = await freePort();
    address = `127.0.0.1:${port}`;
    const args = ['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', `${port}`];
    temporal = spawn(path, [...args, '--log-level', 'error'], { stdio: 'ignore' });
    process.once('exit', () => temporal.kill('SIGKILL'));
  });
  after(async () => {
    temporal.kill('SIGCONT');
    temporal.kill('SIGTERM');
    await once(temporal, 'exit');
    rmSync(folder, { recursive: true, force: true });
  });

  it('are ready while it polls and Temporal answers, and say why they are not', async (t) => {
    const worker = await startWorker(t, []);
    assert.match((await worker.until('/readyz', 200)).text, /^polls shiplock, shiplock-notify, shiplock-build, /);
    assert.equal((await worker.probe('/livez')).code, 200);

    temporal.kill('SIGSTOP');
    assert.match((await worker.until('/readyz', 503)).text, /^Temporal does not answer: /);
    assert.equal((await worker.probe('/livez')).code, 200);
    temporal.kill('SIGCONT');
    await worker.until('/readyz', 200);
  });

  it('get no answer from a process that no longer turns', async (t) => {
    const worker = await startWorker(t, []);
    await worker.until('/readyz', 200);
    worker.child.kill('SIGSTOP');
    await assert.rejects(worker.probe('/livez'), { name: 'TimeoutError' });
    worker.child.kill('SIGCONT');
    await worker.until('/livez', 200);
  });

  it('are those of the queues of its role, and it ends well within the grace period that pods are given', async (t) => {
    const worker = await startWorker(t, ['--role', 'notify']);
    assert.equal((await worker.until('/readyz', 200)).text, 'polls shiplock-notify\n');
    const told = performance.now();
    worker.child.kill('SIGTERM');
    const [code] = await once(worker.child, 'exit');
    assert.equal(code, 0);
    assert.ok(performance.now() - told < 15_000);
  });

  it('are ready on a root that cannot be written', async (t) => {
    const script = [
      'mount -o remount,ro,bind / && mount --bind "$ROOT" "$ROOT" && mount -o remount,ro,bind "$ROOT"',
      'mount -t tmpfs tmpfs /tmp && mkdir /tmp/state',
      '! touch "$ROOT/written" 2>/dev/null && ! touch /written 2>/dev/null',
      'exec "$@"',
    ].join(' && ');
    const enclosed = ['unshare', '-m', 'sh', '-c', script, 'sh'];
    const tried = spawnSync(enclosed[0] ?? '', [...enclosed.slice(1), 'true'], { env: { ...process.env, ROOT } });
    if (tried.status !== 0) return t.skip('only who may mount can have a root that cannot be written');
    const worker = await startWorker(t, [], { within: enclosed, state: '/tmp/state' });
    await worker.until('/readyz', 200);
  });

  async function startWorker(
    t: TestContext,
    args: readonly string[],
    { within = [], state = join(folder, 'state') }: { within?: readonly string[]; state?: string } = {},
  ) {
    const port = await freePort();
    const command = [process.execPath, SHIPLOCK, 'worker', '--health', `127.0.0.1:${port}`, ...args];
    const [program = '', ...rest] = [...within, ...command];
    let words = '';
    const child = spawn(program, rest, {
      env: {
        PATH: [dirname(process.execPath), process.env.PATH].join(':'),
        HOME: homedir(),
        ROOT,
        TEMPORAL_ADDRESS: address,
        SHIPLOCK_HOME: join(folder, 'home'),
        SHIPLOCK_STATE: state,
        NODE_DISABLE_COMPILE_CACHE: '1',
        SHIPLOCK_PARENT: String(process.pid),
      },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    child.stderr?.on('data', (part: Buffer) => {
      words += part;
    });
    t.after(async () => {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    });
    const probe = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(3_000) });
      return { code: response.status, text: await response.text() };
    };
    const until = async (path: string, code: number) => {
      const deadline = Date.now() + 120_000;
      for (;;) {
        const answer = await probe(path).catch((error: Error) => ({ code: 0, text: error.message }));
        if (answer.code === code) return answer;
        const last = JSON.stringify(answer);
        if (Date.now() > deadline) throw new Error(`${path} does not become ${code}: ${last}; ${words}`);
        await delay(100);
      }
    };
    return { child, probe, until };
  }
});
