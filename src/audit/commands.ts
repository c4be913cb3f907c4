import type { coresdk, temporal } from '@temporalio/proto';
import type { Fact } from './facts.ts';
import { decode } from './history.ts';

type Command = coresdk.workflow_commands.IWorkflowCommand;
type Payload = temporal.api.common.v1.IPayload;
type Duration = { readonly seconds?: unknown; readonly nanos?: number | null } | null | undefined;

/** An act as it was computed again. */
export interface RecomputedFact extends Fact {
  /** The last event the release had seen. */
  readonly afterEvent: number;
  /** Taken back before the server could hear of it. */
  readonly withdrawn: boolean;
}

/** Turns the commands of one activation into the form that `recordedFacts` reads from a history. */
export function recomputedFacts(
  commands: readonly unknown[],
  afterEvent: number,
  nextAttributes: () => number,
): RecomputedFact[] {
  const all = commands as readonly Command[];
  const withdrawn = new Set(
    all.flatMap(({ cancelTimer, requestCancelActivity }) => [
      ...(cancelTimer ? [`timer ${cancelTimer.seq}`] : []),
      ...(requestCancelActivity ? [`activity ${requestCancelActivity.seq}`] : []),
    ]),
  );
  return all.flatMap((command): RecomputedFact[] => {
    const fact = factOf(command, nextAttributes);
    return fact ? [{ ...fact, afterEvent, withdrawn: withdrawn.has(fact.key) }] : [];
  });
}

function factOf(command: Command, nextAttributes: () => number): Fact | null {
  const { scheduleActivity, startTimer, upsertWorkflowSearchAttributes } = command;
  if (scheduleActivity) return { key: `activity ${scheduleActivity.seq}`, value: activityValue(command) };
  if (startTimer) {
    const value = { durationMs: milliseconds(startTimer.startToFireTimeout), summary: summaryOf(command) };
    return { key: `timer ${startTimer.seq}`, value };
  }
  if (upsertWorkflowSearchAttributes) {
    const fields = Object.entries(upsertWorkflowSearchAttributes.searchAttributes?.indexedFields ?? {});
    const value = Object.fromEntries(fields.map(([name, payload]) => [name, payloadValue(payload)]));
    return { key: `attributes ${nextAttributes()}`, value };
  }
  const end = endOf(command);
  return end && { key: 'end', value: end };
}

/** The server cuts each time-out to the whole's. */
function activityValue(command: Command): Fact['value'] {
  const { activityType, taskQueue, retryPolicy, ...activity } = command.scheduleActivity ?? {};
  const whole = milliseconds(activity.scheduleToCloseTimeout);
  const attempt = milliseconds(activity.startToCloseTimeout);
  return {
    type: activityType ?? '',
    input: (activity.arguments ?? []).map(payloadValue),
    taskQueue: taskQueue ?? '',
    summary: summaryOf(command),
    scheduleToCloseMs: whole,
    startToCloseMs: whole && attempt ? Math.min(whole, attempt) : attempt,
    heartbeatMs: milliseconds(activity.heartbeatTimeout),
    retryInitialMs: milliseconds(retryPolicy?.initialInterval),
    retryMaximumMs: milliseconds(retryPolicy?.maximumInterval),
    retryAttempts: retryPolicy?.maximumAttempts || null,
  };
}

function endOf(command: Command): Fact['value'] | null {
  const { completeWorkflowExecution, failWorkflowExecution, continueAsNewWorkflowExecution } = command;
  if (completeWorkflowExecution) {
    const { result } = completeWorkflowExecution;
    return { result: result ? payloadValue(result) : null };
  }
  if (failWorkflowExecution) return { failure: failureOf(failWorkflowExecution.failure) };
  if (!continueAsNewWorkflowExecution) return null;
  return { continueAsNew: (continueAsNewWorkflowExecution.arguments ?? []).map(payloadValue) };
}

function failureOf(failure: temporal.api.failure.v1.IFailure | null | undefined): unknown {
  if (!failure) return null;
  const { message, applicationFailureInfo: info, cause } = failure;
  return {
    message: message ?? '',
    type: info?.type ?? '',
    nonRetryable: info?.nonRetryable ?? false,
    details: (info?.details?.payloads ?? []).map(payloadValue),
    cause: failureOf(cause),
  };
}

function summaryOf({ userMetadata }: Command): string {
  return userMetadata?.summary ? String(payloadValue(userMetadata.summary)) : '';
}

function payloadValue({ metadata, data }: Payload): unknown {
  const encoding = metadata?.encoding;
  return decode({ metadata: encoding && { encoding: base64(encoding) }, data: data && base64(data) });
}

/** The bytes come from the sandbox's own realm. */
function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** As `milliseconds` of a recorded duration: none is `null`. */
function milliseconds(duration: Duration): number | null {
  return Math.round(Number(duration?.seconds ?? 0) * 1000 + (duration?.nanos ?? 0) / 1e6) || null;
}
