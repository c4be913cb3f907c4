import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type StackPaths, stackPaths } from '../home.ts';
import { endProcesses, remaining } from './end.ts';
import { takeLock } from './lock.ts';
import { livingOwn, note, spawnOwn, writePid } from './own.ts';
import { markedProcesses, signalOne } from './processes.ts';
import { readState } from './state.ts';

const CHECK_MS = 250;
const BACKOFF_LAST_MS = 10_000;
/** Living this long forgives earlier deaths. */
const STABLE_AFTER_MS = 10_000;

/**
 * Brings a supervisor back that died without being asked to. Ends with it otherwise; and ends everything when the
 * home itself is gone, since nobody could find it any more.
 */
export async function runGuard(options: { home: string }): Promise<void> {
  const paths = stackPaths(options.home);
  const lock = takeLock(paths.guard.lock);
  if (!lock) return;
  writePid(paths.guard);
  let backoffMs = CHECK_MS;
  let startedAt = 0;
  let started: { alive(): boolean } | null = null;
  for (;;) {
    if (!existsSync(paths.state)) return endOrphans(paths);
    if (!started?.alive() && !livingOwn(paths, 'supervisor')) {
      if (readState(paths).desired === 'down' && remaining(paths).length === 0) return;
      backoffMs = Date.now() - startedAt > STABLE_AFTER_MS ? CHECK_MS : Math.min(backoffMs * 2, BACKOFF_LAST_MS);
      note(`the supervisor is gone; starts another, the next at the earliest in ${backoffMs} ms`);
      startedAt = Date.now();
      started = spawnOwn('supervisor', paths.home);
      await delay(backoffMs);
    }
    await delay(CHECK_MS);
  }
}

async function endOrphans(paths: StackPaths): Promise<void> {
  for (const { id, identity } of markedProcesses(paths.home)) if (id === 'supervisor') signalOne(identity, 'SIGKILL');
  await endProcesses(paths);
}
