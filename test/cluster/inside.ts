import { progressBar, type ServerName, serverPath } from '../../infra/local/servers/index.ts';
import { clusterStatus, runInside, startCluster, stopCluster } from '../../infra/test-cluster/index.ts';

/** What tests start besides; fetched here, since nothing can be fetched inside the cluster's network. */
const SERVERS: readonly ServerName[] = ['temporal', 'traefik', 'prometheus'];

/**
 * Runs a command in the network of this checkout's cluster, which is brought up first and taken down after, unless it
 * was up already. Whatever it started ends with it.
 * @returns its exit code
 */
export async function onTestCluster(command: readonly string[]): Promise<number> {
  const onProgress = progressBar(process.stderr);
  for (const name of SERVERS) await serverPath(name, { fetch: true, onProgress });
  const wasUp = clusterStatus() !== null;
  const status = await startCluster({ onLine: (line) => console.error(line) });
  if (!wasUp) console.error(`the test cluster is up after ${(status.readyAfterMs / 1000).toFixed(1)} s`);
  try {
    return await runInside(status, command, { contained: true });
  } finally {
    if (!wasUp) await stopCluster();
  }
}
