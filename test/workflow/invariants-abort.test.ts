/** Invariant 1: abort wins. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultPayloadConverter } from '@temporalio/common';
import { rank } from '../../workflows/decide.ts';
import { SIGNALS } from '../../workflows/messages.ts';
import type { ReleaseHandle } from './environment.ts';
import { APPROVAL, openPause, plainPlan, smallPlan, weight } from './invariants-plans.ts';
import {
  assertAsBefore,
  CANARY,
  type Call,
  type Ended,
  endOf,
  fenceOf,
  type Scene,
  withScenes,
} from './invariants-scenes.ts';
import { type Stalled, stallIn } from './invariants-stall.ts';

const limit = { timeout: 300_000 };

describe('an abort wins', () => {
  const scenes = withScenes();

  it('over reject, over pause, over every other message', () => {
    const inOrder = [...SIGNALS].sort((a, b) => rank(a) - rank(b));
    assert.deepEqual(inOrder.slice(0, 3), ['abort', 'reject', 'pause']);
    assert.equal(new Set(inOrder.slice(3).map(rank)).size, 1, 'the others as they come');
  });

  it('over whatever came before it in the same batch of messages', limit, async () => {
    const scene = scenes.open();
    const { type, because, status } = await afterBatch(scene, async (handle, step) => {
      await handle.signal('pause', { reason: 'wait', id: 'pause' });
      await handle.signal('approve', { step, id: 'approve' });
      await handle.signal('reject', { step, id: 'reject' });
      await handle.signal('abort', { reason: 'the abort', id: 'abort' });
    });
    assert.deepEqual([type, because], ['RolledBack', 'the abort']);
    assert.equal(status.decisions[0]?.signal, 'abort', 'it is decided before all others');
    assert.ok(!scene.calls.some(({ request }) => request?.weights?.[CANARY] === 100));
  });

  it('and whatever comes with it is refused, not said to be accepted', limit, async () => {
    const { because, status } = await afterBatch(scenes.open(), async (handle, step) => {
      await handle.signal('pause', { id: 'pause' });
      await handle.signal('approve', { step, id: 'approve' });
      await handle.signal('reject', { step, id: 'reject' });
      await handle.signal('abort', { reason: 'the first abort', id: 'abort' });
      await handle.signal('abort', { reason: 'the second abort', id: 'again' });
    });
    assert.equal(because, 'the first abort');
    const accepted = status.decisions.filter((decision) => decision.accepted).map(({ id }) => id);
    assert.deepEqual(accepted, ['abort']);
  });

  it('wherever it comes: from then on nothing moves forward, not even what was under way', limit, async () => {
    for (const number of await callsToDisturb()) {
      const { scene, handle, ended, call, late } = await disturbed(number, 'before', (release) =>
        release.signal('abort', { reason: 'somebody said so' }),
      );
      const at = `aborted while call ${number} was under way, ${call.activity}`;
      assert.deepEqual([ended.type, ended.because], ['RolledBack', 'somebody said so'], at);
      const forward = (await scheduledAfterAbort(handle)).filter((scheduled) => !isUndo(scheduled));
      assert.deepEqual(forward, [], `${at}: nothing forward was begun after it`);
      if (fenceOf(call) !== null) assert.equal(late, 'SHIPLOCK_FENCE_STALE', `${at}: the late write is refused`);
      assertAsBefore(scene, at);
    }
  });

  it('wherever it comes: what took effect and could not say so any more is undone', limit, async () => {
    for (const number of await callsToDisturb()) {
      const { scene, ended, call } = await disturbed(number, 'after', (release) =>
        release.signal('abort', { reason: 'somebody said so' }),
      );
      const at = `aborted after call ${number} took effect, ${call.activity}`;
      assert.equal(ended.type, 'RolledBack', at);
      assertAsBefore(scene, at);
    }
  });

  it('as a cancel request just the same', limit, async () => {
    for (const number of (await callsToDisturb()).filter((call) => call % 3 === 0)) {
      const { scene, ended, call, late } = await disturbed(number, 'before', (release) => release.cancel());
      const at = `cancelled while call ${number} was under way, ${call.activity}`;
      assert.deepEqual([ended.type, ended.because], ['RolledBack', 'cancel requested'], at);
      if (fenceOf(call) !== null) assert.equal(late, 'SHIPLOCK_FENCE_STALE', `${at}: the late write is refused`);
      assertAsBefore(scene, at);
    }
  });

  it('by a higher fencing number: all writes back carry it, all writes before them the lower', limit, async () => {
    const scene = scenes.open();
    const handle = await scene.start(plainPlan({ steps: [weight(10), openPause] }));
    await scene.until(handle, ({ waiting }) => waiting?.kind === 'pause');
    const before = scene.calls.length;
    await handle.signal('abort', { reason: 'enough' });
    await endOf(handle);
    const writes = scene.calls.filter((call) => fenceOf(call) !== null);
    const there = writes.filter(({ number }) => number <= before);
    const back = writes.filter(({ number }) => number > before);
    assert.deepEqual(new Set(there.map(fenceOf)), new Set([1000]), 'all carry the number that admission took');
    assert.deepEqual(new Set(back.map(fenceOf)), new Set([1001]));
    const all = ['removeRevision', 'setRoles', 'setWeights', 'startRevision', 'writeConfiguration'];
    assert.deepEqual([...new Set(writes.map(({ activity }) => activity))].sort(), all, 'no kind of write goes without');
  });

  let undisturbed: readonly Call[] | undefined;

  /** Every call of a release between its admission and the last one, which begins when there is no way back. */
  async function callsToDisturb(): Promise<number[]> {
    if (!undisturbed) {
      const scene = scenes.open();
      assert.equal((await endOf(await scene.start(smallPlan()))).type, 'Released');
      undisturbed = scene.calls;
    }
    assert.deepEqual([undisturbed[0]?.activity, undisturbed.at(-1)?.activity], ['admit', 'removeRevision']);
    assert.ok(undisturbed.length > 12, `${undisturbed.length} calls are worth disturbing`);
    return undisturbed.slice(1, -1).map(({ number }) => number);
  }

  async function disturbed(
    number: number,
    when: 'before' | 'after',
    disturb: (release: ReleaseHandle) => Promise<unknown>,
  ): Promise<Stalled & { scene: Scene }> {
    const scene = scenes.open();
    const isHeld = (call: Call) => call.number === number;
    return { scene, ...(await stallIn(scene, smallPlan(), { isHeld, when, disturb })) };
  }

  /** Sends messages to a release that waits for approval, all of which its next workflow task has. */
  async function afterBatch(
    scene: Scene,
    send: (handle: ReleaseHandle, step: string) => Promise<void>,
  ): Promise<Ended> {
    const handle = await scene.startHeld(plainPlan({ approval: APPROVAL }));
    const { waiting } = await scenes.whileServed(() =>
      scene.until(handle, (status) => status.waiting?.kind === 'approval'),
    );
    await send(handle, waiting?.token ?? '');
    return scenes.whileServed(() => endOf(handle));
  }
});

interface Scheduled {
  readonly activity: string;
  // biome-ignore lint/suspicious/noExplicitAny: any activity's request
  readonly request: any;
}

/** The activities that the workflow asked for when it had seen the abort: in a task that was begun after it. */
async function scheduledAfterAbort(handle: ReleaseHandle): Promise<Scheduled[]> {
  const events = (await handle.fetchHistory()).events ?? [];
  const abort = events.findIndex((event) => event.workflowExecutionSignaledEventAttributes?.signalName === 'abort');
  const seen = events.findIndex((event, index) => index > abort && event.workflowTaskStartedEventAttributes);
  assert.ok(abort > 0 && seen > abort, 'the history has the abort, and a task that saw it');
  return events.slice(seen).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => {
    if (!scheduled) return [];
    const [input] = scheduled.input?.payloads ?? [];
    const request = input && defaultPayloadConverter.fromPayload(input);
    return [{ activity: scheduled.activityType?.name ?? '', request }];
  });
}

/** What only the way back asks for: writes under the higher number, the look whether all is as before, who sent it. */
function isUndo({ activity, request }: Scheduled): boolean {
  return activity === 'attest' || activity === 'describeWorkload' || request.fence === 1001;
}
