import { Client, type Connection } from '@temporalio/client';
import { type Decision, type SignalName, type SignalPayload, TASK_QUEUE } from '../../workflows/messages.ts';
import { ShiplockError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import { openConnection } from './connection.ts';
import { describe, type Execution } from './execution.ts';
import { explain, isUnreachable, unreachable } from './faults.ts';
import { identity } from './identity.ts';
import { type Place, type TurnOptions, turn } from './lane.ts';
import { type ListOptions, list } from './list.ts';
import { type Sighting, sight, type WatchOptions, watch } from './observe.ts';
import { type WaitOptions, type WaitResult, wait } from './outcome.ts';
import type { CompiledPlan } from './plan.ts';
import { query } from './query.ts';
import { type RestartManner, type RestartOptions, type RestartStarted, restartPlan, startRestart } from './restart.ts';
import {
  cancelRestart,
  type RestartSighting,
  type RestartWaitOptions,
  sightRestart,
  waitForRestart,
} from './restart-sight.ts';
import { type SendOptions, send } from './send.ts';
import type { Session } from './session.ts';
import { type Started, type StartManner, type StartOptions, start, startPlan } from './start.ts';
import { findTarget, type Target, type TargetOptions } from './target.ts';

export interface ConnectOptions extends TargetOptions {
  /** As whom to act; default `SHIPLOCK_IDENTITY`, else `user@host`. */
  readonly identity?: string;
  /** The releases' task queue; default `shiplock`. */
  readonly taskQueue?: string;
  /** How long to look for Temporal. Default 5 s. */
  readonly timeoutMs?: number;
  /** How long a worker may take to answer before it counts as silent. Default 5 s. */
  readonly queryDeadlineMs?: number;
}

/** The client: start, watch and steer releases. Close it when done. */
export interface Shiplock {
  readonly session: Session;
  start(options: StartOptions): Promise<Started>;
  startPlan(compiled: CompiledPlan, options?: StartManner): Promise<Started>;
  /** Waits for a queued release's turn; its first run, or `null` where the wait was given up. */
  turn(place: Place, options?: TurnOptions): Promise<string | null>;
  get(id: string): Promise<Sighting>;
  plan(id: string): Promise<Plan>;
  list(options?: ListOptions): Promise<Execution[]>;
  watch(id: string, options?: WatchOptions): AsyncGenerator<Sighting, void>;
  wait(id: string, options?: WaitOptions): Promise<WaitResult>;
  send(id: string, signal: SignalName, payload?: Omit<SignalPayload, 'id'>, options?: SendOptions): Promise<Decision>;
  /** Replaces the pods of a service by new ones of the same version. */
  restart(options: RestartOptions): Promise<RestartStarted>;
  restartPlan(plan: Plan, manner?: RestartManner): Promise<RestartStarted>;
  getRestart(id: string): Promise<RestartSighting>;
  /** `null`: the wait was given up, and the restart goes on. */
  waitForRestart(id: string, options?: RestartWaitOptions): Promise<RestartSighting | null>;
  cancelRestart(id: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Connects to Temporal as `@temporalio/envconfig` says (`TEMPORAL_ADDRESS`, profiles, mTLS, API key); where nothing is
 * configured, to the embedded stack of this machine. Fails with `SHIPLOCK_TEMPORAL_UNREACHABLE`,
 * `SHIPLOCK_TEMPORAL_REFUSED` or `SHIPLOCK_CONFIG_INVALID`.
 *
 * @example
 * const shiplock = await connectShiplock();
 * const release = await shiplock.start({ file: 'release.yaml', version: '1.1.0' });
 * const { verdict } = await shiplock.wait(release.id);
 * await shiplock.close();
 */
export async function connectShiplock(options: ConnectOptions = {}): Promise<Shiplock> {
  const target = await findTarget(options);
  const who = options.identity ?? identity();
  const connection = await dial(target, options.timeoutMs ?? 5_000);
  const client = new Client({ connection, namespace: target.namespace, identity: who });
  const { address, namespace, source } = target;
  const taskQueue = options.taskQueue ?? TASK_QUEUE;
  const { queryDeadlineMs } = options;
  return speak({ client, address, namespace, source, identity: who, taskQueue, queryDeadlineMs });
}

/** The client over a connection that exists already, for programs that hold one. */
export function speak(session: Session): Shiplock {
  return {
    session,
    start: (options) => start(session, options),
    startPlan: (compiled, options) => startPlan(session, compiled, options),
    turn: (place, options) => turn(session, place, options),
    get: (id) => sight(session, id),
    plan: (id) => planOf(session, id),
    list: (options) => list(session, options),
    watch: (id, options) => watch(session, id, options),
    wait: (id, options) => wait(session, id, options),
    send: (id, signal, payload, options) => send(session, id, signal, payload, options),
    restart: (options) => startRestart(session, options),
    restartPlan: (plan, manner) => restartPlan(session, plan, manner),
    getRestart: (id) => sightRestart(session, id),
    waitForRestart: (id, options) => waitForRestart(session, id, options),
    cancelRestart: (id) => cancelRestart(session, id),
    close: () => session.client.connection.close(),
  };
}

async function planOf(session: Session, id: string): Promise<Plan> {
  const answer = await query<Plan>(session, await describe(session, id), 'plan');
  if (answer.answered) return answer.value;
  throw new ShiplockError({
    code: 'SHIPLOCK_WORKER_SILENT',
    message: `the plan of ${id} cannot be read: ${answer.because}`,
    mend: 'start a worker with `shiplock worker`',
  });
}

async function dial(target: Target, timeoutMs: number): Promise<Connection> {
  try {
    return await openConnection({
      ...(target.connection as Parameters<typeof openConnection>[0]),
      address: target.address,
      connectTimeout: timeoutMs,
    });
  } catch (error) {
    const explained = explain(error, target);
    if (explained instanceof ShiplockError) throw explained;
    // The SDK gives up with a plain error when nothing listens.
    if (isUnreachable(error) || /deadline/i.test(String(error))) throw unreachable(target, error);
    throw error;
  }
}
