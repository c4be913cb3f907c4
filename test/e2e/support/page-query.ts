/** The page as the UI asks for it, and how long a message takes to get there. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';

/** The current details of the newest run: what the UI renders. */
export async function pageOf(client: Client, id: string): Promise<string> {
  const metadata = await client.workflow
    .getHandle(id)
    .query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  return metadata.currentDetails ?? '';
}

/** Sends a signal, and measures from the server's time of its event to the moment at which the page has `because`. */
export async function untilPage(
  client: Client,
  id: string,
  { signal, payload, because }: { signal: string; payload: unknown; because: string },
): Promise<{ shownAfterMs: number }> {
  const handle = client.workflow.getHandle(id);
  await handle.signal<[unknown]>(signal, payload);
  const giveUpAt = Date.now() + 120_000;
  while (!(await pageOf(client, id)).includes(because)) {
    if (Date.now() > giveUpAt) throw new Error(`the page never held: ${because}\n${await pageOf(client, id)}`);
    await delay(20);
  }
  const shownAt = Date.now();
  const { events = [] } = await handle.fetchHistory();
  const event = events?.findLast((known) => known.workflowExecutionSignaledEventAttributes?.signalName === signal);
  const { seconds, nanos } = event?.eventTime ?? {};
  return { shownAfterMs: Math.round(shownAt - (Number(seconds ?? 0) * 1000 + (nanos ?? 0) / 1e6)) };
}
