import type { Progress, ReleaseStatus } from '../../workflows/messages.ts';
import { UNTOLD } from '../../workflows/untold.ts';
import { explain } from './faults.ts';
import { RPC_DEADLINE_MS, type Session, within } from './session.ts';

/**
 * An undo is tried again and again by the server, which alone knows what its last attempt met: a release's account with
 * that in the place where the release itself does not know.
 */
export async function withLastFailure(
  session: Session,
  { id, runId }: { readonly id: string; readonly runId: string },
  status: ReleaseStatus,
): Promise<ReleaseStatus> {
  const undo = untold(status);
  if (!undo) return status;
  try {
    const handle = session.client.workflow.getHandle(id, runId);
    const { raw } = await within(session, RPC_DEADLINE_MS, () => handle.describe());
    const because = lastFailureOf(undo, raw.pendingActivities ?? []);
    return because === null ? status : told(status, undo, because);
  } catch (error) {
    throw explain(error, session, id);
  }
}

/** What of `temporal.api.workflow.v1.PendingActivityInfo` is read. */
export interface PendingActivity {
  readonly activityType?: { readonly name?: string | null } | null;
  readonly scheduledTime?: { readonly seconds?: { toString(): string } | null; readonly nanos?: number | null } | null;
  readonly lastFailure?: { readonly message?: string | null } | null;
}

/** Webhooks are told, and senders looked up, beside whatever is undone. */
const BESIDE = ['notify', 'attest'];

/** What the last attempt met; `null`: nothing of this undo has failed. */
export function lastFailureOf({ startedAt }: Progress, pending: readonly PendingActivity[]): string | null {
  const since = Date.parse(startedAt ?? '');
  const own = pending
    .filter(({ activityType }) => !BESIDE.includes(activityType?.name ?? ''))
    .filter((activity) => scheduledAt(activity) >= since)
    .toSorted((one, other) => scheduledAt(one) - scheduledAt(other));
  return own.at(-1)?.lastFailure?.message || null;
}

function scheduledAt({ scheduledTime }: PendingActivity): number {
  return Number(scheduledTime?.seconds ?? Number.NaN) * 1_000 + (scheduledTime?.nanos ?? 0) / 1_000_000;
}

/** The undo under way of which the release cannot say why it is not done. */
export function untold({ progress }: ReleaseStatus): Progress | null {
  const undo = progress.findLast(({ name, state }) => name.startsWith('undo-') && state === 'running');
  return undo && (undo.because === '' || undo.because === UNTOLD) ? undo : null;
}

/** The account with the reason beside the undo, and in the question about it. */
export function told(status: ReleaseStatus, { name }: Progress, because: string): ReleaseStatus {
  const { progress, waiting } = status;
  return {
    ...status,
    progress: progress.map((line) => (line.name === name ? { ...line, because } : line)),
    waiting:
      waiting?.kind === 'undo'
        ? { ...waiting, prompt: waiting.prompt.replace(`(${UNTOLD})`, () => `(${because})`) }
        : waiting,
  };
}
