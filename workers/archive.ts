import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { ShiplockError } from '../src/errors.ts';
import { countArchived, countFailure, tellHealthy } from './archive/alarm.ts';
import { type ClosedExecution, closedReleases } from './archive/closed.ts';
import { archiveRun } from './archive/run.ts';
import { hasRun, keepBundle, removeRemains } from './archive/write.ts';
import type { WorkflowBundle } from './bundle.ts';

export interface ArchiverOptions {
  readonly client: Client;
  /** Where archives go: `<folder>/<workflow>/<run>/` and `<folder>/bundles/`. Several workers may share it. */
  readonly folder: string;
  /** The code that this worker runs; kept at once, so that it is there for every history it will make. */
  readonly bundle: WorkflowBundle;
  /** Between two looks; default 10 s, so that an end is archived well within a minute. */
  readonly intervalMs?: number;
  /** Only releases of this task queue; default all of the namespace. */
  readonly taskQueue?: string;
  /** Told of every failure, beside the log and the metric; each is tried again at the next look. */
  readonly onFailure?: (failure: ShiplockError) => void;
}

export interface Archiver {
  /** Looks once more, and ends within two seconds; what is left is done by whoever comes next. */
  stop(): Promise<void>;
}

const INTERVAL_MS = 10_000;
/** A call to a server that does not answer may take longer to give up; nothing it could still do is half done. */
const STOP_MS = 2_000;
/** Visibility lags behind, and clocks differ. */
const OVERLAP_MS = 5 * 60_000;
/** What is left over comes at the next look. */
const RUNS_PER_LOOK = 100;
/** A folder that cannot be written fails for all alike. */
const FAILURES_PER_LOOK = 3;

/**
 * Archives every run of every release soon after its end, however it ended: by itself, terminated, timed out. After a
 * time without any worker the next one catches up with what the server still has.
 */
export function startArchiver(options: ArchiverOptions): Archiver {
  const ended = new AbortController();
  const running = archiveUntil(options, ended.signal);
  return {
    async stop() {
      ended.abort();
      await Promise.race([running, delay(STOP_MS, undefined, { ref: false })]);
    },
  };
}

async function archiveUntil(options: ArchiverOptions, signal: AbortSignal): Promise<void> {
  let since = new Date(0);
  while (!signal.aborted) {
    const began = Date.now();
    if (await options.client.withAbortSignal(signal, () => look(options, since, signal))) {
      since = new Date(began - OVERLAP_MS);
      tellHealthy();
    }
    await delay(options.intervalMs ?? INTERVAL_MS, undefined, { signal }).catch(() => undefined);
  }
  // What has just ended would otherwise wait for the next worker.
  const last = AbortSignal.timeout(STOP_MS);
  await options.client.withAbortSignal(last, () => look(options, since, last));
}

/** Archives what has been closed since; whether nothing was left over. Never throws. */
async function look(options: ArchiverOptions, since: Date, signal: AbortSignal): Promise<boolean> {
  const { client, folder, bundle, taskQueue } = options;
  const tally = { written: 0, failed: 0 };
  try {
    await removeRemains(folder);
    await keepBundle(folder, bundle);
    for await (const execution of closedReleases(client, { since, taskQueue })) {
      if (hasRun(folder, execution)) continue;
      if (signal.aborted || tally.written >= RUNS_PER_LOOK || tally.failed >= FAILURES_PER_LOOK) return false;
      tally[await tryRun(options, execution, signal)] += 1;
    }
    return tally.failed === 0;
  } catch (cause) {
    if (!signal.aborted) fail(options, null, cause);
    return false;
  }
}

async function tryRun(
  options: ArchiverOptions,
  execution: ClosedExecution,
  signal: AbortSignal,
): Promise<'written' | 'failed'> {
  try {
    await archiveRun(options, execution);
    countArchived();
    return 'written';
  } catch (cause) {
    if (!signal.aborted) fail(options, execution, cause);
    return 'failed';
  }
}

function fail({ folder, onFailure }: ArchiverOptions, execution: ClosedExecution | null, cause: unknown): void {
  const what = execution ? `${execution.workflowId} (run ${execution.runId})` : 'ended releases';
  const failure = new ShiplockError({
    code: 'SHIPLOCK_ARCHIVE_FAILED',
    message: `${what} could not be archived in ${folder}: ${reasonOf(cause)}`,
    mend: 'see that Temporal answers, and that the worker may write there; it is tried again until the server forgets',
    cause,
  });
  countFailure(failure, execution);
  try {
    onFailure?.(failure);
  } catch {
    // Telling is not doing: who is told cannot stop the archive.
  }
}

/** An error of Temporal's client says what failed, and its cause why. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${reasonOf(error.cause)}`;
}
