import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Client } from '@temporalio/client';
import { laneId, releaseId } from '../../workflows/messages.ts';
import { type CompiledPlan, compilePlan, type Shiplock, speak } from '../client/index.ts';
import { ShiplockError } from '../errors.ts';
import type { Trigger } from './configuration.ts';

/** What one delivery asks for. */
export interface Wanted {
  readonly trigger: Trigger;
  readonly version: string;
  /** `X-GitHub-Delivery`. GitHub does not sign it, so the body's digest counts beside it. */
  readonly delivery: string;
  readonly body: Buffer;
}

export interface Begun {
  readonly release: string;
  readonly version: string;
  /** The release's first run, where it has begun. */
  readonly run: string | null;
  /** `waiting`: in the lane, for its turn or for a worker. */
  readonly state: 'started' | 'waiting';
  /** This delivery was taken before; nothing was added. */
  readonly again: boolean;
}

/** GitHub hangs up after ten seconds. What took longer may have been taken: sent again, it is the same start. */
const WHOLE_MS = 8_000;
/** How long a sender waits for the turn of what it asked for. */
const TURN_MS = 2_000;

/**
 * Starts releases one after the other for each service and environment. The same delivery is one release, however
 * often it comes, also to a server that was started again: what was taken stands in the lane's history.
 *
 * Fails as `startPlan` does.
 */
export function starter(shiplock: Shiplock): (wanted: Wanted) => Promise<Begun> {
  const last = new Map<string, Promise<unknown>>();
  return async (wanted) => {
    const { trigger, version } = wanted;
    const deadline = AbortSignal.timeout(WHOLE_MS);
    // Nothing of the payload but the version: the release file is this machine's own.
    const compiled = await compilePlan({ file: trigger.release, version, environment: trigger.environment });
    const lane = laneId(compiled.plan);
    const turn = (last.get(lane) ?? Promise.resolve()).then(() => begin(shiplock, wanted, compiled, deadline));
    const settled = turn.catch(() => undefined);
    last.set(lane, settled);
    void settled.then(() => last.get(lane) === settled && last.delete(lane));
    return Promise.race([turn, reached(deadline)]);
  };
}

/** Temporal's client goes on trying for longer than a sender listens. */
async function reached(deadline: AbortSignal): Promise<never> {
  await once(deadline, 'abort');
  throw new ShiplockError({
    code: 'SHIPLOCK_TRIGGER_TIMEOUT',
    message: `Temporal has not taken the start within ${WHOLE_MS / 1_000} s; it may still take it`,
    mend: 'redeliver it in a minute: the same delivery is one start, however often it comes',
  });
}

async function begin(
  shiplock: Shiplock,
  { trigger, version, delivery, body }: Wanted,
  compiled: CompiledPlan,
  deadline: AbortSignal,
): Promise<Begun> {
  const sender = asSender(shiplock, `github:${trigger.repository}@${delivery}`);
  const digest = createHash('sha256').update(body).digest('hex').slice(0, 32);
  const started = await sender.session.client.withAbortSignal(deadline, () =>
    sender.startPlan(compiled, { ifBusy: trigger.ifBusy, requestId: `${delivery}.${digest}` }),
  );
  const release = releaseId(compiled.plan);
  if (started.kind === 'started') return { release, version, run: started.firstRunId, state: 'started', again: false };
  const run = await sender.turn(started, { signal: AbortSignal.timeout(TURN_MS) });
  return { release, version, run, state: run ? 'started' : 'waiting', again: started.again === true };
}

/** The same connection, under the name that the history shall show: a claim, as every client's name is. */
function asSender({ session }: Shiplock, identity: string): Shiplock {
  const { connection } = session.client;
  return speak({ ...session, identity, client: new Client({ connection, namespace: session.namespace, identity }) });
}
