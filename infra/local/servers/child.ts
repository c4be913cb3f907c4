import { spawn } from 'node:child_process';

export interface Ended {
  /** null: it could not be started, or was killed at its time limit. */
  readonly code: number | null;
  readonly output: string;
  /** Its standard error, or why it could not be started; like `output` the last 64 KiB of it. */
  readonly errors: string;
}

/** Runs a program without a shell, bounded in time and output; it never throws. */
export function runProgram(
  command: string,
  args: readonly string[],
  options: {
    timeoutMs: number;
    cwd?: string;
    environment?: NodeJS.ProcessEnv;
    /** Default: whoever we are. */
    user?: { readonly uid: number; readonly gid: number } | null;
  },
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      ...options.user,
      cwd: options.cwd,
      env: options.environment ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // Node's own time limit would keep us waiting for a program that could not be started.
    const limit = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs);
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-kept);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-kept);
    });
    child.on('error', (error) => {
      clearTimeout(limit);
      resolve({ code: null, output, errors: error.message });
    });
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      resolve({ code, output, errors: signal === null ? errors : `${errors}\nended by ${signal}` });
    });
  });
}

const kept = 65_536;

/** For programs whose messages are read; unlike LC_ALL it leaves the encoding of file names as it is. */
export const inEnglish = { LANGUAGE: 'en' } as const;

/** The last line that says something. */
export function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)?.trim() ?? '';
}
