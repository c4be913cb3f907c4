/** Invariant 3: undo is recorded before do. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import { sight } from '../../src/client/observe.ts';
import type { ReleaseHandle } from './environment.ts';
import { MINUTE, openPause, plainPlan, weight } from './invariants-plans.ts';
import {
  assertAsBefore,
  CANARY,
  type Call,
  endOf,
  fenceOf,
  type Scene,
  STABLE,
  withScenes,
} from './invariants-scenes.ts';

const limit = { timeout: 60_000 };
const HOUR = 60 * MINUTE;
const isStart = ({ activity }: Call): boolean => activity === 'startRevision';

describe('undo is recorded before do', () => {
  const scenes = withScenes();

  it('whatever write took effect and was then lost for ever, everything is as before', limit, async () => {
    const undisturbed = scenes.open();
    await endOf(await undisturbed.start(plainPlan()));
    const writes = undisturbed.calls.filter((call) => fenceOf(call) !== null).slice(0, -1);
    assert.equal(writes.length, 7, 'each write but the removal of the old side, from which there is no way back');
    for (const { number, activity } of writes) {
      const scene = scenes.open();
      scene.after = (call) => {
        if (call.number === number) throw ApplicationFailure.nonRetryable('its answer was lost', 'LOST');
      };
      const { type, because } = await endOf(await scene.start(plainPlan()));
      assert.deepEqual([type, because], ['RolledBack', 'its answer was lost'], `write ${number}, ${activity}`);
      assertAsBefore(scene, `write ${number}, ${activity}`);
    }
  });

  it('so that a baseline goes, too, whatever was lost after it took effect', limit, async () => {
    const plan = plainPlan();
    const compared = { ...plan, canary: { ...plan.canary, baselineService: 'service-baseline' } };
    for (const activity of ['startBaseline', 'setWeights']) {
      const scene = scenes.open();
      scene.after = (call) => {
        if (call.activity === activity && fenceOf(call) === scene.calls.find(isStart)?.request.fence)
          throw ApplicationFailure.nonRetryable('its answer was lost', 'LOST');
      };
      const { type, because } = await endOf(await scene.start(compared));
      assert.deepEqual([type, because], ['RolledBack', 'its answer was lost'], activity);
      assert.ok(scene.world.journal.includes(`start ${STABLE}-baseline`), activity);
      assertAsBefore(scene, activity);
    }
  });

  it('the last act is undone first', limit, async () => {
    const { scene, handle } = await inRamp();
    const there = scene.calls.length;
    await handle.signal('abort', { reason: 'enough' });
    await scene.until(handle, ({ waiting, phase }) => waiting?.kind === 'undo' || phase === 'ended');
    assert.deepEqual(
      scene.calls.slice(there).map(({ activity }) => activity),
      ['setWeights', 'removeRevision', 'setRoles', 'writeConfiguration', 'describeWorkload'],
    );
    assert.equal((await endOf(handle)).type, 'RolledBack');
  });

  it('each undo may happen twice: its effect is there once', limit, async () => {
    const lost = new Set<string>();
    const { scene, there } = await abortedInRamp((scene) => {
      scene.after = ({ activity }) => {
        if (lost.has(activity)) return;
        lost.add(activity);
        throw ApplicationFailure.retryable('its answer was lost');
      };
    });
    assert.equal(lost.size, 5);
    assert.deepEqual(scene.world.journal.slice(there), ['weight 0', `remove ${CANARY}`, `write ${STABLE}`]);
    assertAsBefore(scene, 'each undo was done twice');
  });

  it('a cancel request, a second abort and a rejection do not stop it', limit, async () => {
    const { scene } = await abortedInRamp((scene, handle) => {
      scene.before = async ({ activity }) => {
        if (activity === 'setWeights') await handle.cancel();
        if (activity === 'removeRevision') await handle.signal('abort', { reason: 'again' });
        if (activity === 'setRoles') await handle.signal('reject', { comment: 'no' });
      };
    });
    assertAsBefore(scene, 'disturbed on the way back');
  });

  it('it is tried for ever: an hour of failures, and it has gone back', limit, async () => {
    let begun: number | undefined;
    let attempts = 0;
    const { scene } = await abortedInRamp((scene) => {
      scene.before = async ({ activity }) => {
        if (activity !== 'setWeights') return;
        attempts += 1;
        const now = await scenes.running.env.currentTimeMs();
        begun ??= now;
        if (now - begun < HOUR) throw ApplicationFailure.retryable('the platform is away');
      };
    });
    assert.ok(attempts > 100, `${attempts} attempts`);
    assertAsBefore(scene, 'an hour later');
  });

  it('while it is stuck a person is told again and again, without a deadline', limit, async () => {
    const { scene, handle, mend } = await stuck();
    const asked = await scene.until(handle, ({ waiting }) => waiting?.kind === 'undo');
    assert.equal(asked.waiting?.deadline, null);
    assert.match(asked.waiting?.prompt ?? '', /Stuck: traffic back to 1\.0\.0 100 %/);
    await scenes.running.env.sleep(HOUR);
    assert.equal((await scene.until(handle, ({ waiting }) => waiting !== null)).outcome, null, 'nothing is claimed');
    const told = (await handle.fetchHistory()).events?.filter(
      ({ timerStartedEventAttributes: timer }) => Number(timer?.startToFireTimeout?.seconds) === 5 * 60,
    );
    assert.ok((told?.length ?? 0) >= 11, `told ${told?.length} times in an hour`);
    await handle.signal('retry', { act: asked.waiting?.token, id: 'retry' });
    const { decisions } = await scene.until(handle, (status) => status.decisions.some(({ id }) => id === 'retry'));
    assert.equal(decisions.find(({ id }) => id === 'retry')?.accepted, true);
    mend();
    assert.equal((await endOf(handle)).type, 'RolledBack');
    assertAsBefore(scene, 'after retry');
  });

  it('while it is stuck, whoever looks is told what its last attempt met', limit, async () => {
    const { scene, handle, mend } = await stuck();
    const { client } = scenes.running.env;
    const session = {
      client,
      address: '',
      namespace: 'default',
      source: 'default',
      identity: 'ann',
      taskQueue: '',
    } as const;
    await scene.until(handle, ({ progress }) => progress.some(({ name }) => name === 'undo-1'));
    const early = (await sight(session, handle.workflowId)).status;
    assert.equal(early?.progress.find(({ name }) => name === 'undo-1')?.because, 'the platform is away');
    await scene.until(handle, ({ waiting }) => waiting?.kind === 'undo');
    const { status } = await sight(session, handle.workflowId);
    assert.match(
      status?.waiting?.prompt ?? '',
      /^Stuck: traffic back to .* \(the platform is away\)\. Try again, or skip/,
    );
    mend();
    assert.equal((await endOf(handle)).type, 'RolledBack');
  });

  it('a person may skip it, with a reason that stays on record', limit, async () => {
    const { scene, handle } = await stuck();
    const { waiting } = await scene.until(handle, (status) => status.waiting?.kind === 'undo');
    scene.world.weights = { [STABLE]: 100 };
    await handle.signal('skip', { act: waiting?.token, id: 'without' });
    await handle.signal('skip', { act: waiting?.token, reason: 'moved by hand', id: 'with' });
    const { type, status } = await endOf(handle);
    assert.equal(type, 'RolledBack');
    const line = status.progress.find(({ name }) => name === 'undo-1');
    assert.deepEqual([line?.state, line?.because], ['skipped', 'skipped: moved by hand']);
    const accepted = (id: string) => status.decisions.find((decision) => decision.id === id)?.accepted;
    assert.deepEqual([accepted('without'), accepted('with')], [false, true], 'only with a reason');
  });

  it('“rolled back” is claimed only when the platform itself says so', limit, async () => {
    for (const [what, change] of [
      ['the new version still carries traffic', { weights: { [STABLE]: 90, [CANARY]: 10 } }],
      ['another version is stable', { stable: CANARY }],
    ] as const) {
      let lies = true;
      const scene = scenes.open();
      const describe = scene.world.activities.describeWorkload;
      scene.world.activities.describeWorkload = async (request) => ({
        ...(await describe(request)),
        ...(lies ? change : {}),
      });
      const handle = await scene.start(plainPlan({ steps: [weight(10), openPause] }));
      await scene.until(handle, ({ waiting }) => waiting?.kind === 'pause', MINUTE / 10);
      await handle.signal('abort', { reason: 'enough' });
      const asked = await scene.until(handle, ({ waiting, phase }) => waiting?.kind === 'undo' || phase === 'ended');
      assert.deepEqual([asked.outcome, asked.phase], [null, 'undoing'], what);
      lies = false;
      await handle.signal('retry', { act: asked.waiting?.token });
      assert.equal((await endOf(handle)).status.outcome, 'rolledBack', what);
    }
  });

  /** Aborts in an open pause. @param disturb is called between the two. */
  async function abortedInRamp(disturb: (scene: Scene, handle: ReleaseHandle) => void = () => {}) {
    const { scene, handle } = await inRamp();
    const there = scene.world.journal.length;
    disturb(scene, handle);
    await handle.signal('abort', { reason: 'enough' });
    const { type, because } = await endOf(handle);
    assert.deepEqual([type, because], ['RolledBack', 'enough']);
    return { scene, there };
  }

  /** An abort whose traffic cannot be moved back until it is mended. */
  async function stuck() {
    const { scene, handle } = await inRamp();
    let away = true;
    scene.before = ({ activity }: Call) => {
      if (away && activity === 'setWeights') throw ApplicationFailure.retryable('the platform is away');
    };
    await handle.signal('abort', { reason: 'enough' });
    const mend = () => {
      away = false;
    };
    return { scene, handle, mend };
  }

  async function inRamp() {
    const scene = scenes.open();
    const handle = await scene.start(plainPlan({ steps: [weight(10), weight(50), openPause] }));
    await scene.until(handle, ({ waiting }) => waiting?.kind === 'pause', MINUTE / 10);
    return { scene, handle };
  }
});
