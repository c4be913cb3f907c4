/** The ways back, and what goes wrong on them: with Argo's own controller. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { RolloutState } from '../../activities/rollout/port.ts';
import { canary, imageOf, inActivity, openStage, podTemplate, type Stage } from './argo-stage.ts';
import { type Controller, startController } from './support/argo-controller.ts';
import { openCluster, type Scope, type TestCluster, until } from './support/index.ts';

const limit = { timeout: 90_000 };
const open = { pause: {} };
const weight = (percent: number) => ({ setWeight: percent });
const paused = ({ phase, observed }: RolloutState): boolean => observed && phase === 'Paused';
const API = 'argoproj.io/v1alpha1';

interface Scene extends Stage {
  readonly cluster: TestCluster;
  readonly controller: Controller;
}

async function openScene(scope: Scope): Promise<Scene> {
  const cluster = await openCluster(scope);
  const controller = await startController(scope, cluster);
  return { ...openStage(cluster), cluster, controller };
}

const from = { image: imageOf('1.1.0'), found: imageOf('1.0.0'), stable: imageOf('1.0.0') };

const restore = (scene: Stage, fence = 1001, deadlineMs = 20_000, images = from) =>
  inActivity(() => scene.rollouts.restoreRollout({ ...scene.at, ...images, fence, deadlineMs, sinceMs: Date.now() }));

const failing = (code: string) => (error: unknown) => (error as { type?: string }).type === code;

describe("the way back through Argo's controller", () => {
  before(() => process.setMaxListeners(50));

  test('from the middle of the ramp: no weight, the old image, healthy', limit, async (t) => {
    const scene = await openScene(t);
    await scene.begin(canary([weight(25), open]));
    await scene.release('1.1.0');
    await scene.until('the pause', paused);
    assert.equal(await scene.weight(), 25);
    const writes = () => scene.requests.filter(({ verb }) => verb === 'patch').length;
    const before = writes();
    const { done, weights } = await restore(scene);
    assert.deepEqual([done, weights], [true, { '1.0.0': 100 }]);
    console.log(`the way back took ${writes() - before} writes`);
    await until('no weight', async () => (await scene.weight()) === 0);
    const state = await scene.until('healthy', ({ phase }) => phase === 'Healthy');
    assert.deepEqual([state.image, state.promoted], [imageOf('1.0.0'), true]);
    const again = writes();
    assert.equal((await restore(scene)).done, true);
    assert.equal(writes(), again, 'what is so already is not written');
  });

  test('after all traffic: the old image once more, past every step and pause', limit, async (t) => {
    const scene = await openScene(t);
    await scene.begin(canary([weight(25), open]));
    await scene.release('1.1.0');
    await scene.until('the pause', paused);
    await scene.rollouts.promoteRolloutFully({ ...scene.at, image: imageOf('1.1.0'), fence: 1000 });
    await scene.until('all traffic', ({ promoted, phase }) => promoted && phase === 'Healthy');
    const { done, weights } = await restore(scene);
    assert.deepEqual([done, weights], [true, { '1.0.0': 100 }]);
    assert.equal((await scene.look()).stable?.version, '1.0.0');
  });

  test('for an act that never happened, and from what another release left behind', limit, async (t) => {
    const scene = await openScene(t);
    await scene.begin(canary([weight(25), open]));
    assert.equal((await restore(scene)).done, true);
    await scene.release('1.1.0', 1001);
    await scene.until('the pause', paused);
    const left = { image: imageOf('1.2.0'), found: imageOf('1.1.0'), stable: imageOf('1.0.0') };
    assert.equal((await restore(scene, 2001, 20_000, left)).done, true);
    assert.equal((await scene.look()).image, imageOf('1.1.0'), 'it is as it was found');
    await scene.release('1.2.0', 2001);
    await scene.until('the pause of the next one', (now) => paused(now) && now.version === '1.2.0');
    assert.equal((await restore(scene, 2001, 20_000, left)).done, true);
    assert.deepEqual((await scene.look()).weights, { '1.0.0': 100 });
  });

  test('somebody else has set the image: it is left alone', limit, async (t) => {
    const scene = await openScene(t);
    await scene.begin(canary([weight(25), open]));
    await scene.release('1.1.0');
    await scene.until('the pause', paused);
    const theirs = [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: imageOf('9.9.9') }];
    await scene.cluster.patch(API, 'Rollout', 'shop', theirs, { kind: 'json' });
    const set = { ...scene.at, image: imageOf('1.1.0'), from: imageOf('1.0.0'), fence: 1000 };
    assert.deepEqual(await scene.rollouts.setRolloutImage(set), { outcome: 'drifted', image: imageOf('9.9.9') });
    const { outcome } = await scene.rollouts.abortRollout({ ...scene.at, image: imageOf('1.1.0'), fence: 1000 });
    assert.equal(outcome, 'unchanged');
    await assert.rejects(restore(scene), failing('SHIPLOCK_ARGO_DRIFT'));
    assert.equal((await scene.look()).image, imageOf('9.9.9'));
  });

  test('a writer that was overtaken writes nothing more', limit, async (t) => {
    const scene = await openScene(t);
    await scene.begin(canary([weight(25), open]));
    await scene.release('1.1.0');
    await scene.until('the pause', paused);
    assert.equal((await restore(scene, 1001)).done, true);
    const late = { ...scene.at, image: imageOf('1.1.0'), fence: 1000 };
    await assert.rejects(
      scene.rollouts.setRolloutImage({ ...late, from: imageOf('1.0.0') }),
      failing('SHIPLOCK_FENCE_STALE'),
    );
    await assert.rejects(scene.rollouts.promoteRolloutFully(late), failing('SHIPLOCK_FENCE_STALE'));
    assert.equal((await scene.look()).image, imageOf('1.0.0'));
  });

  test('a controller that is not there: every wait ends and says why, and it is gone on with', limit, async (t) => {
    const scene = await openScene(t);
    await scene.begin(canary([weight(25), open]));
    await scene.controller.stop();
    await scene.release('1.1.0');
    const { mark } = await scene.look();
    const waited = { ...scene.at, mark, deadlineMs: 1_500, sinceMs: Date.now() };
    const state = await inActivity(() => scene.rollouts.awaitRolloutChange(waited));
    assert.deepEqual([state.observed, state.phase], [false, 'Progressing']);
    assert.match(state.because, /controller has not taken up/);
    await scene.controller.start();
    const at = await scene.until('the pause', paused);
    await scene.controller.stop();
    const ended = { image: at.image, step: 1, since: at.pause?.since ?? null, fence: 1000 };
    assert.equal((await scene.rollouts.promoteRollout({ ...scene.at, ...ended })).outcome, 'written');
    assert.equal((await scene.look()).observed, false);
    const stuck = await restore(scene, 1001, 1_500);
    assert.equal(stuck.done, false);
    assert.match(stuck.because, /controller has not taken up/);
    await scene.controller.start();
    assert.equal((await restore(scene)).done, true);
  });

  test('the Rollout is deleted, or was never seen by a controller', limit, async (t) => {
    const scene = await openScene(t);
    await scene.begin(canary([weight(25), open]));
    await scene.release('1.1.0');
    const { mark } = await scene.until('the pause', paused);
    await scene.cluster.remove(API, 'Rollout', 'shop');
    const waited = { ...scene.at, mark, deadlineMs: 20_000, sinceMs: Date.now() };
    const gone = failing('SHIPLOCK_ARGO_ROLLOUT_MISSING');
    await until('it is gone', async () => (await scene.cluster.get(API, 'Rollout', 'shop')) === null);
    await assert.rejects(
      inActivity(() => scene.rollouts.awaitRolloutChange(waited)),
      gone,
    );
    await assert.rejects(restore(scene), gone);
    await scene.controller.stop();
    const spec = { selector: { matchLabels: { app: 'shop' } }, template: podTemplate('1.0.0'), strategy: canary([]) };
    await scene.cluster.create({ apiVersion: API, kind: 'Rollout', metadata: { name: 'shop' }, spec });
    await assert.rejects(scene.look(), failing('SHIPLOCK_ARGO_NO_CONTROLLER'));
  });

  test('a Rollout whose pods are a Deployment’s', limit, async (t) => {
    const scene = await openScene(t);
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'shop' } };
    const spec = { replicas: 0, selector: { matchLabels: { app: 'shop' } }, template: podTemplate('1.0.0') };
    await scene.cluster.apply({ ...deployment, spec });
    const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop' };
    await scene.begin(canary([weight(25), open]), { workloadRef });
    await scene.release('1.1.0');
    const state = await scene.until('the pause', paused);
    assert.deepEqual(state.weights, { '1.0.0': 75, '1.1.0': 25 });
    assert.equal((await restore(scene)).done, true);
    assert.equal((await scene.look()).image, imageOf('1.0.0'));
  });

  test('a blue-green Rollout: asked before the switch, and back after it', limit, async (t) => {
    const scene = await openScene(t);
    const blueGreen = { activeService: 'shop-stable', previewService: 'shop-canary', autoPromotionEnabled: false };
    assert.equal((await scene.begin({ blueGreen })).openPauses, 1);
    await scene.release('1.1.0');
    const state = await scene.until('the pause', paused);
    assert.deepEqual([state.pause?.reason, state.step, state.openPauses], ['BlueGreenPause', null, 1]);
    assert.deepEqual(state.weights, { '1.0.0': 100 });
    const ended = { image: state.image, step: null, since: state.pause?.since ?? null, fence: 1000 };
    assert.equal((await scene.rollouts.promoteRollout({ ...scene.at, ...ended })).outcome, 'written');
    const end = await scene.until('the switch', ({ promoted, phase }) => promoted && phase === 'Healthy');
    assert.deepEqual(end.weights, { '1.1.0': 100 });
    const { done, weights } = await restore(scene);
    assert.deepEqual([done, weights], [true, { '1.0.0': 100 }]);
  });

  test('without a router the share of the pods is told', limit, async (t) => {
    const scene = await openScene(t);
    const steps = [weight(50), open];
    await scene.begin({ canary: { steps, maxSurge: 1, maxUnavailable: 0 } });
    await scene.release('1.1.0');
    const state = await scene.until('the pause', paused);
    assert.deepEqual(state.weights, { '1.0.0': 50, '1.1.0': 50 });
    assert.equal((await restore(scene)).done, true);
    assert.deepEqual((await scene.look()).weights, { '1.0.0': 100 });
  });
});
