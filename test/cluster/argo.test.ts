/** A Rollout driven through its own controller: the real one. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { RolloutState } from '../../activities/rollout/port.ts';
import { analysis, canary, imageOf, inActivity, openStage, type Stage, startMeasured, template } from './argo-stage.ts';
import { type Controller, startController } from './support/argo-controller.ts';
import { openCluster, type Scope, type TestCluster, until } from './support/index.ts';

const limit = { timeout: 90_000 };
const open = { pause: {} };
const weight = (percent: number) => ({ setWeight: percent });
const paused = ({ phase, observed }: RolloutState): boolean => observed && phase === 'Paused';

interface Scene extends Stage {
  readonly cluster: TestCluster;
  readonly controller: Controller;
}

async function openScene(scope: Scope): Promise<Scene> {
  const cluster = await openCluster(scope);
  const controller = await startController(scope, cluster);
  return { ...openStage(cluster), cluster, controller };
}

/** Ends the pause that was looked at. */
function promote(scene: Stage, { image, step, pause }: RolloutState, fence = 1000) {
  const asked = { image, step: step?.index ?? null, since: pause?.since ?? null, fence };
  return scene.rollouts.promoteRollout({ ...scene.at, ...asked });
}

describe("Argo's controller", () => {
  before(() => process.setMaxListeners(50));

  test('takes an image through its steps, and each of them is told', limit, async (t) => {
    const scene = await openScene(t);
    const first = await scene.begin(canary([weight(10), open, weight(50), { pause: { duration: 3 } }]));
    assert.deepEqual(first.stable, { image: imageOf('1.0.0'), version: '1.0.0' });
    assert.equal(first.openPauses, 1);
    await scene.release('1.1.0');
    const state = await scene.until('the open pause', paused);
    assert.equal(state.step?.index, 1);
    assert.equal(state.pause?.reason, 'CanaryPauseStep');
    assert.equal(state.pause?.durationMs, null);
    assert.deepEqual(state.weights, { '1.0.0': 90, '1.1.0': 10 });
    assert.equal(await scene.weight(), 10);
    assert.deepEqual((await promote(scene, state)).outcome, 'written');
    const timed = await scene.until('the timed pause', (now) => now.pause?.durationMs === 3_000);
    assert.deepEqual(timed.weights, { '1.0.0': 50, '1.1.0': 50 });
    const end = await scene.until('all traffic', ({ phase, promoted }) => promoted && phase === 'Healthy');
    assert.deepEqual(end.stable, { image: imageOf('1.1.0'), version: '1.1.0' });
    assert.deepEqual(end.weights, { '1.1.0': 100 });
    // Both Services choose the new pods by now, and the controller writes its routes beside its status.
    await until('the weight of a Rollout at rest', async () => (await scene.weight()) === 0);
    assert.ok(!scene.seen.some(({ phase }) => phase === 'Degraded'), 'nothing looked degraded on the way');
  });

  test('a pause is ended once, and the analysis behind it is never skipped by a second click', limit, async (t) => {
    const scene = await openScene(t);
    const measured = await startMeasured(t);
    await scene.cluster.apply(template('rate', measured.url, { interval: '1s', count: 3, initialDelay: '1s' }));
    await scene.begin(canary([weight(10), open, analysis('rate'), weight(50), open]));
    await scene.release('1.1.0');
    const state = await scene.until('the first pause', paused);
    const twice = await Promise.all([promote(scene, state), promote(scene, state)]);
    assert.deepEqual(twice.map(({ outcome }) => outcome).toSorted(), ['unchanged', 'written']);
    const judging = await scene.until('the analysis', ({ analyses }) => analyses.length > 0);
    assert.equal(judging.step?.index, 2);
    assert.equal((await promote(scene, state)).outcome, 'unchanged');
    assert.equal((await promote(scene, judging)).outcome, 'unchanged', 'it is not paused');
    const next = await scene.until('the second pause', (now) => paused(now) && now.step?.index === 4);
    assert.equal(measured.asked, 3, 'every measurement was made');
    const told = scene.seen.flatMap(({ analyses }) => analyses).findLast(({ role }) => role === 'step');
    assert.deepEqual(told?.metrics[0]?.values.slice(0, 1), ['1']);
    assert.equal(next.openPauses, 1);
    assert.equal((await promote(scene, state)).outcome, 'unchanged', 'the old click means the old pause');
    assert.deepEqual((await scene.look()).pause, next.pause);
  });

  test('an analysis that fails aborts, and its reason and values are told', limit, async (t) => {
    const scene = await openScene(t);
    const measured = await startMeasured(t);
    measured.value = 0.25;
    await scene.cluster.apply(template('rate', measured.url));
    await scene.begin(canary([weight(20), analysis('rate'), weight(50)]));
    await scene.release('1.1.0');
    const state = await scene.until('the abort', ({ aborted }) => aborted);
    assert.equal(state.phase, 'Degraded');
    assert.match(state.because, /RolloutAborted: .*success-rate.*Failed/);
    assert.equal(state.analyses[0]?.phase, 'Failed');
    assert.deepEqual(state.analyses[0]?.metrics[0]?.values, ['0.25']);
    assert.deepEqual(state.stable, { image: imageOf('1.0.0'), version: '1.0.0' });
    assert.deepEqual((await scene.until('no weight', (now) => !now.weights['1.1.0'])).weights, { '1.0.0': 100 });
  });

  test('an inconclusive analysis pauses, and goes on where a person says so', limit, async (t) => {
    const scene = await openScene(t);
    const measured = await startMeasured(t);
    measured.value = 0.7;
    await scene.cluster.apply(template('rate', measured.url));
    await scene.begin(canary([weight(20), analysis('rate'), open]));
    await scene.release('1.1.0');
    const state = await scene.until('the pause', paused);
    assert.equal(state.pause?.reason, 'InconclusiveAnalysisRun');
    assert.equal(state.step?.index, 1);
    assert.equal((await promote(scene, state)).outcome, 'written');
    const next = await scene.until('the step behind it', (now) => paused(now) && now.step?.index === 2);
    assert.equal(next.pause?.reason, 'CanaryPauseStep');
    assert.equal((await promote(scene, state)).outcome, 'unchanged');
    await promote(scene, next);
    await scene.until('all traffic', ({ promoted }) => promoted);
  });

  test('an abort in mid-ramp, a retry, and a full promotion', limit, async (t) => {
    const scene = await openScene(t);
    await scene.begin(canary([weight(25), open]));
    await scene.release('1.1.0');
    await scene.until('the pause', paused);
    const asked = { ...scene.at, image: imageOf('1.1.0'), fence: 1000 };
    assert.equal((await scene.rollouts.abortRollout(asked)).outcome, 'written');
    assert.equal((await scene.rollouts.abortRollout(asked)).outcome, 'unchanged');
    const state = await scene.until('the abort', ({ aborted, weights }) => aborted && !weights['1.1.0']);
    assert.equal(await scene.weight(), 0);
    assert.equal((await promote(scene, state)).outcome, 'unchanged', 'what is aborted is not promoted');
    assert.equal((await scene.rollouts.retryRollout(asked)).outcome, 'written');
    await scene.until('the pause again', paused);
    assert.equal((await scene.rollouts.promoteRolloutFully(asked)).outcome, 'written');
    await scene.until('all traffic', ({ promoted, phase }) => promoted && phase === 'Healthy');
  });

  test('it can be held at any step, and let go', limit, async (t) => {
    const scene = await openScene(t);
    await scene.begin(canary([weight(25), { pause: { duration: 2 } }, weight(50), open]));
    await scene.release('1.1.0');
    await scene.until('the timed pause', paused);
    const asked = { ...scene.at, image: imageOf('1.1.0'), fence: 1000 };
    await scene.rollouts.holdRollout({ ...asked, held: true });
    const held = await scene.until('it is held', (now) => now.held && now.observed);
    const later = { ...scene.at, mark: held.mark, deadlineMs: 4_000, sinceMs: Date.now() };
    const still = await inActivity(() => scene.rollouts.awaitRolloutChange(later));
    assert.equal(still.step?.index, 1, 'the timed pause is over, and it stays');
    await scene.rollouts.holdRollout({ ...asked, held: false });
    await scene.until('the next pause', (now) => paused(now) && now.step?.index === 3);
  });

  test('a Rollout that waits is asked for ever more seldom, and a change is still noticed', limit, async (t) => {
    const scene = await openScene(t);
    await scene.begin(canary([weight(10), open, weight(50), open]));
    await scene.release('1.1.0');
    const state = await scene.until('the open pause', paused);
    const begun = scene.requests.length;
    const asked = () => scene.requests.slice(begun).filter(({ resource }) => resource.startsWith('rollouts')).length;
    /** Of somebody who has seen no change for 20 s, for so much longer. */
    const watch = (forMs: number) => {
      const waited = { mark: state.mark, sinceMs: Date.now() - 20_000, deadlineMs: 20_000 + forMs };
      return inActivity(() => scene.rollouts.awaitRolloutChange({ ...scene.at, ...waited }));
    };
    assert.equal((await watch(3_000)).mark, state.mark);
    assert.equal(asked(), 3, 'at once, after two seconds, and at the end');
    const noticed = watch(30_000);
    await promote(scene, state);
    const began = performance.now();
    assert.notEqual((await noticed).mark, state.mark);
    assert.ok(performance.now() - began < 5_000);
  });
});
