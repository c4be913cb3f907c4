/** Temporal and a worker in the cluster's network, for the tests of one file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { removeWithUs } from '../../../infra/local/afterwards.ts';
import { connectTo, startTemporal } from '../../../infra/local/temporal.ts';
import type { Shiplock } from '../../../src/client/index.ts';
import { spawnWorker, type WorkerProcess } from '../../faults/worker.ts';
import { freePort } from '../../fixtures/free-port.ts';

export interface Engine {
  readonly shiplock: Shiplock;
  readonly address: string;
  /** `host:port` of the worker's metrics. */
  readonly metrics: string;
  /** What the worker said on standard error. */
  readonly log: string;
  readonly folder: string;
  /** The process of the worker as it is now. */
  readonly workerPid: number;
  /** Kills the worker where it is, and starts another one: of this version, or of the one with this first file. */
  restartWorker(program?: string): Promise<void>;
  close(): Promise<void>;
}

export interface EngineOptions {
  /** Further sections of the worker's policy. */
  readonly policy?: object;
  /** Kubeconfigs of further clusters, by the name that the policy knows each by. */
  readonly clusters?: Readonly<Record<string, string>>;
  /** Further arguments of `shiplock worker`. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** The cluster's name in the policy. */
export const CLUSTER = 'test';

/** @throws Error where `npm run test:cluster` did not start it */
export async function openEngine({
  policy = {},
  clusters = {},
  environment = {},
}: EngineOptions = {}): Promise<Engine> {
  const kubeconfig = process.env.KUBECONFIG;
  if (!kubeconfig) throw new Error('no cluster is named by KUBECONFIG. Run this by: npm run test:cluster -- FILE');
  const folder = mkdtempSync(join(tmpdir(), 'shiplock-test-engine-'));
  removeWithUs(folder);
  process.env.SHIPLOCK_IDENTITY = 'ann@laptop';
  const server = await startTemporal();
  const { address } = server;
  const shiplock = await connectTo(server);
  writeFileSync(
    join(folder, 'policy.yaml'),
    stringify({ ...policyFor({ ...clusters, [CLUSTER]: kubeconfig }), ...policy }),
  );
  const log = join(folder, 'worker.log');
  const metrics = `127.0.0.1:${await freePort()}`;
  const startWorker = (program?: string): WorkerProcess =>
    spawnWorker({
      address,
      namespace: 'default',
      home: folder,
      state: join(folder, 'state'),
      policy: join(folder, 'policy.yaml'),
      log,
      metrics,
      environment,
      ...(program !== undefined && { program }),
    });
  let worker = startWorker();
  await worker.ready;
  return {
    shiplock,
    address,
    metrics,
    log,
    folder,
    get workerPid() {
      return worker.pid;
    },
    async restartWorker(program) {
      await worker.kill();
      worker = startWorker(program);
      await worker.ready;
    },
    async close() {
      await worker.kill();
      await shiplock.close();
      await server.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function policyFor(kubeconfigs: Readonly<Record<string, string>>): object {
  const context = process.env.SHIPLOCK_TEST_CONTEXT;
  const clusters = Object.entries(kubeconfigs).map(([name, kubeconfig]) => [
    name,
    { kubeconfig, ...(context && { context }), namespaces: ['shiplock-test-*'] },
  ]);
  return {
    services: ['*'],
    environments: ['*'],
    platforms: ['kubernetes', 'argo'],
    images: { repositories: ['registry.example/*'] },
    clusters: Object.fromEntries(clusters),
  };
}
