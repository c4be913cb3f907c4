import { QueryNotRegisteredError, QueryRejectedError } from '@temporalio/client';
import { explain, isUnreachable } from './faults.ts';
import { queryDeadlineOf, type Session, within } from './session.ts';

export type Answer<T> =
  | { readonly answered: true; readonly value: T }
  /** No worker could be asked; `because` says what is known about why. */
  | { readonly answered: false; readonly because: string };

/**
 * Asks a run's workflow. The answer comes from a worker, so that silence is an expected outcome and no error.
 * Fails only when the server itself refuses.
 */
export async function query<T>(
  session: Session,
  { id, runId, deadlineMs = queryDeadlineOf(session) }: { id: string; runId?: string; deadlineMs?: number },
  name: string,
  ...args: unknown[]
): Promise<Answer<T>> {
  try {
    const handle = session.client.workflow.getHandle(id, runId);
    return {
      answered: true,
      value: await within(session, deadlineMs, () => handle.query<T, unknown[]>(name, ...args)),
    };
  } catch (error) {
    const because = silence(error);
    if (because) return { answered: false, because };
    throw explain(error, session, id);
  }
}

function silence(error: unknown): string | null {
  if (isUnreachable(error)) return 'no worker answers; the release waits for one (`shiplock worker`)';
  if (error instanceof QueryNotRegisteredError || error instanceof QueryRejectedError) return error.message;
  const details = (error as { cause?: { details?: string; code?: number } }).cause;
  // FAILED_PRECONDITION: no poller seen lately, or the workflow task keeps failing.
  return details?.code === 9 ? `no worker answers: ${details.details}` : null;
}
