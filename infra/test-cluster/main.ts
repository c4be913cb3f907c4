/**
 * npm run cluster -- up | down | status | run COMMAND…
 *
 * `up` brings the cluster of this checkout up, `run` runs a command in its network with `KUBECONFIG` set, `down` leaves
 * nothing of it.
 */
import { ShiplockError } from '../../src/errors.ts';
import { type ClusterStatus, clusterStatus, resolveHome, runInside, startCluster, stopCluster } from './index.ts';

const [command, ...rest] = process.argv.slice(2);
try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof ShiplockError)) throw error;
  console.error(`${error.message} (${error.code})${error.mend ? `\nmend: ${error.mend}` : ''}`);
  process.exitCode = 1;
}

async function main(): Promise<number> {
  switch (command) {
    case 'up': {
      const began = Date.now();
      show(await startCluster({ onLine: (line) => console.error(line) }));
      console.error(`up after ${((Date.now() - began) / 1000).toFixed(1)} s`);
      return 0;
    }
    case 'down':
      console.error((await stopCluster()) ? 'down' : 'there was none');
      return 0;
    case 'status': {
      const status = clusterStatus();
      if (status === null) console.error(`no cluster is up in ${resolveHome()}; mend: npm run cluster -- up`);
      else show(status);
      return status === null ? 1 : 0;
    }
    case 'run': {
      const status = clusterStatus() ?? (await startCluster({ onLine: (line) => console.error(line) }));
      return runInside(status, rest[0] === '--' ? rest.slice(1) : rest);
    }
    default:
      console.error('usage: npm run cluster -- up | down | status | run COMMAND…');
      return 2;
  }
}

function show({ home, kubeconfig, server, supervisor, versions }: ClusterStatus): void {
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  console.log(`home        ${home}`);
  console.log(`kubeconfig  ${kubeconfig}`);
  console.log(`server      ${server}, in the network of process ${supervisor.pid}`);
  console.log(`programs    ${programs.join(', ')}`);
}
