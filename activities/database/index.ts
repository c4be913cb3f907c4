import { Context } from '@temporalio/activity';
import { failure } from '../failure.ts';
import type { ConnectionOf } from './connection.ts';
import { migrate } from './migrate.ts';
import type { DatabaseActivities } from './port.ts';
import { stopMigration } from './stop.ts';

export type { ConnectionOf } from './connection.ts';

export interface DatabaseDependencies {
  readonly connectionOf: ConnectionOf;
}

/**
 * Schema changes of PostgreSQL 14 or newer; what is done is recorded in its schema `shiplock`.
 *
 * @example createDatabaseActivities({ connectionOf: (name) => (name === 'credlink' ? process.env.CREDLINK_DATABASE_URL ?? null : null) })
 */
export function createDatabaseActivities({ connectionOf }: DatabaseDependencies): DatabaseActivities {
  return {
    async migrate(request) {
      try {
        return await migrate(request, connectionOf);
      } catch (error) {
        // A worker that stops does not cancel the migration: another attempt runs it.
        if (!Context.current().cancellationDetails?.workerShutdown) throw error;
        throw failure(
          { code: 'SHIPLOCK_WORKER_STOPPED', message: 'the worker was stopped while the migration ran', cause: error },
          { retry: 'later' },
        );
      }
    },
    stopMigration: (request) => stopMigration(request, connectionOf),
  };
}
