import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { replaceFile } from '../durable.ts';
import { segments } from './log.ts';
import { signalGroup, startTime, sweep } from './processes.ts';

interface Held {
  /** Names the attempt that holds the lock. */
  readonly attempt: string;
  readonly leader: { readonly pid: number; readonly startedAt: string | null } | null;
}

export interface GateLock {
  /** What this attempt's processes are marked with. */
  readonly mark: string;
  /** Notes the leader of the gate's process group; `false`: a later attempt has taken over, end it. */
  readonly hold: (pid: number) => Promise<boolean>;
  readonly release: () => Promise<void>;
}

/**
 * One run of a gate at a time, also when its worker died or stalled: whoever comes later first kills what the earlier
 * attempt left running, and the earlier one, should it wake, finds that the lock is no longer its own.
 */
export async function takeOver({ logs, key }: { logs: string; key: string }): Promise<GateLock> {
  const file = path.join(logs, ...segments(key), 'lock.json');
  const gate = createHash('sha256').update(`${logs}\n${key}`).digest('hex').slice(0, 32);
  const attempt = randomUUID();
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const before = await read(file);
  await replaceFile(file, JSON.stringify({ attempt, leader: null } satisfies Held));
  if (before?.leader) await endGroup(before.leader);
  await sweep(`${gate}.`);
  const isMine = async () => (await read(file))?.attempt === attempt;
  return {
    mark: `${gate}.${attempt}`,
    async hold(pid) {
      if (!(await isMine())) return false;
      const leader = { pid, startedAt: await startTime(pid) };
      await replaceFile(file, JSON.stringify({ attempt, leader } satisfies Held));
      return true;
    },
    async release() {
      if (await isMine()) await rm(file, { force: true });
    },
  };
}

/** A pid that was given to another process since is not ours to kill. */
async function endGroup({ pid, startedAt }: { pid: number; startedAt: string | null }): Promise<void> {
  if (startedAt !== null && (await startTime(pid)) === startedAt) signalGroup(pid, 'SIGKILL');
}

async function read(file: string): Promise<Held | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Held;
  } catch {
    return null;
  }
}
