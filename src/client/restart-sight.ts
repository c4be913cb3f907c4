import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, WorkflowNotFoundError } from '@temporalio/common';
import type { RestartStatus } from '../../workflows/restart-messages.ts';
import { ShiplockError } from '../errors.ts';
import { describe, type Execution } from './execution.ts';
import { explain, isUnreachable } from './faults.ts';
import { query } from './query.ts';
import { RPC_DEADLINE_MS, type Session, within } from './session.ts';

/** What can be seen of a restart at one moment. */
export interface RestartSighting {
  readonly execution: Execution;
  /** Its own account; `null` where no worker answers. */
  readonly status: RestartStatus | null;
  /** What it says itself, or why it says nothing. */
  readonly because: string;
}

/** @throws SHIPLOCK_RESTART_UNKNOWN */
export async function sightRestart(session: Session, id: string): Promise<RestartSighting> {
  const execution = await describeRestart(session, id);
  const answer = await query<RestartStatus>(session, execution, 'status');
  if (answer.answered) return { execution, status: answer.value, because: answer.value.because };
  const status = execution.state === 'running' ? null : await lastStatus(session, execution);
  return { execution, status, because: status?.because ?? answer.because };
}

export interface RestartWaitOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly onSighting?: (sighting: RestartSighting) => void;
}

const LOOK_MS = 500;

/** Looks until it has ended; `null`: the wait was given up, and the restart goes on. */
export async function waitForRestart(
  session: Session,
  id: string,
  { signal, timeoutMs, onSighting }: RestartWaitOptions = {},
): Promise<RestartSighting | null> {
  const giveUpAt = timeoutMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + timeoutMs;
  while (!signal?.aborted && Date.now() < giveUpAt) {
    const seen = await sightRestart(session, id).catch((error: unknown) => {
      // Servers and workers restart meanwhile; what was asked for goes on.
      if (isUnreachable(error)) return null;
      throw error;
    });
    if (seen) onSighting?.(seen);
    if (seen && seen.execution.state !== 'running' && seen.execution.state !== 'continued') return seen;
    await delay(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
  return null;
}

/** Asks it to end: no further pod is evicted then. */
export async function cancelRestart(session: Session, id: string): Promise<void> {
  await describeRestart(session, id);
  try {
    await within(session, RPC_DEADLINE_MS, () => session.client.workflow.getHandle(id).cancel());
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return;
    throw explain(error, session, id);
  }
}

async function describeRestart(session: Session, id: string): Promise<Execution> {
  try {
    return await describe(session, id);
  } catch (error) {
    if (!(error instanceof ShiplockError) || error.code !== 'SHIPLOCK_RELEASE_UNKNOWN') throw error;
    throw new ShiplockError({
      code: 'SHIPLOCK_RESTART_UNKNOWN',
      message: `there is no restart ${id} in namespace "${session.namespace}" of ${session.address}`,
      mend: 'start one with `shiplock restart`',
      cause: error,
    });
  }
}

/** What a closed restart returned, or failed with. Needs no worker. */
async function lastStatus(session: Session, { id, runId }: Execution): Promise<RestartStatus | null> {
  try {
    return (await within(session, RPC_DEADLINE_MS, () =>
      session.client.workflow.getHandle(id, runId).result(),
    )) as RestartStatus;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw explain(error, session, id);
    const { cause } = error;
    const told = cause instanceof ApplicationFailure || cause instanceof CancelledFailure;
    return (told ? (cause.details?.[0] as RestartStatus | undefined) : undefined) ?? null;
  }
}
