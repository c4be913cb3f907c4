import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Ended, runProgram } from '../child.ts';
import { diskFull, unreachable } from '../failures.ts';

const lookEveryMs = 250;
const timeoutMs = 600_000;

/** A registry's ordinary client, run in a folder whose growth is its progress. */
export interface ClientRun {
  readonly command: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly onBytes: (received: number) => void;
}

/** Runs the client and answers how it ended. */
export async function runClient(run: ClientRun): Promise<Ended> {
  const look = setInterval(() => {
    bytesIn(run.folder).then(run.onBytes, () => undefined);
  }, lookEveryMs);
  try {
    return await runProgram(run.command, run.args, {
      cwd: run.folder,
      environment: run.environment,
      timeoutMs,
    });
  } finally {
    clearInterval(look);
  }
}

/** Whether a program can be started: it answers the given arguments with success. */
export async function answers(command: string, args: readonly string[], environment: NodeJS.ProcessEnv) {
  return (await runProgram(command, args, { timeoutMs: 20_000, environment })).code === 0;
}

/** The error of a client that failed, told in one line. */
export function clientFailure(what: string, from: string, ended: Ended, folder: string, bytes: number): Error {
  if (/no space left on device|enough free space|Errno 28/i.test(ended.complaint)) {
    return diskFull(folder, bytes * 4, new Error(ended.complaint));
  }
  return unreachable(what, from, ended.complaint || 'it gave no reason');
}

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(async (entry) => (await stat(join(entry.parentPath, entry.name)).catch(() => ({ size: 0 }))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
