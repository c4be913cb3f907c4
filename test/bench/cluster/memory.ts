/** Resident memory of a worker that holds many open releases on a cluster, each at a pause of its plan. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { V1Deployment } from '@kubernetes/client-node';
import { RELEASE_WORKFLOW, SEARCH_ATTRIBUTES } from '../../../workflows/messages.ts';
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

/** Beginning at the same time, and no more: until it pauses each costs Temporal and the API server some fifty requests. */
const BATCH = 25;
const PATIENCE_MS = 300_000;
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
  const handles: string[] = [];
  const began = performance.now();
  for (const wanted of counts) {
    while (handles.length < wanted) {
      const batch = Array.from({ length: Math.min(BATCH, wanted - handles.length) }, (_, n) => handles.length + n);
      const starting = batch.map((n) => start(engine, clusters[n % NAMESPACES] as TestCluster, `open-${n}`));
      handles.push(...(await Promise.all(starting)));
      await until(`${handles.length} releases at a pause`, () => arePaused(engine, handles.length), PATIENCE_MS);
      if (handles.length % 100 === 0) told(`${handles.length} releases are paused`);
    }
    await delay(REST_MS);
    open.push({ open: wanted, megabytes: residentMegabytes(engine.workerPid) });
  }
  const startedInMs = performance.now() - began;
  const { workflow } = engine.shiplock.session.client;
  await Promise.all(handles.map((id) => workflow.getHandle(id).signal('abort', { reason: 'measured' })));
  await until('no release is open', async () => (await openReleases(engine, '')) === 0, PATIENCE_MS);
  await delay(REST_MS);
  return { open, afterMegabytes: residentMegabytes(engine.workerPid), startedInMs };
}

async function start(engine: Engine, cluster: TestCluster, name: string): Promise<string> {
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
  return (await engine.shiplock.start({ file, version: '1.1.0' })).id;
}

/** By Temporal's index: a query would be work for the worker that is measured. */
async function arePaused(engine: Engine, count: number): Promise<boolean> {
  const paused = await openReleases(engine, ` AND ${SEARCH_ATTRIBUTES.waitingFor} = 'pause'`);
  if (paused < count) throw new Error(`${paused} are`);
  return true;
}

async function openReleases({ shiplock }: Engine, also: string): Promise<number> {
  const running = `WorkflowType = '${RELEASE_WORKFLOW}' AND ExecutionStatus = 'Running'`;
  return (await shiplock.session.client.workflow.count(`${running}${also}`)).count;
}

function residentMegabytes(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kilobytes) / 1024);
}
