import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createDatabaseActivities } from '../../activities/database/index.ts';
import { activityEnvironment } from '../fixtures/activity-environment.ts';
import { BEFORE, FITS, MISFITS } from '../fixtures/sql-statements.ts';
import {
  type Database,
  type Databases,
  failureOf,
  migrationOf,
  requestFor,
  SERVICE,
  startDatabases,
  until,
} from './support/databases.ts';

const limits = { timeout: 300_000 };
let databases: Databases;

before(async () => {
  databases = await startDatabases();
}, limits);
after(() => databases?.release());

/** A database with a table of users in it. */
async function withUsers(): Promise<Database> {
  const database = await databases.fresh();
  await database.sql('CREATE TABLE users (id int PRIMARY KEY, name text)');
  await database.sql("INSERT INTO users VALUES (1, 'Ada')");
  return database;
}

async function tables(database: Database): Promise<string[]> {
  const rows = await database.sql<{ tablename: string }>("SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
  return rows.map(({ tablename }) => tablename).sort();
}

const addOwner = migrationOf('001_add_owner.sql', 'ALTER TABLE users ADD COLUMN owner text;');

describe('a migration', limits, () => {
  it('is applied once, and found by every later attempt and release', async () => {
    const database = await withUsers();
    const first = await database.migrate(addOwner);
    assert.equal(first.outcome, 'applied');
    assert.match(first.because, /^applied in \d+\.\d s$/);
    const again = await database.migrate(addOwner, { key: 'release-2/run-2/expand-1', fence: 2_000 });
    assert.equal(again.outcome, 'found');
    assert.match(again.because, /^done already, at \d{4}-\d\d-\d\dT.*Z by release-1\/run-1\/expand-1$/);
    assert.deepEqual(await database.sql('SELECT service, name, kind, sha256, key FROM shiplock.migrations'), [
      {
        service: SERVICE,
        name: addOwner.name,
        kind: 'expand',
        sha256: addOwner.sha256,
        key: 'release-1/run-1/expand-1',
      },
    ]);
  });

  it('may hold many statements, of which later ones see what earlier ones made', async () => {
    const database = await databases.fresh();
    const file = migrationOf(
      '001.sql',
      `CREATE TABLE plans (id int PRIMARY KEY); -- a semicolon; in a comment
       INSERT INTO plans SELECT generate_series(1, 3);
       CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT n * 2; $$;
       CREATE INDEX ON plans ((twice(id)));`,
    );
    assert.equal((await database.migrate(file)).outcome, 'applied');
    assert.deepEqual(await database.sql('SELECT twice(id) FROM plans'), [{ twice: 2 }, { twice: 4 }, { twice: 6 }]);
  });

  it('of comments alone is applied', async () => {
    const database = await databases.fresh();
    assert.equal((await database.migrate(migrationOf('000.sql', '-- nothing yet\n'))).outcome, 'applied');
  });

  it('may answer any number of rows and notices: nobody keeps them', async () => {
    const database = await databases.fresh();
    const before = process.memoryUsage().rss;
    const file = migrationOf(
      '001.sql',
      `SELECT repeat('x', 10000) FROM generate_series(1, 20000);
       DO $$ BEGIN FOR n IN 1..20000 LOOP RAISE NOTICE '%', repeat('x', 5000); END LOOP; END $$;`,
    );
    assert.equal((await database.migrate(file)).outcome, 'applied');
    assert.ok(process.memoryUsage().rss - before < 100e6, 'of 300 MB of answers');
  });

  it('may change its role and its path: the record is made all the same', async () => {
    const database = await databases.fresh();
    await database.sql('CREATE ROLE nobody_of_tests');
    const file = migrationOf('001.sql', "SET LOCAL ROLE nobody_of_tests; SET search_path = ''; SELECT 1;");
    assert.equal((await database.migrate(file)).outcome, 'applied');
    assert.equal((await database.migrate(file)).outcome, 'found');
    await database.sql('DROP ROLE nobody_of_tests');
  });

  it('that fails half-way leaves nothing, and says where', async () => {
    const database = await withUsers();
    const file = migrationOf(
      '002.sql',
      'CREATE TABLE half (id int);\n\n-- näxt: 🚢\nALTER TABLE users ADD COLUMN b text,\n  ADD COLUMN c nonsense;',
    );
    const failure = await failureOf(database.migrate(file));
    assert.equal(failure.type, 'SHIPLOCK_MIGRATION_FAILED');
    assert.equal(failure.nonRetryable, true);
    assert.match(failure.message, /^002\.sql:5:16: type "nonsense" does not exist \(SQLSTATE 42704\); nothing of this/);
    assert.deepEqual(await tables(database), ['users']);
    assert.deepEqual(await database.sql('SELECT * FROM shiplock.migrations'), []);
  });

  it('whose data do not fit fails without quoting rows', async () => {
    const database = await withUsers();
    const failure = await failureOf(database.migrate(migrationOf('002.sql', "INSERT INTO users VALUES (1, 'Grace')")));
    assert.match(
      failure.message,
      /^002\.sql: duplicate key value violates unique constraint "users_pkey" \(SQLSTATE 23505\)/,
    );
    assert.doesNotMatch(JSON.stringify(failure), /Grace|\(1\)/);
  });

  it('that fails only as it is committed leaves nothing', async () => {
    const database = await withUsers();
    const file = migrationOf(
      '002.sql',
      `CREATE TABLE orders (owner int REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED);
       INSERT INTO orders VALUES (7);`,
    );
    const failure = await failureOf(database.migrate(file));
    assert.match(failure.message, /violates foreign key constraint.*SQLSTATE 23503/);
    assert.deepEqual(await tables(database), ['users']);
    assert.deepEqual(await database.sql('SELECT * FROM shiplock.migrations'), []);
  });

  it('that was changed after it was applied is refused', async () => {
    const database = await withUsers();
    await database.migrate(addOwner);
    const failure = await failureOf(database.migrate(migrationOf(addOwner.name, 'DROP TABLE users;')));
    assert.equal(failure.type, 'SHIPLOCK_MIGRATION_CHANGED');
    assert.equal(failure.nonRetryable, true);
    assert.match(failure.message, /^001_add_owner\.sql was applied at .* with other SQL/);
    assert.deepEqual(await tables(database), ['users']);
  });

  it('whose SQL is not what its SHA-256 names is refused before anything is asked', async () => {
    const database = await databases.fresh();
    const failure = await failureOf(database.migrate({ ...addOwner, sql: 'DROP TABLE users;' }));
    assert.equal(failure.type, 'SHIPLOCK_MIGRATION_CHANGED');
  });
});

describe('a file that would end its transaction', limits, () => {
  const procedure = `CREATE PROCEDURE ends() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;`;
  const cases: [string, string][] = [
    ['commits', 'CREATE TABLE half (id int); COMMIT; CREATE TABLE nonsense (x nonsense);'],
    ['begins and commits', 'BEGIN; CREATE TABLE half (id int); COMMIT;'],
    ['rolls back', 'CREATE TABLE half (id int); ROLLBACK; CREATE TABLE whole (id int);'],
    ['ends in other words', 'CREATE TABLE half (id int); END TRANSACTION;'],
    ['prepares for another to commit', "CREATE TABLE half (id int); PREPARE TRANSACTION 'x';"],
    ['makes a savepoint', 'CREATE TABLE half (id int); SAVEPOINT s; ROLLBACK TO s;'],
    ['commits in a block', 'CREATE TABLE half (id int); DO $$ BEGIN COMMIT; END $$;'],
    ['calls a procedure that commits', `CREATE TABLE half (id int); ${procedure} CALL ends();`],
    ['commits in text that is executed', "CREATE TABLE half (id int); DO $$ BEGIN EXECUTE 'COMMIT'; END $$;"],
    ['cannot run in one', 'CREATE TABLE half (id int); CREATE INDEX CONCURRENTLY ON half (id);'],
    ['reads what nobody sends', 'CREATE TABLE half (id int); COPY half FROM STDIN;'],
  ];
  for (const [what, sql] of cases) {
    it(`since it ${what} is refused, and nothing of it is there`, async () => {
      const database = await databases.fresh();
      const failure = await failureOf(database.migrate(migrationOf('001.sql', sql)));
      assert.equal(failure.type, 'SHIPLOCK_MIGRATION_FAILED');
      assert.equal(failure.nonRetryable, true);
      assert.match(failure.message, /a file is one transaction of the engine’s own: take BEGIN, COMMIT/);
      assert.deepEqual(await tables(database), []);
      assert.deepEqual(await database.sql('SELECT * FROM shiplock.migrations'), []);
    });
  }
});

describe('what check finds in a file', limits, () => {
  it('is what PostgreSQL refuses, and what it lets pass runs', async () => {
    const database = await databases.fresh();
    await database.sql(BEFORE);
    for (const [before, statement] of MISFITS) {
      const failure = await failureOf(database.migrate(migrationOf('001.sql', `${before}${statement};`)));
      assert.equal(failure.type, 'SHIPLOCK_MIGRATION_FAILED', statement);
    }
    for (const statement of FITS) {
      const each = await databases.fresh();
      await each.sql(BEFORE);
      assert.equal((await each.migrate(migrationOf('001.sql', statement))).outcome, 'applied', statement);
    }
  });
});

describe('a migration that waits for a lock', limits, () => {
  it('gives up in time, names who holds it, lets other queries go on, and succeeds once it is released', async () => {
    const database = await withUsers();
    const reader = await database.connect('monthly-report');
    await reader.query('BEGIN');
    await reader.query('SELECT * FROM users');
    const failing = failureOf(database.migrate(addOwner, { lockTimeoutMs: 600 }));
    await until('the wait for a lock', async () =>
      (await database.backends()).find(({ waits }) => waits === 'relation'),
    );
    const startedAt = performance.now();
    await database.sql('SELECT * FROM users');
    const queuedMs = performance.now() - startedAt;
    const failure = await failing;
    assert.equal(failure.type, 'SHIPLOCK_MIGRATION_BLOCKED');
    assert.ok(!failure.nonRetryable);
    assert.match(
      failure.message,
      /^001_add_owner\.sql: waited 600 ms for a lock that pid \d+ \(monthly-report, idle in transaction for \d+ s: SELECT \* FROM users\) holds$/,
    );
    assert.ok(queuedMs < 20_000, `another query queued for ${Math.round(queuedMs)} ms`);
    await reader.query('COMMIT');
    assert.equal((await database.migrate(addOwner, { lockTimeoutMs: 600 })).outcome, 'applied');
  });

  it('is run by one of two workers, and found by the other', async () => {
    const database = await databases.fresh();
    const file = migrationOf('001.sql', 'CREATE TABLE once (id int); SELECT pg_sleep(0.3);');
    const outcomes = await Promise.all([database.migrate(file), database.migrate(file), database.migrate(file)]);
    assert.deepEqual(outcomes.map(({ outcome }) => outcome).sort(), ['applied', 'found', 'found']);
  });

  it('does not wait longer for another worker than for any lock', async () => {
    const database = await databases.fresh();
    const slow = database.migrate(migrationOf('001.sql', 'SELECT pg_sleep(3)'));
    await until('the first', async () => (await database.backends()).find(({ waits }) => waits === 'PgSleep'));
    const failure = await failureOf(database.migrate(migrationOf('002.sql', 'SELECT 1'), { lockTimeoutMs: 300 }));
    assert.match(
      failure.message,
      /^002\.sql: waited 300 ms for a lock that pid \d+ \(shiplock:credlink-api, active .*001\.sql/,
    );
    assert.equal((await slow).outcome, 'applied');
  });

  it('of another service waits for nobody', async () => {
    const database = await databases.fresh();
    const slow = database.migrate(migrationOf('001.sql', 'SELECT pg_sleep(1)'));
    await until('the first', async () => (await database.backends()).find(({ waits }) => waits === 'PgSleep'));
    const other = await database.migrate(migrationOf('001.sql', 'SELECT 1'), {
      service: 'billing',
      lockTimeoutMs: 100,
    });
    assert.equal(other.outcome, 'applied');
    await slow;
  });
});

describe('a migration that something else hinders', limits, () => {
  it('runs too long, though none of its statements does: rolled back, and tried again', async () => {
    const database = await databases.fresh();
    const file = migrationOf('001.sql', 'CREATE TABLE half (id int); SELECT pg_sleep(0.2); SELECT pg_sleep(0.2);');
    const failure = await failureOf(database.migrate(file, { statementTimeoutMs: 300 }));
    assert.equal(failure.type, 'SHIPLOCK_MIGRATION_INTERRUPTED');
    assert.ok(!failure.nonRetryable);
    assert.equal(failure.message, '001.sql: it ran longer than 300 ms and was rolled back');
    assert.deepEqual(await tables(database), []);
  });

  it('runs into a deadlock: rolled back, and tried again', async () => {
    const database = await withUsers();
    await database.sql("INSERT INTO users VALUES (2, 'Grace')");
    const other = await database.connect('other');
    await other.query("BEGIN; SET deadlock_timeout = '60s'; UPDATE users SET name = '' WHERE id = 2");
    const file = migrationOf(
      '001.sql',
      "UPDATE users SET name = '' WHERE id = 1; SELECT pg_sleep(0.2); UPDATE users SET name = '' WHERE id = 2;",
    );
    const failing = failureOf(database.migrate(file));
    await until('the first update', async () => (await database.backends()).find(({ waits }) => waits === 'PgSleep'));
    const crossing = other.query("UPDATE users SET name = '' WHERE id = 1");
    const failure = await failing;
    assert.equal(failure.type, 'SHIPLOCK_MIGRATION_INTERRUPTED');
    assert.equal(failure.message, '001.sql: it ran into a deadlock and was rolled back');
    await crossing;
  });

  it('may not keep records: told with the right that lacks, and not tried again', async () => {
    const database = await databases.fresh();
    await database.sql("CREATE ROLE app_of_tests LOGIN PASSWORD 'app'");
    const url = new URL(database.url);
    url.username = 'app_of_tests';
    url.password = 'app';
    const { migrate } = createDatabaseActivities({ connectionOf: () => url.href });
    const failure = await failureOf(activityEnvironment().run(migrate, requestFor(addOwner)));
    assert.equal(failure.type, 'SHIPLOCK_DATABASE_REFUSED');
    assert.equal(failure.nonRetryable, true);
    assert.match(
      failure.message,
      /refuses what the engine needs for itself: permission denied for database .*42501.*GRANT CREATE/,
    );
    await database.sql('DROP ROLE app_of_tests');
  });
});
