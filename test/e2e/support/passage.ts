/** A way to a server over TCP that can be cut and mended, or keep what it is sent to itself. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Passage {
  /** `127.0.0.1:PORT` */
  readonly address: string;
  /** From here on nothing reaches the server; settles when the next words for it have come. */
  hold(): Promise<void>;
  /** Ends every connection, and each new one at once; settles when the next one has come. */
  cut(): Promise<void>;
  /** Lets everything through again. */
  mend(): void;
  close(): Promise<void>;
}

/** @param to the server's `host:port` */
export async function openPassage(to: string): Promise<Passage> {
  const { hostname, port } = new URL(`tcp://${to}`);
  let passes: 'all' | 'nothing' | 'nobody' = 'all';
  let noticed = (): void => {};
  const next = () =>
    new Promise<void>((resolve) => {
      noticed = resolve;
    });
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  };
  const endAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((client) => {
    keep(client);
    if (passes === 'nobody') {
      client.destroy();
      return noticed();
    }
    const upstream = keep(connect(Number(port), hostname));
    upstream.pipe(client);
    client.on('data', (part) => {
      if (passes === 'all') upstream.write(part);
      else noticed();
    });
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold() {
      passes = 'nothing';
      return next();
    },
    cut() {
      passes = 'nobody';
      const noticed = next();
      endAll();
      return noticed;
    },
    mend() {
      passes = 'all';
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      endAll();
      await closed;
    },
  };
}
