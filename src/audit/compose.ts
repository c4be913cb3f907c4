import type { ReleaseInput, ReleaseStatus } from '../../workflows/messages.ts';
import { planDigest } from '../plan/digest.ts';
import type { Plan } from '../plan/plan.ts';
import { releaseNotes } from '../validation/notes.ts';
import { decodeAll, type RecordedHistory } from './history.ts';
import {
  ARCHIVE_FORMAT,
  bundleOfBuild,
  chainOf,
  closingOf,
  eventDigests,
  type Manifest,
  sha256,
  workersOf,
} from './manifest.ts';

export interface ClosedRun {
  readonly workflowId: string;
  readonly runId: string;
  readonly history: RecordedHistory;
  /** `history` as it will be written. */
  readonly json: string;
  /** Digest of the code of the worker that writes the archive. */
  readonly archiverBundle: string;
}

/** The files of one run's archive by name, the manifest last. */
export function composeArchive(run: ClosedRun): { readonly manifest: Manifest; readonly files: Map<string, string> } {
  const { history } = run;
  const plan = planOf(history);
  const status = statusAtEnd(history);
  const notes = status && notesOf(plan, status);
  const files = new Map([
    ['history.json', run.json],
    ['plan.json', pretty(plan)],
    ...(status ? [['status.json', pretty(status)] as const] : []),
    ...(notes ? [['release-notes.md', notes] as const] : []),
  ]);
  const digests = new Map([...files].map(([name, text]) => [name, sha256(text)]));
  const manifest = manifestOf(run, plan, status?.outcome ?? null, Object.fromEntries(digests));
  files.set('manifest.json', pretty(manifest));
  return { manifest, files };
}

function manifestOf(
  { workflowId, runId, history, archiverBundle }: ClosedRun,
  plan: Partial<Plan> | null,
  outcome: string | null,
  files: Manifest['files'],
): Manifest {
  const closing = closingOf(history);
  if (!closing) throw new TypeError(`run ${runId} is still open`);
  const started = history.events[0]?.workflowExecutionStartedEventAttributes;
  const workers = workersOf(history);
  const noted = workers.map(({ build }) => bundleOfBuild(build)).findLast((digest) => digest !== null);
  const events = eventDigests(history);
  return {
    format: ARCHIVE_FORMAT,
    workflowId,
    runId,
    firstRunId: started?.firstExecutionRunId ?? runId,
    continuedFrom: started?.continuedExecutionRunId || null,
    continuedTo: closing.event.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? null,
    service: plan?.service ?? '',
    environment: plan?.environment ?? '',
    version: plan?.version ?? '',
    planDigest: planDigest(plan as Plan),
    startedAt: history.events[0]?.eventTime ?? '',
    closedAt: closing.event.eventTime,
    closing: closing.how,
    outcome,
    bundle: noted ? { digest: noted, from: 'history' } : { digest: archiverBundle, from: 'archiver' },
    workers,
    files,
    events,
    chain: chainOf(events),
  };
}

/** What the run was given; not everything that is started under the release's name was given what it should. */
export function inputOf(history: RecordedHistory): Partial<ReleaseInput> {
  const [input] = decodeAll(history.events[0]?.workflowExecutionStartedEventAttributes?.input);
  return typeof input === 'object' && input !== null ? input : {};
}

/** The plan as the run was given it; `null` where it was given none. */
export function planOf(history: RecordedHistory): Partial<Plan> | null {
  return inputOf(history).plan ?? null;
}

/** The status that the release returned or failed with; `null` where it was ended by others. */
export function statusAtEnd(history: RecordedHistory): { outcome?: string | null } | null {
  const last = history.events.at(-1);
  const failure = last?.workflowExecutionFailedEventAttributes?.failure;
  const [status] =
    decodeAll(last?.workflowExecutionCompletedEventAttributes?.result)[0] === undefined
      ? decodeAll(failure?.applicationFailureInfo?.details)
      : decodeAll(last?.workflowExecutionCompletedEventAttributes?.result);
  return typeof status === 'object' && status !== null ? status : null;
}

/** `null` of what was no release: anything may be started under its name, and is archived all the same. */
function notesOf(plan: Partial<Plan> | null, status: object): string | null {
  try {
    return releaseNotes(plan as Plan, status as ReleaseStatus);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
