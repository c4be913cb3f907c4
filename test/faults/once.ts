/** One release during which the worker is killed once, and what became of it. */

import { setTimeout as delay } from 'node:timers/promises';
import { planDigest, type Step } from '../../src/plan/index.ts';
import { effectsOf, watchFile } from './effects.ts';
import { appended, type SeenEvent } from './history.ts';
import { analysisOf, OPEN_PAUSE_MS, openPause, pause, shortPlan, valuesFile, weight } from './plan.ts';
import { endService, sample, serveStable, steadyTraffic } from './service.ts';
import type { Lane, Stage } from './stage.ts';
import type { WorkerProcess } from './worker.ts';

/** `good`: released. `failing`: an analysis at 50 % fails. `aborted`: somebody aborts in an open pause at 50 %. */
export const KINDS = ['good', 'failing', 'aborted'] as const;
export type Kind = (typeof KINDS)[number];

/** What must be the same, whenever the worker died. */
export interface Ending {
  readonly outcome: string;
  readonly because: string;
  /** The supervisor's journal of this service, in order. */
  readonly effects: readonly string[];
  /** What the configuration file held, one after the other. */
  readonly contents: readonly string[];
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

const STEPS: Readonly<Record<Kind, readonly Step[]>> = {
  good: [weight(20), pause(1_000), weight(50), pause(1_500)],
  failing: [
    weight(20),
    pause(1_000),
    weight(50),
    { kind: 'analysis', analysis: { ...analysisOf('vector(0)'), templates: ['failing'] } },
  ],
  aborted: [weight(20), pause(1_000), weight(50), openPause()],
};
const PROBE_REQUESTS = 20;
const TRAFFIC_EVERY_MS = 50;

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
  const plan = shortPlan({ service, folder, steps: STEPS[kind] });
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
  let killedAt: number | null = null;
  const replace = async (afterMs: number): Promise<WorkerProcess> => {
    await delay(afterMs);
    const dead = options.worker.kill();
    killedAt = events.length;
    await dead;
    return lane.startWorker();
  };
  for await (const together of appended(lane.client, { workflowId: id, runId: firstRunId })) {
    events.push(...together);
    batch.push(...together.keys());
    if (kill && !killing && events.length >= kill.atEvent) killing = replace(kill.afterMs);
    // The sender needs no worker: the message waits in the history.
    if (together.some(({ timerMs }) => timerMs === OPEN_PAUSE_MS)) {
      await lane.client.workflow.getHandle(id, firstRunId).signal('abort', { reason: 'somebody said so', id: 'abort' });
    }
  }
  // Some histories are a few events shorter than the undisturbed one: then the kill comes after the last event.
  if (kill && !killing) killing = replace(0);
  const worker = killing ? await killing : options.worker;
  const seconds = (performance.now() - startedAt) / 1_000;
  const ended = await lane.shiplock.wait(id, { firstRunId, until: 'ended', timeoutMs: 30_000 });
  const status = ended.last?.status;
  const { failed: lost = 0, ...answered } = await traffic.stop();
  const serves = Object.keys(await sample(address, PROBE_REQUESTS)).join(' and ');
  file.stop();
  const effects = effectsOf(home, service).slice(before);
  await endService(supervisor, service);
  return {
    worker,
    ran: {
      outcome: ended.verdict,
      because: ended.because,
      effects,
      contents: file.contents,
      serves,
      undone: (status?.progress ?? [])
        .filter(({ name }) => name.startsWith('undo-'))
        .map(({ title, state }) => `${title}: ${state}`),
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

function startedOf(started: Awaited<ReturnType<Lane['shiplock']['startPlan']>>) {
  if (started.kind !== 'started') throw new Error(`${started.id} was queued, not started`);
  return started;
}
