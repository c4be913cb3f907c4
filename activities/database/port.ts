import type { Migration } from '../../src/plan/plan.ts';

interface DatabaseRequest {
  /** A database that the worker's policy knows by this name. */
  readonly database: string;
  /** Migrations are recorded by service and name. */
  readonly service: string;
  /** Adapters refuse a lower number than they have seen (`SHIPLOCK_FENCE_STALE`, not retried). */
  readonly fence: number;
  /** `workflowId/runId/step`: names the effect, and the connection that does it. */
  readonly key: string;
}

export interface MigrateRequest extends DatabaseRequest {
  readonly kind: 'expand' | 'contract';
  readonly migration: Migration;
  readonly lockTimeoutMs: number;
  /** Of the whole file: the server runs it as one statement. */
  readonly statementTimeoutMs: number;
}

export interface Migrated {
  /** `found`: an earlier attempt, or an earlier release, has done it. */
  readonly outcome: 'applied' | 'found';
  /** One sentence for people. */
  readonly because: string;
}

export interface StopMigrationRequest extends DatabaseRequest {
  /** Those whose outcome is asked for. */
  readonly names: readonly string[];
}

export interface StoppedMigration {
  /** Of the names that were asked for, those that are done and stay. */
  readonly done: readonly string[];
}

/**
 * Schema changes. A file is one transaction with its own record, under an advisory lock, so a half of it is never
 * there; what ends a transaction or cannot run in one (`COMMIT`, `CREATE INDEX CONCURRENTLY`) is refused. A lock that
 * is not had in time fails the attempt (retryable, naming who holds it), so that the release's queries do not queue
 * behind it.
 */
export interface DatabaseActivities {
  /**
   * Heartbeats; a cancelled or dead attempt ends its own backend. Fails, not retryably, with
   * `SHIPLOCK_MIGRATION_FAILED` (the SQL) or `SHIPLOCK_MIGRATION_CHANGED` (recorded under this name with other SQL).
   */
  migrate(request: MigrateRequest): Promise<Migrated>;
  /** Ends what still runs of this service and refuses lower fencing numbers from now on; then says what is done. */
  stopMigration(request: StopMigrationRequest): Promise<StoppedMigration>;
}
