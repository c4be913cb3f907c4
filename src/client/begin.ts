import { WorkflowExecutionAlreadyStartedError, type WorkflowStartOptions } from '@temporalio/client';
import { DECISION_TIMEOUT_MS } from '../../workflows/messages.ts';
import { explain } from './faults.ts';
import { RPC_DEADLINE_MS, type Session, within } from './session.ts';

type Told = Pick<WorkflowStartOptions, 'typedSearchAttributes' | 'memo' | 'staticSummary' | 'staticDetails'>;

/**
 * Starts a workflow of ours where none of its id is open.
 * @returns the first run's id, or `null` where one is
 */
export async function begin(
  session: Session,
  { workflow, id, input, told }: { workflow: string; id: string; input: unknown; told: Told },
): Promise<string | null> {
  try {
    const handle = await within(session, RPC_DEADLINE_MS, () =>
      session.client.workflow.start(workflow, {
        workflowId: id,
        taskQueue: session.taskQueue,
        workflowTaskTimeout: DECISION_TIMEOUT_MS,
        args: [input],
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
        ...told,
      }),
    );
    return handle.firstExecutionRunId;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return null;
    throw explain(error, session, id);
  }
}
