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
  const said = new Set<string>();
  for (;;) {
    context.heartbeat();
    try {
      const { status } = await release.describe();
      if (status.name !== 'RUNNING') return;
      await hurry(client, releaseId, mode, said);
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return;
      throw error;
    }
    await context.sleep(POLL_MS);
  }
}

/** Says what moves the open release on, each thing once: a window is ended, a contract that has not begun dropped. */
async function hurry(client: Client, releaseId: string, mode: SettleRequest['mode'], said: Set<string>): Promise<void> {
  const release = client.workflow.getHandle(releaseId);
  const { phase, waiting } = await release.query<ReleaseStatus>('status');
  const say = async (signal: 'finalise' | 'abort', reason: string): Promise<void> => {
    if (said.has(phase)) return;
    await release.signal(signal, { reason });
    said.add(phase);
  };
  if (phase === 'window') await say('finalise', 'the next release waits');
  else if (phase === 'contract') {
    if (waiting?.kind === 'approval') await say('abort', 'the next release waits, so the contract is dropped');
  } else if (mode === 'supersede' && phase !== 'cleanup' && !said.has('abort')) {
    await say('abort', 'superseded by the next release');
    said.add('abort');
  }
}
