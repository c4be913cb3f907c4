import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { CancelledFailure } from '@temporalio/common';
import { createDatabaseActivities } from '../../activities/database/index.ts';
import type { Migrated, MigrateRequest } from '../../activities/database/port.ts';
import { startPostgres } from '../../infra/local/postgres.ts';
import { activityEnvironment } from '../fixtures/activity-environment.ts';
import {
  type Database,
  type Databases,
  failureOf,
  migrationOf,
  requestFor,
  startDatabases,
  until,
} from './support/databases.ts';

const limits = { timeout: 300_000 };
const MIGRATING_WORKER = join(import.meta.dirname, '../fixtures/migrating-worker.ts');
const addTable = migrationOf('001_add.sql', 'CREATE TABLE added (id int);');
const sleeping = migrationOf('002_slow.sql', 'CREATE TABLE half (id int); SELECT pg_sleep(30);');
const names = [sleeping.name, addTable.name, '003_never.sql'];
let databases: Databases;
const workers: ChildProcess[] = [];

before(async () => {
  databases = await startDatabases();
}, limits);
after(async () => {
  for (const worker of workers) worker.kill('SIGKILL');
  await databases?.release();
});

/** Another worker's process, which runs a migration. */
function workerWith(database: Database, request: MigrateRequest) {
  const process_ = spawn(process.execPath, [MIGRATING_WORKER, database.url, JSON.stringify(request)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  workers.push(process_);
  let said = '';
  process_.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = once(process_, 'exit').then(() => (said ? (JSON.parse(said) as Record<string, unknown>) : null));
  return { kill: (signal: NodeJS.Signals) => process_.kill(signal), ended };
}

function sleeps(database: Database) {
  return until('the file that sleeps', async () =>
    (await database.backends()).find(({ waits, query }) => waits === 'PgSleep' && query.includes('002_slow')),
  );
}

async function half(database: Database): Promise<boolean> {
  const [row] = await database.sql<{ there: boolean }>("SELECT to_regclass('half') IS NOT NULL AS there");
  return row?.there ?? false;
}

describe('a migration that is stopped', limits, () => {
  it('ends at once, leaves nothing, and what is done is said', async () => {
    const database = await databases.fresh();
    await database.migrate(addTable);
    const failing = failureOf(database.migrate(sleeping));
    await sleeps(database);
    const startedAt = performance.now();
    assert.deepEqual(await database.stop({ fence: 1_001, names }), { done: [addTable.name] });
    const elapsedMs = performance.now() - startedAt;
    assert.ok(elapsedMs < 15_000, `took ${Math.round(elapsedMs)} ms of the 30 s that its file sleeps`);
    const failure = await failing;
    assert.equal(failure.type, 'SHIPLOCK_MIGRATION_INTERRUPTED');
    assert.ok(!failure.nonRetryable);
    assert.deepEqual(await database.backends(), []);
    assert.equal(await half(database), false);
    assert.deepEqual(await database.stop({ fence: 1_001, names }), { done: [addTable.name] }, 'again, the same');
  });

  it('does not run again under the number it had, and does under the next', async () => {
    const database = await databases.fresh();
    await database.stop({ fence: 1_001, names: [] });
    const failure = await failureOf(database.migrate(addTable));
    assert.equal(failure.type, 'SHIPLOCK_FENCE_STALE');
    assert.equal(failure.nonRetryable, true);
    assert.equal(
      failure.message,
      'the database of credlink-api has seen the fencing number 1001, this migration has 1000',
    );
    assert.deepEqual(await database.stop({ fence: 1_001, names }), { done: [] });
    assert.equal((await database.migrate(addTable, { fence: 1_001 })).outcome, 'applied');
  });

  it('is not stopped by a release of the past', async () => {
    const database = await databases.fresh();
    await database.migrate(addTable, { fence: 2_000 });
    const failure = await failureOf(database.stop({ fence: 1_001, names }));
    assert.equal(failure.type, 'SHIPLOCK_FENCE_STALE');
  });

  it('is refused where it waits for its turn as it is stopped', async () => {
    const database = await databases.fresh();
    const first = failureOf(database.migrate(sleeping));
    await sleeps(database);
    const second = failureOf(database.migrate(addTable));
    await until('one that waits', async () => (await database.backends()).some(({ waits }) => waits === 'advisory'));
    assert.deepEqual(await database.stop({ fence: 1_001, names }), { done: [] });
    for (const { type } of [await first, await second]) {
      assert.ok(type === 'SHIPLOCK_MIGRATION_INTERRUPTED' || type === 'SHIPLOCK_FENCE_STALE', `${type}`);
    }
    assert.deepEqual(await database.sql('SELECT * FROM shiplock.migrations'), []);
  });

  it('ends though its worker is stalled, which is refused when it wakes', async () => {
    const database = await databases.fresh();
    const stalled = workerWith(database, requestFor(sleeping));
    await sleeps(database);
    stalled.kill('SIGSTOP');
    assert.deepEqual(await database.stop({ fence: 1_001, names }), { done: [] });
    assert.equal(await half(database), false);
    stalled.kill('SIGCONT');
    assert.deepEqual(await stalled.ended, { type: 'SHIPLOCK_MIGRATION_INTERRUPTED', nonRetryable: false });
    const again = workerWith(database, requestFor(sleeping));
    assert.deepEqual(await again.ended, { type: 'SHIPLOCK_FENCE_STALE', nonRetryable: true });
  });

  it('ends though its worker stalled in the middle of its transaction', async () => {
    const database = await databases.fresh();
    await database.stop({ fence: 1_000, names: [] });
    const worker = await database.connect('shiplock:credlink-api');
    await worker.query('BEGIN');
    await worker.query("SELECT pg_advisory_xact_lock(hashtextextended('shiplock:credlink-api', 0))");
    await worker.query('CREATE TABLE half (id int)');
    assert.deepEqual(await database.stop({ fence: 1_001, names }), { done: [] });
    await assert.rejects(worker.query('COMMIT'));
    assert.equal(await half(database), false);
  });

  it('leaves the migrations of other services alone', async () => {
    const database = await databases.fresh();
    const file = migrationOf('001.sql', 'SELECT pg_sleep(1)');
    const other = database.migrate(file, { service: 'billing' });
    await until('the other one', () =>
      database
        .sql("SELECT 1 FROM pg_stat_activity WHERE application_name = 'shiplock:billing' AND wait_event = 'PgSleep'")
        .then((rows) => rows.length > 0),
    );
    await database.stop({ fence: 1_001, names });
    assert.equal((await other).outcome, 'applied');
  });
});

describe('a migration whose worker goes away', limits, () => {
  it('is rolled back where its release is cancelled', async () => {
    const database = await databases.fresh();
    const environment = activityEnvironment();
    const migrating = database.migrate(sleeping, {}, environment);
    await sleeps(database);
    environment.cancel();
    await assert.rejects(migrating, CancelledFailure);
    assert.deepEqual(await database.backends(), []);
    assert.equal(await half(database), false);
  });

  it('heartbeats as long as it runs', async () => {
    const database = await databases.fresh();
    const environment = activityEnvironment();
    let beats = 0;
    environment.on('heartbeat', () => {
      beats += 1;
    });
    await database.migrate(migrationOf('001.sql', 'SELECT pg_sleep(1.2)'), {}, environment);
    assert.ok(beats >= 2, `${beats} heartbeats`);
  });

  it('is rolled back where the worker is killed in the middle of a file, and the next one runs it', async () => {
    const database = await databases.fresh();
    const killed = workerWith(database, requestFor(sleeping));
    await sleeps(database);
    killed.kill('SIGKILL');
    await killed.ended;
    const startedAt = performance.now();
    await until('the end of its backend', async () => (await database.backends()).length === 0);
    assert.ok(performance.now() - startedAt < 15_000, 'a second or so after its worker, not after its 30 s');
    assert.equal(await half(database), false);
    const next = migrationOf(sleeping.name, sleeping.sql.replace('30', '0'));
    assert.equal((await database.migrate(next)).outcome, 'applied');
  });
});

describe('a database that is not there', limits, () => {
  it('is tried again, and has kept records and numbers when it is back', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'shiplock-database-'));
    const first = await startPostgres({ folder });
    t.after(() => first.remove());
    const { migrate, stopMigration } = createDatabaseActivities({ connectionOf: () => first.url });
    const run = (request: MigrateRequest): Promise<Migrated> => activityEnvironment().run(migrate, request);
    await run({ ...requestFor(addTable), fence: 2_000 });
    const running = failureOf(run({ ...requestFor(sleeping), fence: 2_000 }));
    await first.stop();
    const lost = await running;
    assert.match(lost.type ?? '', /^SHIPLOCK_(MIGRATION_INTERRUPTED|DATABASE_UNREACHABLE)$/);
    assert.ok(!lost.nonRetryable);

    const down = await failureOf(run(requestFor(addTable)));
    assert.equal(down.type, 'SHIPLOCK_DATABASE_UNREACHABLE');
    assert.ok(!down.nonRetryable);
    assert.equal(down.message, 'the database "credlink" cannot be used: nothing listens at its address');
    const request = { database: 'credlink', service: 'credlink-api', fence: 2_001, key: 'r/r/undo', names };
    const stop = await failureOf(activityEnvironment().run(stopMigration, request));
    assert.equal(stop.type, 'SHIPLOCK_DATABASE_UNREACHABLE');
    assert.ok(!stop.nonRetryable);

    const second = await startPostgres({ folder });
    t.after(() => second.remove());
    assert.equal(second.url, first.url);
    assert.equal((await run({ ...requestFor(addTable), fence: 2_000 })).outcome, 'found');
    assert.equal((await failureOf(run(requestFor(addTable)))).type, 'SHIPLOCK_FENCE_STALE');
  });

  const wrong: [string, (url: URL) => string | null, string, RegExp][] = [
    [
      'the policy knows none',
      () => null,
      'SHIPLOCK_DATABASE_UNKNOWN',
      /knows no connection to the database "credlink"/,
    ],
    [
      'the password is wrong',
      (url) => Object.assign(new URL(url), { password: 'hunter2-wrong' }).href,
      'SHIPLOCK_DATABASE_UNREACHABLE',
      /it refuses the credentials \(SQLSTATE 28P01\)$/,
    ],
    [
      'there is no such database',
      (url) => Object.assign(new URL(url), { pathname: '/secret-name' }).href,
      'SHIPLOCK_DATABASE_UNREACHABLE',
      /no database of the name in its connection string \(SQLSTATE 3D000\)$/,
    ],
    [
      'its host is not known',
      (url) => Object.assign(new URL(url), { hostname: 'secret-host.invalid' }).href,
      'SHIPLOCK_DATABASE_UNREACHABLE',
      /the name of its host (is not known|cannot be resolved)$/,
    ],
    [
      'it speaks no TLS where that is asked for',
      (url) => `${url.href}?sslmode=verify-full`,
      'SHIPLOCK_DATABASE_UNREACHABLE',
      /TLS does not come about/,
    ],
    [
      'its connection string is none',
      () => 'postgres://hunter2:hunter2@[secret-host/x',
      'SHIPLOCK_DATABASE_UNKNOWN',
      /what this worker has for the database "credlink" is no connection string/,
    ],
  ];
  for (const [what, change, type, message] of wrong) {
    it(`since ${what} is told without its connection string`, async () => {
      const url = new URL(databases.server.url);
      const { migrate } = createDatabaseActivities({ connectionOf: () => change(url) });
      const failure = await failureOf(activityEnvironment().run(migrate, requestFor(addTable)));
      assert.equal(failure.type, type);
      assert.match(failure.message.split('; ')[0] ?? '', message);
      const all = `${failure.stack} ${JSON.stringify(failure)} ${JSON.stringify(failure.cause ?? {})}`;
      for (const secret of [url.password, url.host, 'hunter2', 'secret-host', 'secret-name']) {
        assert.ok(!all.includes(secret), `${secret} in ${all}`);
      }
    });
  }
});
