import { createHash } from 'node:crypto';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { failure } from '../failure.ts';
import { type Connection, type ConnectionOf, rollBack, withConnection } from './connection.ts';
import { engineFailure } from './engine-failure.ts';
import { checkFence, raiseFence } from './fence.ts';
import type { Migrated, MigrateRequest } from './port.ts';
import { record, recordOf } from './records.ts';
import { LOCK_KEY, prepareSchema } from './schema.ts';
import { sqlFailure } from './sql-failure.ts';
import { type Watch, watch } from './watch.ts';

/** A worker that stalls in mid-transaction keeps others out no longer than this. */
const IDLE_MS = 10_000;
/** On top of the server's own time-outs: for a server that answers nothing at all. */
const SILENCE_MS = 15_000;

/** One file in one transaction with its record. */
export async function migrate(request: MigrateRequest, connectionOf: ConnectionOf): Promise<Migrated> {
  const { cancellationSignal, cancelled } = Context.current();
  cancellationSignal.throwIfAborted();
  refuseOtherSql(request);
  const { database, service, lockTimeoutMs, statementTimeoutMs } = request;
  const applicationName = `shiplock:${service}`;
  const answerWithinMs = lockTimeoutMs + statementTimeoutMs + SILENCE_MS;
  try {
    return await withConnection({ database, connectionOf, applicationName, answerWithinMs }, async (connection) => {
      await engineFailure(database, async () => {
        await prepareSchema(connection);
        await raiseFence(connection, request);
      });
      const eye = { database, connectionOf, applicationName: `shiplock-watch:${service}`, answerWithinMs: SILENCE_MS };
      return withConnection(eye, (observer) => observed(request, connection, observer));
    });
  } catch (error) {
    if (cancellationSignal.aborted) return await cancelled;
    throw error;
  }
}

async function observed(request: MigrateRequest, connection: Connection, observer: Connection): Promise<Migrated> {
  const startedAt = performance.now();
  const elapsedMs = () => performance.now() - startedAt;
  let eye: Watch | null = null;
  try {
    const pid = await begin(connection, request);
    eye = watch(observer, { pid, lockTimeoutMs: request.lockTimeoutMs });
    await connection.query(`SELECT pg_advisory_xact_lock(${LOCK_KEY})`, [request.service]);
    await checkFence(connection, request);
    const found = await alreadyThere(connection, request);
    if (found) {
      await rollBack(connection);
      return found;
    }
    await record(connection, request);
    await run(connection, request);
    return { outcome: 'applied', because: `applied in ${(elapsedMs() / 1000).toFixed(1)} s` };
  } catch (error) {
    await rollBack(connection, error);
    if (error instanceof ApplicationFailure) throw error;
    throw sqlFailure(error, { ...request, elapsedMs: elapsedMs(), blockers: eye?.blockers() ?? [] });
  } finally {
    await eye?.end();
  }
}

/** @returns the backend's process id: of this transaction, whatever stands between us and the server. */
async function begin(connection: Connection, { lockTimeoutMs, statementTimeoutMs }: MigrateRequest): Promise<number> {
  await connection.query('BEGIN');
  const { rows } = await connection.query<{ pid: number }>(
    `SELECT pg_backend_pid() AS pid, set_config('lock_timeout', $1, true), set_config('statement_timeout', $2, true),
            set_config('idle_in_transaction_session_timeout', $3, true),
            set_config('client_min_messages', 'error', true)`,
    [`${lockTimeoutMs}`, `${statementTimeoutMs}`, `${IDLE_MS}`],
  );
  return rows[0]?.pid ?? 0;
}

async function alreadyThere(connection: Connection, { service, migration }: MigrateRequest): Promise<Migrated | null> {
  const there = await recordOf(connection, service, migration.name);
  if (there === null) return null;
  if (there.sha256 === migration.sha256) {
    return { outcome: 'found', because: `done already, at ${there.appliedAt} by ${there.key}` };
  }
  throw changed(
    `${migration.name} was applied at ${there.appliedAt} by ${there.key} with other SQL (SHA-256 ${there.sha256.slice(0, 12)}…, now ${migration.sha256.slice(0, 12)}…)`,
  );
}

/**
 * The file as one `EXECUTE`, in which PostgreSQL itself refuses whatever would end the transaction, and throws rows
 * away. It goes out together with its `COMMIT`: a worker that stalls in between would hold the file's locks.
 */
async function run(connection: Connection, { migration }: MigrateRequest): Promise<void> {
  await connection.query("SELECT set_config('shiplock.migration', $1, true)", [migration.sql]);
  const name = migration.name.replace(/[^\w.-]/g, '_');
  await connection.query(
    `/* ${name} */ DO $shiplock$ BEGIN EXECUTE current_setting('shiplock.migration'); END $shiplock$; COMMIT`,
  );
}

function refuseOtherSql({ migration }: MigrateRequest): void {
  const actual = createHash('sha256').update(migration.sql).digest('hex');
  if (actual !== migration.sha256) {
    throw changed(`${migration.name} is not the SQL that the plan's SHA-256 names`);
  }
}

function changed(message: string) {
  const mend = 'leave a file as it was once it is applied, and put the change into a file with a new name';
  return failure({ code: 'SHIPLOCK_MIGRATION_CHANGED', message, mend }, { retry: 'never' });
}
