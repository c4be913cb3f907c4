import { spawn } from 'node:child_process';
import { besides, contained } from './namespace.ts';
import type { ClusterStatus } from './status.ts';

/** What a command inside the namespace finds the cluster by. */
export function clusterEnvironment(status: ClusterStatus): Record<string, string> {
  return { KUBECONFIG: status.kubeconfig, SHIPLOCK_TEST_CLUSTER: status.home };
}

export interface RunOptions {
  /** Whatever the command started ends with it, by the kernel's hand; it sees its own processes alone. Default: false. */
  readonly contained?: boolean;
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
  { contained: alone = false }: RunOptions = {},
): Promise<number> {
  const [file = '', ...args] = besides(status.supervisor, alone ? contained(command) : command);
  const child = spawn(file, args, { env: { ...process.env, ...clusterEnvironment(status) }, stdio: 'inherit' });
  // The first process of a namespace may ignore any other signal.
  const passOn = (signal: NodeJS.Signals) => child.kill(alone ? 'SIGKILL' : signal);
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
