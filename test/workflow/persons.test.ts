/** What moves a release on takes effect only when history has said who sent it; what stops it takes effect at once. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { test } from 'node:test';
import { WorkflowFailedError } from '@temporalio/client';
import type { Attestation } from '../../activities/attestation/port.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { ReleaseStatus, SignalPayload } from '../../workflows/messages.ts';
import { until, withWorld } from './environment.ts';
import { credlinkPlan } from './plans.ts';
import { createWorld, type World } from './world.ts';

const limit = { timeout: 300_000 };
const A_MOMENT_MS = 20;

interface SlowHistory {
  /** History was asked so many times. */
  asked(times: number): Promise<void>;
  /** It answers what it was asked. */
  answer(): void;
}

/** History answers when the test says so. */
function slowHistory(world: World): SlowHistory {
  const questions = new EventEmitter();
  let asked = 0;
  Object.assign(world.activities, {
    attest: async (): Promise<Attestation> => {
      asked += 1;
      questions.emit('asked');
      await once(questions, 'answer');
      return { eventId: '7', eventTime: '', identity: 'ann@laptop', principal: null, level: 'identity' };
    },
  });
  return {
    asked: async (times) => {
      while (asked < times) await once(questions, 'asked');
      assert.equal(asked, times);
    },
    answer: () => questions.emit('answer'),
  };
}

const openPause = { kind: 'pause', durationMs: null, deadlineMs: 24 * 3_600_000 } as const;

const APPROVAL = { deadlineMs: 3_600_000, requires: 'identity', quorum: 1, notStarter: false } as const;

function plan(approval: Plan['promotion']['approval'] = APPROVAL): Plan {
  const steps = [
    { kind: 'setWeight', weight: 10 } as const,
    openPause,
    { kind: 'setWeight', weight: 50 } as const,
    openPause,
  ];
  return credlinkPlan({
    gates: [],
    configuration: [],
    canary: { steps, background: null, readyDeadlineMs: 60_000 },
    promotion: { monitor: null, approval },
  });
}

const waitsAt = (name: string) => (status: ReleaseStatus) => status.waiting?.token.startsWith(`${name}@`) === true;

test(
  'where the plan asks nothing of persons, promote moves on at once, and who sent it is named later',
  limit,
  async () => {
    const world = createWorld({ canaryVersion: '1.1.0' });
    const history = slowHistory(world);
    const { promise: movedOn, resolve } = Promise.withResolvers<void>();
    const { setWeights } = world.activities;
    Object.assign(world.activities, {
      setWeights: async (request: Parameters<typeof setWeights>[0]) => {
        const state = await setWeights(request);
        if (request.weights['1.1.0'] === 50) resolve();
        return state;
      },
    });
    await withWorld(world, async (running) => {
      const handle = await running.start(plan(null));
      const first = await until(running, handle, waitsAt('step-2'));
      await handle.signal('promote', { step: first.waiting?.token });
      await history.asked(1);
      await movedOn;
      history.answer();
      const { decisions } = await until(running, handle, waitsAt('step-4'), A_MOMENT_MS);
      assert.deepEqual([decisions.at(-1)?.accepted, decisions.at(-1)?.by?.name], [true, 'ann@laptop']);
    });
  },
);

test('promote, promoteFull, resume and approve wait for the answer of history', limit, async () => {
  const world = createWorld({ canaryVersion: '1.1.0' });
  const history = slowHistory(world);
  await withWorld(world, async (running) => {
    const handle = await running.start(plan());
    let asked = 0;
    // Asked of history, since the time-skipping server answers no query while an activity runs.
    const scheduled = async (): Promise<string[]> => {
      const { events } = await handle.fetchHistory();
      return (events ?? []).flatMap((event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? []);
    };
    const unmoved = async (signal: string, payload: SignalPayload): Promise<void> => {
      const before = await scheduled();
      await handle.signal(signal, payload);
      asked += 1;
      await history.asked(asked);
      assert.deepEqual((await scheduled()).slice(before.length), ['attest'], `${signal} has moved nothing yet`);
      history.answer();
    };
    const first = await until(running, handle, waitsAt('step-2'));
    await unmoved('promote', { step: first.waiting?.token });
    await until(running, handle, waitsAt('step-4'), A_MOMENT_MS);
    await unmoved('pause', { reason: 'lunch' });
    await until(running, handle, ({ decisions }) => decisions.at(-1)?.by?.name === 'ann@laptop', A_MOMENT_MS);
    const { definition } = await handle.query<{
      definition: { signalDefinitions: { name: string; description: string }[] };
    }>('__temporal_workflow_metadata');
    const inputOf = (signal: string): SignalPayload => {
      const description = definition.signalDefinitions.find(({ name }) => name === signal)?.description ?? '';
      return JSON.parse(description.slice(description.indexOf('{')));
    };
    await unmoved('resume', inputOf('resume'));
    await unmoved('promoteFull', inputOf('promoteFull'));
    const asking = await until(running, handle, waitsAt('promotion'), A_MOMENT_MS);
    await unmoved('approve', { step: asking.waiting?.token });
    await until(running, handle, ({ phase }) => phase === 'window', A_MOMENT_MS);
    assert.equal(world.weights['1.1.0'], 100);
    await handle.signal('finalise');
    asked += 1;
    await history.asked(asked);
    history.answer();
    await handle.result();
  });
});

test('an abort does not wait for history', limit, async () => {
  const world = createWorld({ canaryVersion: '1.1.0' });
  const history = slowHistory(world);
  await withWorld(world, async (running) => {
    const handle = await running.start(plan());
    const { waiting } = await until(running, handle, waitsAt('step-2'));
    await handle.signal('promote', { step: waiting?.token });
    await history.asked(1);
    const back = Promise.withResolvers<void>();
    world.before = (activity) => {
      if (activity === 'setWeights') back.resolve();
    };
    await handle.signal('abort', { reason: 'no' });
    await Promise.all([back.promise, history.asked(2)]);
    history.answer();
    await assert.rejects(handle.result(), WorkflowFailedError);
    assert.deepEqual(world.weights, { '1.0.0': 100 });
    assert.ok(!world.journal.includes('weight 50'));
  });
});

test('history that cannot be read proves nobody: a plan that asks for a person refuses', limit, async () => {
  const world = createWorld({ canaryVersion: '1.1.0' });
  Object.assign(world.activities, { attest: () => Promise.reject(new Error('no history')) });
  await withWorld(world, async (running) => {
    const handle = await running.start(plan());
    const { waiting } = await until(running, handle, waitsAt('step-2'));
    await handle.signal('promote', { step: waiting?.token });
    const { decisions } = await until(running, handle, (status) => status.decisions.length === 1);
    assert.equal(decisions[0]?.accepted, false);
    assert.match(decisions[0]?.because ?? '', /the sender is anonymous; the plan requires identity/);
    await handle.signal('abort');
    await assert.rejects(handle.result(), WorkflowFailedError);
  });
});
