/** An abort takes effect before anybody knows whose it is: users first, then the name, and no end without it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import type { ReleaseStatus } from '../../workflows/messages.ts';
import { type ReleaseHandle, type Running, until, withWorld } from './environment.ts';
import { openPause, plainPlan, weight } from './invariants-plans.ts';
import { endOf } from './invariants-scenes.ts';
import { createWorld, type World } from './world.ts';

const limit = { timeout: 60_000 };
const A_MOMENT_MS = 100;
const LAST_LOOK = 'completed describeWorkload';

test('users are back before history is asked who aborted', limit, async () => {
  const world = createdWorld();
  await withWorld(world, async (running) => {
    const handle = await atThePause(running);
    await handle.signal('abort', { reason: 'no' });
    const { status } = await endOf(handle);
    assert.deepEqual(whoAborted(status), ['ann@laptop']);
    const told = (await eventsOf(handle)).flatMap(toldInShort);
    const inOrder = ['scheduled setWeights', 'completed setWeights', 'scheduled attest'];
    assert.deepEqual(
      told.slice(told.indexOf('abort')).filter((what) => inOrder.includes(what)),
      inOrder,
    );
  });
});

test('while they are not, because that is stuck, who aborted is known within a second', limit, async () => {
  const world = createdWorld();
  await withWorld(world, async (running) => {
    const handle = await atThePause(running);
    let isStuck = true;
    world.before = (activity) => {
      if (activity === 'setWeights' && isStuck) throw ApplicationFailure.retryable('the router is away');
    };
    await handle.signal('abort', { reason: 'no' });
    const status = await until(running, handle, (now) => whoAborted(now).length > 0, A_MOMENT_MS);
    assert.deepEqual(whoAborted(status), ['ann@laptop']);
    assert.deepEqual(world.weights, { '1.0.0': 90, '1.1.0': 10 }, 'it is stuck all the same');
    const events = await eventsOf(handle);
    const sent = events.find((event) => event.workflowExecutionSignaledEventAttributes?.signalName === 'abort');
    const asked = events.find((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'attest');
    const tookMs = msOf(asked) - msOf(sent);
    assert.ok(tookMs < 2_000, `it was asked ${tookMs} ms after the abort`);
    isStuck = false;
    assert.equal((await endOf(handle)).type, 'RolledBack');
  });
});

test('a release does not end before it is known who ended it', limit, async () => {
  const world = createdWorld();
  const { attest } = world.activities;
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
  Object.assign(world.activities, {
    attest: async (request: Parameters<typeof attest>[0]) => {
      await answered;
      return attest(request);
    },
  });
  await withWorld(world, async (running) => {
    const handle = await atThePause(running);
    await handle.signal('abort', { reason: 'no' });
    // Looked up in history, since the time-skipping server answers no query while an activity runs.
    for (let undone = false; !undone; await delay(A_MOMENT_MS)) {
      const told = (await eventsOf(handle)).flatMap(toldInShort);
      undone = told.lastIndexOf('decided') > told.lastIndexOf(LAST_LOOK) && told.includes(LAST_LOOK);
    }
    answer();
    const { type, status } = await endOf(handle);
    assert.deepEqual([type, whoAborted(status)], ['RolledBack', ['ann@laptop']]);
  });
});

function createdWorld(): World {
  const world = createWorld({ canaryVersion: '1.1.0' });
  world.sender = () => ({ identity: 'ann@laptop', principal: null });
  return world;
}

async function atThePause(running: Running): Promise<ReleaseHandle> {
  const handle = await running.start(plainPlan({ steps: [weight(10), openPause] }));
  await until(running, handle, ({ waiting }) => waiting?.kind === 'pause');
  return handle;
}

function whoAborted({ decisions }: ReleaseStatus): string[] {
  return decisions.flatMap(({ signal, by }) => (signal === 'abort' && by ? [by.name] : []));
}

type HistoryEvent = NonNullable<History['events']>[number];

async function eventsOf(handle: ReleaseHandle): Promise<readonly HistoryEvent[]> {
  return (await handle.fetchHistory()).events ?? [];
}

function msOf(event: HistoryEvent | undefined): number {
  const { seconds = Number.NaN, nanos = 0 } = event?.eventTime ?? {};
  return Number(seconds) * 1_000 + Number(nanos) / 1e6;
}

/** The names of signals; `scheduled NAME` and `completed NAME` of activities; `decided`: the workflow has seen what was before. */
function toldInShort(event: HistoryEvent, _: number, events: readonly HistoryEvent[]): string[] {
  const nameOf = (scheduled: HistoryEvent | undefined) =>
    scheduled?.activityTaskScheduledEventAttributes?.activityType?.name ?? '';
  const { signalName } = event.workflowExecutionSignaledEventAttributes ?? {};
  if (signalName) return [signalName];
  if (event.activityTaskScheduledEventAttributes) return [`scheduled ${nameOf(event)}`];
  if (event.workflowTaskCompletedEventAttributes) return ['decided'];
  const { scheduledEventId } = event.activityTaskCompletedEventAttributes ?? {};
  if (!scheduledEventId) return [];
  return [`completed ${nameOf(events.find(({ eventId }) => String(eventId) === String(scheduledEventId)))}`];
}
