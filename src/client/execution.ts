import { WorkflowContinuedAsNewError, type WorkflowExecutionInfo, WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure } from '@temporalio/common';
import { type ReleaseStatus, SEARCH_ATTRIBUTES } from '../../workflows/messages.ts';
import { explain } from './faults.ts';
import { RPC_DEADLINE_MS, type Session, within } from './session.ts';

/** A release as the server itself knows it, without asking a worker. */
export interface Execution {
  readonly id: string;
  /** The current run; another one after continue-as-new. */
  readonly runId: string;
  /** The first run: it names this release among all that ever used the id. */
  readonly firstRunId: string;
  readonly state:
    | 'running'
    | 'completed'
    | 'failed'
    | 'cancelled'
    | 'terminated'
    | 'timedOut'
    | 'continued'
    | 'unknown';
  /** RFC 3339; of the current run. */
  readonly startedAt: string;
  readonly closedAt: string | null;
  readonly service: string | null;
  readonly environment: string | null;
  readonly version: string | null;
  readonly phase: string | null;
  readonly outcome: string | null;
  readonly waitingFor: string | null;
  /** As the starting client named itself. */
  readonly startedBy: string | null;
}

/** One release among those that used an id: what a watcher holds on to. */
export type Chain = Pick<Execution, 'firstRunId' | 'runId'>;

/** The server's record of the newest run of an id, or of the run named. Fails with `SHIPLOCK_RELEASE_UNKNOWN`. */
export async function describe(session: Session, id: string, runId?: string): Promise<Execution> {
  try {
    const handle = session.client.workflow.getHandle(id, runId);
    const description = await within(session, RPC_DEADLINE_MS, () => handle.describe());
    return executionOf(description, description.raw.workflowExecutionInfo?.firstRunId ?? description.runId);
  } catch (error) {
    throw explain(error, session, id);
  }
}

/** The newest run of one release, also when a later release has taken over its id. */
export async function newestRun(session: Session, id: string, chain?: Chain): Promise<Execution> {
  const newest = await describe(session, id);
  if (!chain || newest.firstRunId === chain.firstRunId) return newest;
  let run = await describe(session, id, chain.runId);
  while (run.state === 'continued') run = await describe(session, id, await followingRun(session, run));
  return run;
}

/** How a closed run ended, in its own words where it left some. */
export interface LastWords {
  readonly status: ReleaseStatus | null;
  readonly because: string;
}

/** What a closed release returned, or failed with. Needs no worker. */
export async function lastWords(session: Session, { id, runId }: Execution): Promise<LastWords> {
  try {
    const handle = session.client.workflow.getHandle(id, runId, { followRuns: false });
    const status = await within(session, RPC_DEADLINE_MS, () => handle.result());
    return isStatus(status) ? { status, because: status.because } : { status: null, because: 'it left no status' };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw explain(error, session, id);
    return lastWordsOfFailure(error.cause);
  }
}

function lastWordsOfFailure(cause: Error | undefined): LastWords {
  const because = cause?.message ?? 'it failed without a reason';
  if (cause instanceof ApplicationFailure || cause instanceof CancelledFailure) {
    const status = cause.details?.[0];
    return { status: isStatus(status) ? status : null, because };
  }
  if (cause instanceof TerminatedFailure) {
    return { status: null, because: `it was terminated: nothing was undone (${because})` };
  }
  return { status: null, because };
}

/** The summary that visibility and describe share. */
export function executionOf(
  info: WorkflowExecutionInfo | Omit<WorkflowExecutionInfo, 'raw'>,
  firstRunId: string,
): Execution {
  const attribute = (name: string): string | null => firstText(info.searchAttributes[name]);
  return {
    id: info.workflowId,
    runId: info.runId,
    firstRunId,
    state: STATES[info.status.name] ?? 'unknown',
    startedAt: info.startTime.toISOString(),
    closedAt: info.closeTime?.toISOString() ?? null,
    service: attribute(SEARCH_ATTRIBUTES.service),
    environment: attribute(SEARCH_ATTRIBUTES.environment),
    version: attribute(SEARCH_ATTRIBUTES.version),
    phase: attribute(SEARCH_ATTRIBUTES.phase),
    outcome: attribute(SEARCH_ATTRIBUTES.outcome),
    waitingFor: attribute(SEARCH_ATTRIBUTES.waitingFor),
    startedBy: firstText(info.memo?.startedBy),
  };
}

const STATES: Partial<Record<WorkflowExecutionInfo['status']['name'], Execution['state']>> = {
  RUNNING: 'running',
  PAUSED: 'running',
  COMPLETED: 'completed',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timedOut',
  CONTINUED_AS_NEW: 'continued',
};

async function followingRun(session: Session, { id, runId }: Execution): Promise<string> {
  const handle = session.client.workflow.getHandle(id, runId, { followRuns: false });
  try {
    await within(session, RPC_DEADLINE_MS, () => handle.result());
  } catch (error) {
    if (error instanceof WorkflowContinuedAsNewError) return error.newExecutionRunId;
    throw explain(error, session, id);
  }
  throw new Error(`run ${runId} of ${id} is closed as continued, but names no next run`);
}

function isStatus(value: unknown): value is ReleaseStatus {
  return typeof value === 'object' && value !== null && 'progress' in value && 'phase' in value && 'id' in value;
}

function firstText(value: unknown): string | null {
  const first = Array.isArray(value) ? value[0] : value;
  return typeof first === 'string' && first !== '' ? first : null;
}
