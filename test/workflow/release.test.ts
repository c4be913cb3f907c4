import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import type { ReleaseStatus } from '../../workflows/messages.ts';
import { type ReleaseHandle, until, withWorld } from './environment.ts';
import { automatic, credlinkPlan } from './plans.ts';
import { createWorld } from './world.ts';

const version = '1.1.0';
const limit = { timeout: 300_000 };

async function failureOf(handle: ReleaseHandle): Promise<{ type: string; message: string; status: ReleaseStatus }> {
  const error = await handle.result().then(
    () => assert.fail('the release was expected to fail'),
    (error: unknown) => error,
  );
  assert.ok(error instanceof WorkflowFailedError);
  const cause = error.cause as ApplicationFailure;
  return { type: cause.type ?? '', message: cause.message, status: cause.details?.[0] as ReleaseStatus };
}

test('the whole CredLink plan reaches 100 % in the order of the plan', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  await withWorld(world, async ({ start }) => {
    const handle = await start(automatic(credlinkPlan()));
    const result = (await handle.result()) as ReleaseStatus;
    assert.equal(result.outcome, 'released');
    assert.deepEqual(world.journal, [
      'gate unit-tests',
      'gate coverage',
      'gate build',
      'gate audit',
      'write 1.1.0',
      'write 1.1.0',
      'start 1.1.0',
      'weight 10',
      'weight 25',
      'weight 50',
      'weight 75',
      'weight 100',
      'stable 1.1.0',
      'remove 1.0.0',
    ]);
    const [success] = result.metrics;
    assert.ok(success && success.good >= 7, 'the analysis ran from step 2 to the end of the ramp');
    const history = await handle.fetchHistory();
    console.log(`CredLink plan: ${history.events?.length} events`);
    assert.ok((history.events?.length ?? 0) <= 400);
  });
});

test('a failing success rate takes the release back, last act first', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  world.metric = (query, weight) => (query.includes('quantile') ? 0.1 : weight >= 50 ? 0.9 : 1);
  await withWorld(world, async ({ start }) => {
    const { type, status, message } = await failureOf(await start(credlinkPlan()));
    assert.equal(type, 'RolledBack');
    assert.match(message, /success-rate.*failureLimit/);
    assert.equal(status.outcome, 'rolledBack');
    assert.deepEqual(world.journal.slice(-5), ['weight 75', 'weight 0', 'remove 1.1.0', 'write 1.0.0', 'write 1.0.0']);
    assert.deepEqual(world.weights, { '1.0.0': 100 });
  });
});

test('an unanswered approval goes back at its deadline', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  await withWorld(world, async ({ start }) => {
    const { type, message } = await failureOf(await start(credlinkPlan()));
    assert.equal(type, 'RolledBack');
    assert.equal(message, 'nobody approved in time');
  });
});

test('an approval that names the step promotes', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  await withWorld(world, async (running) => {
    const handle = await running.start(credlinkPlan());
    const { waiting } = await until(running, handle, (status) => status.waiting?.kind === 'approval');
    await handle.signal('approve', { step: 'promotion@00000000', id: 'foreign' });
    await handle.signal('approve', { step: waiting?.token, id: 'right' });
    const result = (await handle.result()) as ReleaseStatus;
    assert.equal(result.outcome, 'released');
    const decision = (id: string) => result.decisions.find((known) => known.id === id);
    assert.equal(decision('foreign')?.accepted, false);
    assert.equal(decision('right')?.accepted, true);
  });
});

test('a rejection goes back and is called rejected', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  await withWorld(world, async (running) => {
    const handle = await running.start(credlinkPlan());
    const { waiting } = await until(running, handle, (status) => status.waiting?.kind === 'approval');
    await handle.signal('reject', { step: waiting?.token, comment: 'not today' });
    const { type, message } = await failureOf(handle);
    assert.deepEqual([type, message], ['Rejected', 'not today']);
    assert.deepEqual(world.weights, { '1.0.0': 100 });
  });
});

test('a failed gate rejects the release before anything is changed', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  world.gate = () => ({ verdict: 'fail', because: 'exit code 1', durationMs: 5, exitCode: 1, log: null });
  await withWorld(world, async ({ start }) => {
    const { type } = await failureOf(await start(credlinkPlan()));
    assert.equal(type, 'Rejected');
    assert.deepEqual(world.journal, ['gate unit-tests']);
  });
});

test('a version that never gets ready goes back without any traffic', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  world.ready = () => false;
  await withWorld(world, async ({ start }) => {
    const { type, message } = await failureOf(await start(credlinkPlan()));
    assert.equal(type, 'RolledBack');
    assert.match(message, /not ready in time/);
    assert.ok(!world.journal.some((effect) => effect.startsWith('weight')));
  });
});

test('a cancel request is an abort, and the way back runs to its end', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  await withWorld(world, async (running) => {
    const handle = await running.start(credlinkPlan());
    await until(running, handle, (status) => status.weights['1.1.0'] === 50);
    await handle.cancel();
    const { type, message } = await failureOf(handle);
    assert.deepEqual([type, message], ['RolledBack', 'cancel requested']);
    assert.deepEqual(world.weights, { '1.0.0': 100 });
    assert.equal(world.files.get('/values.yaml'), '1.0.0');
  });
});

test('no data is never a pass', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  world.metric = () => '';
  await withWorld(world, async ({ start }) => {
    const { type, message } = await failureOf(await start(automatic(credlinkPlan())));
    assert.equal(type, 'RolledBack');
    assert.match(message, /error/);
  });
});

test('an abort in the window goes back with one traffic move', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  await withWorld(world, async (running) => {
    const handle = await running.start(automatic(credlinkPlan()));
    await until(running, handle, (status) => status.phase === 'window');
    await handle.signal('abort', { reason: 'customers complain' });
    const { type } = await failureOf(handle);
    assert.equal(type, 'RolledBack');
    assert.deepEqual(world.weights, { '1.0.0': 100 });
    assert.equal(world.stable, '1.0.0');
  });
});

test('a first release has no ramp, and an abort of it leaves nothing', limit, async () => {
  const world = createWorld({ canaryVersion: version, stable: null });
  await withWorld(world, async (running) => {
    const handle = await running.start(automatic(credlinkPlan()));
    await until(running, handle, (status) => status.phase === 'window');
    assert.deepEqual(world.weights, { '1.1.0': 100 });
    await handle.signal('abort');
    await failureOf(handle);
    assert.deepEqual(world.weights, {});
    assert.equal(world.revisions.size, 0);
  });
});

test('a history that grows long continues in a new run and loses nothing', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  await withWorld(world, async ({ start }) => {
    const handle = await start(automatic(credlinkPlan()), { eventsPerRun: 40 });
    const result = (await handle.result()) as ReleaseStatus;
    assert.equal(result.outcome, 'released');
    assert.ok(result.continued >= 2, `continued ${result.continued} times`);
    assert.equal(world.journal.filter((effect) => effect === 'weight 25').length, 1);
    assert.ok((result.metrics[0]?.good ?? 0) >= 7);
  });
});

test('a version that is stable already is rejected, and nothing is touched', limit, async () => {
  const world = createWorld({ canaryVersion: version, stable: version });
  await withWorld(world, async ({ start }) => {
    const { type, message } = await failureOf(await start(automatic(credlinkPlan())));
    assert.deepEqual([type, message], ['Rejected', '1.1.0 is the stable version already']);
    assert.deepEqual(world.journal, []);
  });
});

test('once the window has closed there is no way back, and an abort is told so', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  await withWorld(world, async ({ env, start }) => {
    world.before = async (activity) => {
      if (activity !== 'removeRevision') return;
      await env.client.workflow.getHandle('release-production-credlink-api').signal('abort', { id: 'late' });
    };
    const handle = await start(automatic(credlinkPlan()));
    const result = (await handle.result()) as ReleaseStatus;
    assert.equal(result.outcome, 'released');
    assert.equal(world.weights['1.1.0'], 100);
    const { decisions } = await handle.query<ReleaseStatus>('status');
    const late = decisions.find(({ id }) => id === 'late');
    assert.deepEqual([late?.accepted, late?.because], [false, 'the release has ended']);
  });
});
