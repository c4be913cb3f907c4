import type { Connection } from './connection.ts';

/** Somebody who holds what a backend waits for. */
export interface Blocker {
  readonly pid: number;
  readonly application_name: string | null;
  readonly state: string | null;
  /** Age of its transaction. */
  readonly seconds: number | null;
  readonly query: string | null;
}

const SHOWN = 3;

/** Who stands in the way of a backend at this moment; empty where it waits for no lock. */
export async function blockersOf(connection: Connection, pid: number): Promise<readonly Blocker[]> {
  const { rows } = await connection.query<Blocker>(
    `SELECT other.pid, other.application_name, other.state, left(other.query, 200) AS query,
            extract(epoch FROM clock_timestamp() - other.xact_start)::float8 AS seconds
     FROM pg_stat_activity AS waiting
     CROSS JOIN LATERAL unnest(pg_blocking_pids(waiting.pid)) AS blocking (pid)
     JOIN pg_stat_activity AS other ON other.pid = blocking.pid
     WHERE waiting.pid = $1 AND waiting.wait_event_type = 'Lock'
     ORDER BY other.xact_start LIMIT 10`,
    [pid],
  );
  return rows;
}

/**
 * For people, the oldest first.
 * @example 'pid 4711 (reports, idle in transaction for 34 s: SELECT * FROM users)'
 */
export function describeBlockers(blockers: readonly Blocker[]): string {
  const shown = blockers.slice(0, SHOWN).map(({ pid, application_name, state, seconds, query }) => {
    const age = seconds === null ? '' : ` for ${Math.round(seconds)} s`;
    const what = query?.replace(/\s+/g, ' ').trim().slice(0, 80) ?? '';
    return `pid ${pid} (${application_name || 'unnamed'}, ${state ?? 'of another user'}${age}${what && `: ${what}`})`;
  });
  const more = blockers.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
