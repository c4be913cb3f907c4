/**
 * `npm run demo:kubernetes`: on a test cluster CredLink's API 1.1.0 is released, and 1.2.0, a bad build, goes back by
 * itself, under steady traffic through a real router. The cluster ends with it, unless it was up before.
 */
import { join } from 'node:path';
import { ShiplockError } from '../../../src/errors.ts';
import { progressBar, type ServerName, serverPath } from '../../local/servers/index.ts';
import { clusterStatus, runInside, startCluster, stopCluster } from '../../test-cluster/index.ts';

/** Nothing can be fetched inside the cluster's network. */
const SERVERS: readonly ServerName[] = ['temporal', 'traefik', 'prometheus', 'postgres'];

try {
  process.exitCode = await demo();
} catch (error) {
  if (!(error instanceof ShiplockError)) throw error;
  console.error(`${error.message} (${error.code})${error.mend ? `\nmend: ${error.mend}` : ''}`);
  process.exitCode = 1;
}

async function demo(): Promise<number> {
  const began = Date.now();
  const onProgress = progressBar(process.stderr);
  for (const name of SERVERS) await serverPath(name, { fetch: true, onProgress });
  const wasUp = clusterStatus() !== null;
  const status = await startCluster({ onLine: (line) => console.error(line) });
  console.log(
    `▌ a Kubernetes API with played nodes${wasUp ? '' : `, up after ${(status.readyAfterMs / 1000).toFixed(1)} s`}`,
  );
  try {
    return await runInside(status, [process.execPath, join(import.meta.dirname, 'play.ts')], { contained: true });
  } finally {
    if (!wasUp) await stopCluster();
    console.log(`the whole demo: ${((Date.now() - began) / 1_000).toFixed(0)} s`);
  }
}
