import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { connectShiplock, type Shiplock } from '../../../src/client/index.ts';
import { SEARCH_ATTRIBUTES } from '../../../workflows/messages.ts';
import { serverPath } from '../../local/servers/index.ts';
import { choosePort, LOOPBACK } from '../../local/stack/ports.ts';

export interface TemporalServer {
  /** `host:port`. */
  readonly address: string;
  readonly shiplock: Shiplock;
  close(): Promise<void>;
}

const READY_MS = 30_000;

/** A Temporal of its own, in memory, and a client of it; `TEMPORAL_ADDRESS` of this process then names it. */
export async function startTemporal(): Promise<TemporalServer> {
  const { path } = await serverPath('temporal');
  const port = await choosePort(null);
  const attributes = Object.values(SEARCH_ATTRIBUTES).flatMap((name) => ['--search-attribute', `${name}=Keyword`]);
  const where = ['--headless', '--ip', LOOPBACK, '--port', String(port), '--log-level', 'error'];
  const server: ChildProcess = spawn(path, ['server', 'start-dev', ...where, ...attributes], { stdio: 'ignore' });
  const ended = () => void server.kill('SIGKILL');
  process.once('exit', ended);
  const address = `${LOOPBACK}:${port}`;
  const shiplock = await connected(address);
  return {
    address,
    shiplock,
    async close() {
      await shiplock.close();
      process.removeListener('exit', ended);
      server.kill('SIGKILL');
    },
  };
}

async function connected(address: string): Promise<Shiplock> {
  process.env.TEMPORAL_ADDRESS = address;
  const deadline = Date.now() + READY_MS;
  for (;;) {
    try {
      const shiplock = await connectShiplock({ queryDeadlineMs: 2_000 });
      await shiplock.list({ limit: 1 });
      return shiplock;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(100);
    }
  }
}
