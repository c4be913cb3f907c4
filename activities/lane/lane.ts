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

/** Says what moves the open release on, each thing once. */
async function hurry(client: Client, releaseId: string, mode: SettleRequest['mode'], said: Set<string>): Promise<void> {
  const release = client.workflow.getHandle(releaseId);
  const move = moveOf(mode, await release.query<ReleaseStatus>('status'));
  if (!move || said.has(move.what)) return;
  await release.signal(move.signal, { reason: move.reason });
  said.add(move.what);
}

interface Move {
  readonly what: 'window' | 'contract' | 'release';
  readonly signal: 'finalise' | 'abort';
  readonly reason: string;
}

/** A window is ended, a contract that has not begun is dropped; before that, a release is aborted or waited for. */
function moveOf(mode: SettleRequest['mode'], { phase, waiting }: ReleaseStatus): Move | null {
  if (phase === 'window') return { what: 'window', signal: 'finalise', reason: 'the next release waits' };
  if (phase === 'contract') {
    if (waiting?.kind !== 'approval') return null;
    return { what: 'contract', signal: 'abort', reason: 'the next release waits, so the contract is dropped' };
  }
  if (mode !== 'supersede' || phase === 'cleanup') return null;
  return { what: 'release', signal: 'abort', reason: 'superseded by the next release' };
}
