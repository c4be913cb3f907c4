import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ShiplockError } from '../../../src/errors.ts';

export const LOOPBACK = '127.0.0.1';

/** Below the range from which kernels take the ports of outgoing connections, so a port stays ours over a restart. */
const FIRST = 20_000;
const COUNT = 10_000;
const ATTEMPTS = 200;
const PATIENCE = { attempts: 10, everyMs: 50 };

/** Given out a moment ago and perhaps not bound yet. */
const recent = new Set<number>();

/**
 * A port of the loopback address that nothing listens on: the preferred one if it is free, else any between
 * 20000 and 29999.
 *
 * @throws ShiplockError `SHIPLOCK_LOCAL_PORTS` when none can be found.
 */
export async function choosePort(preferred: number | null, taken: ReadonlySet<number> = new Set()): Promise<number> {
  if (preferred !== null && (await becomesFree(preferred))) return remember(preferred);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (taken.has(port) || recent.has(port)) continue;
    if (await isFree(port)) return remember(port);
  }
  throw new ShiplockError({
    code: 'SHIPLOCK_LOCAL_PORTS',
    message: `no free port between ${FIRST} and ${FIRST + COUNT - 1} on ${LOOPBACK}`,
    mend: 'stop what listens there: ss -ltnp',
  });
}

/** A server that was killed may hold its port for another moment. */
async function becomesFree(port: number): Promise<boolean> {
  for (let attempt = 1; attempt <= PATIENCE.attempts; attempt++) {
    if (await isFree(port)) return true;
    await delay(PATIENCE.everyMs);
  }
  return false;
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

function remember(port: number): number {
  recent.add(port);
  setTimeout(() => recent.delete(port), 10_000).unref();
  return port;
}
