import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { failure } from '../failure.ts';
import { type Connection, type ConnectionOf, inTransaction, withConnection } from './connection.ts';
import { engineFailure } from './engine-failure.ts';
import { raiseFence } from './fence.ts';
import type { StopMigrationRequest, StoppedMigration } from './port.ts';
import { recorded } from './records.ts';
import { LOCK_KEY, prepareSchema } from './schema.ts';

/** The first wait between looks; it doubles. */
const FIRST_LOOK_MS = 20;
const LONGEST_LOOK_MS = 320;
/** So long a backend may take to heed a cancel; then its connection is ended. */
const CANCEL_FOR_MS = 1_000;
const DEADLINE_MS = 20_000;
const ANSWER_WITHIN_MS = 15_000;

/**
 * Ends what runs of a service's migrations. The fence is raised first, so whoever takes the lock from then on is
 * refused; whoever has it, or waits for it, is ended; and that the lock can be had proves that nobody is left.
 */
export async function stopMigration(
  request: StopMigrationRequest,
  connectionOf: ConnectionOf,
): Promise<StoppedMigration> {
  const { database, service } = request;
  const applicationName = `shiplock-stop:${service}`;
  return withConnection(
    { database, connectionOf, applicationName, answerWithinMs: ANSWER_WITHIN_MS },
    async (connection) =>
      engineFailure(database, async () => {
        await prepareSchema(connection);
        await raiseFence(connection, request);
        return { done: await endAll(connection, request) };
      }),
  );
}

async function endAll(connection: Connection, { service, names }: StopMigrationRequest): Promise<readonly string[]> {
  const startedAt = performance.now();
  for (let lookMs = FIRST_LOOK_MS; ; lookMs = Math.min(lookMs * 2, LONGEST_LOOK_MS)) {
    Context.current().heartbeat();
    const done = await doneIfNobodyRuns(connection, service, names);
    if (done !== null) return done;
    const elapsedMs = performance.now() - startedAt;
    const pids = await endBackends(connection, service, elapsedMs < CANCEL_FOR_MS ? 'cancel' : 'terminate');
    if (elapsedMs > DEADLINE_MS) throw stillRunning(service, pids);
    await delay(lookMs);
  }
}

/** The records, read under the lock; `null` while somebody else has it. */
async function doneIfNobodyRuns(
  connection: Connection,
  service: string,
  names: readonly string[],
): Promise<readonly string[] | null> {
  return inTransaction(connection, async () => {
    const { rows } = await connection.query<{ free: boolean }>(
      `SELECT pg_try_advisory_xact_lock(${LOCK_KEY}) AS free`,
      [service],
    );
    return rows[0]?.free ? recorded(connection, service, names) : null;
  });
}

/** An advisory lock's key stands in `pg_locks` in two halves (PostgreSQL, "pg_locks"). */
async function endBackends(
  connection: Connection,
  service: string,
  how: 'cancel' | 'terminate',
): Promise<readonly number[]> {
  const { rows } = await connection.query<{ pid: number }>(
    `SELECT pid, pg_${how}_backend(pid) FROM pg_locks
     WHERE locktype = 'advisory' AND objsubid = 1 AND pid <> pg_backend_pid()
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND (classid::bigint << 32 | objid::bigint) = ${LOCK_KEY}`,
    [service],
  );
  return rows.map(({ pid }) => pid);
}

function stillRunning(service: string, pids: readonly number[]) {
  const seconds = DEADLINE_MS / 1000;
  return failure(
    {
      code: 'SHIPLOCK_MIGRATION_RUNNING',
      message: `a migration of ${service} has not ended within ${seconds} s (backend ${pids.join(', ') || 'unknown'})`,
      mend: 'end it on the server: SELECT pg_terminate_backend(PID)',
    },
    { retry: 'later' },
  );
}
