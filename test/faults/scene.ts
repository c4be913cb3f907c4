/** Given / when / then for releases on a stage. */

import type { WaitResult } from '../../src/client/index.ts';
import { type Plan, planDigest } from '../../src/plan/index.ts';
import type { ReleaseStatus } from '../../workflows/messages.ts';
import { type Answers, sample, until } from './service.ts';
import type { Lane, Stage } from './stage.ts';

export interface UnderWay {
  readonly id: string;
  readonly firstRunId: string;
  /** Waits until the platform sends this share (percent) of the service's traffic to a version. */
  untilWeight(version: string, percent: number, timeoutMs?: number): Promise<void>;
  /** Waits until the release's own account satisfies; needs a worker. */
  untilStatus(what: string, holds: (status: ReleaseStatus) => boolean, timeoutMs?: number): Promise<ReleaseStatus>;
  /** Leaves an abort in the history; needs no worker. */
  abort(reason: string): Promise<void>;
  /** How it ended. */
  ended(timeoutMs?: number): Promise<WaitResult>;
}

export async function release(stage: Stage, lane: Lane, plan: Plan): Promise<UnderWay> {
  const started = await lane.shiplock.startPlan({ plan, planDigest: planDigest(plan), warnings: [] });
  if (started.kind !== 'started') throw new Error(`${started.id} was queued, not started`);
  const { id, firstRunId } = started;
  const { service } = plan;
  return {
    id,
    firstRunId,
    untilWeight: async (version, percent, timeoutMs) => {
      const look = async () => {
        // A supervisor that is just being brought back is asked again.
        const status = await stage.supervisor.service(service).catch(() => null);
        return status && (status.weights[version] ?? 0) === percent;
      };
      await until(`${service}: ${version} at ${percent} %`, look, timeoutMs);
    },
    untilStatus: (what, holds, timeoutMs) =>
      until(
        what,
        async () => {
          const { status } = await lane.shiplock.get(id);
          return status && holds(status) ? status : null;
        },
        timeoutMs,
      ),
    abort: (reason) => lane.client.workflow.getHandle(id).signal('abort', { reason }),
    ended: (timeoutMs = 90_000) => lane.shiplock.wait(id, { firstRunId, until: 'ended', timeoutMs }),
  };
}

/** Who answers now, as its clients see it. */
export async function answersOf(stage: Stage, service: string, requests = 50): Promise<Answers> {
  return sample((await stage.supervisor.service(service)).address, requests);
}
