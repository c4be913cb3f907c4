import { Context } from '@temporalio/activity';
import { type Blocker, blockersOf } from './blockers.ts';
import type { Connection } from './connection.ts';

/** The eye on a running migration. */
export interface Watch {
  /** Who was last seen in its way. */
  blockers(): readonly Blocker[];
  /** Looks no more; settles once its last look has ended. */
  end(): Promise<void>;
}

/** After this time a backend that does not heed a cancel is ended. */
const CANCEL_FOR_MS = 2_000;
const SHORTEST_LOOK_MS = 50;
const LONGEST_LOOK_MS = 500;

/**
 * Looks, over a connection of its own, at a backend that runs a migration: who blocks it (that can only be asked while
 * it waits), heartbeats, and when the activity is cancelled it ends the backend's statement.
 */
export function watch(connection: Connection, backend: { pid: number; lockTimeoutMs: number }): Watch {
  const context = Context.current();
  const { pid, lockTimeoutMs } = backend;
  let blockers: readonly Blocker[] = [];
  let cancelledAt: number | null = null;
  let looking: Promise<void> | null = null;

  const look = async () => {
    context.heartbeat();
    if (context.cancellationSignal.aborted) {
      cancelledAt ??= performance.now();
      const late = performance.now() - cancelledAt > CANCEL_FOR_MS;
      await connection.query(`SELECT ${late ? 'pg_terminate_backend' : 'pg_cancel_backend'}($1)`, [pid]);
      return;
    }
    const seen = await blockersOf(connection, pid);
    if (seen.length > 0) blockers = seen;
  };
  const lookOnce = () => {
    // An eye that is lost costs the name of a blocker; the migration itself is bounded by its time-outs.
    looking ??= look()
      .catch(() => undefined)
      .finally(() => {
        looking = null;
      });
  };
  const every = Math.min(LONGEST_LOOK_MS, Math.max(SHORTEST_LOOK_MS, lockTimeoutMs / 4));
  const timer = setInterval(lookOnce, every);
  context.cancellationSignal.addEventListener('abort', lookOnce);
  lookOnce();
  return {
    blockers: () => blockers,
    async end() {
      clearInterval(timer);
      context.cancellationSignal.removeEventListener('abort', lookOnce);
      await looking;
    },
  };
}
