import { existsSync, realpathSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { ShiplockError } from '../../src/errors.ts';
import { connectSupervisor } from './client.ts';
import { resolveHome, type StackPaths, stackPaths } from './home.ts';
import { clearTraces, endProcesses, remaining } from './stack/end.ts';
import { type Lock, takeLock } from './stack/lock.ts';
import { livingOwn, type OwnRole } from './stack/own.ts';
import { markedProcesses, signalOne } from './stack/processes.ts';
import { openStore } from './stack/state.ts';

const POLITE_MS = 20_000;
const LOCK_MS = 5_000;
/** One that does not answer by then is as good as dead. */
const ANSWER_MS = 3_000;
const POLL_MS = 25;

/**
 * Ends everything a stack started, and returns when it has ended: also when its supervisor is dead or does not
 * answer. What is stored (Temporal's database, which revisions are wanted) stays for the next `up`.
 *
 * @returns whether anything ran.
 * @throws ShiplockError `SHIPLOCK_LOCAL_STOP` when something survives.
 */
export async function stopStack(options: { readonly home?: string } = {}): Promise<boolean> {
  const home = resolveHome(options.home);
  if (!existsSync(home)) return false;
  const paths = stackPaths(realpathSync(home));
  const ran = runs(paths);
  if (!ran) return false;
  if (!(await askSupervisor(paths))) await endByForce(paths);
  const left = markedProcesses(paths.home);
  if (left.length > 0 || runs(paths)) {
    throw new ShiplockError({
      code: 'SHIPLOCK_LOCAL_STOP',
      message: `still running of the stack in ${home}: ${left.map(({ id, identity }) => `${id} (${identity.pid})`).join(', ')}`,
      mend: 'shiplock local down, again; then end these processes by hand',
    });
  }
  return ran;
}

function runs(paths: StackPaths): boolean {
  const own = (['supervisor', 'guard'] as const).some((role) => livingOwn(paths, role) !== null);
  return own || remaining(paths).length > 0;
}

/** @returns whether it ended everything by itself. */
async function askSupervisor(paths: StackPaths): Promise<boolean> {
  const client = connectSupervisor({ home: paths.home, patienceMs: 0, timeoutMs: ANSWER_MS });
  try {
    await client.down();
  } catch {
    return false;
  } finally {
    client.close();
  }
  const deadline = Date.now() + POLITE_MS;
  while (Date.now() < deadline) {
    if (!runs(paths) && markedProcesses(paths.home).length === 0) return true;
    await delay(POLL_MS);
  }
  return false;
}

/** The guard first, since it would bring the supervisor back; then, under the supervisor's lock, all the rest. */
async function endByForce(paths: StackPaths): Promise<void> {
  for (const role of ['guard', 'supervisor'] as const) endOwn(paths, role);
  const lock = await waitForLock(paths);
  try {
    for (const role of ['guard', 'supervisor'] as const) endOwn(paths, role);
    await openStore(paths).commit((draft) => {
      draft.desired = 'down';
      return null;
    });
    await endProcesses(paths);
    clearTraces(paths);
  } finally {
    lock?.release();
  }
}

function endOwn(paths: StackPaths, role: OwnRole): void {
  const recorded = livingOwn(paths, role);
  if (recorded) signalOne(recorded, 'SIGKILL');
  for (const { id, identity } of markedProcesses(paths.home)) if (id === role) signalOne(identity, 'SIGKILL');
}

async function waitForLock(paths: StackPaths): Promise<Lock | null> {
  const deadline = Date.now() + LOCK_MS;
  while (Date.now() < deadline) {
    const lock = takeLock(paths.supervisor.lock);
    if (lock) return lock;
    for (const role of ['guard', 'supervisor'] as const) endOwn(paths, role);
    await delay(POLL_MS);
  }
  return null;
}
