import { cancellationSignal, heartbeat, sleep } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { hasCode } from '../../kubernetes/index.ts';
import type { Readiness } from '../port.ts';

/** Soon at first, since many pods are ready at once; then as often as a person would look. */
const FIRST_MS = 50;
const LONGEST_MS = 1_000;
/** Below the 5 s after which a silent worker counts as dead, also while an API server hangs. */
const PULSE_MS = 1_000;

/** What is shown of work that reports now and then is at most this old. */
const REPORT_MS = 20_000;
/** Also where the deadline is over by this clock, but not yet by the workflow's. */
const LEAST_MS = 1_000;

/** How long one attempt goes on before it reports: to `until` at most. Epoch milliseconds. */
export function nextReport(until: number): number {
  const now = Date.now();
  return now + Math.min(REPORT_MS, Math.max(LEAST_MS, until - now));
}

/**
 * Looks again and again until it is done or the deadline has come. An API server that cannot be asked for a while is no
 * reason to give up before that; what trying again cannot mend is.
 *
 * @param until epoch milliseconds
 */
export async function waitFor(until: number, look: () => Promise<Readiness>): Promise<Readiness> {
  let because = 'not looked yet';
  const pulse = setInterval(() => heartbeat(because), PULSE_MS);
  try {
    for (let pauseMs = FIRST_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_MS)) {
      cancellationSignal().throwIfAborted();
      const seen = await unlessAway(look);
      because = seen.because;
      heartbeat(because);
      if (seen.ready || Date.now() >= until) return seen;
      await sleep(Math.max(1, Math.min(pauseMs, until - Date.now())));
    }
  } finally {
    clearInterval(pulse);
  }
}

async function unlessAway(look: () => Promise<Readiness>): Promise<Readiness> {
  try {
    return await look();
  } catch (error) {
    const passing = error instanceof ApplicationFailure && !error.nonRetryable;
    // Whether this attempt is still the one that counts is the workflow's to say, by trying again.
    if (!passing || hasCode(error, 'SHIPLOCK_KUBERNETES_OVERTAKEN')) throw error;
    return { ready: false, because: error.message };
  }
}
