/** A release's events as the server appends them. */
import type { Client } from '@temporalio/client';
import proto, { type temporal } from '@temporalio/proto';

export interface SeenEvent {
  /** Counted from 1. */
  readonly id: number;
  /** For example `ActivityTaskScheduled`. */
  readonly type: string;
  /** Milliseconds, for `TimerStarted`; else `null`. */
  readonly timerMs: number | null;
}

type Proto = temporal.api.history.v1.IHistoryEvent;

/**
 * Yields what was appended together, as soon as it was, until the run is closed. Keeps asking a server that is away
 * for a moment.
 */
export async function* appended(
  client: Client,
  execution: { readonly workflowId: string; readonly runId: string },
): AsyncGenerator<readonly SeenEvent[], void> {
  const { workflowService } = client.connection;
  const { namespace } = client.options;
  let nextPageToken: Uint8Array | undefined;
  do {
    const answer = await client.withDeadline(Date.now() + 120_000, () =>
      workflowService.getWorkflowExecutionHistory({ namespace, execution, waitNewEvent: true, nextPageToken }),
    );
    nextPageToken = answer.nextPageToken?.length ? answer.nextPageToken : undefined;
    const events = (answer.history?.events ?? []).map(seen);
    if (events.length > 0) yield events;
  } while (nextPageToken);
}

function seen(event: Proto): SeenEvent {
  const timeout = event.timerStartedEventAttributes?.startToFireTimeout;
  return {
    id: Number(event.eventId),
    type: nameOf(event.eventType ?? 0),
    timerMs: timeout ? Number(timeout.seconds ?? 0) * 1_000 + (timeout.nanos ?? 0) / 1e6 : null,
  };
}

/** `EVENT_TYPE_TIMER_STARTED` → `TimerStarted`. */
function nameOf(type: number): string {
  const name = proto.temporal.api.enums.v1.EventType[type] ?? 'EVENT_TYPE_UNKNOWN';
  return name
    .replace('EVENT_TYPE_', '')
    .split('_')
    .map((word) => `${word[0]}${word.slice(1).toLowerCase()}`)
    .join('');
}
