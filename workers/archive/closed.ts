import type { Client } from '@temporalio/client';
import { RELEASE_WORKFLOW } from '../../workflows/messages.ts';

export interface ClosedExecution {
  readonly workflowId: string;
  readonly runId: string;
}

const PAGE = 100;

/** Runs of releases that the server has closed; a release that was continued as new is several. */
export async function* closedReleases(
  client: Client,
  { since, taskQueue }: { readonly since: Date; readonly taskQueue?: string },
): AsyncGenerator<ClosedExecution> {
  const query = [
    `WorkflowType = '${RELEASE_WORKFLOW}'`,
    "ExecutionStatus != 'Running'",
    `CloseTime >= '${since.toISOString()}'`,
    ...(taskQueue ? [`TaskQueue = '${taskQueue.replaceAll("'", "''")}'`] : []),
  ].join(' AND ');
  for await (const { workflowId, runId } of client.workflow.list({ query, pageSize: PAGE }))
    yield { workflowId, runId };
}
