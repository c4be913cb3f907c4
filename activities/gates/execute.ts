import { type ChildProcess, spawn } from 'node:child_process';
import { Context } from '@temporalio/activity';
import { failure, sentence } from '../failure.ts';
import { type GateLock, takeOver } from './lock.ts';
import { type LogWriter, openLog } from './log.ts';
import type { GateLog } from './port.ts';
import { GATE_MARK, signalGroup, sweep } from './processes.ts';
import { redaction } from './redaction.ts';

/** Time between SIGTERM and SIGKILL. */
const GRACE_MS = 3_000;
const BEAT_MS = 1_000;
const SUPERSEDED = {
  code: 'SHIPLOCK_GATE_SUPERSEDED',
  message: 'a later attempt runs this gate already, so this one has stopped',
} as const;
/** An audit report that is longer than this is not read. */
const CAPTURE_BYTES = 16 * 1024 * 1024;

export interface ExecuteRequest {
  /** Argument list; nothing in it is read by a shell. */
  readonly command: readonly string[];
  /** Where it runs; already known to lie within the policy. */
  readonly directory: string;
  /** Everything it sees. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly logs: string;
  readonly key: string;
  /** Keep standard output for a report that is read from it. */
  readonly capture: boolean;
  readonly runAs: { readonly uid: number; readonly gid: number } | null;
}

export type Execution = {
  readonly durationMs: number;
  readonly log: GateLog;
  /** Standard output alone; `null` where it was not asked for or is too long. */
  readonly stdout: string | null;
} & (
  | { readonly end: 'exited'; readonly exitCode: number }
  | { readonly end: 'killed'; readonly signal: string }
  | { readonly end: 'timedOut' }
  | { readonly end: 'notStarted'; readonly because: string }
);

type End =
  | { readonly end: 'exited'; readonly exitCode: number }
  | { readonly end: 'killed'; readonly signal: string }
  | { readonly end: 'notStarted'; readonly because: string };

/**
 * Runs one command to its end in a process group of its own; whatever it started is gone when this returns or throws.
 * Heartbeats each second with the bytes written so far. Throws when the activity is cancelled, and where the log
 * cannot be stored.
 */
export async function execute(request: ExecuteRequest): Promise<Execution> {
  const context = Context.current();
  context.cancellationSignal.throwIfAborted();
  const lock = await takeOver(request);
  try {
    const log = await openLog(request);
    return await supervise({ request, lock, log, context });
  } finally {
    await lock.release();
  }
}

async function supervise(options: {
  request: ExecuteRequest;
  lock: GateLock;
  log: LogWriter;
  context: Context;
}): Promise<Execution> {
  const { request, lock, log, context } = options;
  const startedAt = performance.now();
  const child = launch(request, lock.mark);
  const ended = endOf(child);
  const stdout = collect(child, log, request);
  const ending = new AbortController();
  let timedOut = false;
  let superseded = false;
  let unstored: unknown;
  const stop = () => ending.abort();
  const deadline = setTimeout(() => {
    timedOut = true;
    stop();
  }, request.timeoutMs);
  const beat = setInterval(() => {
    context.heartbeat({ bytes: log.bytes() });
    log.flush().catch((error: unknown) => {
      unstored = error;
      stop();
    });
  }, BEAT_MS);
  context.heartbeat({ bytes: 0 });
  context.cancellationSignal.addEventListener('abort', stop);
  let killing: Promise<void> | undefined;
  ending.signal.addEventListener('abort', () => {
    killing = endGroup(child, ended);
  });
  if (context.cancellationSignal.aborted) stop();
  try {
    if (child.pid !== undefined && !(await lock.hold(child.pid))) {
      superseded = true;
      stop();
    }
    const end = await ended;
    await killing;
    await removeRest(child, lock.mark);
    await stdout.drained();
    if (unstored) throw unstored;
    if (superseded) throw failure(SUPERSEDED, { retry: 'later' });
    const outcome = {
      durationMs: Math.round(performance.now() - startedAt),
      log: await log.close(),
      stdout: stdout.text(),
    };
    if (context.cancellationSignal.aborted) return await context.cancelled;
    return timedOut ? { ...outcome, end: 'timedOut' } : { ...outcome, ...end };
  } finally {
    clearTimeout(deadline);
    clearInterval(beat);
    context.cancellationSignal.removeEventListener('abort', stop);
    await removeRest(child, lock.mark);
  }
}

function launch({ command, directory, environment, runAs }: ExecuteRequest, mark: string): ChildProcess {
  const [program = '', ...args] = command;
  return spawn(program, args, {
    cwd: directory,
    env: { ...environment, [GATE_MARK]: mark },
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: false,
    detached: true,
    ...(runAs ?? {}),
  });
}

function endOf(child: ChildProcess): Promise<End> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ end: 'notStarted', because: sentence(error) }));
    child.once('exit', (code, signal) =>
      resolve(code === null ? { end: 'killed', signal: signal ?? 'a signal' } : { end: 'exited', exitCode: code }),
    );
  });
}

/** Its output goes to the log, secrets blackened; standard output is also kept for reports. */
function collect(child: ChildProcess, log: LogWriter, { environment, capture }: ExecuteRequest) {
  const captured: Buffer[] = [];
  let size = 0;
  const closed = [child.stdout, child.stderr].map((stream) => {
    const blackened = redaction(environment);
    stream?.on('data', (chunk: Buffer) => {
      log.write(blackened.push(chunk));
      if (stream !== child.stdout || !capture) return;
      size += chunk.length;
      if (size <= CAPTURE_BYTES) captured.push(chunk);
    });
    return new Promise<void>((resolve) => {
      const done = () => {
        log.write(blackened.end());
        resolve();
      };
      if (!stream) return resolve();
      stream.once('close', done);
      stream.once('error', done);
    });
  });
  return {
    /** Whoever holds a pipe open although everything was killed is not waited for. */
    async drained(): Promise<void> {
      const timer = setTimeout(
        () => {
          child.stdout?.destroy();
          child.stderr?.destroy();
        },
        child.pid === undefined ? 0 : GRACE_MS,
      );
      await Promise.all(closed);
      clearTimeout(timer);
    },
    text: () => (capture && size <= CAPTURE_BYTES ? Buffer.concat(captured).toString('utf8') : null),
  };
}

/** Asks the group to end, and ends it where it does not. */
async function endGroup(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.pid === undefined) return;
  signalGroup(child.pid, 'SIGTERM');
  const patience = Promise.withResolvers<void>();
  const timer = setTimeout(patience.resolve, GRACE_MS);
  await Promise.race([ended, patience.promise]);
  clearTimeout(timer);
  signalGroup(child.pid, 'SIGKILL');
}

async function removeRest(child: ChildProcess, mark: string): Promise<void> {
  if (child.pid === undefined) return;
  signalGroup(child.pid, 'SIGKILL');
  await sweep(mark);
}
