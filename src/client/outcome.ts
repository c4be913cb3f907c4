import type { Outcome, ReleaseStatus } from '../../workflows/messages.ts';
import { hasEnded, type Sighting, type WatchOptions, watch } from './observe.ts';
import type { Session } from './session.ts';

/** What became of a release, as far as a waiter saw. */
export interface WaitResult {
  /**
   * `partlyReleased`: released, and a phase of it was taken back (`status.undone`).
   * `broken`: it ended without an outcome (terminated, timed out, failed on its own).
   * `stillWaiting`: the time was up, or the wait was given up; the release goes on.
   */
  readonly verdict: Outcome | 'partlyReleased' | 'broken' | 'stillWaiting';
  readonly because: string;
  readonly last: Sighting | null;
}

export interface WaitOptions extends WatchOptions {
  /** Give up waiting after this; the release goes on. Default: 24 hours. */
  readonly timeoutMs?: number;
  /** `released` (default) returns as soon as all traffic is on the new version; `ended` also waits for the window. */
  readonly until?: 'released' | 'ended';
  /** Called with everything seen on the way. */
  readonly onSighting?: (sighting: Sighting) => void;
}

/** Every wait ends. */
export const DEFAULT_WAIT_MS = 24 * 60 * 60_000;

/** Waits until a release is released, or has ended otherwise. Giving up touches nothing. */
export async function wait(session: Session, id: string, options: WaitOptions = {}): Promise<WaitResult> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_WAIT_MS;
  const timeUp = AbortSignal.timeout(timeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, timeUp]) : timeUp;
  let last: Sighting | null = null;
  for await (const sighting of watch(session, id, { ...options, signal })) {
    last = sighting;
    options.onSighting?.(sighting);
    const result = resultOf(sighting, options.until ?? 'released');
    if (result) return result;
  }
  const why = options.signal?.aborted ? 'the wait was given up' : `the time to wait, ${timeoutMs / 1000} s, was up`;
  return { verdict: 'stillWaiting', because: `${why}; the release goes on`, last };
}

/** The result that a sighting already settles, or `null` while it is open. */
export function resultOf(sighting: Sighting, until: 'released' | 'ended'): WaitResult | null {
  const { status, because } = sighting;
  if (hasEnded(sighting)) {
    // Ended from outside, it did not undo what its last status still claims.
    const cut = sighting.execution.state === 'terminated' || sighting.execution.state === 'timedOut';
    return { verdict: (!cut && status && verdictOf(status)) || 'broken', because, last: sighting };
  }
  // On its way back out of the window, a release still carries the outcome that it is losing.
  if (until === 'released' && status?.outcome === 'released' && status.phase !== 'undoing') {
    return { verdict: verdictOf(status) ?? 'broken', because, last: sighting };
  }
  return null;
}

function verdictOf({ outcome, undone }: ReleaseStatus): WaitResult['verdict'] | null {
  return outcome === 'released' && undone?.length ? 'partlyReleased' : outcome;
}
