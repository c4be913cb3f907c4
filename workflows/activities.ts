/**
 * The one table of time-outs and retries. Two rows for what can both go forward and be undone: going forward is
 * bounded and its caller does not wait for a cancelled attempt; undoing is tried for ever.
 */
import { ActivityCancellationType, type ActivityOptions, proxyActivities } from '@temporalio/workflow';
import type { BuildActivities, QuickActivities, TellingActivities } from '../activities/port.ts';
import { NOTIFY_TASK_QUEUE, TASK_QUEUE } from './messages.ts';

const FORWARD_MS = 2 * 60_000;

/** An abort must not wait for a write under way: its fencing number is stale from then on. */
const FORWARD: ActivityOptions = {
  taskQueue: TASK_QUEUE,
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  startToCloseTimeout: '10s',
  scheduleToCloseTimeout: FORWARD_MS,
  retry: { initialInterval: '200ms', maximumInterval: '5s' },
};

/** No end to the attempts: a person is told when it takes long (see insist.ts). */
const UNDO: ActivityOptions = {
  taskQueue: TASK_QUEUE,
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  startToCloseTimeout: '10s',
  retry: { initialInterval: '200ms', maximumInterval: '10s' },
};

const GRACE_MS = 30_000;
/** A build host that takes no work for this long is given up for another one; it may only be busy. */
const HOST_LOST_MS = 2 * 60_000;
/** A dead worker is noticed after this time without a heartbeat. */
const HEARTBEAT_MS = 5_000;

export function forward(summary: string): QuickActivities {
  return proxyActivities<QuickActivities>({ ...FORWARD, summary });
}

/** Traffic waits for pods that are ready, also where a restart is replacing them. */
export function moving(summary: string, readyDeadlineMs: number): QuickActivities {
  return proxyActivities<QuickActivities>({
    ...FORWARD,
    scheduleToCloseTimeout: Math.max(FORWARD_MS, readyDeadlineMs),
    summary,
  });
}

export function undo(summary: string): QuickActivities {
  return proxyActivities<QuickActivities>({ ...UNDO, summary });
}

/** An undo that waits inside the activity, heartbeating. */
export function undoWaiting(summary: string, deadlineMs: number): QuickActivities {
  return proxyActivities<QuickActivities>({
    ...UNDO,
    startToCloseTimeout: deadlineMs + GRACE_MS,
    heartbeatTimeout: HEARTBEAT_MS,
    summary,
  });
}

/** Admission may have to wait for a platform that starts. */
export function admitting(summary = 'plan, policy, fence'): QuickActivities {
  return proxyActivities<QuickActivities>({ ...FORWARD, scheduleToCloseTimeout: '5m', summary });
}

/** A reading is worth little when it is late: three attempts, then it counts as an error. */
export function reading(summary: string, timeoutMs: number): QuickActivities {
  return proxyActivities<QuickActivities>({
    ...FORWARD,
    startToCloseTimeout: timeoutMs + 5_000,
    scheduleToCloseTimeout: 3 * (timeoutMs + 5_000),
    retry: { initialInterval: '500ms', maximumAttempts: 3 },
    summary,
  });
}

/** Waits inside the activity, heartbeating, so it is bounded by its own deadline. */
export function waiting(summary: string, deadlineMs: number): QuickActivities {
  return proxyActivities<QuickActivities>({
    ...FORWARD,
    startToCloseTimeout: deadlineMs + GRACE_MS,
    scheduleToCloseTimeout: deadlineMs + 2 * GRACE_MS,
    heartbeatTimeout: HEARTBEAT_MS,
    summary,
  });
}

/** One look at a restart's progress after the other; a restart that is cancelled ends when no pod is evicted any more. */
export function restarting(summary: string, leftMs: number): QuickActivities {
  return proxyActivities<QuickActivities>({
    ...FORWARD,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    startToCloseTimeout: 2 * GRACE_MS,
    scheduleToCloseTimeout: leftMs + 2 * GRACE_MS,
    heartbeatTimeout: HEARTBEAT_MS,
    summary,
  });
}

/** A lock that is not had in time is asked for again, until the file's time is up. */
export function migrating(summary: string, deadlineMs: number): QuickActivities {
  return proxyActivities<QuickActivities>({
    ...FORWARD,
    startToCloseTimeout: deadlineMs,
    scheduleToCloseTimeout: deadlineMs,
    heartbeatTimeout: 2 * HEARTBEAT_MS,
    summary,
  });
}

/** Telling is not doing: nothing waits for it but the end of the release, and that not for long. */
export function telling(summary: string): TellingActivities {
  return proxyActivities<TellingActivities>({
    taskQueue: NOTIFY_TASK_QUEUE,
    startToCloseTimeout: '15s',
    scheduleToCloseTimeout: '10m',
    retry: { initialInterval: '1s', maximumInterval: '1m' },
    summary,
  });
}

/** Who sent a message. History that cannot be read for half a minute proves nobody. */
export function attesting(summary: string): QuickActivities {
  return proxyActivities<QuickActivities>({ ...FORWARD, scheduleToCloseTimeout: '30s', summary });
}

/** Long work on a build worker; a lost host is noticed by its heartbeat. */
export function building(summary: string, taskQueue: string, timeoutMs: number): BuildActivities {
  return proxyActivities<BuildActivities>({
    ...FORWARD,
    taskQueue,
    scheduleToStartTimeout: HOST_LOST_MS,
    startToCloseTimeout: timeoutMs + GRACE_MS,
    scheduleToCloseTimeout: 3 * (timeoutMs + GRACE_MS),
    heartbeatTimeout: 2 * HEARTBEAT_MS,
    summary,
  });
}

export function unbuilding(summary: string, taskQueue: string): BuildActivities {
  return proxyActivities<BuildActivities>({ ...UNDO, taskQueue, summary });
}
