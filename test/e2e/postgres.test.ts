import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import pg from 'pg';
import { startPostgres } from '../../infra/local/postgres.ts';
import { identify } from '../../infra/local/stack/processes.ts';
import { until } from './support/databases.ts';

const limits = { timeout: 300_000 };
const MODULE = new URL('../../infra/local/postgres.ts', import.meta.url).href;

async function temporary(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'shiplock-postgres-test-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

test('it listens on loopback alone, asks for its password, and keeps its data over a restart', limits, async (t) => {
  const folder = await temporary(t);
  const first = await startPostgres({ folder });
  t.after(() => first.remove());
  assert.deepEqual(await ask(first.url, 'SHOW listen_addresses'), [{ listen_addresses: '127.0.0.1' }]);
  const stranger = Object.assign(new URL(first.url), { password: 'guessed' });
  await assert.rejects(ask(stranger.href, 'SELECT 1'), { code: '28P01' });
  await ask(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
  await first.stop();
  assert.equal(identify(first.pid), null);

  const second = await startPostgres({ folder });
  t.after(() => second.remove());
  assert.equal(second.url, first.url);
  assert.deepEqual(await ask(second.url, 'SELECT * FROM kept'), [{ answer: 42 }]);
});

test('it does not run as root, whoever starts it', limits, async (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root starts it as somebody else');
  const server = await startPostgres({ folder: join(await temporary(t), 'below', 'a closed folder') });
  t.after(() => server.remove());
  const { uid } = await stat(`/proc/${server.pid}`);
  assert.notEqual(uid, 0);
});

test('it ends with the process that started it, however that ends, and starts again at once', limits, async (t) => {
  const folder = await temporary(t);
  const script = `const { startPostgres } = await import(${JSON.stringify(MODULE)});
    const { pid } = await startPostgres({ folder: ${JSON.stringify(folder)} });
    console.log(pid);
    setInterval(() => undefined, 1000);`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => owner.kill('SIGKILL'));
  const [line] = (await once(owner.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  assert.ok(identify(pid));
  owner.kill('SIGKILL');
  const again = await startPostgres({ folder });
  t.after(() => again.remove());
  assert.notEqual(again.pid, pid);
  await until('the end of the first server', async () => identify(pid) === null);
});

test('it removes its data when it is asked to, and only then', limits, async (t) => {
  const folder = await temporary(t);
  const server = await startPostgres({ folder });
  const [row] = await ask(server.url, 'SHOW data_directory');
  const data = String(row?.data_directory);
  await server.stop();
  assert.ok((await readFile(join(data, 'PG_VERSION'), 'utf8')).length > 0);
  await server.remove();
  await assert.rejects(stat(data), { code: 'ENOENT' });
});
