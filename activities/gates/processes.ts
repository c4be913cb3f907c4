import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Every process of a gate inherits this variable, also one that left its process group. */
export const GATE_MARK = 'SHIPLOCK_GATE';

/**
 * When a process started, as its system counts; with the pid it names one process for ever, since pids are used
 * again. `null`: no such process.
 */
export async function startTime(pid: number): Promise<string | null> {
  if (process.platform !== 'linux') {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', `${pid}`]).catch(() => ({ stdout: '' }));
    return stdout.trim() || null;
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  // The second field is the program's name in parentheses and may hold anything; the 22nd is the start time (proc(5)).
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

/** Sends a signal to a whole process group; `false` where nobody is left in it. */
export function signalGroup(leader: number, signal: 'SIGTERM' | 'SIGKILL'): boolean {
  try {
    process.kill(-leader, signal);
    return true;
  } catch {
    return false;
  }
}

/**
 * Kills what carries a mark that begins like this, wherever it went (`setsid`, a double fork): a process group does not hold
 * those. Looks again until a look finds none. On systems without `/proc` the group is all that is known.
 * @returns how many were killed
 */
export async function sweep(mark: string): Promise<number> {
  let killed = 0;
  // Each look kills every process it sees; only one that forks in between is left for the next.
  for (let look = 0; look < 5; look += 1) {
    const found = await marked(mark);
    if (found.length === 0) break;
    for (const pid of found) killed += kill(pid);
  }
  return killed;
}

async function marked(mark: string): Promise<number[]> {
  const names = await readdir('/proc').catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const carriers = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
      return environment.split('\0').some((entry) => entry.startsWith(`${GATE_MARK}=${mark}`)) ? pid : null;
    }),
  );
  return carriers.filter((pid) => pid !== null && pid !== process.pid) as number[];
}

function kill(pid: number): number {
  try {
    process.kill(pid, 'SIGKILL');
    return 1;
  } catch {
    return 0;
  }
}
