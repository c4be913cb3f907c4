/** A release that drives Argo's own controller; the controller is played. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import type { ReleaseStatus } from '../../workflows/messages.ts';
import { drivenPlan } from './driven-plans.ts';
import { type ReleaseHandle, type Running, statusOf, until, untilWaitingFor, withWorld } from './environment.ts';
import { credlinkPlan } from './plans.ts';
import { imageOf, type PlayedStep, playedRollout } from './played-rollout.ts';
import { createWorld, type World } from './world.ts';

const limit = { timeout: 300_000 };
const MINUTE = 60_000;
const version = '1.1.0';
const open: PlayedStep = { pauseMs: null };
const timed = (pauseMs: number): PlayedStep => ({ pauseMs });
const weight = (percent: number): PlayedStep => ({ weight: percent });

const approved = { promotion: { ...credlinkPlan().promotion, monitor: null } };

function worldOf(...steps: PlayedStep[]): World {
  const world = createWorld({ canaryVersion: version });
  world.rollout = playedRollout(steps);
  return world;
}

async function endOf(handle: ReleaseHandle): Promise<{ type: string; message: string; status: ReleaseStatus }> {
  const error = await handle.result().then(
    () => assert.fail('the release was expected to fail'),
    (error: unknown) => error,
  );
  assert.ok(error instanceof WorkflowFailedError);
  const cause = error.cause as ApplicationFailure;
  return { type: cause.type ?? '', message: cause.message, status: cause.details?.[0] as ReleaseStatus };
}

const waitsFor = (running: Running, handle: ReleaseHandle, kind: string, name = '') =>
  until(running, handle, ({ waiting }) => waiting?.kind === kind && waiting.token.startsWith(name));

const withoutFiles = ({ journal }: World) => journal.filter((line) => !line.startsWith('write'));

test('it sets the image and follows the controller to the end', limit, async () => {
  const world = worldOf(weight(10), timed(5 * MINUTE), weight(50), timed(10 * MINUTE));
  await withWorld(world, async ({ start }) => {
    const handle = await start(drivenPlan());
    const result = (await handle.result()) as ReleaseStatus;
    assert.equal(result.outcome, 'released');
    assert.deepEqual(withoutFiles(world), ['image 1.1.0']);
    assert.deepEqual(result.weights, { '1.1.0': 100 });
    assert.equal(result.rollout?.seen.phase, 'Healthy');
    assert.equal(result.rollout?.stable, imageOf('1.0.0'));
    const line = (name: string) => result.progress.find((known) => known.name === name)?.state;
    assert.deepEqual(['rollout-look', 'rollout-image', 'rollout', 'cleanup'].map(line), [
      'done',
      'done',
      'done',
      'skipped',
    ]);
  });
});

test('an open pause asks, and a promote ends that pause alone', limit, async () => {
  const world = worldOf(weight(10), open, weight(50), open);
  await withWorld(world, async (running) => {
    const handle = await running.start(drivenPlan());
    const first = await waitsFor(running, handle, 'pause', 'rollout-2');
    assert.deepEqual(first.waiting?.accepts, ['promote']);
    assert.match(first.waiting?.prompt ?? '', /step 2 of 4/);
    assert.deepEqual(first.weights, { '1.0.0': 90, '1.1.0': 10 });
    const promote = { step: first.waiting?.token };
    await handle.signal('promote', { ...promote, id: 'one' });
    await handle.signal('promote', { ...promote, id: 'two' });
    const second = await waitsFor(running, handle, 'pause', 'rollout-4');
    assert.deepEqual(second.weights, { '1.0.0': 50, '1.1.0': 50 });
    assert.deepEqual(withoutFiles(world), ['image 1.1.0', 'promote step 2']);
    await handle.signal('promote', { step: second.waiting?.token });
    assert.equal(((await handle.result()) as ReleaseStatus).outcome, 'released');
  });
});

test('an open pause that nobody ends goes back at its deadline', limit, async () => {
  const world = worldOf(weight(10), open);
  await withWorld(world, async ({ start }) => {
    const { type, message } = await endOf(await start(drivenPlan()));
    assert.equal(type, 'RolledBack');
    assert.match(message, /nobody answered in time/);
    assert.deepEqual(withoutFiles(world), ['image 1.1.0', 'abort', 'image 1.0.0']);
    assert.deepEqual(world.weights, { '1.0.0': 100 });
  });
});

test('a pause that somebody ended by other means is no longer asked about', limit, async () => {
  const world = worldOf(weight(10), open, weight(50), timed(MINUTE));
  await withWorld(world, async (running) => {
    const handle = await running.start(drivenPlan());
    await waitsFor(running, handle, 'pause', 'rollout-2');
    assert.ok(world.rollout);
    world.rollout.pausedSince = null;
    assert.equal(((await handle.result()) as ReleaseStatus).outcome, 'released');
    assert.deepEqual(withoutFiles(world), ['image 1.1.0']);
  });
});

test('what the controller aborts goes back, with the reason of the controller', limit, async () => {
  const world = worldOf(weight(10), { analysis: () => 'Failed' }, weight(50));
  await withWorld(world, async ({ start }) => {
    const { type, message } = await endOf(await start(drivenPlan()));
    assert.equal(type, 'RolledBack');
    assert.match(message, /Argo's controller: RolloutAborted: metric assessed Failed/);
    assert.equal(world.rollout?.image, imageOf('1.0.0'));
    assert.equal(world.files.get('/values.yaml'), '1.0.0');
  });
});

test('an undecided analysis asks a person, who may go on or reject', limit, async (t) => {
  for (const [signal, outcome] of [
    ['approve', 'released'],
    ['reject', 'Rejected'],
  ] as const) {
    await t.test(signal, async () => {
      const world = worldOf(weight(10), { analysis: () => 'Inconclusive' }, weight(50));
      await withWorld(world, async (running) => {
        const handle = await running.start(drivenPlan());
        const { waiting } = await waitsFor(running, handle, 'inconclusive');
        assert.match(waiting?.prompt ?? '', /success-rate/);
        await handle.signal(signal, { step: waiting?.token, comment: 'seen' });
        const end =
          signal === 'approve' ? ((await handle.result()) as ReleaseStatus).outcome : (await endOf(handle)).type;
        assert.equal(end, outcome);
      });
    });
  }
});

test('the approval is the answer to the last open pause', limit, async () => {
  const world = worldOf(weight(10), open, weight(50), open);
  await withWorld(world, async (running) => {
    const handle = await running.start(drivenPlan(approved));
    const first = await waitsFor(running, handle, 'pause', 'rollout-2');
    await handle.signal('promote', { step: first.waiting?.token });
    const last = await waitsFor(running, handle, 'approval', 'promotion');
    assert.equal(last.phase, 'promotion');
    assert.deepEqual(last.weights, { '1.0.0': 50, '1.1.0': 50 });
    await handle.signal('approve', { step: last.waiting?.token });
    const result = (await handle.result()) as ReleaseStatus;
    assert.equal(result.outcome, 'released');
    assert.deepEqual(withoutFiles(world), ['image 1.1.0', 'promote step 2', 'promote step 4']);
  });
});

test('where no pause is open, or may be skipped, the approval comes before the image', limit, async (t) => {
  for (const maySkip of [false, true]) {
    await t.test(maySkip ? 'may be skipped' : 'none is open', async () => {
      const world = worldOf(weight(10), maySkip ? open : timed(MINUTE));
      assert.ok(world.rollout);
      world.rollout.maySkip = maySkip;
      await withWorld(world, async (running) => {
        const handle = await running.start(drivenPlan(approved));
        const { waiting, weights } = await waitsFor(running, handle, 'approval', 'promotion');
        assert.deepEqual([withoutFiles(world), weights], [[], { '1.0.0': 100 }]);
        await handle.signal('approve', { step: waiting?.token });
        if (maySkip) {
          const { waiting } = await waitsFor(running, handle, 'pause', 'rollout-2');
          await handle.signal('promote', { step: waiting?.token });
        }
        assert.equal(((await handle.result()) as ReleaseStatus).outcome, 'released');
      });
    });
  }
});

test('what was promoted without its approval is asked about, and unanswered goes back', limit, async () => {
  const world = worldOf(weight(10), open);
  await withWorld(world, async (running) => {
    const handle = await running.start(drivenPlan(approved));
    await waitsFor(running, handle, 'approval', 'promotion');
    assert.ok(world.rollout);
    world.rollout.pausedSince = null;
    const { type, message } = await endOf(handle);
    assert.deepEqual([type, message], ['RolledBack', 'nobody approved in time']);
    assert.deepEqual(world.weights, { '1.0.0': 100 });
  });
});

test(
  'what somebody promotes fully by other means is asked about at its end, and unanswered goes back',
  limit,
  async () => {
    const world = worldOf(weight(10), timed(30 * MINUTE), weight(50), open);
    await withWorld(world, async (running) => {
      const handle = await running.start(drivenPlan(approved));
      await until(running, handle, ({ weights }) => weights[version] === 10);
      const { rollout } = world;
      assert.ok(rollout);
      Object.assign(rollout, { index: rollout.steps.length, pausedSince: null, reason: '' });
      const { type, message } = await endOf(handle);
      assert.deepEqual([type, message], ['RolledBack', 'nobody approved in time']);
      assert.deepEqual(world.weights, { '1.0.0': 100 });
    });
  },
);

test('an abort in mid-ramp and one in the window put the image back', limit, async (t) => {
  await t.test('in mid-ramp', async () => {
    const world = worldOf(weight(25), timed(30 * MINUTE));
    await withWorld(world, async (running) => {
      const handle = await running.start(drivenPlan());
      await until(running, handle, ({ weights }) => weights[version] === 25);
      await handle.signal('abort', { reason: 'customers complain' });
      const { type, status } = await endOf(handle);
      assert.equal(type, 'RolledBack');
      assert.deepEqual(withoutFiles(world), ['image 1.1.0', 'abort', 'image 1.0.0']);
      assert.deepEqual(status.weights, { '1.0.0': 100 });
    });
  });
  await t.test('in the window', async () => {
    const world = worldOf(weight(25), timed(MINUTE));
    await withWorld(world, async (running) => {
      const handle = await running.start(drivenPlan());
      await until(running, handle, ({ phase }) => phase === 'window');
      await handle.signal('abort', { reason: 'customers complain' });
      assert.equal((await endOf(handle)).type, 'RolledBack');
      assert.deepEqual(withoutFiles(world), ['image 1.1.0', 'image 1.0.0']);
      assert.equal(world.stable, '1.0.0');
    });
  });
});

test('promoteFull is passed on, after the approval', limit, async () => {
  const world = worldOf(weight(10), timed(60 * MINUTE), weight(50), open);
  await withWorld(world, async (running) => {
    const handle = await running.start(drivenPlan(approved));
    await until(running, handle, ({ weights }) => weights[version] === 10);
    await handle.signal('promoteFull', { version, reason: 'urgent' });
    const { waiting } = await waitsFor(running, handle, 'approval', 'promotion');
    assert.deepEqual(withoutFiles(world), ['image 1.1.0']);
    await handle.signal('approve', { step: waiting?.token });
    assert.equal(((await handle.result()) as ReleaseStatus).outcome, 'released');
    assert.deepEqual(withoutFiles(world), ['image 1.1.0', 'promote fully']);
  });
});

test('our pause holds the controller, and resume lets it go on', limit, async () => {
  const world = worldOf(weight(10), timed(5 * MINUTE), weight(50), timed(5 * MINUTE));
  await withWorld(world, async (running) => {
    const handle = await running.start(drivenPlan());
    await until(running, handle, ({ weights }) => weights[version] === 10);
    await handle.signal('pause', { reason: 'lunch' });
    const { waiting } = await waitsFor(running, handle, 'paused');
    assert.equal(world.rollout?.held, true);
    // In steps: the timed pause is over long before.
    for (let steps = 0; steps < 40; steps += 1) await running.env.sleep(10_000);
    assert.deepEqual((await statusOf(handle)).weights, { '1.0.0': 90, '1.1.0': 10 });
    await handle.signal('resume', { step: waiting?.token });
    assert.equal(((await handle.result()) as ReleaseStatus).outcome, 'released');
    assert.deepEqual(withoutFiles(world), ['image 1.1.0', 'hold', 'let go']);
  });
});

test('a controller that does not take it up is given up, and the image goes back', limit, async () => {
  const world = worldOf(weight(10), open);
  await withWorld(world, async (running) => {
    const handle = await running.start(drivenPlan());
    assert.ok(world.rollout);
    world.rollout.runs = false;
    const stuck = await waitsFor(running, handle, 'undo');
    assert.match(stuck.because, /has not taken up the last change; does it run\?/);
    assert.match(stuck.waiting?.prompt ?? '', /the controller does nothing/);
    world.rollout.runs = true;
    assert.equal((await endOf(handle)).type, 'RolledBack');
    assert.equal(world.rollout.image, imageOf('1.0.0'));
  });
});

test('an image that somebody else set is left alone, and a person is asked', limit, async () => {
  const world = worldOf(weight(10), open);
  await withWorld(world, async (running) => {
    const handle = await running.start(drivenPlan());
    await waitsFor(running, handle, 'pause', 'rollout-2');
    assert.ok(world.rollout);
    Object.assign(world.rollout, { image: imageOf('9.9.9'), observed: false });
    const { waiting, because } = await waitsFor(running, handle, 'undo');
    assert.match(because, /somebody else set the image .*9\.9\.9/);
    await handle.signal('skip', { act: waiting?.token, reason: 'theirs now' });
    const { message } = await endOf(handle);
    assert.match(message, /somebody else/);
    assert.equal(world.rollout.image, imageOf('9.9.9'));
  });
});

test('an image that was set, and whose answer was lost for ever, is put back', limit, async () => {
  const world = worldOf(weight(10), open);
  const { setRolloutImage } = world.activities;
  world.activities.setRolloutImage = async (request) => {
    await setRolloutImage(request);
    throw ApplicationFailure.nonRetryable('its answer was lost', 'LOST');
  };
  await withWorld(world, async ({ start }) => {
    const { type, message } = await endOf(await start(drivenPlan()));
    assert.deepEqual([type, message], ['RolledBack', 'its answer was lost']);
    assert.equal(world.rollout?.image, imageOf('1.0.0'));
  });
});

test('a deleted Rollout ends the release with its reason', limit, async () => {
  const world = worldOf(weight(10), open);
  await withWorld(world, async (running) => {
    const handle = await running.start(drivenPlan());
    await waitsFor(running, handle, 'pause', 'rollout-2');
    assert.ok(world.rollout);
    world.rollout.deleted = true;
    const { waiting, because } = await waitsFor(running, handle, 'undo');
    assert.match(because, /there is no Rollout/);
    await handle.signal('skip', { act: waiting?.token, reason: 'it is gone' });
    const verify = await until(
      running,
      handle,
      (now) => now.waiting?.kind === 'undo' && now.waiting.token !== waiting?.token,
    );
    await handle.signal('skip', { act: verify.waiting?.token, reason: 'it is gone' });
    assert.equal((await endOf(handle)).type, 'RolledBack');
  });
});

test('a last look needs a pause at which one can look', limit, async () => {
  const world = worldOf(weight(10), timed(MINUTE));
  await withWorld(world, async ({ start }) => {
    const { promotion } = credlinkPlan();
    const { type, message } = await endOf(await start(drivenPlan({ promotion: { ...promotion, approval: null } })));
    assert.equal(type, 'Rejected');
    assert.match(message, /needs a pause/);
    assert.deepEqual(withoutFiles(world), []);
  });
});

test('a long rollout is followed in several runs, and its question keeps its token', limit, async () => {
  const world = worldOf(weight(10), timed(5 * MINUTE), weight(20), timed(5 * MINUTE), weight(50), open);
  await withWorld(world, async (running) => {
    const handle = await running.start(drivenPlan(approved), { eventsPerRun: 30 });
    // Asked of the search attribute: a query that meets the end of a run locks the test server's clock.
    const { waiting } = await untilWaitingFor(running, handle, 'approval');
    await handle.signal('approve', { step: waiting?.token });
    const result = (await handle.result()) as ReleaseStatus;
    assert.equal(result.outcome, 'released');
    assert.ok(result.continued > 0, 'it was carried on in a new run');
    assert.deepEqual(withoutFiles(world), ['image 1.1.0', 'promote step 6']);
  });
});
