import { Context } from '@temporalio/activity';
import { failure } from '../failure.ts';
import { historyOf, timeOf } from './history.ts';
import { personOf } from './person.ts';
import type { AttestationActivities } from './port.ts';

/** Reads who sent a signal from the history of the very execution that asks, through the worker's own client. */
export function createAttestationActivities(options: { readonly pageSize?: number } = {}): AttestationActivities {
  return {
    async attest({ signal, nth }) {
      const { client, info } = Context.current();
      const { workflowId, runId } = ownExecution(info);
      let seen = 0;
      for await (const event of historyOf(client, { workflowId, runId }, options)) {
        const sent = event.workflowExecutionSignaledEventAttributes;
        if (sent?.signalName !== signal) continue;
        if (seen === nth) {
          const person = personOf({ identity: sent.identity, principal: event.principal });
          return { eventId: String(event.eventId), eventTime: timeOf(event), ...person };
        }
        seen += 1;
      }
      throw failure(
        {
          code: 'SHIPLOCK_ATTESTATION_MISSING',
          message: `the history of ${workflowId} (run ${runId}) holds ${seen} signals "${signal}", number ${nth} is asked for`,
        },
        { retry: 'later' },
      );
    },
  };
}

/** The execution that an activity belongs to. */
export function ownExecution({ workflowExecution }: Context['info']): { workflowId: string; runId: string } {
  if (workflowExecution) return workflowExecution;
  throw failure(
    { code: 'SHIPLOCK_NO_WORKFLOW', message: 'this activity belongs to a release and was started without one' },
    { retry: 'never' },
  );
}
