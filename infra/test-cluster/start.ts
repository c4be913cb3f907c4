import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ShiplockError } from '../../src/errors.ts';
import { inheritedEnvironment } from '../local/stack/environment.ts';
import { replaceFile } from '../local/stack/files.ts';
import { identify, PROCESS_MARK, STACK_MARK } from '../local/stack/processes.ts';
import { type ClusterPaths, clusterPaths, resolveHome } from './home.ts';
import { withLock } from './lock.ts';
import { firstProcess } from './namespace.ts';
import { type OnLine, obtainPrograms, type Programs } from './programs/index.ts';
import type { Order } from './protocol.ts';
import { type ClusterStatus, clusterStatus } from './status.ts';
import { endProcesses } from './stop.ts';

export interface StartOptions {
  /** See `resolveHome`. */
  readonly home?: string;
  /** How many nodes are played. Default: 3. */
  readonly nodes?: number;
  /**
   * Default: true, in a network namespace of its own. False: in the caller's network, on free loopback ports; for a test
   * that breaks a cluster of its own and runs in a namespace already.
   */
  readonly ownNetwork?: boolean;
  /** Told what is built or fetched, and what is waited for. */
  readonly onLine?: OnLine;
  /** Default: 180000; a machine may be busy. */
  readonly timeoutMs?: number;
}

const NODES = 3;
const TIMEOUT_MS = 180_000;
const POLL_MS = 20;

/**
 * Brings a cluster up, or finds it up, and returns when everything of it answers. What an earlier one left in this home
 * after a crash is ended first. It outlives this process: `stopCluster` ends it.
 *
 * @throws ShiplockError `SHIPLOCK_CLUSTER_PLATFORM`, `SHIPLOCK_CLUSTER_START`; and as `obtainPrograms`
 * @example `const { kubeconfig } = await startCluster({ home, ownNetwork: false });`
 */
export async function startCluster(options: StartOptions = {}): Promise<ClusterStatus> {
  if (process.platform !== 'linux') throw wrongPlatform();
  const paths = clusterPaths(resolveHome(options.home));
  const running = clusterStatus({ home: paths.home });
  if (running !== null) return running;
  // Before the lock: a build takes minutes, and locks itself where it must.
  const programs = await obtainPrograms(options.onLine ?? (() => undefined));
  return withLock(paths, async () => {
    const meanwhile = clusterStatus({ home: paths.home });
    if (meanwhile !== null) return meanwhile;
    await endProcesses(paths);
    for (const stale of [paths.ready, paths.supervisor]) writeFileSync(stale, 'null');
    return start(paths, programs, options);
  });
}

async function start(paths: ClusterPaths, obtained: Programs, options: StartOptions): Promise<ClusterStatus> {
  const ownNetwork = options.ownNetwork ?? true;
  const definitions = join(paths.home, 'definitions.json');
  writeFileSync(definitions, JSON.stringify(obtained.definitions));
  mkdirSync(paths.held, { recursive: true });
  const { home } = paths;
  const order: Order = { home, programs: obtained.programs, definitions, nodes: options.nodes ?? NODES, ownNetwork };
  replaceFile(paths.order, JSON.stringify(order));

  const ended = spawnSupervisor(paths, ownNetwork);
  const deadline = Date.now() + (options.timeoutMs ?? TIMEOUT_MS);
  for (;;) {
    const status = clusterStatus({ home });
    if (status !== null) return status;
    if (ended() || Date.now() > deadline) {
      const because = ended() ? lastLine(paths) : `it is not ready after ${options.timeoutMs ?? TIMEOUT_MS} ms`;
      await endProcesses(paths);
      throw notStarted(paths, because);
    }
    await delay(POLL_MS);
  }
}

/** @returns whether it has ended. */
function spawnSupervisor(paths: ClusterPaths, ownNetwork: boolean): () => boolean {
  const main = join(import.meta.dirname, 'supervisor/main.ts');
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', main, paths.order];
  const [file = '', ...args] = firstProcess(node, { ownNetwork });
  const output = openSync(paths.log, 'a', 0o600);
  const child = spawn(file, args, {
    cwd: paths.home,
    env: { ...inheritedEnvironment(), [STACK_MARK]: paths.home, [PROCESS_MARK]: 'supervisor' },
    stdio: ['ignore', output, output],
    detached: true,
  });
  closeSync(output);
  let problem = false;
  child.once('error', () => {
    problem = true;
  });
  child.unref();
  if (child.pid !== undefined) replaceFile(paths.supervisor, JSON.stringify(identify(child.pid)));
  return () => problem || child.exitCode !== null || child.signalCode !== null;
}

function lastLine(paths: ClusterPaths): string {
  const line = readFileSync(paths.log, 'utf8').trimEnd().split('\n').at(-1);
  return line || 'unshare could not be started';
}

function notStarted(paths: ClusterPaths, because: string): ShiplockError {
  const forbidden = /unshare|ip link|not permitted/.test(because);
  return new ShiplockError({
    code: 'SHIPLOCK_CLUSTER_START',
    message: `the test cluster in ${paths.home} did not come up: ${because}`,
    mend: forbidden
      ? 'allow namespaces (root, or sysctl kernel.unprivileged_userns_clone=1; util-linux and iproute2), or name a cluster of yours: npm run test:cluster -- --context NAME'
      : `look at ${paths.log} and into ${paths.logs}, then: npm run cluster -- down, npm run cluster -- up`,
  });
}

function wrongPlatform(): ShiplockError {
  return new ShiplockError({
    code: 'SHIPLOCK_CLUSTER_PLATFORM',
    message: `the test cluster needs Linux: network namespaces; this is ${process.platform}`,
    mend: 'name a cluster of yours: npm run test:cluster -- --context NAME',
  });
}
