import { type Connection, inTransaction } from './connection.ts';

/** What the engine keeps in each database: which files are done, and the highest fencing number of each service. */
const TABLES = `
  CREATE SCHEMA IF NOT EXISTS shiplock;
  CREATE TABLE IF NOT EXISTS shiplock.migrations (
    service text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    key text NOT NULL,
    PRIMARY KEY (service, name)
  );
  CREATE TABLE IF NOT EXISTS shiplock.fences (service text PRIMARY KEY, fence bigint NOT NULL);
`;

/** Makes the schema where it is missing; two at once do not disturb each other. */
export async function prepareSchema(connection: Connection): Promise<void> {
  const { rows } = await connection.query<{ there: boolean }>(
    `SELECT count(*) = 2 AS there FROM pg_tables
     WHERE schemaname = 'shiplock' AND tablename IN ('migrations', 'fences')`,
  );
  if (rows[0]?.there) return;
  await inTransaction(connection, async () => {
    await connection.query("SELECT pg_advisory_xact_lock(hashtextextended('shiplock', 0))");
    await connection.query(TABLES);
  });
}

/** The advisory lock of a service's migrations, as an expression over its name. */
export const LOCK_KEY = "hashtextextended('shiplock:' || $1::text, 0)";
