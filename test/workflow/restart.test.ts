import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { SEARCH_ATTRIBUTES } from '../../workflows/messages.ts';
import {
  RESTART_WORKFLOW,
  type RestartInput,
  type RestartStatus,
  restartId,
} from '../../workflows/restart-messages.ts';
import { type Running, withWorld } from './environment.ts';
import { credlinkPlan } from './plans.ts';
import { createWorld, type World } from './world.ts';

const limit = { timeout: 300_000 };
const plan = credlinkPlan();

function begin({ env }: Running, input: Partial<RestartInput> = {}) {
  return env.client.workflow.start(RESTART_WORKFLOW, {
    workflowId: restartId(plan),
    taskQueue: 'shiplock',
    args: [{ plan, ...input }],
  });
}

async function failureOf(result: Promise<unknown>): Promise<{ cause: unknown; status: RestartStatus }> {
  const error: unknown = await result.then(
    () => assert.fail('it did not fail'),
    (error) => error,
  );
  assert.ok(error instanceof WorkflowFailedError, String(error));
  const { cause } = error;
  return { cause, status: (cause instanceof ApplicationFailure ? cause.details?.[0] : undefined) as RestartStatus };
}

/** As the real one, which reports now and then. */
const slowly = async (activity: string): Promise<void> => {
  if (activity === 'restartPods') await delay(50);
};

const played = (change: (world: World) => void = () => {}): World => {
  const world = createWorld({ canaryVersion: '1.1.0' });
  change(world);
  return world;
};

describe('a restart', () => {
  it('goes on until no pod of before is left, and says by whom it was asked for, and why', limit, async () => {
    await withWorld(played(), async (running) => {
      const handle = await begin(running, { reason: 'a leak' });
      const status = (await handle.result()) as RestartStatus;
      const { outcome, because, pods, replaced, reason, startedBy } = status;
      assert.deepEqual(
        { outcome, because, pods, replaced, reason, startedBy },
        { outcome: 'restarted', because: '2 of 2', pods: 2, replaced: 2, reason: 'a leak', startedBy: 'ann@laptop' },
      );
      const { searchAttributes } = await handle.describe();
      assert.deepEqual(searchAttributes[SEARCH_ATTRIBUTES.phase], ['ended']);
      assert.deepEqual(searchAttributes[SEARCH_ATTRIBUTES.outcome], ['restarted']);
    });
  });

  it('says what it waits for, and ends at its deadline with that reason', limit, async () => {
    const world = played((world) => {
      // One that goes on for ten times as long is done at last.
      let looks = 0;
      world.restart.next = () => {
        looks += 1;
        return { done: looks > 200, replaced: 1, waitsFor: 'disruptionBudget', because: 'the budget web' };
      };
      world.before = slowly;
    });
    await withWorld(world, async (running) => {
      const handle = await begin(running, { deadlineMs: 1_000 });
      const { cause, status } = await failureOf(handle.result());
      assert.equal((cause as ApplicationFailure).type, 'SHIPLOCK_RESTART_UNFINISHED');
      assert.equal(status.because, 'not all pods are restarted: the budget web');
      assert.deepEqual([status.outcome, status.replaced], ['unfinished', 1]);
    });
  });

  it('that is cancelled ends as cancelled once the activity has', limit, async () => {
    const looking = Promise.withResolvers<void>();
    let ended = false;
    const world = played((world) => {
      world.restart.next = () => ({ done: false, replaced: 1, waitsFor: 'replacements', because: '1 of 2' });
      // The second look goes on until it hears of the cancellation, and then for a moment. One that ends by itself in that
      // moment is no test: this server, unlike others, refuses to cancel what has just ended, and waits for a time-out.
      world.before = async (activity, count) => {
        if (activity !== 'restartPods' || count === 1) return;
        const context = Context.current();
        const beat = setInterval(() => context.heartbeat(), 200);
        looking.resolve();
        await context.cancelled.catch(() => delay(500)).finally(() => clearInterval(beat));
        ended = true;
        throw new CancelledFailure('it was told to');
      };
    });
    await withWorld(world, async (running) => {
      const handle = await begin(running);
      await looking.promise;
      await handle.cancel();
      // Whoever waits for the result lets the clock skip; here it shall not pass the deadline.
      const state = async () => (await handle.describe()).status.name;
      while ((await state()) === 'RUNNING') await delay(50);
      assert.equal(await state(), 'CANCELLED');
      assert.ok(ended, 'pods are evicted after its end');
      const status = (await handle.query('status')) as RestartStatus;
      assert.deepEqual([status.outcome, status.because], ['cancelled', 'cancelled: 1 of 2']);
    });
  });

  it('fails with the reason of an activity that trying again does not mend', limit, async () => {
    const world = played((world) => {
      world.before = (activity) => {
        if (activity === 'beginRestart')
          throw ApplicationFailure.nonRetryable('the policy refuses', 'SHIPLOCK_POLICY_REFUSED');
      };
    });
    await withWorld(world, async (running) => {
      const { cause, status } = await failureOf((await begin(running)).result());
      assert.equal((cause as ApplicationFailure).type, 'SHIPLOCK_POLICY_REFUSED');
      assert.deepEqual([status.outcome, status.because], ['refused', 'the policy refuses']);
    });
  });

  it('of no plan, or for longer than a day, is refused before anything is asked', limit, async () => {
    await withWorld(played(), async (running) => {
      for (const input of [{ plan: null }, { deadlineMs: 1e9 }, { deadlineMs: '1h' }, { reason: 'x'.repeat(1_001) }]) {
        const { cause } = await failureOf((await begin(running, input as object)).result());
        assert.equal((cause as ApplicationFailure).type, 'SHIPLOCK_PLAN_INVALID');
      }
    });
  });
});
