import { createHash } from 'node:crypto';
import { canonicalJson } from '../plan/digest.ts';
import { type RecordedEvent, type RecordedHistory, typeOf } from './history.ts';

/** Bumped when an archive of an older engine could be read wrongly. */
export const ARCHIVE_FORMAT = 1;

/** How the server closed a run. */
export type Closing = 'completed' | 'failed' | 'canceled' | 'terminated' | 'timedOut' | 'continuedAsNew';

/** What an archive says about itself; `manifest.json` beside the history. */
export interface Manifest {
  readonly format: typeof ARCHIVE_FORMAT;
  readonly workflowId: string;
  readonly runId: string;
  /** The first run of this release. */
  readonly firstRunId: string;
  /** The run before and after this one, where the release was continued as new. */
  readonly continuedFrom: string | null;
  readonly continuedTo: string | null;
  readonly service: string;
  readonly environment: string;
  readonly version: string;
  /** SHA-256 of the plan's canonical JSON, hex. */
  readonly planDigest: string;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly closedAt: string;
  readonly closing: Closing;
  /** `released`, `rolledBack` or `rejected`; `null` where the release itself did not say. */
  readonly outcome: string | null;
  /**
   * The workflow code, `bundles/<digest>.js`. `history`: a worker noted this digest when it carried the run.
   * `archiver`: the history notes none, so it is the code of the worker that wrote the archive.
   */
  readonly bundle: { readonly digest: string; readonly from: 'history' | 'archiver' };
  /** Who carried the run, as the history has it, in order of appearance. */
  readonly workers: readonly { readonly identity: string; readonly build: string }[];
  /** SHA-256, hex, of each file beside the manifest. */
  readonly files: Readonly<Record<string, string>>;
  readonly events: readonly EventDigest[];
  /** Over all event digests in order, each with what came before: one value that stands for the whole history. */
  readonly chain: string;
}

export interface EventDigest {
  readonly id: string;
  readonly type: string;
  /** SHA-256, hex, of the event's canonical JSON. */
  readonly sha256: string;
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export function eventDigests(history: RecordedHistory): EventDigest[] {
  return history.events.map((event) => ({
    id: event.eventId,
    type: typeOf(event),
    sha256: sha256(canonicalJson(event)),
  }));
}

/** `link(n) = SHA-256(link(n-1) + digest(n))`, beginning with nothing. */
export function chainOf(digests: readonly EventDigest[]): string {
  return digests.reduce((link, digest) => sha256(link + digest.sha256), '');
}

const CLOSINGS: Readonly<Record<string, Closing>> = {
  WORKFLOW_EXECUTION_COMPLETED: 'completed',
  WORKFLOW_EXECUTION_FAILED: 'failed',
  WORKFLOW_EXECUTION_CANCELED: 'canceled',
  WORKFLOW_EXECUTION_TERMINATED: 'terminated',
  WORKFLOW_EXECUTION_TIMED_OUT: 'timedOut',
  WORKFLOW_EXECUTION_CONTINUED_AS_NEW: 'continuedAsNew',
};

/** The event that closed the run and how; `null`: the run is open. */
export function closingOf(history: RecordedHistory): { readonly event: RecordedEvent; readonly how: Closing } | null {
  const event = history.events.at(-1);
  const how = event && CLOSINGS[typeOf(event)];
  return event && how ? { event, how } : null;
}

/** The workers that completed workflow tasks, each once. */
export function workersOf(history: RecordedHistory): Manifest['workers'] {
  const seen = new Map<string, Manifest['workers'][number]>();
  for (const { workflowTaskCompletedEventAttributes: task } of history.events) {
    if (!task) continue;
    const worker = { identity: task.identity ?? '', build: task.workerVersion?.buildId ?? task.binaryChecksum ?? '' };
    seen.set(JSON.stringify(worker), worker);
  }
  return [...seen.values()];
}

/** Our workers name their build by the digest of their bundle; others are named in other ways. */
export function bundleOfBuild(build: string): string | null {
  return /^[0-9a-f]{64}$/.test(build) ? build : null;
}
