/** Readings go on beside a wait for as long as it lasts; the history of a run must not grow with it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MetricPlan, Plan, Step } from '../../src/plan/plan.ts';
import type { Progress, ReleaseStatus } from '../../workflows/messages.ts';
import { type Running, until, untilWaitingFor, withWorld } from './environment.ts';
import { automatic, credlinkPlan, SUCCESS } from './plans.ts';
import { createWorld } from './world.ts';

const limit = { timeout: 300_000 };
const version = '1.1.0';
const MINUTE = 60_000;
/** No reading falls on a pause's end or a deadline. */
const INTERVAL_MS = 17_000;
/** A run that waits ends after five times as many. */
const EVENTS = 20;
/** What is under way when a run ends comes to it. */
const MOST_EVENTS = 5 * EVENTS + 60;
/** By then the wait has gone through some runs. */
const READING = 60;

const often: MetricPlan = { ...SUCCESS, intervalMs: INTERVAL_MS, count: null, initialDelayMs: 3_000 };

function planWith(steps: readonly Step[], metric: MetricPlan | null): Plan {
  const plan = automatic(credlinkPlan());
  const { background } = plan.canary;
  assert.ok(background);
  const analysis = { ...background.analysis, metrics: metric ? [metric] : [] };
  return { ...plan, canary: { ...plan.canary, steps, background: metric && { startingStep: 0, analysis } } };
}

const weight = (percent: number): Step => ({ kind: 'setWeight', weight: percent });
const pause = (durationMs: number | null, deadlineMs = 60 * MINUTE): Step => ({
  kind: 'pause',
  durationMs,
  deadlineMs,
});
const analysis = (metric: MetricPlan, deadlineMs: number): Step => ({
  kind: 'analysis',
  analysis: {
    templates: [metric.name],
    metrics: [metric],
    minimumReadings: 1,
    inconclusiveDeadlineMs: 30 * MINUTE,
    deadlineMs,
  },
});

/** The number of events of each run of the release. */
async function eventsOf({ env }: Running, workflowId: string, firstRunId: string): Promise<number[]> {
  const counts: number[] = [];
  for (let runId: string | undefined = firstRunId; runId; ) {
    const { events } = await env.client.workflow.getHandle(workflowId, runId).fetchHistory();
    counts.push(events?.length ?? 0);
    runId = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined;
  }
  return counts;
}

/** Runs a release; `signal` is sent while the `READING`th reading is taken, some runs after the wait began. */
async function ended(plan: Plan, signal?: readonly [name: string, input: object]) {
  let status: ReleaseStatus | undefined;
  let events: number[] = [];
  const world = createWorld({ canaryVersion: version });
  await withWorld(world, async (running) => {
    const handle = await running.start(plan, { eventsPerRun: EVENTS });
    world.before = async (activity, count) => {
      if (signal && activity === 'measure' && count === READING) {
        const [name, input] = signal;
        await running.env.client.workflow.getHandle(handle.workflowId).signal(name, input);
      }
    };
    status = (await handle.result().catch(() => handle.query('status'))) as ReleaseStatus;
    events = await eventsOf(running, handle.workflowId, handle.firstExecutionRunId as string);
  });
  assert.ok(status);
  return { status, events };
}

const lineOf = ({ progress }: ReleaseStatus, name: string): Progress =>
  progress.find((line) => line.name === name) ?? assert.fail(name);
const lasted = ({ startedAt, endedAt }: Progress): number => Date.parse(endedAt ?? '') - Date.parse(startedAt ?? '');

test('a timed pause goes on in new runs, and ends when it would have', limit, async () => {
  const plan = planWith([weight(10), pause(30 * MINUTE)], often);
  const { status, events } = await ended(plan);
  assert.equal(status.outcome, 'released');
  assert.ok(events.length > 3, `${events}`);
  assert.ok(Math.max(...events) < MOST_EVENTS, `${events}`);
  const line = lineOf(status, 'step-2');
  assert.deepEqual([line.state, line.because], ['done', 'over']);
  assert.ok(Math.abs(lasted(line) - 30 * MINUTE) < 5_000, `${lasted(line)}`);
  assert.ok((status.metrics[0]?.readings.length ?? 0) > (25 * MINUTE) / INTERVAL_MS);
});

test(
  'an open pause ends as it says, whichever run is asked, and at its deadline without an answer',
  limit,
  async () => {
    const plan = planWith([weight(10), pause(null)], often);
    const promoted = await ended(plan, ['promote', { step: 'step-2@1a2b3c4d' }]);
    assert.equal(promoted.status.outcome, 'released', promoted.status.because);
    assert.equal(lineOf(promoted.status, 'step-2').because, 'ended by promote');
    assert.ok(Math.max(...promoted.events) < MOST_EVENTS, `${promoted.events}`);
    const left = await ended(plan);
    assert.equal(left.status.outcome, 'rolledBack');
    assert.match(left.status.because, /nobody promoted in time/);
    assert.ok(Math.abs(lasted(lineOf(left.status, 'step-2')) - 60 * MINUTE) < 5_000);
  },
);

test('promoteFull ends a wait that went on in new runs', limit, async () => {
  const plan = planWith([weight(10), pause(null), weight(50), pause(null)], often);
  const full = await ended(plan, ['promoteFull', { version, reason: 'seen enough' }]);
  assert.equal(full.status.outcome, 'released');
  assert.ok(full.status.progress.every(({ state }) => state === 'done' || state === 'skipped'));
});

test('an analysis that a step waits for goes on in new runs, until its deadline', limit, async () => {
  const counted = { ...often, count: 120 };
  const passed = await ended(planWith([weight(10), analysis(counted, 60 * MINUTE)], null));
  assert.equal(passed.status.outcome, 'released');
  assert.ok(Math.max(...passed.events) < MOST_EVENTS, `${passed.events}`);
  assert.equal(passed.status.metrics[0]?.good, 120);
  const late = await ended(planWith([weight(10), analysis(often, 20 * MINUTE)], null));
  assert.equal(late.status.outcome, 'rolledBack');
  assert.match(late.status.because, /did not end in time/);
  assert.ok(Math.abs(lasted(lineOf(late.status, 'step-2')) - 20 * MINUTE) < 5_000);
});

test(
  'a person who decided on an analysis within the ramp is not asked about it again by a later run',
  limit,
  async () => {
    const undecided = { ...often, intervalMs: 33_000, failureCondition: 'result[0] < 0.5', inconclusiveLimit: 0 };
    const steps = [weight(10), pause(2 * MINUTE), weight(20), weight(30), weight(40), weight(50), pause(2 * MINUTE)];
    const world = createWorld({ canaryVersion: version });
    world.metric = (query) => (query === 'success' ? 1 : query.includes('quantile') ? 0.1 : 0.7);
    await withWorld(world, async (running) => {
      const handle = await running.start(planWith(steps, undecided), { eventsPerRun: EVENTS });
      const { waiting, continued } = await untilWaitingFor(running, handle, 'inconclusive');
      assert.match(waiting?.token ?? '', /^background-analysis@/);
      await handle.signal('approve', { step: waiting?.token });
      await until(running, handle, (status) => status.waiting?.kind !== 'inconclusive');
      const next = await untilWaitingFor(running, handle, 'inconclusive');
      assert.match(next.waiting?.token ?? '', /^end-of-analysis@/);
      assert.ok(next.continued > continued);
      await handle.signal('abort', { reason: 'seen' });
      await assert.rejects(handle.result());
    });
  },
);
