import { spawn } from 'node:child_process';

export interface Ended {
  /** null: it could not be started, or was killed at its time limit. */
  readonly code: number | null;
  readonly output: string;
  /** The last words of its standard error, in one line. */
  readonly complaint: string;
}

/** Runs a program without a shell, bounded in time and output; it never throws. */
export function runProgram(
  command: string,
  args: readonly string[],
  options: { timeoutMs: number; cwd?: string; environment?: NodeJS.ProcessEnv },
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.environment ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
    });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-limit);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-limit);
    });
    child.on('error', (error) => resolve({ code: null, output, complaint: error.message }));
    child.on('close', (code, signal) => {
      const reason = signal === null ? errors : `${errors}\nended by ${signal}`;
      resolve({ code, output, complaint: reason.trim().split('\n').slice(-3).join(' · ') });
    });
  });
}

const limit = 65_536;
