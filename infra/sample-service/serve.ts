import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** Long enough for a router to have stopped choosing this process. */
const DRAIN_MS = 300;
const SWEEP_MS = 50;
/** A request that takes longer is cut off. */
const STOP_AT_MOST_MS = 10_000;

export interface Service {
  readonly port: number;
  /** Answers what is under way and what still arrives while it drains, then ends. Resolves when all is closed. */
  stop(): Promise<void>;
}

/** Serves an app until it is stopped, without a reset that a client or router could see. */
export async function serve(options: {
  readonly host: string;
  readonly port: number;
  /** Gets to know whether the service still wants requests. */
  readonly app: (accepting: () => boolean) => RequestListener;
  /** How long a stopping service still accepts requests, whose answers say `connection: close`. Default: 300. */
  readonly drainMs?: number;
}): Promise<Service> {
  let accepting = true;
  const server = http.createServer(options.app(() => accepting));
  // Node's five seconds would close a connection just as a router sends on it; closing idle ones is the router's part.
  server.keepAliveTimeout = 0;
  server.listen(options.port, options.host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      if (!accepting) return;
      accepting = false;
      await new Promise((resolve) => setTimeout(resolve, options.drainMs ?? DRAIN_MS));
      await closed(server);
    },
  };
}

async function closed(server: Server): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), STOP_AT_MOST_MS);
  // A connection whose request outlasts close() is kept alive by Node, so whatever has become idle is closed again.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  const ended = once(server, 'close');
  server.close();
  await ended;
  clearInterval(sweep);
  clearTimeout(cut);
}
