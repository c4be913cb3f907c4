import { laneId, releaseId } from '../../workflows/messages.ts';
import { ShiplockError } from '../errors.ts';
import { type Chain, describe } from './execution.ts';
import { hasEnded, type Sighting, sight } from './observe.ts';
import { wait } from './outcome.ts';
import { send } from './send.ts';
import type { Session } from './session.ts';

/** How long a release may take to end once its window was told to, or where it is closing already. */
const FINALISE_MS = 60_000;

/**
 * Lets a later start through: an open release in its window is finalised, and one that has its outcome and is only
 * closing is waited for: who waited for that outcome may start the next release at once. Anything else is
 * `SHIPLOCK_RELEASE_BUSY`.
 */
export async function makeRoom(session: Session, id: string): Promise<void> {
  const open = await sight(session, id);
  if (hasEnded(open)) return;
  if (!givesWay(open)) throw busyError(open);
  const chain = open.execution;
  if (open.status?.phase === 'window') await finalise(session, id, chain);
  const ended = await wait(session, id, { firstRunId: chain.firstRunId, until: 'ended', timeoutMs: FINALISE_MS });
  if (ended.verdict === 'stillWaiting') throw busyError(ended.last ?? open);
}

/** Whether nothing of an open release is left but its window, or its last few tasks. */
function givesWay({ status }: Sighting): boolean {
  return status?.phase === 'window' || status?.phase === 'cleanup' || status?.phase === 'ended';
}

async function finalise(session: Session, id: string, chain: Chain): Promise<void> {
  await send(session, id, 'finalise', { reason: `a later release starts, by ${session.identity}` }, { chain }).catch(
    (error: unknown) => {
      // It ended by itself in the meantime.
      if (!(error instanceof ShiplockError && error.code === 'SHIPLOCK_RELEASE_ENDED')) throw error;
    },
  );
}

/**
 * Fails with `SHIPLOCK_RELEASE_BUSY` where another release is open (one in its window gives way), or waits its turn.
 */
export async function assertFree(
  session: Session,
  target: { readonly environment: string; readonly service: string },
): Promise<void> {
  const open = await unlessUnknown(sight(session, releaseId(target)));
  if (open && !hasEnded(open) && !givesWay(open)) throw busyError(open);
  const lane = await unlessUnknown(describe(session, laneId(target)));
  if (lane?.state !== 'running') return;
  throw new ShiplockError({
    code: 'SHIPLOCK_RELEASE_BUSY',
    message: `another release of ${target.service} to ${target.environment} waits its turn in ${lane.id}`,
    mend: 'start again later; or start with --if-busy wait, or --if-busy supersede',
  });
}

function unlessUnknown<T>(asked: Promise<T>): Promise<T | null> {
  return asked.catch((error: unknown) => {
    if (error instanceof ShiplockError && error.code === 'SHIPLOCK_RELEASE_UNKNOWN') return null;
    throw error;
  });
}

export async function busy(session: Session, id: string): Promise<ShiplockError> {
  return busyError(await sight(session, id));
}

/** Who is at it, where, and since when. */
export function busyError({ execution, status }: Sighting): ShiplockError {
  const version = status?.version ?? execution.version ?? 'another version';
  const who = status?.startedBy || execution.startedBy || 'somebody';
  const where = status?.waiting
    ? `waiting in ${status.phase} (${status.waiting.prompt})`
    : `in ${status?.phase ?? execution.phase ?? 'an unknown phase'}`;
  return new ShiplockError({
    code: 'SHIPLOCK_RELEASE_BUSY',
    message: `${execution.id} is busy: ${version}, started by ${who} at ${status?.startedAt ?? execution.startedAt}, is ${where}`,
    mend: `follow it with \`shiplock get ${execution.id} --watch\`; or start with --if-busy wait, or --if-busy supersede`,
  });
}
