import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stackPaths } from '../../infra/local/home.ts';
import { takeLock } from '../../infra/local/stack/lock.ts';
import { choosePort, isFree } from '../../infra/local/stack/ports.ts';
import { identify, isAlive, markedProcesses, PROCESS_MARK, STACK_MARK } from '../../infra/local/stack/processes.ts';
import { openStore } from '../../infra/local/stack/state.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'shiplock-unit-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('the stored state', () => {
  const started = { key: 'r/1', effect: 'setWeights', service: 'api' } as const;
  const journal = () => readFileSync(stackPaths(home).journal, 'utf8').trimEnd().split('\n');

  it('is there again for the next one, with one line for each effect', async () => {
    const store = openStore(stackPaths(home));
    await store.commit((draft) => {
      draft.ports.ui = 8233;
      return started;
    });
    const same = await store.commit((draft) => {
      draft.ports.ui = 8233;
      return started;
    });
    assert.equal(same, false);
    assert.equal(openStore(stackPaths(home)).read().ports.ui, 8233);
    assert.equal(journal().length, 1);
  });

  it('gets the line back that a crash swallowed', async () => {
    const store = openStore(stackPaths(home));
    for (const ui of [1, 2]) {
      await store.commit((draft) => {
        draft.ports.ui = ui;
        return started;
      });
    }
    const lines = journal();
    writeFileSync(stackPaths(home).journal, `${lines[0]}\n`);
    openStore(stackPaths(home));
    openStore(stackPaths(home));
    assert.deepEqual(journal(), lines);
  });

  it('does not count what cannot be stored', async () => {
    const store = openStore(stackPaths(home));
    const obstacle = `${stackPaths(home).state}.${process.pid}.tmp`;
    mkdirSync(obstacle);
    const raise = store.commit((draft) => {
      draft.desired = 'up';
      return null;
    });
    await assert.rejects(raise, { code: 'SHIPLOCK_LOCAL_DISK' });
    assert.equal(store.read().desired, 'down');
    rmdirSync(obstacle);
    await store.commit((draft) => {
      draft.desired = 'up';
      return null;
    });
    assert.equal(store.read().desired, 'up');
  });

  it('is named when it is broken', () => {
    writeFileSync(stackPaths(home).state, '{"format":');
    assert.throws(() => openStore(stackPaths(home)), { code: 'SHIPLOCK_LOCAL_STATE', message: /state\.json/ });
  });
});

describe('the lock of a home', () => {
  it('is held by one, and free again when its holder is killed', async () => {
    const file = join(home, 'a.lock');
    const lock = fileURLToPath(new URL('../../infra/local/stack/lock.ts', import.meta.url));
    const script = `import { takeLock } from ${JSON.stringify(lock)}; console.log(takeLock(${JSON.stringify(file)}) !== null); setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [said] = (await holder.stdout.take(1).toArray()) as Buffer[];
    assert.equal(String(said).trim(), 'true');
    assert.equal(takeLock(file), null);
    const ended = new Promise((resolve) => holder.once('exit', resolve));
    holder.kill('SIGKILL');
    await ended;
    const mine = takeLock(file);
    assert.notEqual(mine, null);
    mine?.release();
  });
});

describe('a process', () => {
  it('is the same only with the same start, and found by its mark alone', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
      env: { [STACK_MARK]: home, [PROCESS_MARK]: 'instance/api/1.0.0/0' },
      stdio: 'ignore',
      detached: true,
    });
    await new Promise((resolve) => child.once('spawn', resolve));
    const identity = identify(child.pid as number);
    assert.ok(identity);
    assert.equal(isAlive(identity), true);
    assert.equal(isAlive({ ...identity, started: 'another time' }), false);
    assert.deepEqual(
      markedProcesses(home).map(({ id, leader }) => [id, leader]),
      [['instance/api/1.0.0/0', true]],
    );
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    assert.equal(isAlive(identity), false);
    assert.deepEqual(markedProcesses(home), []);
  });
});

describe('a port', () => {
  it('is the preferred one when it is free, and else another free one below the ephemeral range', async () => {
    const { createServer } = await import('node:net');
    const free = await choosePort(null);
    assert.ok(free >= 20_000 && free < 30_000);
    assert.equal(await choosePort(free), free);
    const server = createServer().listen(free, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const other = await choosePort(free);
    assert.notEqual(other, free);
    assert.equal(await isFree(other), true);
    server.close();
  });
});
