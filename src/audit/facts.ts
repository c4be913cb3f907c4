import {
  decode,
  decodeAll,
  milliseconds,
  type RecordedEvent,
  type RecordedFailure,
  type RecordedHistory,
  summaryOf,
  typeOf,
} from './history.ts';

/**
 * What a release asked for, in one form for both sides: read from the history, and computed again. `key` says which
 * of its acts it is: the workflow numbers its activities and timers, and its ends and attributes come in order.
 */
export interface Fact {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

export interface RecordedFact extends Fact {
  readonly event: RecordedEvent;
  /** For people: `activity measure (success-rate)`. */
  readonly what: string;
}

/** The acts of the release that stand in its history. */
export function recordedFacts(history: RecordedHistory): RecordedFact[] {
  let attributes = 0;
  return history.events.flatMap((event): RecordedFact[] => {
    const fact = factOf(event, () => ++attributes);
    return fact ? [{ ...fact, event, what: describeEvent(event, history) }] : [];
  });
}

/** What the SDK writes into the search attributes where a workflow asks `patched`. */
const CHANGE_VERSION = 'TemporalChangeVersion';

function factOf(event: RecordedEvent, nextAttributes: () => number): Fact | null {
  const activity = event.activityTaskScheduledEventAttributes;
  if (activity) return { key: `activity ${activity.activityId}`, value: activityValue(event, activity) };
  const timer = event.timerStartedEventAttributes;
  if (timer) {
    const value = { durationMs: milliseconds(timer.startToFireTimeout), summary: summaryOf(event) };
    return { key: `timer ${timer.timerId}`, value };
  }
  const attributes = event.upsertWorkflowSearchAttributesEventAttributes;
  if (attributes) {
    const fields = Object.entries(attributes.searchAttributes?.indexedFields ?? {});
    // The SDK's own, beside the marker of a `patched`: no command of the workflow's.
    if (fields.every(([name]) => name === CHANGE_VERSION)) return null;
    const value = Object.fromEntries(fields.map(([name, payload]) => [name, decode(payload)]));
    return { key: `attributes ${nextAttributes()}`, value };
  }
  const end = endOf(event);
  return end && { key: 'end', value: end };
}

function activityValue(
  event: RecordedEvent,
  activity: NonNullable<RecordedEvent['activityTaskScheduledEventAttributes']>,
): Fact['value'] {
  const { retryPolicy } = activity;
  return {
    type: activity.activityType.name,
    input: decodeAll(activity.input),
    taskQueue: activity.taskQueue?.name ?? '',
    summary: summaryOf(event),
    scheduleToCloseMs: milliseconds(activity.scheduleToCloseTimeout),
    startToCloseMs: milliseconds(activity.startToCloseTimeout),
    heartbeatMs: milliseconds(activity.heartbeatTimeout),
    retryInitialMs: milliseconds(retryPolicy?.initialInterval),
    retryMaximumMs: milliseconds(retryPolicy?.maximumInterval),
    retryAttempts: retryPolicy?.maximumAttempts || null,
  };
}

/** What the release itself said at the end of a run; `null` where something else ended it. */
function endOf(event: RecordedEvent): Fact['value'] | null {
  const completed = event.workflowExecutionCompletedEventAttributes;
  if (completed) return { result: decodeAll(completed.result)[0] ?? null };
  const failed = event.workflowExecutionFailedEventAttributes;
  if (failed) return { failure: failureOf(failed.failure) };
  const continued = event.workflowExecutionContinuedAsNewEventAttributes;
  return continued ? { continueAsNew: decodeAll(continued.input) } : null;
}

function failureOf(failure: RecordedFailure | undefined): unknown {
  if (!failure) return null;
  const { message, applicationFailureInfo: info, cause } = failure;
  return {
    message: message ?? '',
    type: info?.type ?? '',
    nonRetryable: info?.nonRetryable ?? false,
    details: decodeAll(info?.details),
    cause: failureOf(cause),
  };
}

/** The activities whose results are readings. */
export const READINGS: readonly string[] = ['measure', 'runJob', 'runKubernetesJob'];

/** In a reader's words: `reading of success-rate`, `timer (step-2: goes on by itself)`, `signal approve by bob`. */
export function describeEvent(event: RecordedEvent, history: RecordedHistory): string {
  const scheduled = event.activityTaskScheduledEventAttributes;
  if (scheduled) return `input of ${named(`activity ${scheduled.activityType.name}`, event)}`;
  if (event.timerStartedEventAttributes) return named('timer', event);
  const timer = event.timerFiredEventAttributes ?? event.timerCanceledEventAttributes;
  if (timer) return `end of ${named('timer', eventOf(history, timer.startedEventId))}`;
  const sent = event.workflowExecutionSignaledEventAttributes;
  if (sent) return `signal ${sent.signalName}${sent.identity ? ` by ${sent.identity}` : ''}`;
  if (event.workflowExecutionStartedEventAttributes) return 'input of the release';
  if (event.upsertWorkflowSearchAttributesEventAttributes) return 'search attributes';
  if (endOf(event)) return 'outcome of the release';
  return describeActivityEnd(event, history);
}

function describeActivityEnd(event: RecordedEvent, history: RecordedHistory): string {
  const completed = event.activityTaskCompletedEventAttributes;
  const other =
    event.activityTaskFailedEventAttributes ??
    event.activityTaskTimedOutEventAttributes ??
    event.activityTaskStartedEventAttributes;
  const scheduled = eventOf(history, (completed ?? other)?.scheduledEventId);
  const type = scheduled?.activityTaskScheduledEventAttributes?.activityType.name;
  if (!scheduled || !type) return typeOf(event).toLowerCase().replaceAll('_', ' ');
  if (completed && READINGS.includes(type)) return `reading of ${summaryOf(scheduled)}`;
  return `${completed ? 'result' : 'course'} of ${named(`activity ${type}`, scheduled)}`;
}

export function eventOf(history: RecordedHistory, eventId: string | undefined): RecordedEvent | undefined {
  // Ids count from 1 without gaps, unless somebody removed an event.
  const likely = history.events[Number(eventId) - 1];
  return likely?.eventId === eventId ? likely : history.events.find((event) => event.eventId === eventId);
}

function named(what: string, event: RecordedEvent | undefined): string {
  const summary = event ? summaryOf(event) : '';
  return summary ? `${what} (${summary})` : what;
}
