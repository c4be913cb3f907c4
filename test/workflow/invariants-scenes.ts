/**
 * Scenes for the tests of the invariants: one test server, and for each release a world of its own in which every
 * call of an activity is written down and can be disturbed before or after it takes effect.
 */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { activityInfo } from '@temporalio/activity';
import { type ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import type { Plan } from '../../src/plan/plan.ts';
import { loadWorkflowBundle } from '../../workers/bundle.ts';
import { RELEASE_WORKFLOW, type ReleaseInput, type ReleaseStatus, releaseId } from '../../workflows/messages.ts';
import { type ReleaseHandle, type Running, statusOf, until, withWorld } from './environment.ts';
import { createWorld, type World } from './world.ts';

export const STABLE = '1.0.0';
export const CANARY = '1.1.0';

/** One attempt of an activity, as the world was when it began. */
export interface Call {
  /** From 1; calls that only ask who sent a message are not counted. */
  readonly number: number;
  readonly activity: string;
  // biome-ignore lint/suspicious/noExplicitAny: what each activity takes is checked by the test that looks
  readonly request: any;
  readonly weights: Readonly<Record<string, number>>;
  /** Versions that were shown to be ready so far. */
  readonly ready: readonly string[];
  /** How the attempt ended: `done`, or the type of its failure. */
  readonly settled: Promise<string>;
}

export interface Scene {
  readonly world: World;
  readonly calls: Call[];
  /** Called before and after a call takes effect; may throw or wait. */
  before: (call: Call) => Promise<void> | void;
  after: (call: Call) => Promise<void> | void;
  start(plan: Plan, input?: Partial<ReleaseInput>): Promise<ReleaseHandle>;
  /** Starts a release that gets on only inside `whileServed`: messages sent outside arrive together. */
  startHeld(plan: Plan): Promise<ReleaseHandle>;
  /** Lets the clock go on until the release's status satisfies; fails when the release ends before. */
  until(handle: ReleaseHandle, holds: (status: ReleaseStatus) => boolean, stepMs?: number): Promise<ReleaseStatus>;
}

export interface Scenes {
  readonly running: Running;
  /** @param setting of the world before the release, for example `{ stable: null }` for a first one. */
  open(setting?: { stable: string | null }): Scene;
  /** Serves held releases while this runs. */
  whileServed<T>(act: () => Promise<T>): Promise<T>;
}

/** How a release ended. */
export interface Ended {
  /** `Released`, `RolledBack`, `Rejected`, or the code of the error. */
  readonly type: string;
  readonly because: string;
  readonly status: ReleaseStatus;
}

/** Opens the server before the tests of a `describe` and closes it after them. */
export function withScenes(): Scenes {
  const scenes = new Map<string, { scene: Scene; activities: Activities }>();
  const unused = createWorld({ canaryVersion: CANARY });
  const dispatch = (activity: string) => (request: unknown) => {
    const found = scenes.get(activityInfo().workflowExecution?.workflowId ?? '');
    if (!found) throw new Error(`${activity} belongs to no scene`);
    return found.activities[activity]?.(request);
  };
  const stage: World = {
    ...unused,
    activities: Object.fromEntries(
      Object.keys(unused.activities).map((activity) => [activity, dispatch(activity)]),
    ) as unknown as World['activities'],
  };
  let running: Running;
  let close = (): void => {};
  let closed: Promise<void> = Promise.resolve();
  before(async () => {
    const closing = new Promise<void>((resolve) => {
      close = resolve;
    });
    await new Promise<void>((opened, failed) => {
      closed = withWorld(stage, async (own) => {
        running = own;
        opened();
        await closing;
      });
      closed.catch(failed);
    });
  });
  after(async () => {
    close();
    await closed;
  });
  return {
    get running() {
      return running;
    },
    open: (setting) => {
      const service = `service-${scenes.size + 1}`;
      const world = createWorld({ canaryVersion: CANARY, ...setting });
      const scene = newScene(world, () => running, service);
      const ids = { environment: 'production', service };
      scenes.set(releaseId(ids), { scene, activities: written(scene) });
      return scene;
    },
    whileServed: async (act) => {
      const worker = await Worker.create({
        connection: running.env.nativeConnection,
        taskQueue: HELD_QUEUE,
        workflowBundle: await loadWorkflowBundle(),
        maxCachedWorkflows: 0,
      });
      return worker.runUntil(act);
    },
  };
}

const HELD_QUEUE = 'held';

type Activities = Readonly<Record<string, (request: unknown) => unknown>>;

function newScene(world: World, running: () => Running, service: string): Scene {
  return {
    world,
    calls: [],
    before: () => {},
    after: () => {},
    start: (plan, input) => running().start({ ...plan, service }, input),
    startHeld: (plan) =>
      running().env.client.workflow.start(RELEASE_WORKFLOW, {
        workflowId: releaseId({ ...plan, service }),
        taskQueue: HELD_QUEUE,
        args: [{ plan: { ...plan, service } }],
      }),
    until: async (handle, holds, stepMs) => {
      const status = await until(running(), handle, (now) => holds(now) || now.phase === 'ended', stepMs);
      assert.ok(holds(status), `the release ended (${status.because}) and it never held that ${holds}`);
      return status;
    },
  };
}

/** The world's activities, each call of them written down. */
function written(scene: Scene): Activities {
  const { world, calls } = scene;
  const ready = new Set(Object.keys(world.weights));
  const activities = world.activities as unknown as Activities;
  const wrap = (activity: string) => (request: unknown) => {
    if (activity === 'attest') return activities.attest?.(request);
    const { promise: settled, resolve: settle } = Promise.withResolvers<string>();
    const call: Call = {
      number: calls.length + 1,
      activity,
      request,
      weights: { ...world.weights },
      ready: [...ready],
      settled,
    };
    calls.push(call);
    const attempt = (async () => {
      await scene.before(call);
      const result = await activities[activity]?.(request);
      if (activity === 'awaitReady' && (result as { ready: boolean }).ready) ready.add(call.request.version);
      await scene.after(call);
      return result;
    })();
    attempt.then(
      () => settle('done'),
      (error: { type?: string }) => settle(error.type ?? String(error)),
    );
    return attempt;
  };
  return Object.fromEntries(Object.keys(activities).map((activity) => [activity, wrap(activity)]));
}

/** Waits for the end of a release, letting the clock skip. */
export async function endOf(handle: ReleaseHandle): Promise<Ended> {
  try {
    const status = (await handle.result()) as ReleaseStatus;
    return { type: 'Released', because: status.because, status };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const failure = error.cause as ApplicationFailure;
    const status = (failure.details?.[0] as ReleaseStatus | undefined) ?? (await statusOf(handle));
    return { type: failure.type ?? failure.name, because: failure.message, status };
  }
}

/** The service is as it was before the release, whatever happened in between. */
export function assertAsBefore({ world }: Scene, at: string): void {
  assert.deepEqual(world.weights, { [STABLE]: 100 }, at);
  assert.equal(world.stable, STABLE, at);
  assert.deepEqual([...world.revisions.keys()], [STABLE], at);
  assert.equal(world.files.get('/values.yaml'), STABLE, at);
}

/** The fencing number of a call; `null` where it writes nothing. */
export function fenceOf({ request }: Call): number | null {
  return typeof request?.fence === 'number' ? request.fence : null;
}
