import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { scenario } from '../scoreboard/scenario.ts';
import { type Engine, openEngine } from '../support/engine.ts';
import { until } from '../support/index.ts';
import { istio, virtualService } from '../support/manifests.ts';
import { hasWeights } from '../support/routes.ts';
import { given } from '../support/story.ts';

const limit = { timeout: 180_000 };
let engine: Engine;
before(async () => {
  engine = await openEngine();
});
after(() => engine.close());

scenario(
  'TestCanarySetCanaryScale',
  'the canary has the pods that setCanaryScale says, beside four stable ones at every step',
  async (t) => {
    const name = 'set-canary-scale';
    const shop = await given(t, engine, {
      service: name,
      replicas: 4,
      objects: [virtualService(name)],
      canary: istio(name, [
        { pause: {} },
        { setCanaryScale: { weight: 25 } },
        { pause: { duration: '100s' } },
        { setWeight: 50 },
        { pause: { duration: '100s' } },
        { setCanaryScale: { replicas: 3 } },
        { pause: {} },
        { setCanaryScale: { matchTrafficWeight: true } },
        { pause: { duration: '100s' } },
      ]),
    });
    await shop.hasReleased('1.0.0');
    const update = await shop.releases('1.1.0');
    for (const [step, canary] of [
      // Argo has none yet; here the new version is shown to get ready before the first step.
      ['step-1', 1],
      ['step-3', 1],
      ['step-5', 1],
      ['step-7', 3],
      ['step-9', 2],
    ] as const) {
      await update.pauses(step);
      await shop.hasPods({ '1.0.0': 4, '1.1.0': canary });
      await update.promotes();
    }
    await update.comesTo('released');
    await shop.hasPods({ '1.1.0': 4 });
  },
  limit,
);

scenario(
  'TestCanaryDynamicStableScale',
  '3/1, 1/3, aborted: the canary’s pods go only as stable ones get ready, and its Service stays with them till then',
  async (t) => {
    const name = 'dynamic-stable-scale';
    const shop = await given(t, engine, {
      service: name,
      replicas: 4,
      play: { ready: 'false' },
      objects: [virtualService(name)],
      canary: istio(name, [{ setWeight: 25 }, { pause: {} }, { setWeight: 75 }, { pause: {} }], {
        dynamicStableScale: true,
        abortScaleDownDelaySeconds: 1,
      }),
    });
    const first = await shop.releases('1.0.0');
    await shop.makesReady('1.0.0', 4);
    await first.comesTo('released');

    const update = await shop.releases('1.1.0');
    await shop.makesReady('1.1.0', 1);
    await update.pauses('step-2');
    await shop.hasPods({ '1.0.0': 3, '1.1.0': 1 });
    await update.promotes();
    await shop.makesReady('1.1.0', 2);
    await update.pauses('step-4');
    await shop.hasPods({ '1.0.0': 1, '1.1.0': 3 });

    await update.aborts();
    await shop.makesReady('1.0.0', 2);
    await shop.hasPods({ '1.0.0': 4 });
    await shop.selects({ stable: '1.0.0', canary: '1.1.0' });
    await shop.makesReady('1.0.0', 1);
    await hasWeights(shop, [100, 0]);
    await update.ends('rolledBack');
    await shop.hasPods({ '1.0.0': 4, '1.1.0': 0 });
  },
  limit,
);

scenario(
  'TestCanaryDynamicStableScaleAbortScaleDownDelay',
  'aborted with a delay: it neither hangs nor takes a pod of the canary while that has traffic',
  async (t) => {
    const name = 'dynamic-abort-delay';
    const shop = await given(t, engine, {
      service: name,
      replicas: 4,
      play: { ready: 'false' },
      objects: [virtualService(name)],
      canary: istio(name, [{ setWeight: 25 }, { pause: {} }, { setWeight: 75 }, { pause: {} }], {
        dynamicStableScale: true,
        abortScaleDownDelaySeconds: 3,
      }),
    });
    const first = await shop.releases('1.0.0');
    await shop.makesReady('1.0.0', 4);
    await first.comesTo('released');
    const update = await shop.releases('1.1.0');
    await shop.makesReady('1.1.0', 1);
    await update.pauses('step-2');
    await update.promotes();
    await shop.makesReady('1.1.0', 2);
    await update.pauses('step-4');
    await shop.hasPods({ '1.0.0': 1, '1.1.0': 3 });

    await update.aborts();
    await update.sees('it goes back', ({ phase }) => phase === 'undoing');
    await until('stable grows, and nothing of it serves yet', async () => {
      const pods = await shop.podsOf('1.0.0');
      return pods.length > 1;
    });
    await shop.hasPods({ '1.1.0': 3 });
    await hasWeights(shop, [25, 75]);

    await shop.makesReady('1.0.0', 3);
    await hasWeights(shop, [100, 0]);
    await shop.hasPods({ '1.0.0': 4, '1.1.0': 3 });
    await update.ends('rolledBack');
    await shop.hasPods({ '1.0.0': 4, '1.1.0': 0 });
  },
  limit,
);

scenario(
  'TestCanaryDynamicStableScaleRollbackToStable',
  'the stable version is released again in mid-canary: no weight moves before its pods are ready',
  async (t) => {
    const name = 'dynamic-to-stable';
    const shop = await given(t, engine, {
      service: name,
      replicas: 4,
      play: { ready: 'false' },
      objects: [virtualService(name)],
      canary: istio(name, [{ setWeight: 25 }, { pause: {} }, { setWeight: 75 }, { pause: {} }], {
        dynamicStableScale: true,
        abortScaleDownDelaySeconds: 1,
      }),
    });
    const first = await shop.releases('1.0.0');
    await shop.makesReady('1.0.0', 4);
    await first.comesTo('released');
    const update = await shop.releases('1.1.0');
    await shop.makesReady('1.1.0', 1);
    await update.pauses('step-2');
    await shop.hasPods({ '1.0.0': 3, '1.1.0': 1 });

    // Its turn comes when the other has gone back.
    const turn = shop.releases('1.0.0', {}, { ifBusy: 'supersede' });
    await update.sees('it goes back', ({ phase }) => phase === 'undoing');
    await shop.hasPods({ '1.0.0': 4, '1.1.0': 1 });
    await shop.selects({ stable: '1.0.0', canary: '1.1.0' });
    await hasWeights(shop, [75, 25]);
    await shop.makesReady('1.0.0', 1);
    await update.ends('rolledBack');
    await hasWeights(shop, [100, 0]);
    await shop.hasPods({ '1.0.0': 4, '1.1.0': 0 });
    const again = await turn;
    await again.ends('rejected', /1\.0\.0/);
    await shop.hasPods({ '1.0.0': 4 });
  },
  limit,
);

scenario(
  'TestSpecAndReplicaChangeSameTime',
  'another template and another number of pods in one release, started anew in mid-canary',
  async (t) => {
    const name = 'spec-and-replicas';
    const shop = await given(t, engine, {
      service: name,
      replicas: 4,
      objects: [virtualService(name)],
      canary: istio(name, [{ setWeight: 50 }, { pause: {} }]),
    });
    await shop.hasReleased('1.0.0');
    const second = await shop.releases('1.1.0', { replicas: 6, annotations: { rev: 'two' } });
    await second.pauses();
    await shop.hasPods({ '1.1.0': 3 });
    const third = await shop.releases('1.2.0', { replicas: 8, annotations: { rev: 'three' } }, { ifBusy: 'supersede' });
    await second.ends('rolledBack');
    await third.pauses();
    await shop.hasPods({ '1.2.0': 4, '1.1.0': 0 });
    await third.promotes();
    await third.ends('released');
    await shop.hasPods({ '1.2.0': 8, '1.0.0': 0 });
    const set = await shop.replicaSetOf('1.2.0');
    assert.equal(set?.spec?.template?.metadata?.annotations?.rev, 'three');
  },
  limit,
);
