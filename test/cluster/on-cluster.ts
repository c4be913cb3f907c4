/** Runs a command where a cluster is: in the network of the one of this checkout, or by a kubeconfig of yours. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { progressBar, type ServerName, serverPath } from '../../infra/local/servers/index.ts';
import { clusterStatus, obtainProgram, runInside, startCluster, stopCluster } from '../../infra/test-cluster/index.ts';
import { ShiplockError } from '../../src/errors.ts';

/** What tests start besides; fetched here, since nothing can be fetched inside the cluster's network. */
const SERVERS: readonly ServerName[] = ['temporal', 'traefik', 'prometheus', 'postgres'];

/** Argo's own controller, which is built when it is first needed. */
export async function obtainController(): Promise<void> {
  await obtainProgram('rollouts-controller', (line) => console.error(line));
}

/** On the cluster of this checkout, which is brought up first and taken down after, unless it was up already. */
export async function onOurs(command: readonly string[]): Promise<number> {
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

export function onYours(context: string, command: readonly string[]): Promise<number> {
  const kubeconfig = process.env.KUBECONFIG ?? join(process.env.HOME ?? '', '.kube', 'config');
  const env = { ...process.env, KUBECONFIG: kubeconfig, SHIPLOCK_TEST_CONTEXT: context };
  const [file = '', ...args] = command;
  const child = spawn(file, args, { env, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

/** Says what went wrong, where it is meant for people. @returns the exit code */
export function told(error: unknown): number {
  if (!(error instanceof ShiplockError)) throw error;
  console.error(`${error.message} (${error.code})${error.mend ? `\nmend: ${error.mend}` : ''}`);
  return 1;
}
