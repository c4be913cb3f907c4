/** Pods first, then the weight, then what is no longer needed: releases on a platform that scales the two sides. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import type { Step } from '../../src/plan/plan.ts';
import type { KubernetesTarget, ScalePlan, TrafficPlan } from '../../src/plan/target.ts';
import { analysisOf, MINUTE, openPause, plainPlan, weight } from './invariants-plans.ts';
import { assertAsBefore, CANARY, type Call, endOf, type Scene, STABLE, withScenes } from './invariants-scenes.ts';

const limit = { timeout: 300_000 };
const ISTIO: TrafficPlan = { kind: 'istio', virtualServices: [{ name: 'shop', routes: ['primary'] }] };

describe('a platform that scales both sides', () => {
  const scenes = withScenes();

  it('starts as many pods as the first weight needs, and more before each greater one', limit, async () => {
    const scene = scenes.open();
    const steps = [weight(10), weight(50), weight(20)];
    const { type } = await endOf(await scene.start(planOf(scene, { steps })));
    assert.equal(type, 'Released');
    assert.deepEqual(moves(scene), [
      'start 1',
      `weight 10`,
      `scale ${CANARY} 5`,
      'weight 50',
      'weight 20',
      `scale ${CANARY} 2`,
      `scale ${CANARY} 10`,
      'weight 100',
    ]);
    for (const call of scene.calls.filter(({ activity }) => activity === 'scaleRevisions')) {
      assert.equal(call.request.within, undefined, 'a router splits the requests');
      assert.deepEqual(call.request.place.traffic, ISTIO, 'every request says where');
      assert.equal(call.request.place.template, undefined, 'and carries no pod template');
    }
  });

  it(
    'with dynamicStableScale the old side shrinks after the weight, and has its pods again on the way back',
    limit,
    async () => {
      const { scene, back } = await abortedAt(50, { scale: { dynamicStableScale: true } });
      assert.deepEqual(moves(scene).slice(0, 4), ['start 5', 'weight 50', `scale ${STABLE} 5`, `scale ${STABLE} 10`]);
      assert.deepEqual(
        back.slice(0, 2).map(({ activity }) => activity),
        ['scaleRevisions', 'setWeights'],
      );
      assert.equal(back[0]?.request.deadlineMs, 0, 'the traffic does not wait for all of its pods');
      assert.equal(back[1]?.request.partial, true);
      assertAsBefore(scene, 'aborted at 50 %');
    },
  );

  it(
    'without a router both sides are scaled at once, within the surge, and the way back waits for the pods',
    limit,
    async () => {
      const { scene, back } = await abortedAt(50, { traffic: { kind: 'replicas' } });
      const [forward] = scene.calls.filter(({ activity }) => activity === 'scaleRevisions');
      assert.equal(scene.calls.find(({ activity }) => activity === 'startRevision')?.request.replicas, 3, '25 % of 10');
      assert.deepEqual(forward?.request.replicas, { [STABLE]: 5, [CANARY]: 5 });
      assert.deepEqual(forward?.request.within, { replicas: 10, maxSurge: '25%', maxUnavailable: '25%' });
      assert.deepEqual(back[0]?.request.replicas, { [STABLE]: 10, [CANARY]: 0 });
      assert.ok(back[0]?.request.deadlineMs > 0);
      assertAsBefore(scene, 'aborted at 50 %');
    },
  );

  it('goes back when the pods for the next weight do not come', limit, async () => {
    const scene = scenes.open();
    scene.world.activities.scaleRevisions = async () => ({ ready: false, because: '3 of 5 pods: ImagePullBackOff' });
    const { type, because } = await endOf(await scene.start(planOf(scene, { steps: [weight(10), weight(50)] })));
    assert.equal(type, 'RolledBack');
    assert.equal(because, 'not ready in time: 3 of 5 pods: ImagePullBackOff');
    assertAsBefore(scene, 'the pods did not come');
  });

  it('removes an aborted canary after the delay of the plan, or with none never', limit, async () => {
    const delayed = await abortedAt(50, { scale: { abortScaleDownDelayMs: 7 * MINUTE } });
    const [moved, removed] = ['setWeights', 'removeRevision'].map((activity) =>
      delayed.back.find((call) => call.activity === activity),
    );
    assert.ok(moved && removed && moved.number < removed.number);
    assertAsBefore(delayed.scene, 'after the delay');
    const kept = await abortedAt(50, { scale: { abortScaleDownDelayMs: null } });
    assert.ok(!kept.back.some(({ activity }) => activity === 'removeRevision'));
    assert.deepEqual(kept.scene.world.weights, { [STABLE]: 100 });
  });

  it('keeps the canary as large as a step says until it shall match its weight again', limit, async () => {
    const scene = scenes.open();
    const steps: Step[] = [
      { kind: 'setCanaryScale', scale: { kind: 'replicas', replicas: 3 } },
      weight(50),
      { kind: 'setCanaryScale', scale: { kind: 'matchTrafficWeight' } },
    ];
    assert.equal((await endOf(await scene.start(planOf(scene, { steps })))).type, 'Released');
    assert.deepEqual(moves(scene).slice(0, 3), ['start 3', 'weight 50', `scale ${CANARY} 5`]);
  });

  it(
    'becomes as large as the stable side, where an autoscaler had made that larger than the plan says',
    limit,
    async () => {
      const sizes = async (replicas: number, autoscaled: boolean) => {
        const scene = scenes.open();
        const admit = scene.world.activities.admit;
        scene.world.activities.admit = async (request) => {
          const admitted = await admit(request);
          const { before } = admitted;
          const revisions = before.revisions.map((revision) => ({ ...revision, replicas }));
          return { ...admitted, before: { ...before, revisions, ...(autoscaled && { autoscaled }) } };
        };
        const plan = planOf(scene, { steps: [weight(50)] });
        assert.equal((await endOf(await scene.start(plan))).type, 'Released');
        return moves(scene);
      };
      assert.deepEqual(await sizes(16, true), ['start 8', 'weight 50', `scale ${CANARY} 16`, 'weight 100']);
      const planned = ['start 5', 'weight 50', `scale ${CANARY} 10`, 'weight 100'];
      assert.deepEqual(await sizes(16, false), planned, 'what a person did by hand is the plan’s to say');
      assert.deepEqual(await sizes(3, true), planned, 'never fewer than the plan says');
    },
  );

  it(
    'waits with all of the traffic for pods that a restart replaces, as long as for those that come',
    limit,
    async () => {
      const scene = scenes.open();
      // Tried again after 5 s at most: these are three minutes.
      let refusals = 40;
      scene.before = ({ activity, request }) => {
        if (activity !== 'setWeights' || request.weights[CANARY] !== 100 || refusals === 0) return;
        refusals -= 1;
        throw ApplicationFailure.retryable('shop leads to 9 of 10 pods', 'SHIPLOCK_KUBERNETES_NOT_READY');
      };
      const plan = planOf(scene, { steps: [weight(50)] });
      assert.equal(plan.canary.readyDeadlineMs, 5 * MINUTE);
      assert.equal((await endOf(await scene.start(plan))).type, 'Released');
      assert.equal(refusals, 0);
    },
  );

  it('goes back from the window to as many pods as an autoscaler has given the new side since', limit, async () => {
    const back = async (replicas: number, traffic: TrafficPlan, autoscaled = true) => {
      const scene = scenes.open();
      const { admit } = scene.world.activities;
      scene.world.activities.admit = async (request) => {
        const admitted = await admit(request);
        return { ...admitted, before: { ...admitted.before, ...(autoscaled && { autoscaled }) } };
      };
      const handle = await scene.start(planOf(scene, { steps: [weight(50)], traffic }));
      await scene.until(handle, ({ waiting }) => waiting?.kind === 'window', MINUTE / 10);
      const promoted = scene.world.revisions.get(CANARY);
      assert.ok(promoted);
      scene.world.revisions.set(CANARY, { ...promoted, replicas, ready: replicas });
      const there = scene.calls.length;
      await handle.signal('abort', { reason: 'enough' });
      assert.equal((await endOf(handle)).type, 'RolledBack');
      assertAsBefore(scene, 'aborted in the window');
      const calls = scene.calls.slice(there);
      const moved = calls.findIndex(({ activity }) => activity === 'setWeights');
      const before = calls.slice(0, moved).filter(({ activity }) => activity !== 'notify');
      return before.map(({ activity, request }) => (activity === 'scaleRevisions' ? request.replicas : activity));
    };
    assert.deepEqual(await back(24, ISTIO), ['describeWorkload', { [STABLE]: 24 }]);
    assert.deepEqual(await back(4, ISTIO), ['describeWorkload'], 'never fewer than it has');
    assert.deepEqual(await back(24, ISTIO, false), [], 'what a person did by hand is the plan’s to say');
    assert.deepEqual(await back(24, { kind: 'replicas' }), ['describeWorkload', { [STABLE]: 24, [CANARY]: 0 }]);
  });

  it('has all its pods before it has all traffic, whatever a step said of the canary', limit, async () => {
    const scene = scenes.open();
    const steps: Step[] = [{ kind: 'setCanaryScale', scale: { kind: 'replicas', replicas: 2 } }, weight(20)];
    assert.equal((await endOf(await scene.start(planOf(scene, { steps })))).type, 'Released');
    assert.deepEqual(moves(scene), ['start 2', 'weight 20', `scale ${CANARY} 10`, 'weight 100']);
  });

  it('takes no steps and no analysis for a version that is within the rollback window', limit, async () => {
    const scene = scenes.open();
    const admit = scene.world.activities.admit;
    scene.world.activities.admit = async (request) => {
      const admitted = await admit(request);
      return { ...admitted, before: { ...admitted.before, history: [CANARY, STABLE] } };
    };
    const plan = planOf(scene, { steps: [weight(10), openPause] });
    const canary = { ...plan.canary, background: { startingStep: 0, analysis: analysisOf() } };
    const within = { ...plan, canary: { ...canary, rollbackWindow: { revisions: 1 } } };
    const { type, status } = await endOf(await scene.start(within));
    assert.equal(type, 'Released');
    assert.deepEqual(moves(scene), ['start 1', `scale ${CANARY} 10`, 'weight 100']);
    assert.ok(!scene.calls.some(({ activity }) => activity === 'measure'));
    const [first] = status.progress.filter(({ name }) => name === 'step-1');
    assert.match(first?.because ?? '', /was stable before, 0 others ago: within the rollback window of 1/);
  });

  it('has header and mirror routes until they are removed, all traffic is moved, or it goes back', limit, async () => {
    const matches = [{ headers: { agent: { kind: 'exact', value: 'beta' } } }] as const;
    const steps: Step[] = [
      { kind: 'setHeaderRoute', name: 'beta', matches },
      { kind: 'setMirrorRoute', name: 'shadow', matches: [{}], percentage: 35 },
      { kind: 'setHeaderRoute', name: 'beta', matches: [] },
      weight(50),
    ];
    const routes = ({ world }: Scene) => world.journal.filter((effect) => effect.startsWith('routes'));
    const released = scenes.open();
    assert.equal((await endOf(await released.start(planOf(released, { steps })))).type, 'Released');
    assert.deepEqual(routes(released), ['routes beta', 'routes beta shadow', 'routes shadow', 'routes none']);
    const { scene, back } = await abortedAt(50, { steps });
    assert.deepEqual(
      back.slice(0, 2).map(({ activity }) => activity),
      ['setWeights', 'setRoutes'],
    );
    assert.equal(routes(scene).at(-1), 'routes none');
    assertAsBefore(scene, 'aborted with a route');
  });

  async function abortedAt(percent: number, changes: Changes): Promise<{ scene: Scene; back: Call[] }> {
    const scene = scenes.open();
    const handle = await scene.start(
      planOf(scene, { ...changes, steps: [...(changes.steps ?? []), weight(percent), openPause] }),
    );
    await scene.until(handle, ({ waiting }) => waiting?.kind === 'pause', MINUTE / 10);
    const there = scene.calls.length;
    await handle.signal('abort', { reason: 'enough' });
    assert.equal((await endOf(handle)).type, 'RolledBack');
    return { scene, back: scene.calls.slice(there) };
  }
});

interface Changes {
  readonly steps?: readonly Step[];
  readonly traffic?: TrafficPlan;
  readonly scale?: Partial<ScalePlan>;
}

function planOf(scene: Scene, { steps, traffic = ISTIO, scale }: Changes & Parameters<typeof plainPlan>[0]) {
  const target: KubernetesTarget = {
    platform: 'kubernetes',
    cluster: 'production',
    namespace: 'shop',
    selector: { app: 'shop' },
    stableService: 'shop-stable',
    canaryService: 'shop-canary',
    traffic,
    replicas: 10,
    template: {
      metadata: { labels: { app: 'shop' } },
      spec: { containers: [{ name: 'api', image: `shop:${CANARY}` }] },
    },
    minReadySeconds: 0,
    readinessPath: '/ready',
    scale: {
      maxSurge: '25%',
      maxUnavailable: '25%',
      dynamicStableScale: false,
      minPodsPerReplicaSet: 1,
      abortScaleDownDelayMs: 0,
      ...scale,
    },
  };
  const stable = scene.world.revisions.get(STABLE);
  if (stable) scene.world.revisions.set(STABLE, { ...stable, replicas: 10, ready: 10 });
  return plainPlan({ steps, target });
}

/** What was done to pods and weights, in order; attempts at the same count once. */
function moves({ calls }: Scene): string[] {
  const done = calls.flatMap(({ activity, request }) => {
    if (activity === 'startRevision') return [`start ${request.replicas}`];
    if (activity === 'setWeights') return request.partial ? [] : [`weight ${request.weights[CANARY]}`];
    if (activity !== 'scaleRevisions') return [];
    return Object.entries(request.replicas).map(([version, count]) => `scale ${version} ${count}`);
  });
  return done.filter((move, index) => move !== done[index - 1]);
}
