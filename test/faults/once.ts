/** One release during which the worker is killed once, and what became of it. */

import { setTimeout as delay } from 'node:timers/promises';
import { planDigest } from '../../src/plan/index.ts';
import { effectsOf, watchFile } from './effects.ts';
import { appended, type SeenEvent } from './history.ts';
import { isWhole, type Kind, planOf } from './kinds.ts';
import { OPEN_PAUSE_MS, valuesFile } from './plan.ts';
import { endService, sample, serveStable, steadyTraffic, until } from './service.ts';
import type { Lane, Stage } from './stage.ts';
import { APPROVAL_MS } from './whole.ts';
import type { WorkerProcess } from './worker.ts';

/** What must be the same, whenever the worker died. */
export interface Ending {
  readonly outcome: string;
  readonly because: string;
  /** The supervisor's journal of this service, in order. */
  readonly effects: readonly string[];
  /** What the configuration file held, one after the other. */
  readonly contents: readonly string[];
  /** What became of database, flag and messages; empty where there are none. */
  readonly beside: readonly string[];
  /** Whether an image was built for it. */
  readonly images: boolean;
  /** Answers of one version after the end. */
  readonly serves: string;
  readonly undone: readonly string[];
  readonly decisions: readonly string[];
  /** Workflow tasks that failed in a worker: a replay that differed would be one. */
  readonly failedTasks: number;
}

export interface Ran extends Ending {
  readonly events: readonly SeenEvent[];
  /** Position of each event in what was appended with it, from 0. */
  readonly batch: readonly number[];
  readonly seconds: number;
  readonly requests: number;
  readonly lost: number;
  /** How long the history was when the worker was killed; `null`: it was not. */
  readonly killedAt: number | null;
}

/** Kill when the history has reached this length, and `afterMs` after that. */
export interface Kill {
  readonly atEvent: number;
  readonly afterMs: number;
}

const PROBE_REQUESTS = 20;
const TRAFFIC_EVERY_MS = 50;
const TOO_LONG_MS = 120_000;

/**
 * Releases a service of its own, and kills the lane's worker as asked.
 *
 * @returns what became of it, and the worker that lives afterwards.
 */
export async function releaseOnce(options: {
  readonly stage: Stage;
  readonly lane: Lane;
  readonly kind: Kind;
  readonly service: string;
  readonly worker: WorkerProcess;
  readonly kill: Kill | null;
}): Promise<{ readonly ran: Ran; readonly worker: WorkerProcess }> {
  const { stage, lane, kind, service, kill } = options;
  const { supervisor, home, folder } = stage;
  const beside = isWhole(kind) ? stage.beside : null;
  const plan = planOf(kind, { service, folder, beside });
  await beside?.prepare(supervisor, service);
  const address = await serveStable(supervisor, plan);
  const before = effectsOf(home, service).length;
  const file = watchFile(valuesFile(folder, service));
  const traffic = steadyTraffic(address, TRAFFIC_EVERY_MS);
  const startedAt = performance.now();
  const { id, firstRunId } = startedOf(
    await lane.shiplock.startPlan({ plan, planDigest: planDigest(plan), warnings: [] }),
  );

  const events: SeenEvent[] = [];
  const batch: number[] = [];
  let killing: Promise<WorkerProcess> | null = null;
  let approving: Promise<void> | null = null;
  let killedAt: number | null = null;
  const replace = async (afterMs: number): Promise<WorkerProcess> => {
    await delay(afterMs);
    const dead = options.worker.kill();
    killedAt = events.length;
    await dead;
    return lane.startWorker();
  };
  // Whoever waits for a person whom nobody plays is not the same; the harness goes on.
  const tooLong = setTimeout(() => {
    void lane.client.workflow.getHandle(id, firstRunId).signal('abort', { reason: 'took too long', id: 'too-long' });
  }, TOO_LONG_MS);
  for await (const together of appended(lane.client, { workflowId: id, runId: firstRunId })) {
    events.push(...together);
    batch.push(...together.keys());
    if (kill && !killing && events.length >= kill.atEvent) killing = replace(kill.afterMs);
    // The sender needs no worker: the message waits in the history.
    if (together.some(({ timerMs }) => timerMs === OPEN_PAUSE_MS)) {
      await lane.client.workflow.getHandle(id, firstRunId).signal('abort', { reason: 'somebody said so', id: 'abort' });
    }
    if (together.some(({ timerMs }) => timerMs === APPROVAL_MS)) approving = approve(lane, id);
  }
  clearTimeout(tooLong);
  // Some histories are a few events shorter than the undisturbed one: then the kill comes after the last event.
  if (kill && !killing) killing = replace(0);
  const worker = killing ? await killing : options.worker;
  await approving;
  const seconds = (performance.now() - startedAt) / 1_000;
  const ended = await lane.shiplock.wait(id, { firstRunId, until: 'ended', timeoutMs: 30_000 });
  const status = ended.last?.status;
  const { failed: lost = 0, ...answered } = await traffic.stop();
  const serves = Object.keys(await sample(address, PROBE_REQUESTS)).join(' and ');
  file.stop();
  const effects = effectsOf(home, service).slice(before);
  const found = (await beside?.found(supervisor, service)) ?? [];
  const named = beside?.named ?? ((_service: string, text: string) => text);
  const contents = await Promise.all(file.contents.map((text) => named(service, text)));
  await beside?.forget(supervisor, service);
  await endService(supervisor, service);
  return {
    worker,
    ran: {
      outcome: ended.verdict,
      because: ended.because,
      effects,
      beside: found,
      images: plan.image !== undefined,
      contents,
      serves,
      undone: (status?.progress ?? [])
        .filter(({ name }) => name.startsWith('undo-'))
        .map(({ title, state }) => `${title.replaceAll(service, '<service>')}: ${state}`),
      decisions: (status?.decisions ?? []).map(({ id, accepted }) => `${id}: ${accepted ? 'accepted' : 'refused'}`),
      failedTasks: events.filter(({ type }) => type === 'WorkflowTaskFailed').length,
      events,
      batch,
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
