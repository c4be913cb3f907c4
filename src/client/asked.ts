import { defaultPayloadConverter } from '@temporalio/common';
import { LANE_ENQUEUE, LANE_WORKFLOW, laneId } from '../../workflows/messages.ts';
import { explain } from './faults.ts';
import type { Place } from './lane.ts';
import { RPC_DEADLINE_MS, type Session, within } from './session.ts';

/** The newest runs of a lane that are looked through; each took at least one request. */
const RUNS = 50;

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
    for (const laneRun of await runsOf(session, lane)) {
      const taken = await requestsOf(session, lane, laneRun);
      const same = taken.find((id) => isSame(id, request));
      if (same !== undefined) return { lane, laneRun, request: same };
    }
    return null;
  } catch (error) {
    throw explain(error, session, lane);
  }
}

/** Visibility lags about a second behind, so the newest run is asked of the server itself. */
async function runsOf(session: Session, lane: string): Promise<string[]> {
  const runs = new Set<string>();
  await within(session, RPC_DEADLINE_MS, async () => {
    const newest = await session.client.workflow
      .getHandle(lane)
      .describe()
      .catch((error: unknown) => {
        if (isUnknown(error)) return null;
        throw error;
      });
    if (newest) runs.add(newest.runId);
    const query = `WorkflowType = '${LANE_WORKFLOW}' AND WorkflowId = '${lane}'`;
    for await (const { runId } of session.client.workflow.list({ query, pageSize: RUNS })) {
      runs.add(runId);
      if (runs.size >= RUNS) break;
    }
  });
  return [...runs];
}

async function requestsOf(session: Session, lane: string, run: string): Promise<string[]> {
  const handle = session.client.workflow.getHandle(lane, run);
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
