import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Plan } from '../../src/plan/plan.ts';
import type { ReleaseStatus } from '../../workflows/messages.ts';
import { untilWaitingFor, withWorld } from './environment.ts';
import { automatic, credlinkPlan } from './plans.ts';
import { createWorld } from './world.ts';

const version = '1.1.0';
const limit = { timeout: 300_000 };
const MINUTE = 60_000;

/** CredLink's plan with another last pause, and other needs of the background analysis. */
function planWith(change: { lastPauseMs?: number; minimumReadings?: number }): Plan {
  const plan = automatic(credlinkPlan());
  const { steps, background } = plan.canary;
  const durationMs = change.lastPauseMs ?? 10 * MINUTE;
  const last = { kind: 'pause', durationMs, deadlineMs: 60 * MINUTE } as const;
  const analysis = background && { ...background.analysis, ...change };
  return {
    ...plan,
    canary: {
      ...plan.canary,
      steps: [...steps.slice(0, -1), last],
      background: background && analysis && { ...background, analysis },
    },
  };
}

test('a last weight that no reading fell on is read once more before the ramp ends', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  await withWorld(world, async ({ start }) => {
    const handle = await start(planWith({ lastPauseMs: MINUTE }));
    const { outcome, metrics } = (await handle.result()) as ReleaseStatus;
    assert.equal(outcome, 'released');
    assert.deepEqual(
      metrics.map(({ readings }) => readings.filter(({ weight }) => weight === 75).length),
      [1, 1],
    );
  });
});

test('a last reading that is bad takes the release back', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  world.metric = (query, weight) => (weight === 75 ? '' : query.includes('quantile') ? 0.1 : 1);
  await withWorld(world, async ({ start }) => {
    const handle = await start(planWith({ lastPauseMs: MINUTE }));
    await assert.rejects(handle.result());
    assert.deepEqual(world.weights, { '1.0.0': 100 });
  });
});

test('a person who decided on an inconclusive analysis is not asked again by a later run', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  await withWorld(world, async (running) => {
    const handle = await running.start(planWith({ minimumReadings: 100 }), { eventsPerRun: 20 });
    const { waiting, continued } = await untilWaitingFor(running, handle, 'inconclusive');
    await handle.signal('approve', { step: waiting?.token, id: 'go on' });
    const result = (await handle.result()) as ReleaseStatus;
    assert.equal(result.outcome, 'released');
    assert.ok(result.continued > continued, 'it was carried into another run after the decision');
  });
});

test('going back after a terminated release restores what stable runs, not what that one wrote', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  world.files.set('/values.yaml', '1.0.9');
  world.revisions.set('1.0.9', { version: '1.0.9', replicas: 2, ready: 2, restarts: 0, because: '' });
  world.weights = { '1.0.0': 75, '1.0.9': 25 };
  world.ready = () => false;
  await withWorld(world, async ({ start }) => {
    const handle = await start(automatic(credlinkPlan()));
    await assert.rejects(handle.result());
    assert.equal(world.files.get('/values.yaml'), '1.0.0');
    assert.deepEqual(world.weights, { '1.0.0': 100 });
    assert.deepEqual([...world.revisions.keys()], ['1.0.0']);
  });
});
