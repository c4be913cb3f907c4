/** A worker as an operator starts it: the command line's `worker`, in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { dirname } from 'node:path';
import { SHIPLOCK } from './shiplock.ts';

export interface WorkerProcess {
  readonly pid: number;
  /** Settles when it polls; rejects when it ends before. */
  readonly ready: Promise<void>;
  /** SIGKILL; returns when it is gone. Harmless when it is already. */
  kill(): Promise<void>;
  /** SIGSTOP and SIGCONT: a machine that stalls and wakes. */
  stall(): void;
  wake(): void;
}

export function spawnWorker(options: {
  readonly address: string;
  readonly namespace: string;
  readonly home: string;
  readonly state: string;
  readonly policy: string;
  readonly log: string;
  /** `host:port`; absent: it tells no metrics. */
  readonly metrics?: string;
  /** The first file of another version; default: of this one. */
  readonly program?: string;
  /** Beside what every worker has; `PATH` is looked through first. */
  readonly environment?: Readonly<Record<string, string>>;
}): WorkerProcess {
  const metrics = options.metrics ? ['--metrics', options.metrics] : [];
  const program = options.program ?? SHIPLOCK;
  const child = spawn(process.execPath, [program, 'worker', '--policy', options.policy, ...metrics], {
    env: {
      HOME: process.env.HOME,
      ...options.environment,
      PATH: [options.environment?.PATH ?? '', dirname(process.execPath), process.env.PATH].filter(Boolean).join(':'),
      TEMPORAL_ADDRESS: options.address,
      TEMPORAL_NAMESPACE: options.namespace,
      SHIPLOCK_HOME: options.home,
      SHIPLOCK_STATE: options.state,
      // With the channel: it ends itself when this process dies, however it dies.
      SHIPLOCK_PARENT: String(process.pid),
    },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const gone = once(child, 'exit');
  const signal = (name: NodeJS.Signals) => void child.kill(name);
  return {
    pid: child.pid ?? 0,
    ready: whenReady(child, options.log),
    kill: async () => {
      signal('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await gone;
    },
    stall: () => signal('SIGSTOP'),
    wake: () => signal('SIGCONT'),
  };
}

function whenReady(child: ChildProcess, log: string): Promise<void> {
  const kept = createWriteStream(log);
  let words = '';
  const ready = new Promise<void>((resolve, reject) => {
    child.stderr?.on('data', (part: Buffer) => {
      kept.write(part);
      if (words.length < 10_000) words += part;
      if (words.includes('"worker ready"')) resolve();
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`the worker ended (${signal ?? code}): ${words}`)));
  });
  // Killed before it was ready is no surprise to whoever killed it.
  ready.catch(() => undefined);
  return ready;
}
