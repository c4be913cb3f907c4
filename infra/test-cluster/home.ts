import { createHash } from 'node:crypto';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';

/** Where one cluster keeps everything it knows. Two homes are two clusters; `down` removes the whole folder. */
export interface ClusterPaths {
  readonly home: string;
  readonly lock: string;
  /** What the supervisor is to start; see `Order`. */
  readonly order: string;
  /** The supervisor's process, as the machine sees it. */
  readonly supervisor: string;
  /** There once everything answers; see `Ready`. */
  readonly ready: string;
  readonly kubeconfig: string;
  readonly log: string;
  readonly logs: string;
  readonly credentials: string;
  readonly etcd: string;
  /** How kwok plays nodes and pods. */
  readonly stages: string;
  /** A file with a server's name in it: the server is not started again while it is there. */
  readonly held: string;
}

/**
 * The home of a cluster: the argument, else `$SHIPLOCK_TEST_CLUSTER`, else a folder of this checkout's own below the
 * temporary directory, so that several checkouts have clusters side by side.
 */
export function resolveHome(home?: string, environment: NodeJS.ProcessEnv = process.env): string {
  if (home || environment.SHIPLOCK_TEST_CLUSTER) return resolve(home || (environment.SHIPLOCK_TEST_CLUSTER ?? ''));
  const checkout = createHash('sha256')
    .update(resolve(import.meta.dirname, '../..'))
    .digest('hex')
    .slice(0, 8);
  return join(tmpdir(), `shiplock-test-cluster-${userInfo().uid}-${checkout}`);
}

export function clusterPaths(home: string): ClusterPaths {
  return {
    home,
    lock: join(home, 'lock'),
    order: join(home, 'order.json'),
    supervisor: join(home, 'supervisor.json'),
    ready: join(home, 'ready.json'),
    kubeconfig: join(home, 'kubeconfig'),
    log: join(home, 'supervisor.log'),
    logs: join(home, 'logs'),
    credentials: join(home, 'credentials'),
    etcd: join(home, 'etcd'),
    stages: join(home, 'stages.yaml'),
    held: join(home, 'held'),
  };
}
