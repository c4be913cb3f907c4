/** Keeps the test server's clock skipping. */
import { setTimeout } from 'node:timers/promises';
import { tsToMs } from '@temporalio/common/lib/time.js';
import type { temporal } from '@temporalio/proto';
import type { SkippingTemporal } from '../fixtures/temporal.ts';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;
type PendingActivity = temporal.api.workflow.v1.IPendingActivityInfo;

const LOOK_MS = 1_000;
/** Looks in a row that must find the clock at real pace with nothing under way. */
const LOOKS = 5;
/** The server does not tell a pause between two attempts from an attempt that waits for a worker. */
const LOOKS_BETWEEN_ATTEMPTS = 30;

/**
 * The test server counts locks on its clock: one for each task under way, one of its own while nobody waits for the
 * clock. It sometimes forgets to take one back, as where a timer is cancelled in the moment it fires; the clock then
 * goes no faster than any other, and a release of two hours takes them. So where somebody waits for the clock, nothing
 * is under way in any open workflow, as their histories say, and it still goes at real pace, the forgotten lock is taken
 * back. The server refuses that where nothing is locked, so one too many does no harm; but one that a task holds would
 * let the clock skip while that task is under way, for as long as a busy machine takes, and time it out.
 *
 * Returns what ends the watch.
 */
export function watchClock(env: SkippingTemporal) {
  let waiting = 0;
  const during = <A extends unknown[], R>(act: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      waiting += 1;
      try {
        return await act(...args);
      } finally {
        waiting -= 1;
      }
    };
  };
  const { workflow } = env.client;
  workflow.result = during(workflow.result.bind(workflow)) as typeof workflow.result;
  env.sleep = during(env.sleep.bind(env));

  let before: { readonly now: number; readonly real: number; readonly idle: Idle | null } | undefined;
  let held = 0;
  const look = async () => {
    const real = performance.now();
    const at = { now: await env.currentTimeMs(), real, idle: waiting > 0 ? await idleAt(env) : null };
    // Idle at both looks and nothing added between them: it was idle all the time.
    const wasIdle = at.idle !== null && at.idle.come === before?.idle?.come;
    const atRealPace = before !== undefined && at.now - before.now < real - before.real + LOOK_MS;
    held = wasIdle && atRealPace ? held + 1 : 0;
    before = at;
    if (held < (at.idle?.retries ? LOOKS_BETWEEN_ATTEMPTS : LOOKS)) return;
    held = 0;
    await env.unlock();
    process.stderr.write('the test server had forgotten a lock on its clock: taken back\n');
  };
  const ended = new AbortController();
  const watch = async () => {
    while (!ended.signal.aborted) {
      await setTimeout(LOOK_MS, undefined, { signal: ended.signal });
      // That an unlock is refused, or a look cut off by the end, says nothing about the test.
      await look().catch(() => {});
    }
  };
  watch().catch(() => {});
  return { stop: () => ended.abort() };
}

interface Idle {
  /** How far every open workflow has come. */
  readonly come: string;
  /** Whether an activity is between two attempts, or waits to begin the next. */
  readonly retries: boolean;
}

/** `null`: something is under way. */
async function idleAt({ client, connection }: SkippingTemporal): Promise<Idle | null> {
  const open = await connection.workflowService.listOpenWorkflowExecutions({
    namespace: 'default',
    startTimeFilter: {},
  });
  const come: string[] = [];
  let retries = false;
  for (const { execution } of open.executions ?? []) {
    const handle = client.workflow.getHandle(execution?.workflowId ?? '', execution?.runId ?? '');
    const { events } = await handle.fetchHistory();
    const underWay = underWayIn(events ?? []);
    if (underWay.tasks > 0) return null;
    const { pendingActivities } = (await handle.describe()).raw;
    const failed = (pendingActivities ?? []).filter(hasFailed);
    if (failed.length < underWay.activities) return null;
    retries ||= failed.length > 0;
    come.push(`${execution?.runId} ${events?.length} ${failed.map(({ attempt }) => attempt)}`);
  }
  return { come: come.sort().join(), retries };
}

/** How many tasks of a workflow, and how many of its activities, have begun and not ended. */
function underWayIn(events: readonly HistoryEvent[]): { tasks: number; activities: number } {
  const tasks = new Set<string>();
  const activities = new Set<string>();
  for (const event of events) {
    if (event.workflowTaskScheduledEventAttributes) tasks.add(String(event.eventId));
    if (event.activityTaskScheduledEventAttributes) activities.add(String(event.eventId));
    tasks.delete(String(event.workflowTaskCompletedEventAttributes?.scheduledEventId));
    const ended =
      event.activityTaskCompletedEventAttributes ??
      event.activityTaskFailedEventAttributes ??
      event.activityTaskTimedOutEventAttributes ??
      event.activityTaskCanceledEventAttributes;
    activities.delete(String(ended?.scheduledEventId));
  }
  return { tasks: tasks.size, activities: activities.size };
}

/** Its last attempt has ended, and the next has not begun. */
function hasFailed({ lastStartedTime, lastAttemptCompleteTime }: PendingActivity): boolean {
  return lastAttemptCompleteTime != null && tsToMs(lastAttemptCompleteTime) >= tsToMs(lastStartedTime);
}
