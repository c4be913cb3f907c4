import { failure } from '../failure.ts';
import type { Connection } from './connection.ts';

interface Fenced {
  readonly service: string;
  readonly fence: number;
}

/**
 * Keeps the number, in a transaction of its own, so that it stands whatever becomes of the migration.
 *
 * @throws SHIPLOCK_FENCE_STALE (not retried) where a higher one was seen
 */
export async function raiseFence(connection: Connection, { service, fence }: Fenced): Promise<void> {
  const { rows } = await connection.query<{ fence: string }>(
    `INSERT INTO shiplock.fences AS seen (service, fence) VALUES ($1, $2)
     ON CONFLICT (service) DO UPDATE SET fence = greatest(seen.fence, excluded.fence)
     RETURNING seen.fence`,
    [service, fence],
  );
  refuseStale({ service, fence }, rows);
}

/** The same question again, without a write: under the lock its answer holds until the lock is gone. */
export async function checkFence(connection: Connection, { service, fence }: Fenced): Promise<void> {
  const { rows } = await connection.query<{ fence: string }>('SELECT fence FROM shiplock.fences WHERE service = $1', [
    service,
  ]);
  refuseStale({ service, fence }, rows);
}

function refuseStale({ service, fence }: Fenced, rows: readonly { fence: string }[]): void {
  const seen = Number(rows[0]?.fence ?? 0);
  if (fence >= seen) return;
  throw failure(
    {
      code: 'SHIPLOCK_FENCE_STALE',
      message: `the database of ${service} has seen the fencing number ${seen}, this migration has ${fence}`,
    },
    { retry: 'never' },
  );
}
