import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type StackPaths, socketOf } from '../home.ts';
import { OWN_PROCESSES, readProcesses } from './process-table.ts';
import { isAlive, markedProcesses, type ProcessIdentity, signalGroup } from './processes.ts';

const GRACE_MS = 5_000;
const KILL_MS = 5_000;
const POLL_MS = 25;

/**
 * Ends everything a stack started, its supervisor and guard not included, by the record and by the marks. Asks
 * first, and insists after 5 s.
 */
export async function endProcesses(paths: StackPaths): Promise<void> {
  for (const [signal, patienceMs] of [
    ['SIGTERM', GRACE_MS],
    ['SIGKILL', KILL_MS],
  ] as const) {
    for (const identity of remaining(paths)) signalGroup(identity, signal);
    const deadline = Date.now() + patienceMs;
    while (remaining(paths).length > 0 && Date.now() < deadline) await delay(POLL_MS);
  }
}

/** What still runs of a stack, its supervisor and guard not included. */
export function remaining(paths: StackPaths): ProcessIdentity[] {
  const marked = markedProcesses(paths.home)
    .filter(({ id }) => !OWN_PROCESSES.includes(id))
    .map(({ identity }) => identity);
  const recorded = Object.values(readProcesses(paths)).filter((record) => isAlive(record));
  return [...marked, ...recorded];
}

/** Files that mean that something runs. */
export function clearTraces(paths: StackPaths): void {
  const socket = socketOf(paths.home);
  const elsewhere = dirname(socket) !== paths.home;
  rmSync(elsewhere ? dirname(socket) : socket, { recursive: elsewhere, force: true });
  for (const file of [paths.socketNote, paths.processes, paths.supervisor.pid, paths.guard.pid]) {
    rmSync(file, { force: true });
  }
}
