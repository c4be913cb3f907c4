import type { Connection } from './connection.ts';
import type { MigrateRequest } from './port.ts';

export interface Recorded {
  readonly sha256: string;
  /** RFC 3339. */
  readonly appliedAt: string;
  readonly key: string;
}

/** The record of a file; `null`: it was never applied. */
export async function recordOf(connection: Connection, service: string, name: string): Promise<Recorded | null> {
  const { rows } = await connection.query<{ sha256: string; applied_at: Date; key: string }>(
    'SELECT sha256, applied_at, key FROM shiplock.migrations WHERE service = $1 AND name = $2',
    [service, name],
  );
  const [row] = rows;
  return row ? { sha256: row.sha256, appliedAt: row.applied_at.toISOString(), key: row.key } : null;
}

/** Before the file itself, in its transaction: what the file sets for itself (a role, say) does not reach this. */
export async function record(connection: Connection, { service, migration, kind, key }: MigrateRequest): Promise<void> {
  await connection.query(
    'INSERT INTO shiplock.migrations (service, name, kind, sha256, key) VALUES ($1, $2, $3, $4, $5)',
    [service, migration.name, kind, migration.sha256, key],
  );
}

/** Of the names, those that are recorded, in the order of the names. */
export async function recorded(
  connection: Connection,
  service: string,
  names: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await connection.query<{ name: string }>(
    'SELECT name FROM shiplock.migrations WHERE service = $1 AND name = ANY($2)',
    [service, names],
  );
  const found = new Set(rows.map(({ name }) => name));
  return names.filter((name) => found.has(name));
}
