/** A metric whose readings are a job's exit code. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Context } from '@temporalio/activity';
import { ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import type { JobCommand, MetricPlan, Plan, Step } from '../../src/plan/plan.ts';
import type { ReleaseStatus } from '../../workflows/messages.ts';
import { type ReleaseHandle, withWorld } from './environment.ts';
import { automatic, credlinkPlan, LATENCY, SUCCESS } from './plans.ts';
import { createWorld, type World } from './world.ts';

const limit = { timeout: 300_000 };
const version = '1.1.0';
/** The way back takes milliseconds when it waits for nothing. */
const PATIENCE_MS = 20_000;
const job: JobCommand = { kind: 'job', command: ['smoke', '--all'], environment: {}, attempts: 1, timeoutMs: 60_000 };
const SMOKE: MetricPlan = { ...LATENCY, name: 'smoke', provider: job, successCondition: null, failureLimit: 0 };
const weight = (percent: number) => ({ kind: 'setWeight', weight: percent }) as const;

/** The CredLink plan with these metrics beside its steps. */
function planWith(metrics: readonly MetricPlan[], steps?: readonly Step[]): Plan {
  const plan = automatic(credlinkPlan());
  const { background } = plan.canary;
  assert.ok(background);
  const analysis = { ...background.analysis, metrics, minimumReadings: steps ? 1 : 3 };
  const canary = { ...plan.canary, background: { startingStep: 1, analysis }, ...(steps && { steps }) };
  return { ...plan, canary, promotion: { monitor: null, approval: null } };
}

/** These metrics as a step at 10 %, and nothing else to wait for. */
function inlinePlan(metrics: readonly MetricPlan[]): Plan {
  const plan = planWith(metrics);
  const { background } = plan.canary;
  assert.ok(background);
  const steps: readonly Step[] = [weight(10), { kind: 'analysis', analysis: background.analysis }];
  return { ...plan, canary: { ...plan.canary, background: null, steps } };
}

/** So short that a clock that stands still for a job under way is no matter. */
const QUICK = { intervalMs: 200, count: null, initialDelayMs: 0 };
const QUICK_STEPS: readonly Step[] = [
  weight(10),
  { kind: 'pause', durationMs: 1_500, deadlineMs: 60_000 },
  weight(50),
  { kind: 'pause', durationMs: 1_500, deadlineMs: 60_000 },
];

/**
 * Holds the first job until `release` is called, heartbeating, so that no slow machine loses it; counts the calls.
 * It goes on when it is cancelled, as a process that does not end: nobody may wait for it.
 */
function holdFirstJob(world: World) {
  const held = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const calls = { runJob: 0, measure: 0 };
  world.before = async (activity, count) => {
    if (activity === 'runJob' || activity === 'measure') calls[activity] = count;
    if (activity === 'measure' && calls.runJob > 0) world.journal.push('reading beside the job');
    if (activity !== 'runJob' || count > 1) return;
    begun.resolve();
    const context = Context.current();
    const beat = setInterval(() => context.heartbeat(), 500);
    await held.promise.finally(() => clearInterval(beat));
  };
  return { calls, begun: begun.promise, release: () => held.resolve() };
}

const metricOf = (status: ReleaseStatus, name: string) => {
  const found = status.metrics.find(({ metric }) => metric === name);
  assert.ok(found, JSON.stringify(status.metrics));
  return found;
};

async function reasonOf(handle: ReleaseHandle): Promise<string> {
  const error = await handle.result().then(
    () => assert.fail('it was released'),
    (error: unknown) => error,
  );
  assert.ok(error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure, String(error));
  assert.equal(error.cause.type, 'RolledBack');
  return error.cause.message;
}

test('a job that exits with 0 is a good reading, beside the steps and between them', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  const commands = new Set<string>();
  world.job = (command) => {
    commands.add(command);
    return { end: 'exited', exitCode: 0, because: 'exit code 0 after 1.0 s' };
  };
  const inline = { ...SMOKE, provider: { ...job, command: ['check', '{{revision.latest}}', '{{revision.stable}}'] } };
  const plan = planWith([
    { ...SUCCESS, count: null },
    { ...SMOKE, count: null },
  ]);
  const { background } = plan.canary;
  assert.ok(background);
  const analysis = { ...background.analysis, metrics: [{ ...inline, count: 1 }] };
  const steps: readonly Step[] = [...plan.canary.steps, { kind: 'analysis', analysis }];
  await withWorld(world, async ({ start }) => {
    const status = (await (await start({ ...plan, canary: { ...plan.canary, steps } })).result()) as ReleaseStatus;
    assert.equal(status.outcome, 'released');
    const smoke = metricOf(status, 'smoke');
    assert.deepEqual([smoke.query, smoke.condition], ['smoke --all', 'exit code 0']);
    assert.ok(smoke.good >= 3 && smoke.failed === 0, JSON.stringify(smoke));
    assert.deepEqual([...new Set(smoke.readings.map(({ value }) => value))], ['exit code 0']);
    assert.deepEqual([...commands].toSorted(), ['check 1.1.0 1.0.0', 'smoke --all']);
  });
});

test('a job that exits with another code takes the release back, with its words', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  world.job = (_, weight) =>
    weight < 50
      ? { end: 'exited', exitCode: 0, because: 'exit code 0 after 1.0 s' }
      : { end: 'exited', exitCode: 3, because: 'exit code 3 after 2.0 s' };
  await withWorld(world, async ({ start }) => {
    const because = await reasonOf(await start(planWith([SUCCESS, { ...SMOKE, count: null }])));
    assert.match(because, /^smoke: /);
    assert.equal(world.weights[version] ?? 0, 0);
    assert.equal(world.stable, '1.0.0');
  });
});

test('a job that nobody can run is an error, and too many of those take the release back', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  world.before = (activity) => {
    if (activity === 'runJob') throw ApplicationFailure.nonRetryable('/srv lies outside of the policy', 'SHIPLOCK_X');
  };
  await withWorld(world, async ({ start }) => {
    assert.match(
      await reasonOf(await start(planWith([SUCCESS, { ...SMOKE, count: null }]))),
      /smoke: .*errors? in a row/,
    );
  });
});

test('a job under way holds up no other reading', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  const { calls, release } = holdFirstJob(world);
  const before = world.before;
  world.before = async (activity, count) => {
    // Four readings taken while the job runs: then it may end.
    if (world.journal.filter((line) => line === 'reading beside the job').length >= 4) release();
    await before(activity, count);
  };
  const metrics = [
    { ...SUCCESS, ...QUICK, count: 6 },
    { ...SMOKE, ...QUICK, count: 1 },
  ];
  await withWorld(world, async ({ start }) => {
    const status = (await (await start(inlinePlan(metrics))).result()) as ReleaseStatus;
    assert.equal(status.outcome, 'released');
    assert.deepEqual([metricOf(status, 'smoke').state, metricOf(status, 'success-rate').good], ['pass', 6]);
    assert.equal(calls.runJob, 1);
  });
});

test('a job that the end of the ramp cuts short does not count, and is run once more', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  const { calls, release } = holdFirstJob(world);
  const before = world.before;
  world.before = async (activity, count) => {
    if (activity === 'runJob' && count === 2) release();
    await before(activity, count);
  };
  await withWorld(world, async ({ start }) => {
    const patience = setTimeout(release, PATIENCE_MS);
    const status = (await (
      await start(planWith([{ ...SMOKE, ...QUICK, intervalMs: 60_000 }], QUICK_STEPS))
    ).result()) as ReleaseStatus;
    clearTimeout(patience);
    assert.equal(status.outcome, 'released');
    assert.equal(calls.runJob, 2, 'once more, and not waited for');
    const { readings, good, errors, inconclusive } = metricOf(status, 'smoke');
    assert.deepEqual(
      { readings: readings.map(({ verdict, weight }) => `${verdict} at ${weight}`), good, errors, inconclusive },
      { readings: ['pass at 50'], good: 1, errors: 0, inconclusive: 0 },
    );
  });
});

test('a metric that failed ends the job of another one, which does not count', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  const { begun, release } = holdFirstJob(world);
  let bad = false;
  world.metric = () => (bad ? 0 : 1);
  await withWorld(world, async ({ start }) => {
    const metrics = [
      { ...SUCCESS, ...QUICK },
      { ...SMOKE, ...QUICK },
    ];
    const steps: readonly Step[] = [weight(10), { kind: 'pause', durationMs: null, deadlineMs: 60 * 60_000 }];
    const handle = await start(planWith(metrics, steps));
    await begun;
    bad = true;
    assert.match(await reasonOf(handle), /^success-rate: /);
    release();
  });
});

test('an abort does not wait for a job', limit, async () => {
  const world = createWorld({ canaryVersion: version });
  const { begun, release, calls } = holdFirstJob(world);
  await withWorld(world, async ({ start }) => {
    const handle = await start(inlinePlan([{ ...SMOKE, ...QUICK, count: 1 }]));
    await begun;
    await handle.signal('abort', { reason: 'enough' });
    let waits = false;
    const patience = setTimeout(() => {
      waits = true;
      release();
    }, PATIENCE_MS);
    assert.equal(await reasonOf(handle), 'enough');
    clearTimeout(patience);
    assert.equal(waits, false, 'it waits for the job');
    assert.equal(calls.runJob, 1);
    assert.deepEqual(world.weights, { '1.0.0': 100 });
    release();
  });
});
