import { spawn } from 'node:child_process';
import { closeSync, copyFileSync, mkdirSync, openSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  identify,
  isAlive,
  PORT_MARK,
  PROCESS_MARK,
  type ProcessIdentity,
  STACK_MARK,
  signalGroup,
} from './processes.ts';

/** Something to run in a session of its own, so that neither a terminal nor our death takes it along. */
export interface Launch {
  readonly id: string;
  readonly home: string;
  readonly command: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly port: number | null;
}

/** A process that runs, whether we started it or found it. */
export interface Running {
  readonly identity: ProcessIdentity;
  /** Settles when it has ended, with how. */
  readonly ended: Promise<string>;
}

/** How often a process that is not our child is looked at. */
const ADOPTED_POLL_MS = 100;

/**
 * @param log takes its output; appended to, see `boundLog`.
 * @throws Error in words, when it cannot be started at all.
 */
export function launch(what: Launch, log: string): Promise<Running> {
  const [file = '', ...args] = what.command;
  mkdirSync(dirname(log), { recursive: true });
  const output = openSync(log, 'a', 0o600);
  try {
    const child = spawn(file, args, {
      cwd: what.directory,
      env: {
        ...what.environment,
        [STACK_MARK]: what.home,
        [PROCESS_MARK]: what.id,
        ...(what.port === null ? {} : { [PORT_MARK]: String(what.port) }),
      },
      stdio: ['ignore', output, output],
      detached: true,
    });
    const ended = new Promise<string>((resolve) =>
      child.once('exit', (code, signal) => resolve(describe(code, signal))),
    );
    return new Promise((resolve, reject) => {
      child.once('error', (error) => reject(new Error(`cannot start ${file}: ${error.message}`)));
      child.once('spawn', () => {
        const identity = identify(child.pid as number) ?? { pid: child.pid as number, started: 'gone' };
        resolve({ identity, ended });
      });
    });
  } finally {
    closeSync(output);
  }
}

/** Follows a process that somebody else started. How it ends cannot be known, only that it did. */
export function adopt(identity: ProcessIdentity): Running {
  const watch = async () => {
    while (isAlive(identity)) await delay(ADOPTED_POLL_MS);
    return 'ended while nobody was its parent';
  };
  return { identity, ended: watch() };
}

/** Asks a process and its group to end, and makes them end after `graceMs`. */
export async function stop(running: Running, graceMs: number): Promise<void> {
  signalGroup(running.identity, 'SIGTERM');
  const ended = await Promise.race([running.ended.then(() => true), delay(graceMs, false, { ref: false })]);
  if (ended) return;
  signalGroup(running.identity, 'SIGKILL');
  await running.ended;
}

/** Keeps one older part beside the log; the writer appends, so it may be cut under it. */
export function boundLog(log: string, maximumBytes: number): void {
  try {
    if (statSync(log).size <= maximumBytes) return;
    copyFileSync(log, `${log}.1`);
    truncateSync(log);
  } catch {
    // No log yet, or no room for a second part: the process matters more than its log.
  }
}

/** The last thing a process said, shortened: why it ended, most often. */
export function lastWords(log: string): string {
  try {
    const lines = readFileSync(log, 'utf8').slice(-4096).trimEnd().split('\n');
    return (lines.at(-1) ?? '').slice(0, LAST_WORDS);
  } catch {
    return '';
  }
}

const LAST_WORDS = 200;

function describe(code: number | null, signal: NodeJS.Signals | null): string {
  return signal ? `killed by ${signal}` : `exited with code ${code}`;
}
