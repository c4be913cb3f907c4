import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { scenario } from '../scoreboard/scenario.ts';
import { type Engine, openEngine } from '../support/engine.ts';
import { until } from '../support/index.ts';
import { istio, virtualService } from '../support/manifests.ts';
import { hasWeights, recordServices } from '../support/routes.ts';
import { given } from '../support/story.ts';

const limit = { timeout: 120_000 };
let engine: Engine;
before(async () => {
  engine = await openEngine();
});
after(() => engine.close());

scenario(
  'TestCanaryScaleDownOnAbort',
  'aborted: canaryService selects the stable revision again, once; the canary’s pods go after their delay',
  async (t) => {
    const name = 'scale-down-on-abort';
    const shop = await given(t, engine, {
      service: name,
      objects: [virtualService(name)],
      canary: istio(name, [{ setWeight: 25 }, { pause: {} }], { abortScaleDownDelaySeconds: 1 }),
    });
    await shop.hasReleased('1.0.0');
    const update = await shop.releases('1.1.0');
    await update.pauses();
    await shop.hasPods({ '1.0.0': 1, '1.1.0': 1 });
    await shop.selects({ stable: '1.0.0', canary: '1.1.0' });
    const recorded = await recordServices(shop);
    await update.aborts();
    await update.ends('rolledBack');
    await shop.hasPods({ '1.0.0': 1, '1.1.0': 0 });
    await hasWeights(shop, [100, 0]);
    await shop.selects({ stable: '1.0.0', canary: '1.0.0' });
    const changes = await recorded();
    assert.equal(changes.length, 1, `the selector of canaryService does not flap: ${changes}`);
  },
  limit,
);

scenario(
  'TestCanaryScaleDownOnAbortNoTrafficRouting',
  'aborted without a router: the canary’s pods go, the stable side is whole',
  async (t) => {
    const shop = await given(t, engine, {
      service: 'abort-no-router',
      replicas: 2,
      canary: { steps: [{ setWeight: 50 }, { pause: {} }] },
    });
    await shop.hasReleased('1.0.0');
    const update = await shop.releases('1.1.0');
    await update.pauses();
    await shop.hasPods({ '1.1.0': 1 });
    await update.aborts();
    await update.ends('rolledBack');
    await shop.hasPods({ '1.0.0': 2, '1.1.0': 0 });
  },
  limit,
);

scenario(
  'TestCanaryUnScaleDownOnAbort',
  'abortScaleDownDelaySeconds 0 keeps the canary’s pods after an abort',
  async (t) => {
    const name = 'keeps-pods';
    const shop = await given(t, engine, {
      service: name,
      objects: [virtualService(name)],
      canary: istio(name, [{ setCanaryScale: { replicas: 1 } }, { pause: {} }], { abortScaleDownDelaySeconds: 0 }),
    });
    await shop.hasReleased('1.0.0');
    const update = await shop.releases('1.1.0');
    await update.pauses();
    await update.aborts();
    await update.ends('rolledBack');
    await shop.hasPods({ '1.0.0': 1, '1.1.0': 1 });
    await hasWeights(shop, [100, 0]);
  },
  limit,
);

scenario(
  'TestCanaryWithPausedRollout',
  'a third version while the second one is paused: the second one’s pods go, the third one pauses',
  async (t) => {
    const shop = await given(t, engine, {
      service: 'third-while-paused',
      replicas: 3,
      canary: { steps: [{ setWeight: 20 }, { pause: {} }] },
    });
    await shop.hasReleased('1.0.0');
    const second = await shop.releases('1.1.0');
    await second.pauses();
    const third = await shop.releases('1.2.0', {}, { ifBusy: 'supersede' });
    await second.ends('rolledBack');
    await third.pauses();
    await shop.hasPods({ '1.0.0': 3, '1.1.0': 0, '1.2.0': 1 });
  },
  limit,
);

scenario(
  'TestCanaryScaleDownDelay',
  'the old revision is kept warm for the window, then gone; going back inside it is one move',
  async (t) => {
    const name = 'kept-warm';
    const shop = await given(t, engine, {
      service: name,
      objects: [virtualService(name)],
      canary: istio(name, [{ setWeight: 50 }]),
      release: { window: { duration: '10m' } },
    });
    await shop.hasReleased('1.0.0');
    const second = await shop.releases('1.1.0');
    await second.comesTo('released');
    await shop.hasPods({ '1.0.0': 1, '1.1.0': 1 });

    const third = await shop.releases('1.2.0');
    await third.comesTo('released');
    await shop.hasPods({ '1.0.0': 0, '1.1.0': 1, '1.2.0': 1 });

    await third.aborts();
    await third.ends('rolledBack');
    await shop.selects({ stable: '1.1.0' });
    await hasWeights(shop, [100, 0]);
    await shop.hasPods({ '1.0.0': 0, '1.1.0': 1, '1.2.0': 0 });
  },
  limit,
);

scenario(
  'TestCanaryScaleDownDelayWithProgressDeadline',
  'an old revision that is kept longer than the readiness deadline changes nothing of a release that is over',
  async (t) => {
    const name = 'kept-past-deadline';
    const shop = await given(t, engine, {
      service: name,
      objects: [virtualService(name)],
      spec: { progressDeadlineSeconds: 2 },
      canary: istio(name, [{ setWeight: 50 }]),
      release: { window: { duration: '6s' } },
    });
    await shop.hasReleased('1.0.0');
    const update = await shop.releases('1.1.0');
    const { outcome } = await update.comesTo('released');
    await shop.hasPods({ '1.0.0': 1, '1.1.0': 1 });
    assert.equal(outcome, 'released');
    await update.ends('released');
    await shop.hasPods({ '1.0.0': 0, '1.1.0': 1 });
  },
  limit,
);

scenario(
  'TestCanaryWithSpecPause',
  'a release that is held writes nothing: the objects’ resourceVersions stand still',
  async (t) => {
    const name = 'held';
    const shop = await given(t, engine, {
      service: name,
      replicas: 3,
      objects: [virtualService(name)],
      canary: istio(name, [{ setWeight: 20 }, { pause: { duration: '1s' } }, { setWeight: 40 }]),
    });
    await shop.hasReleased('1.0.0');
    const update = await shop.releases('1.1.0');
    await update.pauses();
    const { accepted, because } = await update.sends('pause', { reason: 'a test' });
    assert.ok(accepted, because);
    const held = await update.sees('it is held', ({ waiting }) => waiting?.kind === 'paused');
    const versions = async () =>
      JSON.stringify(
        await Promise.all(
          [
            ['apps/v1', 'ReplicaSet'],
            ['v1', 'Service'],
            ['v1', 'ConfigMap'],
            ['networking.istio.io/v1', 'VirtualService'],
          ].map(async ([apiVersion = '', kind = '']) =>
            (await shop.cluster.list(apiVersion, kind)).map(({ metadata }) => metadata.resourceVersion),
          ),
        ),
      );
    const before = await versions();
    const since = Date.now();
    await until('it has been held for five seconds', async () => Date.now() - since > 5_000);
    assert.equal(await versions(), before);
    await update.sends('resume', { step: held.waiting?.token ?? '' });
    await update.comesTo('released');
  },
  limit,
);
