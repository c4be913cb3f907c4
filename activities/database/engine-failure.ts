import { ApplicationFailure } from '@temporalio/common';
import pg from 'pg';
import { failure } from '../failure.ts';
import { unreachable } from './connection.ts';
import { told } from './sql-failure.ts';

/**
 * Runs what the engine does for itself in a database (its tables, its fence, ending its backends).
 *
 * @throws SHIPLOCK_DATABASE_REFUSED where the database does not let it: not retried where it is a matter of rights;
 * SHIPLOCK_DATABASE_UNREACHABLE (retried) where the connection is lost
 */
export async function engineFailure<Result>(database: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ApplicationFailure) throw error;
    if (!(error instanceof pg.DatabaseError) || /^(08|57)/.test(error.code ?? '')) throw unreachable(database, error);
    throw failure(
      {
        code: 'SHIPLOCK_DATABASE_REFUSED',
        message: `the database "${database}" refuses what the engine needs for itself: ${told(error)}`,
        mend: 'let its user make the schema "shiplock" (GRANT CREATE ON DATABASE), or own it',
      },
      { retry: error.code?.startsWith('42') ? 'never' : 'later' },
    );
  }
}
