import { readFileSync } from 'node:fs';
import { ShiplockError } from '../errors.ts';

/** A payload in Temporal's JSON: base64 of its metadata and data. */
export interface RecordedPayload {
  readonly metadata?: Readonly<Record<string, string>> | null;
  readonly data?: string | null;
}

interface RecordedPayloads {
  readonly payloads?: readonly RecordedPayload[];
}

export interface RecordedFailure {
  readonly message?: string;
  readonly cause?: RecordedFailure;
  readonly applicationFailureInfo?: {
    readonly type?: string;
    readonly nonRetryable?: boolean;
    readonly details?: RecordedPayloads;
  };
}

/** One event of a history, as `temporal workflow show -o json` writes it; only the fields that are looked at here. */
export interface RecordedEvent {
  readonly eventId: string;
  /** RFC 3339. */
  readonly eventTime: string;
  /** `EVENT_TYPE_…`. */
  readonly eventType: string;
  readonly principal?: { readonly type?: string; readonly name?: string };
  readonly userMetadata?: { readonly summary?: RecordedPayload };
  readonly workflowExecutionStartedEventAttributes?: {
    readonly workflowType?: { readonly name?: string };
    readonly workflowId?: string;
    readonly input?: RecordedPayloads;
    readonly originalExecutionRunId?: string;
    readonly firstExecutionRunId?: string;
    readonly continuedExecutionRunId?: string;
    readonly parentWorkflowExecution?: { readonly workflowId?: string };
    readonly identity?: string;
    readonly memo?: { readonly fields?: Readonly<Record<string, RecordedPayload>> };
  };
  readonly workflowTaskCompletedEventAttributes?: {
    readonly identity?: string;
    readonly binaryChecksum?: string;
    readonly workerVersion?: { readonly buildId?: string };
  };
  readonly activityTaskScheduledEventAttributes?: {
    readonly activityId: string;
    readonly activityType: { readonly name: string };
    readonly taskQueue?: { readonly name?: string };
    readonly input?: RecordedPayloads;
    readonly scheduleToCloseTimeout?: string;
    readonly startToCloseTimeout?: string;
    readonly heartbeatTimeout?: string;
    readonly retryPolicy?: {
      readonly initialInterval?: string;
      readonly maximumInterval?: string;
      readonly maximumAttempts?: number;
    };
  };
  readonly activityTaskCompletedEventAttributes?: {
    readonly scheduledEventId: string;
    readonly result?: RecordedPayloads;
  };
  readonly activityTaskFailedEventAttributes?: { readonly scheduledEventId: string };
  readonly activityTaskTimedOutEventAttributes?: { readonly scheduledEventId: string };
  readonly activityTaskStartedEventAttributes?: { readonly scheduledEventId: string };
  readonly timerStartedEventAttributes?: { readonly timerId: string; readonly startToFireTimeout?: string };
  readonly timerFiredEventAttributes?: { readonly timerId: string; readonly startedEventId: string };
  readonly timerCanceledEventAttributes?: { readonly timerId: string; readonly startedEventId: string };
  readonly upsertWorkflowSearchAttributesEventAttributes?: {
    readonly searchAttributes?: { readonly indexedFields?: Readonly<Record<string, RecordedPayload>> };
  };
  readonly workflowExecutionSignaledEventAttributes?: {
    readonly signalName: string;
    readonly input?: RecordedPayloads;
    readonly identity?: string;
  };
  readonly workflowExecutionCompletedEventAttributes?: { readonly result?: RecordedPayloads };
  readonly workflowExecutionFailedEventAttributes?: { readonly failure?: RecordedFailure };
  readonly workflowExecutionContinuedAsNewEventAttributes?: {
    readonly newExecutionRunId: string;
    readonly workflowType?: { readonly name?: string };
    readonly input?: RecordedPayloads;
  };
}

export interface RecordedHistory {
  readonly events: readonly RecordedEvent[];
}

/** @throws SHIPLOCK_HISTORY_UNREADABLE where the file holds no workflow history in Temporal's JSON */
export function readHistory(file: string): RecordedHistory {
  return parseHistory(readFileSync(file, 'utf8'), file);
}

/** As `readHistory`, of text; `file` is only named. */
export function parseHistory(text: string, file: string): RecordedHistory {
  const history = parseJson(text, file) as Partial<RecordedHistory> | null;
  const first = history?.events?.[0];
  if (typeof first?.eventId === 'string' && first.workflowExecutionStartedEventAttributes) {
    return history as RecordedHistory;
  }
  throw unreadable(file, 'it is no history that begins with its first event');
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unreadable(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function unreadable(file: string, because: string, cause?: unknown): ShiplockError {
  return new ShiplockError({
    code: 'SHIPLOCK_HISTORY_UNREADABLE',
    message: `${file} cannot be replayed: ${because}`,
    mend: 'name an archive, or a file that `temporal workflow show --output json` wrote',
    cause,
  });
}

/** What a payload holds; of an encoding that is not JSON its base64. */
export function decode({ metadata, data }: RecordedPayload): unknown {
  const encoding = Buffer.from(metadata?.encoding ?? '', 'base64').toString();
  if (encoding === 'binary/null') return null;
  if (encoding !== 'json/plain') return data ?? '';
  const text = Buffer.from(data ?? '', 'base64').toString();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export function decodeAll(payloads: RecordedPayloads | undefined): unknown[] {
  return (payloads?.payloads ?? []).map(decode);
}

/** `0.200s` as 200; absent or zero, which both mean "none", as `null`. */
export function milliseconds(duration: string | undefined): number | null {
  return Math.round(Number.parseFloat(duration ?? '0') * 1000) || null;
}

/** `ACTIVITY_TASK_COMPLETED`. */
export function typeOf(event: RecordedEvent): string {
  return event.eventType.replace(/^EVENT_TYPE_/, '');
}

export function summaryOf(event: RecordedEvent): string {
  return event.userMetadata?.summary ? String(decode(event.userMetadata.summary)) : '';
}
