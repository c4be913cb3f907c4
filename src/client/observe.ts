import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { ReleaseStatus } from '../../workflows/messages.ts';
import { type Chain, describe, type Execution, lastWords, newestRun } from './execution.ts';
import { isUnreachable } from './faults.ts';
import { withLastFailure } from './last-failure.ts';
import { query } from './query.ts';
import type { Session } from './session.ts';

/** What can be seen of a release at one moment. */
export interface Sighting {
  readonly execution: Execution;
  /**
   * The release's own account; `null` where no worker answers, or it was ended without one. Of an undo that does not get
   * through it says what the last attempt met, as the server has it.
   */
  readonly status: ReleaseStatus | null;
  /** Why there is no account, or how the release ended. */
  readonly because: string;
}

/** Whether nothing more can come. */
export function hasEnded({ execution }: Sighting): boolean {
  return execution.state !== 'running' && execution.state !== 'continued';
}

/** A release now. Falls back to what the server knows where no worker answers. */
export async function sight(session: Session, id: string, chain?: Chain): Promise<Sighting> {
  const execution = await newestRun(session, id, chain);
  return hasEnded({ execution, status: null, because: '' })
    ? sightEnded(session, execution)
    : sightOpen(session, execution);
}

async function sightOpen(session: Session, execution: Execution): Promise<Sighting> {
  const answer = await query<ReleaseStatus>(session, execution, 'status');
  if (!answer.answered) return { execution, status: null, because: answer.because };
  const status = await withLastFailure(session, execution, answer.value);
  return { execution, status, because: status.because };
}

async function sightEnded(session: Session, execution: Execution): Promise<Sighting> {
  const words = await lastWords(session, execution);
  if (words.status) return { execution, ...words };
  const answer = await query<ReleaseStatus>(session, execution, 'status');
  return { execution, status: answer.answered ? answer.value : null, because: words.because };
}

export interface WatchOptions {
  /** The release to hold on to; default: whichever has the id when the watch begins. */
  readonly firstRunId?: string;
  /** Ends the watch, without touching the release. */
  readonly signal?: AbortSignal;
}

/** While things change, and once they have been still for a while (milliseconds between looks). */
const LOOK_MS = { lively: 300, still: 1_000 };
/** Looks without a change after which a release counts as still. */
const STILL_AFTER = 10;
/** How long a watch outlasts a server that does not answer. */
const PATIENCE_MS = 5 * 60_000;

/**
 * Follows one release until it has ended, and yields what changed. Survives restarts of workers and of the server, and
 * continue-as-new; never strays to a later release under the same id.
 *
 * @example
 * for await (const { status } of watch(session, 'release-production-credlink-api')) console.log(status?.phase);
 */
export async function* watch(session: Session, id: string, options: WatchOptions = {}): AsyncGenerator<Sighting, void> {
  let chain: Chain | undefined = options.firstRunId ? await describe(session, id, options.firstRunId) : undefined;
  let last: Sighting | null = null;
  let silentSince: number | null = null;
  let still = 0;
  while (!options.signal?.aborted) {
    let now: Sighting | null;
    try {
      now = await unlessAborted(sight(session, id, chain), options.signal);
      silentSince = null;
      if (!now) return;
    } catch (error) {
      silentSince ??= Date.now();
      if (!last || !isUnreachable(error) || Date.now() - silentSince > PATIENCE_MS) throw error;
      now = { execution: last.execution, status: null, because: `Temporal does not answer at ${session.address}` };
    }
    chain = now.execution;
    still = last && same(last, now) ? still + 1 : 0;
    if (still === 0) yield now;
    if (hasEnded(now)) return;
    last = now;
    await pause(still < STILL_AFTER ? LOOK_MS.lively : LOOK_MS.still, options.signal);
  }
}

function same(one: Sighting, other: Sighting): boolean {
  return (
    JSON.stringify([one.status, one.because, one.execution]) ===
    JSON.stringify([other.status, other.because, other.execution])
  );
}

/** A question under way does not hold up who wants to leave. */
async function unlessAborted<T>(asked: Promise<T>, signal: AbortSignal | undefined): Promise<T | null> {
  if (!signal) return asked;
  const left = new AbortController();
  const aborted = once(signal, 'abort', { signal: left.signal }).then(
    () => null,
    () => null,
  );
  try {
    asked.catch(() => undefined);
    return await Promise.race([asked, aborted]);
  } finally {
    left.abort();
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  // An aborted watch ends in its own loop.
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
