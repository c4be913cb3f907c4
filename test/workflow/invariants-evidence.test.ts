/** Invariant 4: positive evidence only. How single readings and metrics are judged: `test/unit/analysis-*`. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import type { Plan } from '../../src/plan/plan.ts';
import {
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
import { assertAsBefore, CANARY, endOf, type Scene, withScenes } from './invariants-scenes.ts';
import { credlinkPlan } from './plans.ts';

const limit = { timeout: 300_000 };

interface Row {
  readonly what: string;
  readonly plan: Plan;
  readonly arrange: (scene: Scene) => void;
  readonly type: 'RolledBack' | 'Rejected';
  readonly because: RegExp;
}

const watched = (changes: Parameters<typeof analysisOf>[0]): Plan => {
  const plan = smallPlan();
  return { ...plan, canary: { ...plan.canary, background: { startingStep: 1, analysis: analysisOf(changes) } } };
};
const analysed = (changes: Parameters<typeof inline>[0]) => plainPlan({ steps: [weight(10), inline(changes)] });
const monitored: Plan = { ...plainPlan(), promotion: { ...credlinkPlan().promotion, approval: null } };
const nothing = () => {};
const unreadable = (scene: Scene): void => {
  scene.before = ({ activity }) => {
    if (activity === 'measure') throw ApplicationFailure.nonRetryable('the worker failed');
  };
};

const rows: readonly Row[] = [
  {
    what: 'a background analysis without data',
    plan: smallPlan(),
    arrange: ({ world }) => {
      world.metric = () => '';
    },
    type: 'RolledBack',
    because: /success-rate: \d errors in a row/,
  },
  {
    what: 'a background analysis whose provider does not answer',
    plan: smallPlan(),
    arrange: ({ world }) => {
      world.metric = () => new Error('connection refused');
    },
    type: 'RolledBack',
    because: /success-rate: \d errors in a row/,
  },
  {
    what: 'a background analysis that nobody could take',
    plan: smallPlan(),
    arrange: unreadable,
    type: 'RolledBack',
    because: /success-rate: \d errors in a row/,
  },
  {
    what: 'a background analysis with fewer good readings than the plan asks for',
    plan: watched({ minimumReadings: 50 }),
    arrange: nothing,
    type: 'RolledBack',
    because: /nobody decided: .*only \d good readings \(at least 50 needed\)/,
  },
  {
    what: 'a background analysis without a good reading at the last weight',
    plan: watched({ metrics: [{ ...METRIC, consecutiveErrorLimit: 99 }] }),
    arrange: ({ world }) => {
      world.metric = (_, percent) => (percent === 50 ? '' : 0.999);
    },
    type: 'RolledBack',
    because: /nobody decided: .*0 at 50 %/,
  },
  {
    what: 'an analysis step that is cut short by its deadline, all its readings good',
    plan: analysed({ metrics: [{ ...METRIC, count: 100 }] }),
    arrange: nothing,
    type: 'RolledBack',
    because: /step-2: the analysis did not end in time/,
  },
  {
    what: 'an analysis step whose only answer is NaN',
    plan: analysed({ metrics: [{ ...METRIC, intervalMs: null, consecutiveErrorLimit: 0, successCondition: null }] }),
    arrange: ({ world }) => {
      world.metric = () => 'NaN';
    },
    type: 'RolledBack',
    because: /success-rate/,
  },
  {
    what: 'a last look without data',
    plan: monitored,
    arrange: ({ world }) => {
      world.metric = () => '';
    },
    type: 'RolledBack',
    because: /the last look: success unknown \(no data\).*look 60 of 60/,
  },
  {
    what: 'a gate that could be shown neither way',
    plan: plainPlan(),
    arrange: ({ world }) => {
      world.gate = () => ({ verdict: 'inconclusive', because: 'no report', durationMs: 5, exitCode: null, log: null });
    },
    type: 'Rejected',
    because: /gate unit-tests: no report/,
  },
  {
    what: 'a gate that could not be run',
    plan: plainPlan(),
    arrange: (scene) => {
      scene.before = ({ activity }) => {
        if (activity === 'runGate') throw ApplicationFailure.nonRetryable('no such host');
      };
    },
    type: 'Rejected',
    because: /gate unit-tests: it could not be run \(no such host\)/,
  },
];

describe('without positive evidence nothing is promoted', () => {
  const scenes = withScenes();

  for (const { what, plan, arrange, type, because } of rows) {
    it(`${what} is no pass`, limit, async () => {
      const scene = scenes.open();
      arrange(scene);
      const ended = await endOf(await scene.start(plan));
      assert.equal(ended.type, type);
      assert.match(ended.because, because);
      assert.ok(!scene.calls.some(({ request }) => request?.weights?.[CANARY] === 100), 'it never had all traffic');
      assertAsBefore(scene, what);
    });
  }

  it('and with it, everything is: the same plans are released', limit, async () => {
    const enough = { steps: [weight(10), pause(2), weight(50), pause(2)] };
    for (const plan of [smallPlan(enough), analysed({ metrics: [{ ...METRIC, count: 3 }] }), monitored]) {
      assert.equal((await endOf(await scenes.open().start(plan))).type, 'Released');
    }
  });

  it('one failed reading too many ends the ramp before its next weight', limit, async () => {
    const scene = scenes.open();
    scene.world.metric = () => 0.5;
    const { type, because } = await endOf(await scene.start(smallPlan({ steps: [weight(10), pause(5), weight(50)] })));
    assert.equal(type, 'RolledBack');
    assert.match(because, /failureLimit 0/);
    assert.deepEqual(
      scene.world.journal.filter((effect) => effect.startsWith('weight')),
      ['weight 10', 'weight 0'],
    );
  });

  it('a reading that fails while a person is asked in the ramp goes back without an answer', limit, async () => {
    const scene = scenes.open();
    const handle = await scene.start(smallPlan({ steps: [weight(10), openPause, weight(50)] }));
    await scene.until(handle, ({ waiting }) => waiting?.kind === 'pause', MINUTE / 10);
    scene.world.metric = () => 0.5;
    const { type, because, status } = await endOf(handle);
    assert.equal(type, 'RolledBack');
    assert.match(because, /failureLimit 0/);
    assert.equal(status.decisions.length, 0, 'nobody answered');
    assertAsBefore(scene, 'a failed reading at an open pause');
  });
});
