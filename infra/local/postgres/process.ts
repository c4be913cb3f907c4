import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { endWithUs } from '../afterwards.ts';
import { LOOPBACK } from '../stack/ports.ts';
import type { User } from './user.ts';

export interface PostgresProcess {
  readonly pid: number;
  /** Settles when it has ended, with how. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

const END_WITHIN_MS = 10_000;
/** Small, as the databases of a demo are. No Unix socket: its path would have to be short. */
const SETTINGS = [
  `listen_addresses=${LOOPBACK}`,
  'unix_socket_directories=',
  'max_connections=50',
  'shared_buffers=32MB',
].flatMap((setting) => ['-c', setting]);

/**
 * Starts the server of a place that `initdb` has filled.
 * @throws Error in words, when it cannot be started at all
 */
export async function startProcess(options: {
  readonly bin: string;
  readonly place: string;
  readonly port: number;
  readonly user: User | null;
}): Promise<PostgresProcess> {
  const { bin, place, port, user } = options;
  const log = await open(join(place, 'log'), 'a', 0o600);
  const args = ['-D', join(place, 'data'), '-p', `${port}`, ...SETTINGS];
  const stdio = ['ignore' as const, log.fd, log.fd];
  const child = spawn(join(bin, 'postgres'), args, { ...user, cwd: '/', stdio, detached: true });
  await log.close();
  const ended = new Promise<string>((settle) => {
    child.once('error', (error) => settle(error.message));
    child.once('exit', (code, signal) => settle(signal ? `killed by ${signal}` : `exit code ${code}`));
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(await ended);
  // PostgreSQL's fast shutdown.
  const goneByItself = endWithUs(pid, 'INT');
  ended.then(goneByItself, goneByItself);
  child.unref();
  return {
    pid,
    ended,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.ref();
      child.kill('SIGINT');
      const late = await Promise.race([ended.then(() => false), delay(END_WITHIN_MS, true, { ref: false })]);
      if (late) child.kill('SIGQUIT');
      await ended;
    },
  };
}
