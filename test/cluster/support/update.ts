import assert from 'node:assert/strict';
import { describe } from '../../../src/client/execution.ts';
import type { Shiplock } from '../../../src/client/index.ts';
import { sight } from '../../../src/client/observe.ts';
import type { Decision, Outcome, ReleaseStatus, SignalName, SignalPayload } from '../../../workflows/messages.ts';
import { until } from './index.ts';

/** One release of a version, as it goes on. */
export interface Update {
  readonly id: string;
  readonly version: string;
  /** Waits until its status is so. */
  sees(what: string, met: (status: ReleaseStatus) => boolean, timeoutMs?: number): Promise<ReleaseStatus>;
  /** Waits until it is in an open or timed pause of the plan, or the one of this name: `step-2`. */
  pauses(step?: string): Promise<ReleaseStatus>;
  /** Ends the pause that it is in. */
  promotes(): Promise<void>;
  promotesFully(): Promise<Decision>;
  aborts(): Promise<Decision>;
  /** Sends any signal, as given. */
  sends(signal: SignalName, payload?: Omit<SignalPayload, 'id'>): Promise<Decision>;
  /** Waits until it has this outcome, for a reason like this; a released one may still be in its window. */
  comesTo(outcome: Outcome, because?: RegExp): Promise<ReleaseStatus>;
  /** Waits until it has ended in admission: nothing was done. */
  isRefused(because: RegExp): Promise<void>;
  /** Waits until nothing more can come. */
  ends(outcome: Outcome, because?: RegExp): Promise<ReleaseStatus>;
}

const END_MS = 60_000;

/** @param firstRunId of its first run: a later release under the same id is another one */
export async function updateOf(shiplock: Shiplock, id: string, version: string, firstRunId: string): Promise<Update> {
  const chain = await describe(shiplock.session, id, firstRunId);
  const sees: Update['sees'] = async (what, met, timeoutMs = END_MS) => {
    const wanted = `${id} of ${version}: ${what}`;
    const question = async () => {
      const { status, because } = await sight(shiplock.session, id, chain);
      if (!status) throw new Error(because);
      if (met(status) || status.phase === 'ended') return status;
      throw new Error(outline(status));
    };
    const last = await until(wanted, question, timeoutMs).catch(async (error: Error) => {
      throw new Error(`${error.message}; ${await underWay(shiplock, id)}`);
    });
    assert.ok(met(last), `${wanted}: it has ended as ${last.outcome}; ${outline(last)}`);
    return last;
  };
  const sends: Update['sends'] = (signal, payload = {}) => shiplock.send(id, signal, payload, { chain });
  const cameTo = (status: ReleaseStatus, outcome: Outcome, because: RegExp = /./): ReleaseStatus => {
    assert.equal(status.outcome, outcome, status.because);
    assert.match(status.because, because);
    return status;
  };
  return {
    id,
    version,
    sees,
    pauses: (step) =>
      sees(`it pauses${step ? ` at ${step}` : ''}`, ({ waiting }) => {
        return waiting?.kind === 'pause' && (!step || waiting.token.startsWith(`${step}@`));
      }),
    async promotes() {
      const { waiting } = await sees('it pauses', (status) => status.waiting?.kind === 'pause');
      const { accepted, because } = await sends('promote', waiting ? { step: waiting.token } : {});
      assert.ok(accepted, because);
      await sees('it goes on', (status) => status.waiting?.token !== waiting?.token);
    },
    promotesFully: () => sends('promoteFull', { version, reason: 'a test' }),
    aborts: () => sends('abort', { reason: 'a test' }),
    sends,
    comesTo: async (outcome, because) =>
      cameTo(await sees(`it is ${outcome}`, (status) => status.outcome !== null), outcome, because),
    async isRefused(because) {
      const status = await sees('it has ended', ({ phase }) => phase === 'ended');
      assert.match(status.because, because);
      const acts = status.progress.filter(({ name, state }) => name !== 'admission' && state !== 'waiting');
      assert.deepEqual([status.outcome, acts], [null, []]);
    },
    ends: async (outcome, because) =>
      cameTo(await sees(`it has ended`, ({ phase }) => phase === 'ended'), outcome, because),
  };
}

/** Where it stands, in one line, for whoever reads a failed test. */
function outline({ phase, because, waiting, progress }: ReleaseStatus): string {
  const last = progress.findLast(({ state }) => state !== 'waiting');
  return `${phase}, ${because || 'no reason'}; ${last ? `${last.name} ${last.state}: ${last.because}` : 'nothing done'}; waits for ${waiting?.token ?? 'nothing'}`;
}

/** Why what is under way has not come to its end, as its last attempt said. */
async function underWay(shiplock: Shiplock, id: string): Promise<string> {
  const { raw } = await shiplock.session.client.workflow.getHandle(id).describe();
  const pending = raw.pendingActivities ?? [];
  return pending.map((one) => `${one.activityType?.name}: ${one.lastFailure?.message ?? 'no failure yet'}`).join('; ');
}
