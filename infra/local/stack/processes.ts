import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Boot and start time, as the kernel counts it. */
  readonly started: string;
}

/** A process that says, in its environment, which stack it belongs to. */
export interface MarkedProcess {
  readonly identity: ProcessIdentity;
  /** What it is in that stack: `server/envoy`, `instance/api/1.2.0/0`. */
  readonly id: string;
  readonly port: number | null;
  /** Leads its own group, so it was started by us and not by one of our processes. */
  readonly leader: boolean;
}

/** Environment of everything a stack starts: found again even if its number was never written down. */
export const STACK_MARK = 'SHIPLOCK_STACK';
export const PROCESS_MARK = 'SHIPLOCK_PROCESS';
export const PORT_MARK = 'SHIPLOCK_PROCESS_PORT';

const linux = process.platform === 'linux';
const boot = linux ? readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8) : '';

/** `null`: no such process, or one that has ended and only waits to be reaped. */
export function identify(pid: number): ProcessIdentity | null {
  const stat = linux ? readLinux(pid) : readPosix(pid);
  return stat ? { pid, started: stat.started } : null;
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.started === identity.started;
}

/** Signals a process and its group, if it is still the one that is meant. */
export function signalGroup(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(-identity.pid, signal);
  } catch {
    signalOne(identity, signal);
  }
}

/** Signals just this process, if it is still the one that is meant. */
export function signalOne(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch {
    // It ended in between, which is what a signal is for.
  }
}

/** Every living process of this stack except the asking one, whoever its parent is now. */
export function markedProcesses(home: string): MarkedProcess[] {
  const found: MarkedProcess[] = [];
  for (const { pid, environment } of linux ? linuxEnvironments() : posixEnvironments()) {
    if (pid === process.pid || environment.get(STACK_MARK) !== home) continue;
    const stat = linux ? readLinux(pid) : readPosix(pid);
    if (!stat) continue;
    const port = Number(environment.get(PORT_MARK));
    found.push({
      identity: { pid, started: stat.started },
      id: environment.get(PROCESS_MARK) ?? '',
      port: Number.isInteger(port) && port > 0 ? port : null,
      leader: stat.group === pid,
    });
  }
  return found;
}

interface Stat {
  readonly started: string;
  readonly group: number;
}

/** proc(5): the name in brackets may hold anything; after it come state (3), ppid, pgrp (5), …, starttime (22). */
function readLinux(pid: number): Stat | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return null;
    return { started: `${boot}:${fields[19]}`, group: Number(fields[2]) };
  } catch {
    return null;
  }
}

function readPosix(pid: number): Stat | null {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,pgid=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    const [state = '', group = '', ...started] = line.split(/\s+/);
    return state === '' || state.startsWith('Z') ? null : { started: started.join(' '), group: Number(group) };
  } catch {
    return null;
  }
}

interface Environment {
  readonly pid: number;
  readonly environment: ReadonlyMap<string, string>;
}

function* linuxEnvironments(): Generator<Environment> {
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      yield { pid: Number(entry), environment: marks(readFileSync(`/proc/${entry}/environ`, 'utf8').split('\0')) };
    } catch {
      // Another user's process, or one that has just ended.
    }
  }
}

function* posixEnvironments(): Generator<Environment> {
  const lines = execFileSync('ps', ['-Eww', '-axo', 'pid=,command='], { encoding: 'utf8', maxBuffer: 1 << 26 });
  for (const line of lines.split('\n')) {
    const pid = Number.parseInt(line, 10);
    if (pid > 0) yield { pid, environment: marks(line.split(' ')) };
  }
}

function marks(assignments: readonly string[]): Map<string, string> {
  const map = new Map<string, string>();
  for (const assignment of assignments) {
    const at = assignment.indexOf('=');
    if (assignment.startsWith('SHIPLOCK_') && at > 0) map.set(assignment.slice(0, at), assignment.slice(at + 1));
  }
  return map;
}
