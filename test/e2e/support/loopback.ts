import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificate } from './certificate.ts';

/** HTTP servers on loopback that answer as a test says, and all end together. */
export function loopbackServers() {
  const servers: Server[] = [];
  return {
    /** Its address, for example `http://127.0.0.1:40123`. */
    async serve(listener: RequestListener, tls?: Certificate): Promise<string> {
      const server = (tls ? createTlsServer(tls, listener) : createServer(listener)).listen(0, '127.0.0.1');
      servers.push(server);
      await once(server, 'listening');
      return `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
    stop(): void {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}
