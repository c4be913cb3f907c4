import type { Client } from '@temporalio/client';
import { failure } from '../failure.ts';
import { historyOf } from './history.ts';
import { type Person, personOf } from './person.ts';

export type Starter = Pick<Person, 'identity' | 'principal'>;

/**
 * Who started an execution stands in the first event of its first run, which no client can write. Where the lane
 * started it, the lane says who asked.
 */
export async function starterOf(
  client: Client,
  execution: { readonly workflowId: string; readonly runId: string },
  queued?: { readonly lane: string; readonly queuedBy: Starter },
): Promise<Starter> {
  for await (const event of historyOf(client, execution, { pageSize: 1 })) {
    const started = event.workflowExecutionStartedEventAttributes;
    if (queued && started?.parentWorkflowExecution?.workflowId === queued.lane) return queued.queuedBy;
    const { identity, principal } = personOf({ identity: started?.identity, principal: event.principal });
    return { identity, principal };
  }
  throw failure(
    { code: 'SHIPLOCK_ATTESTATION_MISSING', message: `the history of ${execution.workflowId} has no events` },
    { retry: 'later' },
  );
}
