/** Temporal's development server on its own: without its UI, in memory. */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { connectShiplock, type Shiplock } from '../../src/client/index.ts';
import { SEARCH_ATTRIBUTES } from '../../workflows/messages.ts';
import { serverPath } from './servers/index.ts';

const READY_MS = 30_000;

/**
 * Whoever starts it ends it.
 *
 * @param address where it listens: `127.0.0.1:PORT`
 * @param fetch a server that is not there is fetched first
 */
export async function spawnTemporal(address: string, { fetch = false } = {}): Promise<ChildProcess> {
  const { path } = await serverPath('temporal', { fetch });
  const attributes = Object.values(SEARCH_ATTRIBUTES).flatMap((name) => ['--search-attribute', `${name}=Keyword`]);
  const [ip = '', port = ''] = address.split(':');
  const args = ['server', 'start-dev', '--headless', '--ip', ip, '--port', port, '--log-level', 'error'];
  return spawn(path, [...args, ...attributes], { stdio: 'ignore' });
}

/** A client as soon as the server answers; `TEMPORAL_ADDRESS` of this process then names it. */
export async function connectWhenUp(address: string): Promise<Shiplock> {
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
