import { describeEvent } from './facts.ts';
import { type RecordedEvent, type RecordedHistory, typeOf } from './history.ts';

/** How a difference was found: see `docs/audit.md`. */
export type Check = 'manifest' | 'witnesses' | 'replay' | 'chain';

/** One thing that is not as it was recorded. */
export interface Difference {
  readonly check: Check;
  readonly workflowId: string;
  readonly runId: string;
  /** Where it stands in the history; `null` where it concerns no single event. */
  readonly event: { readonly id: string; readonly type: string } | null;
  /** In a reader's words: `reading of success-rate`. */
  readonly what: string;
  readonly because: string;
  /** Within what the event holds, as in `$.metrics[0].readings[3].value`. */
  readonly path?: string;
  readonly recorded?: unknown;
  readonly recomputed?: unknown;
}

/** A difference before it is known whose it is. */
export type Finding = Omit<Difference, 'workflowId' | 'runId'>;

export function findingAt(
  check: Check,
  event: RecordedEvent,
  history: RecordedHistory,
  because: string,
  more: Partial<Finding> = {},
): Finding {
  const what = describeEvent(event, history);
  return { check, event: { id: event.eventId, type: typeOf(event) }, what, because, ...more };
}
