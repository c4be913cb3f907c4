/** Resident memory of a worker that holds many open releases on a cluster, each at a pause of its plan. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { V1Deployment } from '@kubernetes/client-node';
import type { Engine } from '../../cluster/support/engine.ts';
import { openCluster, type TestCluster, until } from '../../cluster/support/index.ts';
import { canaryOf, istio, REPOSITORY, rollout, stableOf, virtualService } from '../../cluster/support/manifests.ts';
import { writeRelease } from '../../cluster/support/release-file.ts';
import { deployment, service } from '../../cluster/support/workloads.ts';
import type { Undoing } from './scope.ts';

export interface Memory {
  readonly open: number;
  readonly megabytes: number;
}

export interface MemoryOfReleases {
  readonly open: readonly Memory[];
  /** With none left, on the worker that had the most. */
  readonly afterMegabytes: number;
  /** From the first start until the last one paused. */
  readonly startedInMs: number;
}

/** Beginning at once, and no more: each release costs Temporal and the API server some fifty requests until it pauses. */
const AT_ONCE = 16;
const NAMESPACES = 5;
/** Garbage that the last starts left is collected by then. */
const REST_MS = 5_000;

/**
 * Services of one pod each, in five namespaces: an adopted Deployment, two Services, a VirtualService. Each has one
 * release that gave its new version 25 % and waits.
 */
export async function measureMemory(
  scope: Undoing,
  engine: Engine,
  counts: readonly number[],
  told: (done: string) => void,
): Promise<MemoryOfReleases> {
  const clusters: TestCluster[] = [];
  for (let n = 0; n < NAMESPACES; n += 1) clusters.push(await openCluster(scope));
  await engine.restartWorker();
  await delay(REST_MS);
  const open: Memory[] = [{ open: 0, megabytes: residentMegabytes(engine.workerPid) }];
  const handles: { readonly id: string }[] = [];
  const began = performance.now();
  for (const wanted of counts) {
    const missing = Array.from({ length: wanted - handles.length }, (_, index) => handles.length + index);
    await inTurns(missing, async (index) => {
      const cluster = clusters[index % NAMESPACES];
      if (cluster) handles.push({ id: await startPaused(engine, cluster, `open-${index}`) });
      if (handles.length % 50 === 0) told(`${handles.length} releases are paused`);
    });
    await delay(REST_MS);
    open.push({ open: wanted, megabytes: residentMegabytes(engine.workerPid) });
  }
  const startedInMs = performance.now() - began;
  await inTurns(handles, async ({ id }) => {
    const { client } = engine.shiplock.session;
    await client.workflow.getHandle(id).signal('abort', { reason: 'measured' });
    await engine.shiplock.wait(id, { until: 'ended', timeoutMs: 300_000 });
  });
  await delay(REST_MS);
  return { open, afterMegabytes: residentMegabytes(engine.workerPid), startedInMs };
}

async function startPaused(engine: Engine, cluster: TestCluster, name: string): Promise<string> {
  await cluster.apply([
    deployment({ name, image: `${REPOSITORY}:1.0.0` }),
    service(stableOf(name), { app: name }),
    service(canaryOf(name), { app: name }),
    virtualService(name),
  ]);
  await until(`a pod of ${name}`, async () => {
    const found = await cluster.get<V1Deployment>('apps/v1', 'Deployment', name);
    return found?.status?.availableReplicas === 1;
  });
  const canary = istio(name, [{ setWeight: 25 }, { pause: {} }], { abortScaleDownDelaySeconds: 1 });
  const file = writeRelease(cluster, {
    service: name,
    rollout: rollout({ name, canary }),
    release: { target: { adopts: { name, scaleDown: 'never' } } },
    folder: name,
  });
  const { id } = await engine.shiplock.start({ file, version: '1.1.0' });
  await until(`${name} pauses`, async () => (await engine.shiplock.get(id)).status?.waiting?.kind === 'pause', 300_000);
  return id;
}

async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const one = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

function residentMegabytes(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kilobytes) / 1024);
}
