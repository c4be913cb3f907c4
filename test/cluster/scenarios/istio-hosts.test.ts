import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { scenario } from '../scoreboard/scenario.ts';
import { type Engine, openEngine } from '../support/engine.ts';
import { destinations, istio, virtualService } from '../support/manifests.ts';
import { hasWeights } from '../support/routes.ts';
import { given } from '../support/story.ts';

const limit = { timeout: 120_000 };
let engine: Engine;
before(async () => {
  engine = await openEngine();
});
after(() => engine.close());

const KEPT_WARM = { window: { duration: '10m' } };
const tls = (name: string) => ({
  match: [{ port: 3000, sniHosts: [`${name}.example`] }],
  route: destinations(name),
});

for (const [name, what, spec, routes] of [
  ['host-split', 'an HTTP route', (of: string) => ({ http: [{ name: 'primary', route: destinations(of) }] }), 1],
  [
    'host-http-tls-split',
    'an HTTP and a TLS route',
    (of: string) => ({ http: [{ name: 'primary', route: destinations(of) }], tls: [tls(of)] }),
    2,
  ],
] as const) {
  scenario(
    'TestIstioHostSplit',
    `${what}: 100/0, 90/10, 100/0; both Services follow, the old pods are kept warm`,
    async (t) => {
      const virtualServiceFields = {
        name,
        routes: ['primary'],
        ...(routes === 2 && { tlsRoutes: [{ port: 3000, sniHosts: [`${name}.example`] }] }),
      };
      const shop = await given(t, engine, {
        service: name,
        objects: [virtualService(name, spec(name))],
        canary: istio(name, [{ setWeight: 10 }, { pause: {} }], {
          trafficRouting: { istio: { virtualService: virtualServiceFields } },
        }),
        release: KEPT_WARM,
      });
      const all = (...pair: number[]) => Array.from({ length: routes }, () => pair);

      await shop.hasReleased('1.0.0');
      await hasWeights(shop, ...all(100, 0));
      await shop.selects({ stable: '1.0.0', canary: '1.0.0' });

      const update = await shop.releases('1.1.0');
      await update.pauses('step-2');
      await hasWeights(shop, ...all(90, 10));
      await shop.selects({ stable: '1.0.0', canary: '1.1.0' });

      await update.promotes();
      await update.comesTo('released');
      await hasWeights(shop, ...all(100, 0));
      await shop.selects({ stable: '1.1.0', canary: '1.1.0' });
      await shop.hasPods({ '1.0.0': 1, '1.1.0': 1 });
    },
    limit,
  );
}

scenario(
  'TestIstioHostSplitOnlyTls',
  'a VirtualService with TLS routes alone goes 100/0, 90/10, 100/0',
  async (t) => {
    const name = 'host-only-tls';
    const tlsRoutes = [{ port: 3000, sniHosts: [`${name}.example`] }];
    const shop = await given(t, engine, {
      service: name,
      objects: [virtualService(name, { tls: [tls(name)] })],
      canary: istio(name, [{ setWeight: 10 }, { pause: {} }], {
        trafficRouting: { istio: { virtualService: { name, tlsRoutes } } },
      }),
      release: KEPT_WARM,
    });
    await shop.hasReleased('1.0.0');
    await hasWeights(shop, [100, 0]);
    await shop.selects({ stable: '1.0.0', canary: '1.0.0' });

    const update = await shop.releases('1.1.0');
    await update.pauses('step-2');
    await hasWeights(shop, [90, 10]);
    await shop.selects({ stable: '1.0.0', canary: '1.1.0' });

    await update.promotes();
    await update.comesTo('released');
    await hasWeights(shop, [100, 0]);
    await shop.selects({ stable: '1.1.0', canary: '1.1.0' });
    await shop.hasPods({ '1.0.0': 1 });
  },
  limit,
);

scenario(
  'TestIstioAbortUpdate',
  'an abort where nothing runs is refused, and changes nothing: neither before an update nor after it',
  async (t) => {
    const name = 'abort-update';
    const shop = await given(t, engine, {
      service: name,
      objects: [virtualService(name)],
      canary: istio(name, [{ setWeight: 10 }, { pause: {} }]),
    });
    await shop.hasReleased('1.0.0');
    const id = `release-test-${name}`;
    // Whether it has just closed or is about to, nobody takes the abort.
    const isRefused = async (abort: Promise<{ readonly accepted: boolean }>) => {
      const answer = await abort.then(
        ({ accepted }) => accepted,
        (error: { code?: string }) => error.code,
      );
      assert.ok(answer === false || answer === 'SHIPLOCK_RELEASE_ENDED', `${answer}`);
    };
    const first = await engine.shiplock.wait(id, { until: 'ended', timeoutMs: 30_000 });
    assert.equal(first.verdict, 'released');
    await isRefused(engine.shiplock.send(id, 'abort', { reason: 'a test' }));
    await shop.hasPods({ '1.0.0': 1 });

    const update = await shop.releases('1.1.0');
    await update.pauses();
    await update.promotes();
    await update.ends('released');
    await isRefused(update.aborts());
    await shop.hasPods({ '1.1.0': 1 });
    await hasWeights(shop, [100, 0]);
    await shop.selects({ stable: '1.1.0' });
  },
  limit,
);

scenario(
  'TestIstioUpdateInMiddleZeroCanaryReplicas',
  'a third version takes the place of the second one, which waits without traffic: its pods come up',
  async (t) => {
    const name = 'update-in-middle';
    const shop = await given(t, engine, {
      service: name,
      replicas: 2,
      objects: [virtualService(name)],
      canary: istio(name, [{ setWeight: 0 }, { setCanaryScale: { replicas: 1 } }, { pause: {} }]),
    });
    await shop.hasReleased('1.0.0');
    const second = await shop.releases('1.1.0');
    await second.pauses();
    await shop.hasPods({ '1.0.0': 2, '1.1.0': 1 });

    const third = await shop.releases('1.2.0', {}, { ifBusy: 'supersede' });
    await second.ends('rolledBack');
    await third.pauses();
    await shop.hasPods({ '1.0.0': 2, '1.2.0': 1 });
    await hasWeights(shop, [100, 0]);
  },
  limit,
);

scenario(
  'TestIstioAbortUpdateDeleteAllCanaryPods',
  'aborted at four canaries: stable is whole, and the canary’s pods stay for their delay',
  async (t) => {
    const name = 'abort-keeps-pods';
    const shop = await given(t, engine, {
      service: name,
      replicas: 5,
      objects: [virtualService(name)],
      canary: istio(name, [
        { setCanaryScale: { replicas: 2 } },
        { setWeight: 20 },
        { pause: {} },
        { setCanaryScale: { replicas: 4 } },
        { setWeight: 40 },
        { pause: {} },
      ]),
    });
    await shop.hasReleased('1.0.0');
    const update = await shop.releases('1.1.0');
    await update.pauses('step-3');
    await shop.hasPods({ '1.0.0': 5, '1.1.0': 2 });
    await update.promotes();
    await update.pauses('step-6');
    await shop.hasPods({ '1.0.0': 5, '1.1.0': 4 });
    await hasWeights(shop, [60, 40]);

    await update.aborts();
    await hasWeights(shop, [100, 0]);
    await shop.hasPods({ '1.0.0': 5, '1.1.0': 4 });
    await update.sees('it waits with the canary’s pods', ({ because }) => because !== '');
    await shop.hasPods({ '1.0.0': 5, '1.1.0': 4 });
  },
  limit,
);
