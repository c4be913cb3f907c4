import { ShiplockError } from '../../src/errors.ts';
import { failure } from '../failure.ts';

/** Refusals that another attempt cannot change: the writer is of the past, or the request is wrong. */
const FINAL: readonly string[] = [
  'SHIPLOCK_FENCE_STALE',
  'SHIPLOCK_LOCAL_REQUEST_INVALID',
  'SHIPLOCK_LOCAL_FLAGS_INVALID',
];

/**
 * One question to the supervisor of the embedded stack. What it refuses becomes a failure whose type is the
 * refusal's code; everything that may be otherwise in a moment (not ready, restarting, full disk) is tried again.
 */
export async function askSupervisor<Answer>(question: () => Promise<Answer>): Promise<Answer> {
  try {
    return await question();
  } catch (error) {
    if (!(error instanceof ShiplockError)) throw error;
    throw failure(error, { retry: FINAL.includes(error.code) ? 'never' : 'later' });
  }
}
