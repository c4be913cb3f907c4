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
import type { LaneActivities } from '../activities/lane/port.ts';
import { LANE_ENQUEUE, type LaneEntry, type LaneRequest, RELEASE_WORKFLOW, releaseId, TASK_QUEUE } from './messages.ts';

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

/**
 * The queue of one target: requests to start a release while another is open. Ends when it is empty; the next
 * request opens it again (signal with start).
 */
export async function lane(input: LaneInput): Promise<void> {
  const waiting: LaneRequest[] = [...(input.waiting ?? [])];
  const entries = new Map<string, LaneEntry>((input.entries ?? []).map((entry) => [entry.id, entry]));

  const note = (entry: LaneEntry): void => {
    entries.set(entry.id, entry);
    for (const id of [...entries.keys()].slice(0, -ENTRIES_KEPT)) entries.delete(id);
    setCurrentDetails(page(input, waiting, [...entries.values()]));
  };
  const enqueue = (request: unknown): void => {
    if (!isRequest(request) || entries.has(request.id)) return;
    waiting.push(request);
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
      await continueAsNew<typeof lane>({ ...input, waiting, entries: [...entries.values()] });
    }
  }
}

/** The new release's first run; `null` when somebody else's start came first. */
async function startWhenFree(input: LaneInput, request: LaneRequest): Promise<string | null> {
  const id = releaseId(input);
  await settleRelease({ releaseId: id, mode: request.mode });
  try {
    const child = await startChild(RELEASE_WORKFLOW, {
      workflowId: id,
      args: [request.input],
      taskQueue: TASK_QUEUE,
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
