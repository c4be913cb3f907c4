import { Context } from '@temporalio/activity';
import { failure } from './failure.ts';

/**
 * Long work on a build worker. A worker that stops does not cancel it: the attempt fails so that another one does it.
 *
 * @param was what was under way, for example `the gate ran`
 * @throws SHIPLOCK_WORKER_STOPPED (retried)
 */
export async function elsewhereOnShutdown<T>(was: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!Context.current().cancellationDetails?.workerShutdown) throw error;
    throw failure(
      { code: 'SHIPLOCK_WORKER_STOPPED', message: `the worker was stopped while ${was}`, cause: error },
      { retry: 'later' },
    );
  }
}
