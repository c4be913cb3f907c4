import type { Shiplock } from '../../../src/client/index.ts';
import { choosePort, LOOPBACK } from '../../local/stack/ports.ts';
import { connectWhenUp, spawnTemporal } from '../../local/temporal.ts';

export interface TemporalServer {
  /** `host:port`. */
  readonly address: string;
  readonly shiplock: Shiplock;
  close(): Promise<void>;
}

/** A Temporal of its own, in memory, and a client of it; `TEMPORAL_ADDRESS` of this process then names it. */
export async function startTemporal(): Promise<TemporalServer> {
  const address = `${LOOPBACK}:${await choosePort(null)}`;
  const server = await spawnTemporal(address);
  const ended = () => void server.kill('SIGKILL');
  process.once('exit', ended);
  const shiplock = await connectWhenUp(address);
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
