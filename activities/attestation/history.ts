import type { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';

export type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/**
 * The events of one run in order, page by page, as the server has them; whoever has found what they look for stops
 * reading by leaving the loop.
 */
export async function* historyOf(
  client: Client,
  execution: { readonly workflowId: string; readonly runId: string },
  { pageSize = 500 }: { readonly pageSize?: number } = {},
): AsyncGenerator<HistoryEvent> {
  let nextPageToken: Uint8Array | null | undefined;
  do {
    const page = await client.workflowService.getWorkflowExecutionHistory({
      namespace: client.options.namespace,
      execution,
      maximumPageSize: pageSize,
      nextPageToken,
    });
    yield* page.history?.events ?? [];
    nextPageToken = page.nextPageToken;
  } while (nextPageToken && nextPageToken.length > 0);
}

/** RFC 3339; empty where an event carries no time. */
export function timeOf(event: HistoryEvent): string {
  const { seconds, nanos } = event.eventTime ?? {};
  return seconds === undefined || seconds === null
    ? ''
    : new Date(Number(seconds) * 1000 + Math.floor((nanos ?? 0) / 1e6)).toISOString();
}
