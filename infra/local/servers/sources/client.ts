import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Ended, inEnglish, lastLine, runProgram } from '../child.ts';
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
      environment: { ...run.environment, ...inEnglish },
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

/** The error of a client that failed, told in one line; all that the client said is its cause. */
export function clientFailure(what: string, from: string, ended: Ended): Error {
  const said = new Error(`${ended.errors}\n${ended.output}`.trim());
  if (diskIsFull.test(said.message)) return diskFull(said.message);
  const refusal = said.message.split('\n').find((line) => /^(\[ERROR\]|ERROR:|E:)/.test(line));
  const reason = noConnection.test(said.message)
    ? 'it has no connection to its registry'
    : (refusal ?? lastLine(said.message)).replace(/^(\[ERROR\]|ERROR:|E:)\s*/, '');
  return unreachable(what, from, reason || 'it gave no reason', said);
}

const diskIsFull = /no space left on device|enough free space|errno 28/i;
// The words of pip (urllib3), apt and Maven (Wagon) for it.
const noConnection =
  /connection (broken|refused|reset|timed out)|failed to establish|could not (connect|resolve)|temporary failure (in name|resolving)|name or service not known|connect to \S+ failed|could not transfer|unable to connect|unknown host|network is unreachable/i;

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(async (entry) => (await stat(join(entry.parentPath, entry.name)).catch(() => ({ size: 0 }))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
