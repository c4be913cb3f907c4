import { spawn } from 'node:child_process';
import { besides } from './namespace.ts';
import type { ClusterStatus } from './status.ts';

/** What a command inside the namespace finds the cluster by. */
export function clusterEnvironment(status: ClusterStatus): Record<string, string> {
  return { KUBECONFIG: status.kubeconfig, SHIPLOCK_TEST_CLUSTER: status.home };
}

/**
 * Runs a command in the cluster's network, with our standard streams; there everything listens on loopback as it does
 * outside, and nothing outside can be reached. Signals to us are passed on.
 * @returns its exit code
 * @example `await runInside(status, [process.execPath, '--test', 'test/cluster/cluster.test.ts'])`
 */
export function runInside(
  status: ClusterStatus,
  command: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  const [file = '', ...args] = besides(status.supervisor, command);
  const child = spawn(file, args, { env: { ...environment, ...clusterEnvironment(status) }, stdio: 'inherit' });
  const passOn = (signal: NodeJS.Signals) => child.kill(signal);
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, passOn);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      for (const signal of signals) process.off(signal, passOn);
      resolve(code ?? 1);
    });
  });
}
