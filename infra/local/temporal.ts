/** A Temporal of one's own, in memory: its development server without a UI, or its test server, whose clock skips. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { openConnection } from '../../src/client/connection.ts';
import { connectShiplock, type Shiplock } from '../../src/client/index.ts';
import { SEARCH_ATTRIBUTES } from '../../workflows/messages.ts';
import { endWithUs } from './afterwards.ts';
import { withClassArchive } from './class-archive.ts';
import { progressBar, serverPath } from './servers/index.ts';
import { choosePort, LOOPBACK } from './stack/ports.ts';

export interface TemporalServer {
  /** `127.0.0.1:PORT` */
  readonly address: string;
  /** Kills it, unless another signal is named; settled once it is gone. */
  end(signal?: NodeJS.Signals): Promise<void>;
}

export interface TemporalOptions {
  readonly server?: 'temporal' | 'temporal-test-server';
  /** Its program; default that of `serverPath`, which is fetched where it is missing. */
  readonly path?: string;
}

/** Also on a machine that does much else: one that cannot start ends, and is not waited for. */
const READY_MS = 120_000;
/** Somebody else may take a port between our look and the server's. */
const PORTS = 5;
const NAMESPACE = 'default';

/**
 * Starts one, and returns once its namespace can be asked for. It ends with the process that started it.
 *
 * @throws Error where it ends on each of five ports, or has not answered within two minutes
 * @example
 * const server = await startTemporal();
 * const shiplock = await connectTo(server);
 */
export async function startTemporal({ server = 'temporal', path }: TemporalOptions = {}): Promise<TemporalServer> {
  const program = path ?? (await serverPath(server, { fetch: true, onProgress: progressBar(process.stderr) })).path;
  if (server === 'temporal') return start(program, developmentArgs, process.env);
  const startOnce = async (env: NodeJS.ProcessEnv) => (await start(program, testArgs, env)).end('SIGTERM');
  return start(program, testArgs, (await withClassArchive(program, startOnce)) ?? process.env);
}

async function start(
  program: string,
  args: (port: number) => readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<TemporalServer> {
  for (let tried = 1; ; tried += 1) {
    const port = await choosePort(null);
    const child = spawn(program, args(port), { stdio: 'ignore', env });
    const exited = once(child, 'exit');
    if (child.pid === undefined) await exited;
    const callOff = endWithUs(child.pid as number);
    exited.then(callOff, callOff);
    const end = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
      child.kill(signal);
      await exited;
    };
    const address = `${LOOPBACK}:${port}`;
    try {
      if (await answers(address, child)) return { address, end };
    } catch (error) {
      await end();
      throw error;
    }
    if (tried === PORTS) throw new Error(`${program} ended ${PORTS} times before it answered, at last on port ${port}`);
  }
}

/** A client of it; `TEMPORAL_ADDRESS` of this process then names it. */
export function connectTo({ address }: Pick<TemporalServer, 'address'>): Promise<Shiplock> {
  process.env.TEMPORAL_ADDRESS = address;
  return connectShiplock({ queryDeadlineMs: 2_000 });
}

function testArgs(port: number): string[] {
  return [`${port}`];
}

function developmentArgs(port: number): string[] {
  const attributes = Object.values(SEARCH_ATTRIBUTES).flatMap((name) => ['--search-attribute', `${name}=Keyword`]);
  const args = ['server', 'start-dev', '--headless', '--ip', LOOPBACK, '--port', `${port}`, '--log-level', 'error'];
  return [...args, ...attributes];
}

/** Whether it answers; `false`: it has ended. */
async function answers(address: string, child: ChildProcess): Promise<boolean> {
  const deadline = Date.now() + READY_MS;
  for (;;) {
    const because = await ask(address);
    // Whoever else may answer on its port, an ended one does not.
    if (child.exitCode !== null || child.signalCode !== null) return false;
    if (because === null) return true;
    if (Date.now() > deadline) throw new Error(`${child.spawnfile} has not answered within 120 s: ${because}`);
    await delay(100);
  }
}

/** `null`: it answers; else why not. */
async function ask(address: string): Promise<string | null> {
  try {
    const connection = await openConnection({ address, connectTimeout: 5_000 });
    await connection
      .withDeadline(Date.now() + 5_000, () => connection.workflowService.describeNamespace({ namespace: NAMESPACE }))
      .finally(() => connection.close());
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
