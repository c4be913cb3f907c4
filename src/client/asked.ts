import { defaultPayloadConverter } from '@temporalio/common';
import { LANE_ENQUEUE, LANE_WORKFLOW, laneId } from '../../workflows/messages.ts';
import { explain } from './faults.ts';
import type { Place } from './lane.ts';
import { RPC_DEADLINE_MS, type Session, within } from './session.ts';

/** The newest runs of a lane that are looked through; each took at least one request. */
const RUNS = 200;
/** What closed runs took never changes, so each is read once for a connection. */
const CLOSED = new WeakMap<object, Map<string, readonly string[]>>();
const CLOSED_KEPT = 2_000;

interface Run {
  readonly runId: string;
  readonly open: boolean;
}

/**
 * Looks in the lane's own histories for a request that was taken before, so that an id is one start also after the
 * lane has ended, and whoever sent it was started again. Asks no worker; reaches as far back as the server keeps
 * histories. Two ids are the same where they share one of their parts, which dots divide.
 */
export async function askedBefore(
  session: Session,
  target: { environment: string; service: string },
  request: string,
): Promise<Place | null> {
  const lane = laneId(target);
  try {
    for (const run of await runsOf(session, lane)) {
      const taken = await requestsOf(session, lane, run);
      const same = taken.find((id) => isSame(id, request));
      if (same !== undefined) return { lane, laneRun: run.runId, request: same };
    }
    return null;
  } catch (error) {
    throw explain(error, session, lane);
  }
}

/** Visibility lags about a second behind, so the newest run is asked of the server itself. */
async function runsOf(session: Session, lane: string): Promise<Run[]> {
  const runs = new Map<string, Run>();
  await within(session, RPC_DEADLINE_MS, async () => {
    const newest = await session.client.workflow
      .getHandle(lane)
      .describe()
      .catch((error: unknown) => {
        if (isUnknown(error)) return null;
        throw error;
      });
    if (newest) runs.set(newest.runId, { runId: newest.runId, open: newest.status.name === 'RUNNING' });
    const query = `WorkflowType = '${LANE_WORKFLOW}' AND WorkflowId = '${lane}'`;
    for await (const { runId, status } of session.client.workflow.list({ query, pageSize: RUNS })) {
      if (!runs.has(runId)) runs.set(runId, { runId, open: status.name === 'RUNNING' });
      if (runs.size >= RUNS) break;
    }
  });
  return [...runs.values()];
}

async function requestsOf(session: Session, lane: string, { runId, open }: Run): Promise<readonly string[]> {
  const closed = CLOSED.get(session.client.connection) ?? new Map<string, readonly string[]>();
  CLOSED.set(session.client.connection, closed);
  const known = closed.get(runId);
  if (known) return known;
  const taken = await readRequests(session, lane, runId);
  if (!open) closed.set(runId, taken);
  for (const [oldest] of closed) if (closed.size > CLOSED_KEPT) closed.delete(oldest);
  return taken;
}

async function readRequests(session: Session, lane: string, runId: string): Promise<string[]> {
  const handle = session.client.workflow.getHandle(lane, runId);
  const history = await within(session, RPC_DEADLINE_MS, () => handle.fetchHistory()).catch((error: unknown) => {
    // Forgotten between the list and the look.
    if (isUnknown(error)) return null;
    throw error;
  });
  return (history?.events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: sent }) => {
    const [payload] = sent?.signalName === LANE_ENQUEUE ? (sent.input?.payloads ?? []) : [];
    const request = payload ? defaultPayloadConverter.fromPayload<{ id?: unknown } | null>(payload) : null;
    return typeof request?.id === 'string' ? [request.id] : [];
  });
}

function isSame(one: string, other: string): boolean {
  const parts = new Set(one.split('.'));
  return other.split('.').some((part) => parts.has(part));
}

function isUnknown(error: unknown): boolean {
  return error instanceof Error && error.name === 'WorkflowNotFoundError';
}
