import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { composeArchive, parseHistory } from '../../src/audit/index.ts';
import type { ClosedExecution } from './closed.ts';
import { writeRun } from './write.ts';

export interface Destination {
  readonly client: Client;
  readonly folder: string;
  readonly bundle: { readonly digest: string };
}

/** Takes one closed run from the server into the archive; one that is there already stays as it is. */
export async function archiveRun(
  { client, folder, bundle }: Destination,
  { workflowId, runId }: ClosedExecution,
): Promise<void> {
  const json = historyToJSON(await client.workflow.getHandle(workflowId, runId).fetchHistory());
  const history = parseHistory(json, `the history of ${workflowId}`);
  const { files } = composeArchive({ workflowId, runId, history, json, archiverBundle: bundle.digest });
  await writeRun(folder, { workflowId, runId }, files);
}
