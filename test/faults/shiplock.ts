/** The command line in a process of its own, as somebody types it. */
import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

export const SHIPLOCK = fileURLToPath(new URL('../../bin/shiplock.js', import.meta.url));

export interface Said {
  readonly code: number | null;
  readonly out: string;
  /** Standard error, line by line. */
  readonly err: readonly string[];
}

const AT_MOST_MS = 60_000;

/** Runs it to its end, with nothing of this process' environment but PATH and HOME. */
export function shiplock(args: readonly string[], environment: Readonly<Record<string, string>>): Promise<Said> {
  const child = spawn(process.execPath, [SHIPLOCK, ...args], {
    env: {
      PATH: [dirname(process.execPath), process.env.PATH].join(':'),
      HOME: process.env.HOME,
      NO_COLOR: '1',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: AT_MOST_MS,
    killSignal: 'SIGKILL',
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (part: Buffer) => {
    out += part;
  });
  child.stderr.on('data', (part: Buffer) => {
    err += part;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out, err: err.trimEnd().split('\n') }));
  });
}
