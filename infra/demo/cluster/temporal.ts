import type { Shiplock } from '../../../src/client/index.ts';
import { connectTo, startTemporal } from '../../local/temporal.ts';

export interface ConnectedTemporal {
  /** `host:port`. */
  readonly address: string;
  readonly shiplock: Shiplock;
  close(): Promise<void>;
}

/** A Temporal of its own, in memory, and a client of it; `TEMPORAL_ADDRESS` of this process then names it. */
export async function openTemporal(): Promise<ConnectedTemporal> {
  const server = await startTemporal();
  const shiplock = await connectTo(server);
  return {
    address: server.address,
    shiplock,
    async close() {
      await shiplock.close();
      await server.end();
    },
  };
}
