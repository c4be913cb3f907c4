/** One release during which the worker is killed once, and what became of it. */

import { setTimeout as delay } from 'node:timers/promises';
import { planDigest } from '../../src/plan/index.ts';
import { appended, type SeenEvent } from './history.ts';
import type { Kind } from './kinds.ts';
import { OPEN_PAUSE_MS } from './plan.ts';
import type { Ending, Lane, Side } from './platform.ts';
import { sample, steadyTraffic, until } from './service.ts';
import { APPROVAL_MS } from './whole.ts';
import type { WorkerProcess } from './worker.ts';

export interface Ran extends Ending {
  readonly events: readonly SeenEvent[];
  /** Position of each event in what was appended with it, from 0. */
  readonly batch: readonly number[];
  /** What the worker wrote to the platform, where that can be seen. */
  readonly writes: readonly string[];
  readonly seconds: number;
  readonly requests: number;
  readonly lost: number;
  /** How long the history was when the worker was killed; `null`: it was not. */
  readonly killedAt: number | null;
}

/** When the history has reached this length, and `afterMs` after that; or at the worker's write of this number. */
export type Kill =
  | { readonly at: 'event'; readonly number: number; readonly afterMs: number }
  | { readonly at: 'write'; readonly number: number; readonly side: Side };

const PROBE_REQUESTS = 20;
const TRAFFIC_EVERY_MS = 50;
const TOO_LONG_MS = 120_000;

/**
 * Releases a service of its own, and kills the lane's worker as asked.
 *
 * @returns what became of it, and the worker that lives afterwards.
 */
export async function releaseOnce(options: {
  readonly lane: Lane;
  readonly kind: Kind;
  readonly service: string;
  readonly worker: WorkerProcess;
  readonly kill: Kill | null;
}): Promise<{ readonly ran: Ran; readonly worker: WorkerProcess }> {
  const { lane, kind, service, kill } = options;
  const ground = await lane.prepare(kind, service);
  const { plan, address } = ground;
  const events: SeenEvent[] = [];
  const batch: number[] = [];
  let killing: Promise<WorkerProcess> | null = null;
  let approving: Promise<void> | null = null;
  let killedAt: number | null = null;
  const killed = async (afterMs = 0): Promise<void> => {
    await delay(afterMs);
    const dead = options.worker.kill();
    killedAt = events.length;
    await dead;
  };
  if (kill?.at === 'write')
    ground.writes?.at(kill.number, kill.side, async () => {
      const dead = killed();
      killing = dead.then(() => lane.startWorker());
      await dead;
    });
  const traffic = steadyTraffic(address, TRAFFIC_EVERY_MS);
  const startedAt = performance.now();
  const { id, firstRunId } = startedOf(
    await lane.shiplock.startPlan({ plan, planDigest: planDigest(plan), warnings: [] }),
  );

  // Whoever waits for a person whom nobody plays is not the same; the harness goes on.
  const tooLong = setTimeout(() => {
    void lane.client.workflow.getHandle(id, firstRunId).signal('abort', { reason: 'took too long', id: 'too-long' });
  }, TOO_LONG_MS);
  for await (const together of appended(lane.client, { workflowId: id, runId: firstRunId })) {
    events.push(...together);
    batch.push(...together.keys());
    if (kill?.at === 'event' && !killing && events.length >= kill.number)
      killing = killed(kill.afterMs).then(() => lane.startWorker());
    // The sender needs no worker: the message waits in the history.
    if (together.some(({ timerMs }) => timerMs === OPEN_PAUSE_MS)) {
      await lane.client.workflow.getHandle(id, firstRunId).signal('abort', { reason: 'somebody said so', id: 'abort' });
    }
    if (together.some(({ timerMs }) => timerMs === APPROVAL_MS)) approving = approve(lane, id);
  }
  clearTimeout(tooLong);
  // Some histories are a few events shorter than the undisturbed one: then the kill comes after the last event.
  if (kill && !killing) killing = killed().then(() => lane.startWorker());
  const worker = killing ? await killing : options.worker;
  await approving;
  const seconds = (performance.now() - startedAt) / 1_000;
  const ended = await lane.shiplock.wait(id, { firstRunId, until: 'ended', timeoutMs: TOO_LONG_MS });
  const status = ended.last?.status;
  const { failed: lost = 0, ...answered } = await traffic.stop();
  const serves = Object.keys(await sample(address, PROBE_REQUESTS)).join(' and ');
  const found = await ground.found();
  return {
    worker,
    ran: {
      ...found,
      outcome: ended.verdict,
      because: ended.because,
      images: plan.image !== undefined,
      serves,
      undone: (status?.progress ?? [])
        .filter(({ name }) => name.startsWith('undo-'))
        .map(({ title, state }) => `${title.replaceAll(service, '<service>')}: ${state}`),
      decisions: (status?.decisions ?? []).map(({ id, accepted }) => `${id}: ${accepted ? 'accepted' : 'refused'}`),
      failedTasks: events.filter(({ type }) => type === 'WorkflowTaskFailed').length,
      events,
      batch,
      writes: [...(ground.writes?.seen ?? [])],
      seconds,
      requests: Object.values(answered).reduce((sum, count) => sum + count, lost),
      lost,
      killedAt,
    },
  };
}

/** Which token it takes is asked of a worker; one that is just being killed is asked again. */
async function approve({ client, shiplock }: Lane, id: string): Promise<void> {
  const look = async () => (await shiplock.get(id).catch(() => null))?.status?.waiting;
  const { token } = await until('the question before the contract', look);
  await client.workflow.getHandle(id).signal('approve', { step: token, id: 'approve' });
}

function startedOf(started: Awaited<ReturnType<Lane['shiplock']['startPlan']>>) {
  if (started.kind !== 'started') throw new Error(`${started.id} was queued, not started`);
  return started;
}
