import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson } from '../local/stack/files.ts';
import { isAlive, markedProcesses, type ProcessIdentity, signalOne } from '../local/stack/processes.ts';
import { type ClusterPaths, clusterPaths, resolveHome } from './home.ts';
import type { ProgramName } from './programs/index.ts';
import type { Order, Ready } from './protocol.ts';

/** A cluster that runs. */
export interface ClusterStatus extends Ready {
  readonly home: string;
  readonly kubeconfig: string;
  readonly context: string;
  /** The process whose network namespace it has. */
  readonly supervisor: ProcessIdentity;
  readonly ownNetwork: boolean;
  readonly versions: Readonly<Record<ProgramName, string>>;
}

/** What a cluster is doing; null where none is up in this home. */
export function clusterStatus(options: { readonly home?: string } = {}): ClusterStatus | null {
  const paths = clusterPaths(resolveHome(options.home));
  const supervisor = livingSupervisor(paths);
  const ready = readJson(paths.ready) as Ready | null;
  const order = readJson(paths.order) as Order | null;
  if (supervisor === null || ready === null || order === null) return null;
  const versions = Object.entries(order.programs).map(([name, { version }]) => [name, version]);
  return {
    ...ready,
    home: paths.home,
    kubeconfig: paths.kubeconfig,
    context: 'test-cluster',
    supervisor,
    ownNetwork: order.ownNetwork,
    versions: Object.fromEntries(versions) as ClusterStatus['versions'],
  };
}

/** The outermost process of the cluster in a home: all others end with it. */
export function livingSupervisor(paths: ClusterPaths): ProcessIdentity | null {
  const identity = readJson(paths.supervisor) as ProcessIdentity | null;
  return identity !== null && isAlive(identity) ? identity : null;
}

/** One server of a cluster that runs, to be broken on purpose. */
export interface Server {
  /** The process as it is now; null while it does not run. */
  process(): ProcessIdentity | null;
  /** Kills it; the supervisor starts it again. */
  kill(): void;
  /** Kills it, and it stays down until `start`. */
  stop(): void;
  start(): void;
  /** It hangs: connections stay open, nothing is answered. */
  pause(): void;
  resume(): void;
}

/** @example `serverOf(cluster, 'kube-apiserver').kill()` */
export function serverOf({ home }: { readonly home: string }, name: ProgramName): Server {
  const held = join(clusterPaths(home).held, name);
  const find = () => markedProcesses(home).find(({ id }) => id === name)?.identity ?? null;
  const signal = (kind: NodeJS.Signals) => {
    const identity = find();
    if (identity === null) throw new Error(`${name} of the cluster in ${home} does not run`);
    signalOne(identity, kind);
  };
  return {
    process: find,
    kill: () => signal('SIGKILL'),
    stop: () => {
      writeFileSync(held, '');
      signal('SIGKILL');
    },
    start: () => rmSync(held, { force: true }),
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
  };
}
