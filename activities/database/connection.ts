import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import pg from 'pg';
import { failure } from '../failure.ts';

/**
 * The connection string of a database that the worker's policy knows; `null`: it knows none. Secret: it stays inside
 * the activity, so no error of the driver, which may quote parts of it, is ever passed on as it is.
 */
export type ConnectionOf = (database: string) => string | null;

export type Connection = pg.Client;

export interface ConnectOptions {
  readonly database: string;
  readonly connectionOf: ConnectionOf;
  /** What `pg_stat_activity` shows, at most 63 bytes. */
  readonly applicationName: string;
  /** A server that does not answer a query for so long is given up. */
  readonly answerWithinMs: number;
}

const CONNECT_WITHIN_MS = 5_000;
const CLOSE_WITHIN_MS = 1_000;
/** How soon a backend notices that its client is dead, while it runs a statement (PostgreSQL 14 and newer). */
const CLIENT_CHECK_MS = 1_000;

/**
 * Opens a connection for one piece of work, and closes it however that ends.
 *
 * @throws SHIPLOCK_DATABASE_UNKNOWN (not retried) where there is no usable connection string;
 * SHIPLOCK_DATABASE_UNREACHABLE (retried) where nobody answers, or the answer is no
 */
export async function withConnection<Result>(
  options: ConnectOptions,
  work: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  const connection = await connect(options);
  try {
    return await work(connection);
  } finally {
    await close(connection);
  }
}

/** Everything in one transaction; rolled back where it throws. */
export async function inTransaction<Result>(connection: Connection, work: () => Promise<Result>): Promise<Result> {
  await connection.query('BEGIN');
  try {
    const result = await work();
    await connection.query('COMMIT');
    return result;
  } catch (error) {
    await rollBack(connection, error);
    throw error;
  }
}

/** @param because what ended the transaction: where that is the connection itself, closing it rolls back */
export async function rollBack(connection: Connection, because?: unknown): Promise<void> {
  const isLost =
    because instanceof Error && !(because instanceof pg.DatabaseError || because instanceof ApplicationFailure);
  if (isLost) return;
  await connection.query('ROLLBACK').catch(() => undefined);
}

async function connect({ database, connectionOf, applicationName, answerWithinMs }: ConnectOptions) {
  const connectionString = connectionOf(database);
  if (!connectionString) throw unknown(`this worker knows no connection to the database "${database}"`);
  const connection = client(database, {
    connectionString,
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    query_timeout: answerWithinMs,
    keepAlive: true,
  });
  // Lost between two queries: the next one says so.
  connection.on('error', () => undefined);
  try {
    await connection.connect();
    // Not as options of the connection, which its connection string would override.
    await connection.query("SELECT set_config('application_name', $1, false)", [applicationName]);
    await watchClient(connection);
    return connection;
  } catch (error) {
    await close(connection);
    throw unreachable(database, error);
  }
}

function client(database: string, options: pg.ClientConfig): Connection {
  try {
    return new pg.Client(options);
  } catch {
    throw unknown(`what this worker has for the database "${database}" is no connection string`);
  }
}

/** A worker that dies leaves no backend behind that goes on with its file. Older or other servers cannot do that. */
async function watchClient(connection: Connection): Promise<void> {
  const set = "SELECT set_config(name, $1, false) FROM pg_settings WHERE name = 'client_connection_check_interval'";
  await connection.query(set, [`${CLIENT_CHECK_MS}`]).catch((error: unknown) => {
    if (!(error instanceof pg.DatabaseError)) throw error;
  });
}

/** Politely; a server that does not answer is left alone. */
async function close(connection: Connection): Promise<void> {
  const socket = (connection as unknown as { connection: { stream: Socket } }).connection.stream;
  await Promise.race([connection.end().catch(() => undefined), delay(CLOSE_WITHIN_MS, undefined, { ref: false })]);
  socket.destroy();
}

function unknown(message: string) {
  return failure(
    {
      code: 'SHIPLOCK_DATABASE_UNKNOWN',
      message,
      mend: 'name it in "databases" of the worker\'s policy and set its variable (postgres://…) where the worker runs',
    },
    { retry: 'never' },
  );
}

/** In our own words: the driver's hold addresses and names. */
export function unreachable(database: string, error: unknown) {
  return failure(
    {
      code: 'SHIPLOCK_DATABASE_UNREACHABLE',
      message: `the database "${database}" cannot be used: ${reasonOf(error)}`,
    },
    { retry: 'later' },
  );
}

function reasonOf(error: unknown): string {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  if (error instanceof pg.DatabaseError) return `${refusals[code] ?? 'it refuses the connection'} (SQLSTATE ${code})`;
  if (/timeout/i.test(message)) return `no answer within ${CONNECT_WITHIN_MS / 1000} s`;
  if (/CERT|TLS|SSL/.test(`${code} ${message}`)) return `TLS does not come about${code ? ` (${code})` : ''}`;
  return reasons[code] ?? (code ? `the connection fails (${code})` : 'it has closed the connection');
}

const refusals: Readonly<Record<string, string>> = {
  '28000': 'it refuses this user or host',
  '28P01': 'it refuses the credentials',
  '3D000': 'the server has no database of the name in its connection string',
  '53300': 'the server has no connection to spare',
  '57P03': 'the server is starting or stopping',
};

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at its address',
  ENOTFOUND: 'the name of its host is not known',
  EAI_AGAIN: 'the name of its host cannot be resolved',
  ECONNRESET: 'it has closed the connection',
  EPIPE: 'it has closed the connection',
};
