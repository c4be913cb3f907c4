/** A real stack in a home of its own, namespaces on its Temporal, and worker processes that can be killed. */
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { removeWithUs } from '../../infra/local/afterwards.ts';
import {
  connectSupervisor,
  ensureStack,
  type StackStatus,
  type SupervisorClient,
  stopStack,
} from '../../infra/local/index.ts';
import type { Shiplock } from '../../src/client/index.ts';
import type { Beside } from './beside.ts';
import { type Namespace, openNamespace } from './namespace.ts';
import { POLICY } from './plan.ts';
import { spawnWorker, type WorkerProcess } from './worker.ts';

export interface Stage {
  /** The embedded stack's home. */
  readonly home: string;
  /** For configuration files and whatever else a test writes; allowed by the policy. */
  readonly folder: string;
  readonly supervisor: SupervisorClient;
  /** `null`: there is only the stack. */
  readonly beside: Beside | null;
  stack(): Promise<StackStatus>;
  /** A namespace of Temporal: its workers take no other lane's work. */
  openLane(name: string): Promise<Lane>;
  /** Ends every worker and the stack, and removes the home. */
  close(): Promise<void>;
}

export interface Lane {
  readonly namespace: string;
  readonly shiplock: Shiplock;
  readonly client: Client;
  /** @param home another stack's home to ask, for example a proxy's. */
  startWorker(home?: string): Promise<WorkerProcess>;
}

const PREFIX = 'shiplock-faults-';

/**
 * Brings a stack up. It is ended with the process, also by SIGINT and SIGTERM; what a kill left, by the next stage.
 *
 * @param beside opens what else there is, in a folder of its own; it is closed with the stage.
 */
export async function openStage(beside?: (folder: string) => Promise<Beside>): Promise<Stage> {
  await endLeftovers();
  const home = realpathSync(mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`)));
  removeWithUs(home);
  const folder = join(home, 'working-copy');
  mkdirSync(folder);
  const workers: WorkerProcess[] = [];
  const namespaces: Namespace[] = [];
  const supervisor = connectSupervisor({ home });
  let others: Beside | null = null;

  const closeAll = async (): Promise<void> => {
    await Promise.all(workers.map((worker) => worker.kill()));
    for (const namespace of namespaces) await namespace.close();
    supervisor.close();
    await others?.close();
    await stopStack({ home });
    rmSync(home, { recursive: true, force: true });
  };
  // A signal and the end of what runs can both come to it.
  let closed: Promise<void> | null = null;
  const close = (): Promise<void> => {
    closed ??= closeAll();
    return closed;
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void close().finally(() => process.exit(130)));
  }

  const openLane = async (namespace: string): Promise<Lane> => {
    const { address } = (await supervisor.stack()).servers.temporal;
    const opened = await openNamespace(address, namespace);
    namespaces.push(opened);
    const { client, shiplock } = opened;
    const startWorker = async (workerHome = home): Promise<WorkerProcess> => {
      const worker = spawnWorker({
        address,
        namespace,
        home: workerHome,
        state: join(home, 'worker'),
        policy: join(home, 'policy.json'),
        log: join(home, `worker-${namespace}-${workers.length + 1}.log`),
        environment: others?.environment ?? {},
      });
      workers.push(worker);
      await worker.ready;
      return worker;
    };
    return { namespace, client, shiplock, startWorker };
  };

  try {
    await ensureStack({ home });
    others = (await beside?.(home)) ?? null;
    const { directories = [], ...more } = others?.policy ?? {};
    const policy = { ...POLICY, ...more, directories: [...POLICY.directories, folder, ...directories] };
    writeFileSync(join(home, 'policy.json'), JSON.stringify(policy));
  } catch (error) {
    await close();
    throw error;
  }
  return { home, folder, supervisor, beside: others, stack: () => supervisor.stack(), openLane, close };
}

/** Homes whose owner was killed: their stacks still run. */
async function endLeftovers(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (!owner || isAlive(Number(owner))) continue;
    const home = join(tmpdir(), name);
    await stopStack({ home });
    rmSync(home, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
