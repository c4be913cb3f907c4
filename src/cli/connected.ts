import type { Shiplock } from '../client/index.ts';
import type { ConnectionOptions } from './invocation.ts';

/** Runs one task with a client, and closes it however that ends. */
export async function connected<T>(
  { profile, configFile }: Omit<ConnectionOptions, 'output'>,
  task: (shiplock: Shiplock) => Promise<T>,
): Promise<T> {
  const { connectShiplock } = await import('../client/index.ts');
  const shiplock = await connectShiplock({ profile, configFile });
  try {
    return await task(shiplock);
  } finally {
    await shiplock.close();
  }
}
