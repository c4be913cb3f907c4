/** Argo's scenarios of Istio's routes, by its own controller and releases that drive it. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { scenario } from '../scoreboard/scenario.ts';
import { type DrivenStory, givenRollout } from '../support/driven-story.ts';
import { type Engine, openEngine } from '../support/engine.ts';
import { until } from '../support/index.ts';
import { asking, openJudge } from '../support/judge.ts';
import { canaryOf, destinations, istio, stableOf, virtualService } from '../support/manifests.ts';
import { hasWeights, type Route, recordWeights, routesOf } from '../support/routes.ts';
import { service } from '../support/workloads.ts';

const options = { timeout: 120_000, by: 'argo' } as const;
const open = { pause: {} };
const weight = (percent: number) => ({ setWeight: percent });
const HASH = 'rollouts-pod-template-hash';

let engine: Engine;
before(async () => {
  process.setMaxListeners(50);
  engine = await openEngine();
});
after(() => engine.close());

scenario(
  'TestIstioHostSplitOnlyTls',
  'a VirtualService of TLS routes alone: 100/0, 90/10, 100/0, and what the release says of them',
  async (t) => {
    const name = 'only-tls';
    const sniHosts = [`${name}.example`];
    const tls = [{ match: [{ port: 443, sniHosts }], route: destinations(name) }];
    const tlsRoutes = [{ port: 443, sniHosts }];
    const shop = await givenRollout(t, engine, {
      service: name,
      objects: [virtualService(name, { tls })],
      canary: {
        ...istio(name, [weight(10), open]),
        trafficRouting: { istio: { virtualService: { name, tlsRoutes } } },
      },
    });
    const update = await shop.releases('1.1.0');
    const { weights } = await update.pauses();
    assert.deepEqual(weights, { '1.0.0': 90, '1.1.0': 10 });
    await hasWeights(shop, [90, 10]);
    await update.promotes();
    await update.ends('released');
    await hasWeights(shop, [100, 0]);
  },
  options,
);

interface Rule {
  readonly spec: { readonly subsets: readonly { readonly name: string; readonly labels: Record<string, string> }[] };
}

/** Waits until each subset chooses the pods of this version. */
async function hasSubsets({ cluster, service, podsOf }: DrivenStory, wanted: Record<string, string>): Promise<void> {
  await until(`subsets ${JSON.stringify(wanted)}`, async () => {
    const rule = await cluster.get<Rule>('networking.istio.io/v1', 'DestinationRule', service);
    for (const { name, labels } of rule?.spec.subsets ?? []) {
      const [pod] = await podsOf(wanted[name] ?? '');
      const hash = pod?.metadata?.labels?.[HASH];
      if (hash === undefined || labels[HASH] !== hash)
        throw new Error(`${name}: ${JSON.stringify(labels)}, not ${hash}`);
    }
    return rule !== null;
  });
}

for (const [called, name, primary, routes] of [
  ['TestIstioSubsetSplit', 'subset-split', { name: 'primary' }, ['primary']],
  ['TestIstioSubsetSplitSingleRoute', 'subset-single', {}, undefined],
] as const) {
  scenario(
    called,
    'the subsets choose the pods of both sides, and the weights are told by version',
    async (t) => {
      const to = (subset: string, weight: number) => ({ destination: { host: name, subset }, weight });
      const subset = (one: string) => ({ name: one, labels: { app: name } });
      const shop = await givenRollout(t, engine, {
        service: name,
        objects: [
          service(name, { app: name }),
          virtualService(name, { http: [{ ...primary, route: [to('stable', 100), to('canary', 0)] }] }),
          {
            apiVersion: 'networking.istio.io/v1',
            kind: 'DestinationRule',
            metadata: { name },
            spec: { host: name, subsets: [subset('stable'), subset('canary')] },
          },
        ],
        canary: {
          steps: [weight(10), open],
          trafficRouting: {
            istio: {
              virtualService: { name, ...(routes && { routes }) },
              destinationRule: { name, canarySubsetName: 'canary', stableSubsetName: 'stable' },
            },
          },
        },
      });
      const update = await shop.releases('1.1.0');
      const { weights } = await update.pauses();
      assert.deepEqual(weights, { '1.0.0': 90, '1.1.0': 10 });
      await hasWeights(shop, [90, 10]);
      await hasSubsets(shop, { stable: '1.0.0', canary: '1.1.0' });
      await update.promotes();
      await update.ends('released');
      await hasWeights(shop, [100, 0]);
      await hasSubsets(shop, { stable: '1.1.0', canary: '1.1.0' });
    },
    options,
  );
}

scenario(
  'TestIstioPingPongUpdate',
  'three releases in turn, whose Services change roles: the weights are told of the right version each time',
  async (t) => {
    const name = 'ping-pong';
    const { stableService, canaryService, ...fields } = istio(name, [weight(25), open]);
    const pingPong = { pingService: stableService, pongService: canaryService };
    const shop = await givenRollout(t, engine, {
      service: name,
      objects: [virtualService(name)],
      canary: { ...fields, pingPong },
    });
    let pong = false;
    for (const [version, before] of [
      ['1.1.0', '1.0.0'],
      ['1.2.0', '1.1.0'],
      ['1.3.0', '1.2.0'],
    ] as const) {
      const update = await shop.releases(version);
      const { weights } = await update.pauses();
      assert.deepEqual(weights, { [before]: 75, [version]: 25 });
      await hasWeights(shop, pong ? [25, 75] : [75, 25]);
      await update.promotes();
      const end = await update.ends('released');
      assert.deepEqual(end.weights, { [version]: 100 });
      pong = !pong;
      await hasWeights(shop, pong ? [0, 100] : [100, 0]);
    }
  },
  options,
);

/** Argo's fields of a canary whose controller may make these routes. */
function managed(name: string, routes: readonly string[], steps: readonly object[]) {
  const fields = istio(name, steps);
  const managedRoutes = routes.map((route) => ({ name: route }));
  return { ...fields, trafficRouting: { ...(fields.trafficRouting as object), managedRoutes } };
}

/** Waits until the HTTP routes are called so, in this order. */
async function hasRoutes(story: DrivenStory, ...names: readonly string[]): Promise<readonly Route[]> {
  return until(`routes ${names}`, async () => {
    const { http = [] } = await routesOf(story);
    const now = http.map(({ name }) => name);
    if (`${now}` === `${names}`) return http;
    throw new Error(`${now}`);
  });
}

scenario(
  'TestIstioHostHeaderRoute',
  'the controller’s header route is there at its step, and gone at its empty one; the release tells the step',
  async (t) => {
    const name = 'header-route';
    const match = [{ headerName: 'agent', headerValue: { regex: 'firefox(.*)' } }];
    const header = (more: object) => ({ setHeaderRoute: { name: 'set-header-1', ...more } });
    const steps = [weight(20), header({ match }), open, weight(40), header({}), open];
    const shop = await givenRollout(t, engine, {
      service: name,
      objects: [virtualService(name)],
      canary: managed(name, ['set-header-1'], steps),
    });
    const update = await shop.releases('1.1.0');
    await update.sees('the header step', ({ rollout }) => (rollout?.seen.step?.index ?? 0) > 0);
    await update.pauses('rollout-3');
    const [first] = await hasRoutes(shop, 'set-header-1', 'primary');
    const host = first?.route?.[0]?.destination.host;
    assert.deepEqual([host, /firefox/.test(JSON.stringify(first?.match))], [canaryOf(name), true]);
    await update.promotes();
    await update.pauses('rollout-6');
    await hasRoutes(shop, 'primary');
    await hasWeights(shop, [60, 40]);
    await update.promotesFully();
    await update.ends('released');
    await hasRoutes(shop, 'primary');
    await hasWeights(shop, [100, 0]);
  },
  options,
);

scenario(
  'TestIstioHostMirrorRoute',
  'the controller’s mirror route is there at its step; after an abort it is gone, and all traffic is stable’s',
  async (t) => {
    const name = 'mirror-route';
    const mirror = { setMirrorRoute: { name: 'mirror-1', percentage: 80, match: [{ path: { prefix: '/' } }] } };
    const shop = await givenRollout(t, engine, {
      service: name,
      objects: [virtualService(name)],
      canary: managed(name, ['mirror-1'], [weight(20), mirror, open]),
    });
    const update = await shop.releases('1.1.0');
    await update.pauses('rollout-3');
    const [first] = await hasRoutes(shop, 'mirror-1', 'primary');
    assert.deepEqual([first?.mirror?.host, first?.mirrorPercentage?.value], [canaryOf(name), 80]);
    await update.aborts();
    await update.ends('rolledBack');
    await hasRoutes(shop, 'primary');
    await hasWeights(shop, [100, 0]);
  },
  options,
);

scenario(
  'TestIstioAbortUpdate',
  'an abort gives all weight to the stable Service in one write, and after the promotion nothing is scaled to none',
  async (t) => {
    const name = 'abort-update';
    const shop = await givenRollout(t, engine, {
      service: name,
      replicas: 2,
      objects: [virtualService(name)],
      canary: istio(name, [weight(30), open]),
    });
    const update = await shop.releases('1.1.0');
    await update.pauses();
    await hasWeights(shop, [70, 30]);
    const recorded = await recordWeights(shop);
    await update.aborts();
    await update.ends('rolledBack');
    await hasWeights(shop, [100, 0]);
    assert.deepEqual(await recorded(), ['100,0'], stableOf(name));
    await shop.hasPods({ '1.0.0': 2 });
    const again = await shop.releases('1.1.0');
    await again.pauses();
    await again.promotes();
    await again.ends('released');
    await shop.hasPods({ '1.1.0': 2 });
  },
  options,
);

scenario(
  'TestMultipleAnalysis',
  'several templates are merged, with the Rollout’s arguments before theirs; all of it is told',
  async (t) => {
    const judge = await openJudge({ major: 'yes' });
    t.after(() => judge.close());
    const one = (name: string) => {
      const metric = { name, count: 1, successCondition: "result.major == '{{args.wanted}}'" };
      const { spec, ...template } = asking(name, judge.url, metric);
      return { ...template, spec: { ...spec, args: [{ name: 'wanted', value: 'no' }] } };
    };
    const shop = await givenRollout(t, engine, {
      service: 'merged',
      templates: [one('first'), one('second')],
      canary: {
        steps: [
          {
            analysis: {
              templates: [{ templateName: 'first' }, { templateName: 'second' }],
              args: [{ name: 'wanted', value: 'yes' }],
            },
          },
        ],
      },
    });
    const update = await shop.releases('1.1.0');
    const end = await update.ends('released');
    const metrics = end.rollout?.seen.analyses.flatMap(({ metrics }) => metrics) ?? [];
    assert.deepEqual(metrics.map(({ name, phase, successful }) => [name, phase, successful]).toSorted(), [
      ['first', 'Successful', 1],
      ['second', 'Successful', 1],
    ]);
  },
  options,
);
