import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  ParentClosePolicy,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { AttestationActivities } from '../activities/attestation/port.ts';
import type { LaneActivities } from '../activities/lane/port.ts';
import {
  DECISION_TIMEOUT_MS,
  LANE_ENQUEUE,
  type LaneEntry,
  type LaneRequest,
  RELEASE_WORKFLOW,
  releaseId,
  TASK_QUEUE,
} from './messages.ts';

export interface LaneInput {
  readonly environment: string;
  readonly service: string;
  /** Set by continue-as-new only. */
  readonly waiting?: readonly LaneRequest[];
  readonly entries?: readonly LaneEntry[];
}

const ENTRIES_KEPT = 50;

const { settleRelease } = proxyActivities<LaneActivities>({
  taskQueue: TASK_QUEUE,
  startToCloseTimeout: '30d',
  heartbeatTimeout: '10s',
  summary: 'the open release',
});

const { attest } = proxyActivities<AttestationActivities>({
  taskQueue: TASK_QUEUE,
  startToCloseTimeout: '10s',
  summary: 'who asked for it',
});

/** A request with its place among this run's `enqueue` signals, by which history knows its sender. */
interface Queued extends LaneRequest {
  /** `null`: it came with an earlier run, which asked already. */
  readonly nth: number | null;
}

/**
 * The queue of one target: requests to start a release while another is open. Ends when it is empty; the next
 * request opens it again (signal with start).
 */
export async function lane(input: LaneInput): Promise<void> {
  const waiting: Queued[] = (input.waiting ?? []).map((request) => ({ ...request, nth: null }));
  let received = 0;
  const entries = new Map<string, LaneEntry>((input.entries ?? []).map((entry) => [entry.id, entry]));

  const note = (entry: LaneEntry): void => {
    entries.set(entry.id, entry);
    for (const id of [...entries.keys()].slice(0, -ENTRIES_KEPT)) entries.delete(id);
    setCurrentDetails(page(input, waiting, [...entries.values()]));
  };
  const enqueue = (request: unknown): void => {
    const nth = received;
    received += 1;
    if (!isRequest(request) || entries.has(request.id)) return;
    waiting.push({ ...request, nth });
    note({ id: request.id, state: 'waiting', because: 'waits for the open release', runId: null });
  };
  setHandler(defineSignal<[unknown?]>(LANE_ENQUEUE), enqueue, { description: 'Used by `shiplock start --if-busy`.' });
  setHandler(defineQuery<LaneEntry | null, [string?]>('entry'), (id) => entries.get(id ?? '') ?? null);

  await condition(() => waiting.length > 0, '1m', { summary: 'first request' });
  for (let request = waiting[0]; request; request = waiting[0]) {
    const started = await startWhenFree(input, request);
    if (!started) continue;
    waiting.shift();
    note({ id: request.id, state: 'started', because: 'started', runId: started });
    if (workflowInfo().continueAsNewSuggested) {
      const named = await Promise.all(waiting.map(withSender));
      await continueAsNew<typeof lane>({ ...input, waiting: named, entries: [...entries.values()] });
    }
  }
}

/** The new release's first run; `null` when somebody else's start came first. */
async function startWhenFree(input: LaneInput, queued: Queued): Promise<string | null> {
  const id = releaseId(input);
  const request = await withSender(queued);
  await settleRelease({ releaseId: id, mode: request.mode });
  try {
    const child = await startChild(RELEASE_WORKFLOW, {
      workflowId: id,
      args: [request.input],
      taskQueue: TASK_QUEUE,
      workflowTaskTimeout: DECISION_TIMEOUT_MS,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: request.summary,
      staticDetails: request.details,
      memo: request.memo,
    });
    return child.firstExecutionRunId;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return null;
    throw error;
  }
}

/** The sender goes with the release, so that nobody approves what they started by way of the lane. */
async function withSender({ nth, ...request }: Queued): Promise<LaneRequest> {
  if (nth === null) return request;
  const { identity, principal } = await attest({ signal: LANE_ENQUEUE, nth });
  return { ...request, input: { ...request.input, queuedBy: { identity, principal } } };
}

function isRequest(value: unknown): value is LaneRequest {
  if (typeof value !== 'object' || value === null) return false;
  const { id, mode, input } = value as Partial<LaneRequest>;
  return (
    typeof id === 'string' && (mode === 'wait' || mode === 'supersede') && typeof input === 'object' && input !== null
  );
}

function page(
  { environment, service }: LaneInput,
  waiting: readonly LaneRequest[],
  entries: readonly LaneEntry[],
): string {
  const lines = entries.map(({ id, state, because }) => `| ${id} | ${state} | ${because} |`);
  return [
    `Releases of **${service}** into **${environment}** that wait their turn: ${waiting.length}.`,
    '',
    '| request | state | |',
    '|---|---|---|',
    ...lines,
  ].join('\n');
}
