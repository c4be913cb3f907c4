import { ApplicationFailure } from '@temporalio/common';
import type { ShiplockError } from '../src/errors.ts';

export interface FailureOptions {
  /** What makes trying again pointless is `never`: it stands until a person changes something. */
  readonly retry: 'never' | 'later';
  /** `later`: not before this time, instead of the retry policy's own interval. */
  readonly afterMs?: number;
}

/**
 * A ShiplockError as an activity fails with it: its code is the failure's type, its mend the last sentence.
 *
 * @example throw failure({ code: 'SHIPLOCK_X', message: '/srv/values.yaml is missing' }, { retry: 'never' });
 */
export function failure(
  error: Pick<ShiplockError, 'code' | 'message'> & { readonly mend?: string; readonly cause?: unknown },
  { retry, afterMs }: FailureOptions,
): ApplicationFailure {
  return ApplicationFailure.create({
    type: error.code,
    message: error.mend ? `${error.message}; ${error.mend}` : error.message,
    nonRetryable: retry === 'never',
    nextRetryDelay: afterMs,
    cause: error.cause instanceof Error ? error.cause : undefined,
  });
}

/** What a person reads of anything thrown: one line, no stack. */
export function sentence(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.split('\n', 1)[0] ?? text;
}
