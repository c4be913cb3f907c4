import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../../../infra/test-cluster/index.ts';
import { freePort } from '../../fixtures/free-port.ts';
import { type Scope, type TestCluster, until } from './index.ts';

/** Argo's own controller, for the test's namespace alone. */
export interface Controller {
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** It listens on every address, so it runs in the cluster's own network alone. */
export async function startController(scope: Scope, cluster: TestCluster): Promise<Controller> {
  const { found, because } = await findProgram('rollouts-controller');
  if (!found) throw new Error(`there is no rollouts-controller: ${because}. Run this by: npm run test:cluster -- FILE`);
  let child: ChildProcess | null = null;
  const stop = async () => {
    const running = child;
    child = null;
    if (!running || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGKILL');
    await ended;
  };
  const start = async () => {
    const [metrics, health] = [await freePort(), await freePort()];
    const log = createWriteStream(join(cluster.folder, 'controller.log'), { flags: 'a' });
    await new Promise((resolve) => log.once('open', resolve));
    child = spawn(
      found.path,
      [
        ...['--namespaced', '--namespace', cluster.namespace, '--kubeconfig', cluster.kubeconfig],
        ...['--context', cluster.context, '--leader-elect=false', '--loglevel', 'warn'],
        ...['--metricsPort', `${metrics}`, '--healthzPort', `${health}`],
      ],
      { stdio: ['ignore', log, log] },
    );
    await until('the controller is there', async () => (await fetch(`http://127.0.0.1:${health}/healthz`)).ok);
  };
  scope.after(stop);
  await start();
  return { stop, start };
}
