/** Kubernetes: the test cluster's API server, Traefik as the router, and workers that reach the first through a proxy. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeWithUs } from '../../../infra/local/afterwards.ts';
import { startTemporal } from '../../../infra/local/temporal.ts';
import { followPods, startTraefik } from '../../../infra/test-cluster/router/index.ts';
import { type ApiProxy, openApiProxy } from '../../cluster/support/api-proxy.ts';
import { CLUSTER } from '../../cluster/support/engine.ts';
import { openCluster } from '../../cluster/support/index.ts';
import { startPrometheus } from '../../e2e/support/prometheus.ts';
import { isCanary } from '../kinds.ts';
import { openNamespace } from '../namespace.ts';
import { POLICY } from '../plan.ts';
import type { Lane, Platform, Writes } from '../platform.ts';
import { spawnWorker, type WorkerProcess } from '../worker.ts';
import { demandedOnKubernetes } from './expectations.ts';
import { prepareOn } from './ground.ts';

/** Runs in the test cluster's network, where everything that it starts ends with the process. */
export async function openKubernetes(): Promise<Platform> {
  const home = mkdtempSync(join(tmpdir(), 'shiplock-faults-'));
  removeWithUs(home);
  const ends: (() => Promise<void> | void)[] = [];
  const scope = { after: (work: () => Promise<void>) => void ends.unshift(work) };
  const { address, end } = await startTemporal();
  ends.unshift(end);
  const prometheus = await startPrometheus();
  ends.unshift(prometheus.stop);

  const openLane = async (name: string): Promise<Lane> => {
    const cluster = await openCluster(scope);
    const follower = followPods(cluster);
    ends.unshift(() => follower.stop());
    const router = await startTraefik({ ...cluster, objects: cluster });
    ends.unshift(() => router.stop());
    const proxy = await openApiProxy(cluster);
    ends.unshift(() => proxy.close());
    const opened = await openNamespace(address, name);
    ends.unshift(opened.close);
    const folder = join(home, name);
    mkdirSync(folder);
    const policy = join(home, `${name}.json`);
    const access = { kubeconfig: proxy.kubeconfig, namespaces: [cluster.namespace] };
    writeFileSync(policy, JSON.stringify(policyOf(folder, prometheus.address, access)));
    const workers: WorkerProcess[] = [];
    ends.unshift(() => Promise.all(workers.map((worker) => worker.kill())).then(() => undefined));
    return {
      client: opened.client,
      shiplock: opened.shiplock,
      startWorker: async () => {
        const worker = spawnWorker({
          address,
          namespace: name,
          home,
          state: join(home, 'worker'),
          policy,
          log: join(home, `worker-${name}-${workers.length + 1}.log`),
        });
        workers.push(worker);
        await worker.ready;
        return worker;
      },
      prepare: (kind, service) => {
        if (!isCanary(kind)) throw new TypeError(`${kind} is not released on Kubernetes`);
        return prepareOn(cluster, router, { kind, service, folder, writes: watchWrites(proxy) });
      },
    };
  };
  return {
    openLane,
    demanded: demandedOnKubernetes,
    close: async () => {
      for (const end of ends) await end();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function policyOf(folder: string, prometheus: string, access: object): object {
  return {
    ...POLICY,
    platforms: ['kubernetes'],
    directories: [...POLICY.directories, folder],
    prometheus: { '*': prometheus },
    images: { repositories: ['registry.example/*'] },
    clusters: { [CLUSTER]: access },
  };
}

/** Of one release: its writes as they pass. */
function watchWrites(proxy: ApiProxy): Writes {
  const seen: string[] = [];
  let trap: { number: number; side: string; then: () => Promise<void> } | null = null;
  proxy.through(async ({ method, resource, writes }, forward) => {
    if (!writes) return forward();
    seen.push(`${method} ${resource}`);
    if (trap?.number !== seen.length) return forward();
    const { side, then } = trap;
    trap = null;
    if (side === 'after') await forward();
    await then();
    return 'cut';
  });
  return {
    seen,
    at: (number, side, then) => {
      trap = { number, side, then };
    },
  };
}
