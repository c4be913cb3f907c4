import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Plan } from '../../src/plan/plan.ts';
import type { ReleaseStatus } from '../../workflows/messages.ts';
import { counting, countsPlan } from './compared-plans.ts';
import { withWorld } from './environment.ts';
import { credlinkPlan } from './plans.ts';
import { createWorld, type World } from './world.ts';

const limit = { timeout: 300_000 };
const version = '1.1.0';

async function released(
  plan: Plan,
  each: Parameters<typeof counting>[1],
  eventsPerRun?: number,
  prepare: (world: World) => void = () => {},
) {
  const world = createWorld({ canaryVersion: version });
  prepare(world);
  const asked = counting(world, each);
  let status: ReleaseStatus | undefined;
  await withWorld(world, async ({ start }) => {
    const handle = await start(plan, eventsPerRun === undefined ? {} : { eventsPerRun });
    status = (await handle.result().catch(() => handle.query('status'))) as ReleaseStatus;
  });
  assert.ok(status);
  const metric = status.metrics.find(({ metric: name }) => name === 'errors');
  return { status, metric: metric as NonNullable<typeof metric>, asked, world };
}

test('a canary that fails more often than the stable side goes back, and the reason says how much', limit, async () => {
  const { status, metric, asked } = await released(countsPlan({}), {
    requests: 1_000,
    canaryFails: 20,
    stableFails: 100,
  });
  assert.equal(status.outcome, 'rolledBack');
  assert.match(status.because, /errors: worse than the stable side: 5 % of \d+ on the canary, 1 % of \d+/);
  assert.equal(metric.state, 'fail');
  assert.ok(asked.every((query) => query.includes(credlinkPlan().target.stableService)));
});

test('an equal canary is released after the whole ramp', limit, async () => {
  const { status, metric } = await released(countsPlan({}), { requests: 1_000, canaryFails: 100, stableFails: 100 });
  assert.equal(status.outcome, 'released');
  assert.match(metric.because, /^nothing against it/);
  const pauses = status.progress.filter(({ name, because }) => name.startsWith('step-') && because === 'over');
  assert.equal(pauses.length, 2);
});

test(
  'with a margin, each pause ends as soon as the canary is shown to be within it at that weight',
  limit,
  async () => {
    const each = { requests: 10_000, canaryFails: 100, stableFails: 100 };
    const { status } = await released(countsPlan({ margin: 0.5 }), each);
    assert.equal(status.outcome, 'released');
    const early = status.progress.filter(({ because }) => because === 'ended early: shown to be within the margin');
    assert.equal(early.length, 2, JSON.stringify(status.progress));
  },
);

test(
  'the last pause ends early only once there are the readings that the end of the ramp asks for',
  limit,
  async () => {
    const each = { requests: 10_000, canaryFails: 100, stableFails: 100 };
    const plan = countsPlan({ margin: 0.5 });
    const { comparison } = plan.canary;
    assert.ok(comparison);
    const { status, metric } = await released(
      { ...plan, canary: { ...plan.canary, comparison: { ...comparison, minimumReadings: 8 } } },
      each,
    );
    assert.equal(status.outcome, 'released', status.because);
    assert.equal(metric.good, 8);
    const early = status.progress.filter(({ because }) => because.startsWith('ended early'));
    assert.equal(early.length, 2);
  },
);

test('what is known goes on exactly in a new run of the workflow', limit, async () => {
  // So little worse that only the looks at both weights together show it.
  const each = { requests: 60, canaryFails: 60, stableFails: 100 };
  const whole = await released(countsPlan({}), each);
  const parts = await released(countsPlan({}), each, 60);
  assert.equal(whole.status.outcome, 'rolledBack');
  assert.equal(whole.metric.readings.at(-1)?.weight, 50);
  assert.ok(parts.status.continued >= 2, 'a new run before the ramp, and one within it');
  assert.deepEqual(
    parts.metric.readings.map(({ value, verdict }) => [value, verdict]),
    whole.metric.readings.map(({ value, verdict }) => [value, verdict]),
  );
});

const withBaseline = (plan: Plan): Plan => ({ ...plan, canary: { ...plan.canary, baselineService: 'api-baseline' } });
const stable = '1.0.0';
const baseline = '1.0.0-baseline';

test('with a baseline, a fresh copy of stable has the canary’s share and is compared with it', limit, async () => {
  const each = { requests: 1_000, canaryFails: 100, stableFails: 100 };
  const split: Record<string, number>[] = [];
  const { status, asked, world } = await released(withBaseline(countsPlan({})), each, undefined, (world) => {
    const setWeights = world.activities.setWeights;
    world.activities.setWeights = (request) => {
      split.push({ ...request.weights });
      return setWeights(request);
    };
  });
  assert.equal(status.outcome, 'released');
  assert.ok(asked.length > 0 && asked.every((query) => query.includes('api-baseline')));
  assert.deepEqual(split, [
    { [stable]: 80, [version]: 10, [baseline]: 10 },
    { [stable]: 0, [version]: 50, [baseline]: 50 },
    { [stable]: 50, [version]: 50 },
    { [stable]: 0, [version]: 100 },
  ]);
  const { journal } = world;
  assert.ok(journal.indexOf(`start ${baseline}`) < journal.indexOf('weight 10'));
  assert.ok(journal.indexOf(`remove ${baseline}`) < journal.indexOf('weight 100'));
  assert.equal(status.progress.find(({ name }) => name === 'baseline')?.because, `${baseline} removed`);
});

test('going back takes the baseline along, after its traffic', limit, async () => {
  const each = { requests: 1_000, canaryFails: 20, stableFails: 100 };
  const { status, world } = await released(withBaseline(countsPlan({})), each);
  assert.equal(status.outcome, 'rolledBack');
  assert.deepEqual(world.weights, { [stable]: 100 });
  assert.deepEqual([...world.revisions.keys()], [stable]);
});

test('a baseline that does not get ready takes the release back before any traffic', limit, async () => {
  const each = { requests: 1_000, canaryFails: 100, stableFails: 100 };
  const { status, world } = await released(withBaseline(countsPlan({})), each, undefined, (world) => {
    world.ready = (name) => name !== baseline;
  });
  assert.equal(status.outcome, 'rolledBack');
  assert.match(status.because, /the baseline is not ready in time/);
  assert.ok(!world.journal.includes('weight 10'));
  assert.deepEqual([...world.revisions.keys()], [stable]);
});

test('too little traffic is no pass: a person is asked, and without an answer it goes back', limit, async () => {
  const { status } = await released(countsPlan({}), { requests: 1, canaryFails: 100, stableFails: 100 });
  assert.equal(status.outcome, 'rolledBack');
  assert.match(status.because, /inconclusive and nobody decided/);
});
