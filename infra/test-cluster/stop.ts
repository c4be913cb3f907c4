import { existsSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { ShiplockError } from '../../src/errors.ts';
import { markedProcesses, signalOne } from '../local/stack/processes.ts';
import { type ClusterPaths, clusterPaths, resolveHome } from './home.ts';
import { withLock } from './lock.ts';
import { livingSupervisor } from './status.ts';

const ENDED_MS = 10_000;
const POLL_MS = 20;

/**
 * Ends a cluster, and removes its folder: also one whose starter has crashed, or that never came up. Nothing of it is
 * worth keeping, so nothing is asked to end politely.
 * @returns whether there was anything
 * @throws SHIPLOCK_CLUSTER_STOP when something survives
 */
export async function stopCluster(options: { readonly home?: string } = {}): Promise<boolean> {
  const paths = clusterPaths(resolveHome(options.home));
  if (!existsSync(paths.home)) return false;
  return withLock(paths, async () => {
    await endProcesses(paths);
    rmSync(paths.home, { recursive: true, force: true, maxRetries: 5 });
    return true;
  });
}

/** Ends every process of a cluster, by the record of its supervisor and by the marks. */
export async function endProcesses(paths: ClusterPaths): Promise<void> {
  const deadline = Date.now() + ENDED_MS;
  for (;;) {
    const supervisor = livingSupervisor(paths);
    const marked = markedProcesses(paths.home);
    if (supervisor === null && marked.length === 0) return;
    if (Date.now() > deadline) {
      throw new ShiplockError({
        code: 'SHIPLOCK_CLUSTER_STOP',
        message: `still running of the cluster in ${paths.home}: ${marked.map(({ id, identity }) => `${id} (${identity.pid})`).join(', ')}`,
        mend: 'npm run cluster -- down, again; then end these processes by hand',
      });
    }
    if (supervisor !== null) signalOne(supervisor, 'SIGKILL');
    for (const { identity } of marked) signalOne(identity, 'SIGKILL');
    await delay(POLL_MS);
  }
}
