import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import type { MockActivityEnvironment } from '@temporalio/testing';
import pg from 'pg';
import { createDatabaseActivities } from '../../../activities/database/index.ts';
import type { Migrated, MigrateRequest, StoppedMigration } from '../../../activities/database/port.ts';
import { removeWithUs } from '../../../infra/local/afterwards.ts';
import { type Postgres, startPostgres } from '../../../infra/local/postgres.ts';
import type { Migration } from '../../../src/plan/plan.ts';
import { activityEnvironment } from '../../fixtures/activity-environment.ts';

export const SERVICE = 'credlink-api';

/** A database of its own for one test. */
export interface Database {
  readonly url: string;
  /** One query over a connection that is closed again. */
  sql<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Somebody else's connection, closed by `release`. */
  connect(applicationName: string): Promise<pg.Client>;
  migrate(migration: Migration, request?: Partial<MigrateRequest>, worker?: MockActivityEnvironment): Promise<Migrated>;
  stop(request: { fence: number; names: readonly string[] }): Promise<StoppedMigration>;
  /** Backends that run something of the service's migrations. */
  backends(): Promise<{ pid: number; waits: string | null; query: string }[]>;
}

export interface Databases {
  readonly server: Postgres;
  fresh(): Promise<Database>;
  /** Closes what tests have opened and removes the server. */
  release(): Promise<void>;
}

export async function startDatabases(): Promise<Databases> {
  const folder = await mkdtemp(join(tmpdir(), 'shiplock-database-'));
  removeWithUs(folder);
  const server = await startPostgres({ folder });
  const opened: pg.Client[] = [];
  const connect = async (connectionString: string, application_name: string) => {
    const client = new pg.Client({ connectionString, application_name });
    client.on('error', () => undefined);
    opened.push(client);
    await client.connect();
    return client;
  };
  return {
    server,
    async fresh() {
      const name = `test_${randomUUID().replaceAll('-', '')}`;
      const maker = await connect(server.url, 'test');
      await maker.query(`CREATE DATABASE ${name}`);
      await maker.end();
      const url = server.url.replace(/postgres$/, name);
      return databaseAt(url, (applicationName) => connect(url, applicationName));
    },
    async release() {
      await Promise.all(opened.map((client) => client.end().catch(() => undefined)));
      await server.remove();
    },
  };
}

function databaseAt(url: string, connect: Database['connect']): Database {
  const activities = createDatabaseActivities({ connectionOf: (name) => (name === 'credlink' ? url : null) });
  const sql: Database['sql'] = async (text, values) => {
    const client = await connect('test');
    try {
      return (await client.query(text, values)).rows;
    } finally {
      await client.end();
    }
  };
  return {
    url,
    sql,
    connect,
    migrate: (migration, request = {}, worker = activityEnvironment()) =>
      worker.run(activities.migrate, { ...requestFor(migration), ...request }),
    stop: ({ fence, names }) =>
      activityEnvironment().run(activities.stopMigration, {
        database: 'credlink',
        service: SERVICE,
        fence,
        key: 'release-1/run-1/undo-1',
        names,
      }),
    backends: () =>
      sql(
        `SELECT pid, wait_event AS waits, query FROM pg_stat_activity
         WHERE application_name = $1 AND datname = current_database()`,
        [`shiplock:${SERVICE}`],
      ),
  };
}

export function requestFor(migration: Migration): MigrateRequest {
  return {
    database: 'credlink',
    service: SERVICE,
    fence: 1_000,
    key: 'release-1/run-1/expand-1',
    kind: 'expand',
    migration,
    lockTimeoutMs: 5_000,
    statementTimeoutMs: 20_000,
  };
}

export function migrationOf(name: string, sql: string): Migration {
  return { name, sql, sha256: createHash('sha256').update(sql).digest('hex') };
}

/** How the activity fails; it must. */
export async function failureOf(attempt: Promise<unknown>): Promise<ApplicationFailure> {
  const error = await attempt.then(
    (result) => assert.fail(`did not fail: ${JSON.stringify(result)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApplicationFailure)) throw error;
  return error;
}

/** Looks until it is so, at most two minutes. */
export async function until<Seen>(what: string, look: () => Promise<Seen | null | undefined | false>): Promise<Seen> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > deadline) throw new Error(`${what} did not come about within two minutes`);
    await delay(20);
  }
}
