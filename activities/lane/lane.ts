import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { ReleaseStatus } from '../../workflows/messages.ts';
import type { LaneActivities, SettleRequest } from './port.ts';

const POLL_MS = 500;

export function createLaneActivities({ client }: { client: Client }): LaneActivities {
  return { settleRelease: (request) => settle(client, request) };
}

async function settle(client: Client, { releaseId, mode }: SettleRequest): Promise<void> {
  const context = Context.current();
  const release = client.workflow.getHandle(releaseId);
  let said = false;
  for (;;) {
    context.heartbeat();
    try {
      const { status } = await release.describe();
      if (status.name !== 'RUNNING') return;
      if (!said) said = await hurry(client, releaseId, mode);
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return;
      throw error;
    }
    await context.sleep(POLL_MS);
  }
}

/** Says once what moves the open release on; `false` where it is not yet there. */
async function hurry(client: Client, releaseId: string, mode: SettleRequest['mode']): Promise<boolean> {
  const release = client.workflow.getHandle(releaseId);
  const { phase } = await release.query<ReleaseStatus>('status');
  if (phase === 'window') {
    await release.signal('finalise', { reason: 'the next release waits' });
    return true;
  }
  if (mode === 'wait') return false;
  await release.signal('abort', { reason: 'superseded by the next release' });
  return true;
}
