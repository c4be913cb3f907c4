/** Invariants 7 to 10: one writer a field, the point of no return, the same verdicts again, telling is not doing. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Worker } from '@temporalio/worker';
import { loadWorkflowBundle } from '../../workers/bundle.ts';
import type { Decision, ReleaseStatus } from '../../workflows/messages.ts';
import { until } from './environment.ts';
import { MINUTE, openPause, pause, plainPlan, smallPlan, weight } from './invariants-plans.ts';
import { CANARY, endOf, STABLE, withScenes } from './invariants-scenes.ts';
import { failedTasks } from './nonsense.ts';

const limit = { timeout: 300_000 };
const FILE = '/values.yaml';

describe('one writer a field', () => {
  const scenes = withScenes();

  it('what somebody else wrote before us is left alone, reported, and ends the release', limit, async () => {
    const scene = scenes.open();
    scene.before = ({ activity, request }) => {
      if (activity === 'writeConfiguration' && request.to === CANARY) scene.world.files.set(FILE, 'by-hand');
    };
    const handle = await scene.start(plainPlan());
    const asked = await scene.until(handle, ({ waiting }) => waiting?.kind === 'undo', 1_000);
    assert.match(asked.because, /was changed by somebody else in the meantime: it holds "by-hand"/);
    assert.match(asked.waiting?.prompt ?? '', /now holds "by-hand", which this release did not write/);
    await handle.signal('skip', { act: asked.waiting?.token, reason: 'it is meant to be so' });
    assert.equal((await endOf(handle)).type, 'RolledBack');
    assert.equal(scene.world.files.get(FILE), 'by-hand');
  });

  it('what somebody else wrote over ours is left alone by the way back, and reported', limit, async () => {
    const scene = scenes.open();
    const handle = await scene.start(plainPlan({ steps: [weight(10), openPause] }));
    await scene.until(handle, ({ waiting }) => waiting?.kind === 'pause', 1_000);
    scene.world.files.set(FILE, 'by-hand');
    await handle.signal('abort', { reason: 'enough' });
    const asked = await scene.until(handle, ({ waiting }) => waiting?.kind === 'undo', 1_000);
    assert.match(asked.waiting?.prompt ?? '', /now holds "by-hand".*it was left alone/);
    await handle.signal('skip', { act: asked.waiting?.token, reason: 'it is meant to be so' });
    assert.equal((await endOf(handle)).type, 'RolledBack');
    assert.equal(scene.world.files.get(FILE), 'by-hand');
    assert.deepEqual(scene.world.weights, { [STABLE]: 100 });
  });
});

describe('the point of no return', () => {
  const scenes = withScenes();

  it('is the end of the window: until then an abort goes back, from then on it is refused', limit, async () => {
    const within = scenes.open();
    const open = await within.start(plainPlan());
    await within.until(open, ({ phase }) => phase === 'window', 1_000);
    await open.signal('abort', { reason: 'in time' });
    assert.equal((await endOf(open)).type, 'RolledBack');

    const after = scenes.open();
    const decided = Promise.withResolvers<readonly Decision[]>();
    after.before = async ({ activity }) => {
      if (activity !== 'removeRevision') return;
      const handle = await late;
      await handle.signal('abort', { reason: 'too late', id: 'late' });
      await handle.cancel();
      decided.resolve((await after.until(handle, ({ decisions }) => decisions.length === 2, 1)).decisions);
    };
    const late = after.start(plainPlan());
    const ending = endOf(await late);
    assert.deepEqual(
      (await decided.promise).map(({ accepted, because }) => [accepted, because]),
      [
        [false, 'the release has ended'],
        [false, 'the release has ended'],
      ],
    );
    assert.equal((await ending).type, 'Released');
    assert.equal(after.world.weights[CANARY], 100);
    assert.deepEqual([...after.world.revisions.keys()], [CANARY]);
  });

  it('an old side that cannot be removed does not turn a release back', limit, async () => {
    const scene = scenes.open();
    scene.before = ({ activity }) => {
      if (activity === 'removeRevision') throw new Error('the platform is away');
    };
    const handle = await scene.start(plainPlan());
    const cleanup = ({ progress }: ReleaseStatus) => progress.find(({ name }) => name === 'cleanup');
    const line = cleanup(await until(scenes.running, handle, (status) => Boolean(cleanup(status)?.endedAt)));
    assert.equal(line?.state, 'done');
    assert.match(line?.because ?? '', /could not be removed: the platform is away/);
    assert.equal((await endOf(handle)).type, 'Released');
  });
});

describe('the same history gives the same verdicts', () => {
  const scenes = withScenes();

  it('in a worker that has never seen the release: every command again, one after the other', limit, async () => {
    const bad = scenes.open();
    bad.world.metric = (_, percent) => (percent >= 50 ? 0.5 : 0.999);
    const good = scenes.open();
    const steps = [weight(10), pause(3), weight(50), pause(3)];
    for (const [scene, type] of [
      [good, 'Released'],
      [bad, 'RolledBack'],
    ] as const) {
      const handle = await scene.start(smallPlan({ steps }));
      assert.equal((await endOf(handle)).type, type);
      const replayed = Worker.runReplayHistory(
        { workflowBundle: await loadWorkflowBundle() },
        await handle.fetchHistory(),
        handle.workflowId,
      );
      await assert.doesNotReject(replayed, type);
    }
  });
});

describe('telling is not doing', () => {
  const scenes = withScenes();

  it('the stable side’s numbers beside the canary’s are shown, and never judged', limit, async () => {
    for (const beside of ['', '{"not":"an answer"', '{"status":"error"}', stableAnswer('0'), stableAnswer('NaN')]) {
      const scene = scenes.open();
      const measure = scene.world.activities.measure;
      scene.world.activities.measure = async (request) => ({ ...(await measure(request)), beside });
      assert.equal((await endOf(await scene.start(smallPlan()))).type, 'Released', `beside ${beside}`);
    }
  });

  it('a history that does not say who sent an abort does not hold it up', limit, async () => {
    const scene = scenes.open();
    scene.world.activities.attest = () => Promise.reject(new Error('no history'));
    const handle = await scene.start(plainPlan({ steps: [weight(10), openPause] }));
    await scene.until(handle, ({ waiting }) => waiting?.kind === 'pause', MINUTE / 60);
    await handle.signal('abort', { reason: 'enough' });
    assert.equal((await endOf(handle)).type, 'RolledBack');
  });

  it('a page that cannot be written does not hold up the release that it is about', limit, async () => {
    const scene = scenes.open();
    // As a build worker of another version might answer.
    const odd = { verdict: 'pass', because: 7, durationMs: 'long', exitCode: null, log: { tail: null } };
    scene.world.gate = () => odd as never;
    const handle = await scene.start(plainPlan());
    const ending = endOf(handle);
    ending.catch(() => undefined);
    let failed: readonly string[] = [];
    while (failed.length === 0 && (await handle.describe()).status.name === 'RUNNING')
      failed = await failedTasks(handle);
    assert.deepEqual(failed, []);
    assert.equal((await ending).type, 'Released');
  });
});

function stableAnswer(value: string): string {
  return JSON.stringify({
    status: 'success',
    data: { resultType: 'vector', result: [{ metric: {}, value: [0, value] }] },
  });
}
