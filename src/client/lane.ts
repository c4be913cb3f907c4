import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { LANE_ENQUEUE, LANE_WORKFLOW, type LaneEntry, type LaneRequest, laneId } from '../../workflows/messages.ts';
import { ShiplockError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import { explain } from './faults.ts';
import { type Answer, query } from './query.ts';
import { RPC_DEADLINE_MS, type Session, within } from './session.ts';

/** A place in the lane. */
export interface Place {
  /** The lane's workflow id. */
  readonly lane: string;
  /** The lane's run that took the request. A lane ends when it is empty, and is opened again later. */
  readonly laneRun: string;
  /** The id of this request in it. */
  readonly request: string;
}

/**
 * Puts a release into the lane of its service and environment, which is started where there is none. An id that is in
 * the open lane already is not put there twice; without one it gets a new one.
 */
export async function enqueue(
  session: Session,
  plan: Plan,
  wanted: Omit<LaneRequest, 'id'> & { readonly id?: string },
): Promise<Place> {
  const request: LaneRequest = { id: randomUUID(), ...wanted };
  const lane = laneId(plan);
  try {
    const handle = await within(session, RPC_DEADLINE_MS, () =>
      session.client.workflow.signalWithStart(LANE_WORKFLOW, {
        workflowId: lane,
        taskQueue: session.taskQueue,
        args: [{ environment: plan.environment, service: plan.service }],
        signal: LANE_ENQUEUE,
        signalArgs: [request],
        staticSummary: `releases of ${plan.service} to ${plan.environment} that wait their turn`,
      }),
    );
    return { lane, laneRun: handle.signaledRunId, request: request.id };
  } catch (error) {
    throw explain(error, session, lane);
  }
}

export interface TurnOptions {
  readonly signal?: AbortSignal;
  /** Called when what it waits for changes. */
  readonly onWaiting?: (because: string) => void;
}

const LOOK_MS = 500;

/**
 * Waits until the lane has started a release. Returns its first run, or `null` where the wait was given up: the place
 * in the lane is kept. Fails with `SHIPLOCK_LANE_REFUSED`.
 */
export async function turn(session: Session, place: Place, options: TurnOptions = {}): Promise<string | null> {
  let told = '';
  while (!options.signal?.aborted) {
    const answer = await entryOf(session, place);
    const entry = answer.answered ? answer.value : null;
    if (entry?.state === 'started' && entry.runId) return entry.runId;
    if (entry?.state === 'refused') throw refused(place, entry);
    const because = entry?.because ?? (answer.answered ? 'the lane has not seen it yet' : answer.because);
    if (because !== told) options.onWaiting?.(because);
    told = because;
    await delay(LOOK_MS, undefined, { signal: options.signal }).catch(() => undefined);
  }
  return null;
}

async function entryOf(session: Session, { lane, laneRun, request }: Place): Promise<Answer<LaneEntry | null>> {
  const newest = await query<LaneEntry | null>(session, { id: lane }, 'entry', request);
  if (!newest.answered || newest.value) return newest;
  return query<LaneEntry | null>(session, { id: lane, runId: laneRun }, 'entry', request);
}

function refused({ lane }: Place, { because }: LaneEntry): ShiplockError {
  return new ShiplockError({
    code: 'SHIPLOCK_LANE_REFUSED',
    message: `${lane} did not start the release: ${because}`,
    mend: 'mend what it names, and start again',
  });
}
