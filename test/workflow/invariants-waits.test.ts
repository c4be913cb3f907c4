/** Invariant 6: every wait ends. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Plan } from '../../src/plan/plan.ts';
import type { Waiting } from '../../workflows/messages.ts';
import type { ReleaseHandle } from './environment.ts';
import {
  APPROVAL,
  analysisOf,
  inline,
  METRIC,
  MINUTE,
  openPause,
  pause,
  plainPlan,
  smallPlan,
  weight,
} from './invariants-plans.ts';
import { endOf, type Scene, withScenes } from './invariants-scenes.ts';

const limit = { timeout: 300_000 };

interface Row {
  readonly what: string;
  readonly kind: Waiting['kind'];
  readonly plan: Plan;
  readonly arrange?: (scene: Scene) => void;
  /** Sent as soon as the release runs. */
  readonly send?: (release: ReleaseHandle) => Promise<void>;
  /** From the question to its deadline. */
  readonly minutes: number;
  readonly consequence: string;
  readonly type: 'Released' | 'RolledBack' | 'Rejected';
  readonly because: RegExp;
}

const inconclusive = { ...METRIC, successCondition: 'result[0] >= 0.99', failureCondition: 'result[0] < 0.5' };
const between = ({ world }: Scene): void => {
  world.metric = () => 0.9;
};

const rows: readonly Row[] = [
  {
    what: 'for an approval',
    kind: 'approval',
    plan: plainPlan({ approval: APPROVAL }),
    minutes: 5,
    consequence: 'goes back',
    type: 'RolledBack',
    because: /^nobody approved in time$/,
  },
  {
    what: 'for the end of an open pause',
    kind: 'pause',
    plan: plainPlan({ steps: [weight(10), openPause] }),
    minutes: 10,
    consequence: 'goes back',
    type: 'RolledBack',
    because: /^step-2: nobody promoted in time$/,
  },
  {
    what: 'for the end of a timed pause',
    kind: 'pause',
    plan: plainPlan({ steps: [weight(10), pause(7)] }),
    minutes: 7,
    consequence: 'goes on by itself',
    type: 'Released',
    because: /has all traffic/,
  },
  {
    what: 'for the end of a pause that somebody asked for',
    kind: 'paused',
    plan: plainPlan(),
    send: (release) => release.signal('pause', { reason: 'lunch' }),
    minutes: 60,
    consequence: 'goes back',
    type: 'RolledBack',
    because: /^paused for longer than an hour$/,
  },
  {
    what: 'for a decision on an inconclusive step',
    kind: 'inconclusive',
    plan: plainPlan({ steps: [weight(10), inline({ metrics: [inconclusive] })] }),
    arrange: between,
    minutes: 10,
    consequence: 'goes back',
    type: 'RolledBack',
    because: /inconclusive and nobody decided/,
  },
  {
    what: 'for a decision on an inconclusive background analysis',
    kind: 'inconclusive',
    plan: smallPlan({
      canary: {
        ...smallPlan().canary,
        background: { startingStep: 1, analysis: analysisOf({ metrics: [inconclusive] }) },
      },
    }),
    arrange: between,
    minutes: 10,
    consequence: 'goes back',
    type: 'RolledBack',
    because: /inconclusive and nobody decided/,
  },
  {
    what: 'for a gate that could not be shown',
    kind: 'gate',
    plan: plainPlan(),
    arrange: ({ world }) => {
      world.gate = () => ({ verdict: 'inconclusive', because: 'no report', durationMs: 5, exitCode: null, log: null });
    },
    minutes: 30,
    consequence: 'rejects the release',
    type: 'Rejected',
    because: /no report/,
  },
  {
    what: 'for the end of the window',
    kind: 'window',
    plan: plainPlan({ window: { durationMs: 9 * MINUTE } }),
    minutes: 9,
    consequence: 'ends, and with it the way back',
    type: 'Released',
    because: /has all traffic/,
  },
];

describe('every wait ends', () => {
  const scenes = withScenes();

  for (const { what, kind, plan, arrange, send, minutes, consequence, type, because } of rows) {
    it(`${what}, after ${minutes} minutes: the release ${consequence}`, limit, async () => {
      const scene = scenes.open();
      arrange?.(scene);
      const handle = await scene.start(plan);
      await send?.(handle);
      const { waiting } = await scene.until(handle, (status) => status.waiting?.kind === kind, MINUTE / 60);
      const deadline = Date.parse(waiting?.deadline ?? '');
      const now = await scenes.running.env.currentTimeMs();
      assert.ok(deadline - now <= minutes * MINUTE, `the deadline is ${(deadline - now) / MINUTE} minutes away`);
      assert.ok(deadline - now > (minutes - 1) * MINUTE);
      assert.equal(waiting?.consequence, consequence);
      const ended = await endOf(handle);
      assert.equal(ended.type, type);
      assert.match(ended.because, because);
      const closed = (await handle.describe()).closeTime?.getTime() ?? 0;
      assert.ok(closed >= deadline - 1_000, 'nobody answered, so it lasted until then');
      if (type !== 'Released') assert.ok(closed < deadline + MINUTE, 'and no longer');
    });
  }

  it('also the wait for an activity: each way forward is bounded, and only undoing is not', limit, async () => {
    const scene = scenes.open();
    const handle = await scene.start(smallPlan({ steps: [weight(10), pause(2), openPause] }));
    await scene.until(handle, ({ waiting }) => waiting?.prompt.startsWith('Paused by the plan') === true, MINUTE / 6);
    const there = scene.calls.length;
    await handle.signal('abort', { reason: 'enough' });
    await endOf(handle);
    const undoing = new Set(scene.calls.slice(there).map(({ activity }) => activity));
    const scheduled = ((await handle.fetchHistory()).events ?? []).flatMap(
      ({ activityTaskScheduledEventAttributes: attributes }) => attributes ?? [],
    );
    const seconds = ({ scheduleToCloseTimeout }: (typeof scheduled)[number]) => Number(scheduleToCloseTimeout?.seconds);
    const year = 365 * 24 * 3600;
    const unbounded = scheduled.filter((activity) => seconds(activity) >= year);
    assert.deepEqual(new Set(unbounded.map(({ activityType }) => activityType?.name)), undoing);
    assert.equal(unbounded.length, scene.calls.length - there);
    for (const activity of unbounded) assert.equal(activity.retryPolicy?.maximumAttempts ?? 0, 0);
    const longest = Math.max(...scheduled.filter((activity) => seconds(activity) < year).map(seconds));
    assert.ok(longest <= 3600, `${longest} s`);
  });
});
