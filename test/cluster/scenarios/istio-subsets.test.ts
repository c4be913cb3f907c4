import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { revisionId } from '../../../src/rollout/revision-id.ts';
import { scenario } from '../scoreboard/scenario.ts';
import { type Engine, openEngine } from '../support/engine.ts';
import { until } from '../support/index.ts';
import { istio, virtualService } from '../support/manifests.ts';
import { hasWeights, routesOf } from '../support/routes.ts';
import { given, type Story } from '../support/story.ts';
import { service } from '../support/workloads.ts';

const limit = { timeout: 120_000 };
let engine: Engine;
before(async () => {
  engine = await openEngine();
});
after(() => engine.close());

interface Rule {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly subsets: readonly { readonly name: string; readonly labels: Readonly<Record<string, string>> }[];
    readonly [field: string]: unknown;
  };
}

const KEY = 'shiplock.dev/revision';
const subsetsOf = (name: string) => [
  { destination: { host: name, subset: 'stable' }, weight: 100 },
  { destination: { host: name, subset: 'canary' }, weight: 0 },
];
const destinationRule = (name: string) => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'DestinationRule',
  metadata: { name },
  spec: {
    host: name,
    trafficPolicy: { connectionPool: { http: { http2MaxRequests: 64 } } },
    subsets: [
      { name: 'stable', labels: { app: name }, trafficPolicy: { loadBalancer: { simple: 'ROUND_ROBIN' } } },
      { name: 'canary', labels: { app: name } },
    ],
  },
});
const routing = (name: string, routes?: readonly string[]) => ({
  trafficRouting: {
    istio: {
      virtualService: { name, ...(routes && { routes }) },
      destinationRule: { name, canarySubsetName: 'canary', stableSubsetName: 'stable' },
    },
  },
});

async function ruleOf({ cluster, service }: Story): Promise<Rule> {
  const rule = await cluster.get<Rule>('networking.istio.io/v1', 'DestinationRule', service);
  assert.ok(rule);
  return rule;
}

/** Waits until the subsets have these versions, and everything else is as it was applied. */
async function hasSubsets(story: Story, stable: string, canary: string): Promise<void> {
  const { spec } = destinationRule(story.service);
  const wanted = {
    ...spec,
    subsets: spec.subsets.map((subset, index) => ({
      ...subset,
      labels: { ...subset.labels, [KEY]: revisionId(index === 0 ? stable : canary) },
    })),
  };
  await until(`subsets of ${stable} and ${canary}`, async () => {
    const rule = await ruleOf(story);
    assert.deepEqual(rule.spec, wanted);
    return true;
  });
}

for (const [called, name, http, routes] of [
  ['TestIstioSubsetSplit', 'subset-split', (route: object) => [{ name: 'primary', route }], ['primary']],
  ['TestIstioSubsetSplitSingleRoute', 'subset-split-single', (route: object) => [{ route }], undefined],
] as const) {
  scenario(
    called,
    `the subsets’ labels follow the versions, weights 100/0, 90/10, 100/0, all else as it was (${name})`,
    async (t) => {
      const shop = await given(t, engine, {
        service: name,
        objects: [service(name), virtualService(name, { http: http(subsetsOf(name)) }), destinationRule(name)],
        canary: istio(name, [{ setWeight: 10 }, { pause: {} }], routing(name, routes)),
        release: { window: { duration: '10m' } },
      });
      await shop.hasReleased('1.0.0');
      await hasWeights(shop, [100, 0]);
      await hasSubsets(shop, '1.0.0', '1.0.0');

      const update = await shop.releases('1.1.0');
      await update.pauses('step-2');
      await hasWeights(shop, [90, 10]);
      await hasSubsets(shop, '1.0.0', '1.1.0');

      await update.promotes();
      await update.comesTo('released');
      await hasWeights(shop, [100, 0]);
      await hasSubsets(shop, '1.1.0', '1.1.0');
      await shop.hasPods({ '1.0.0': 1, '1.1.0': 1 });
      const { http: after = [] } = await routesOf(shop);
      assert.deepEqual(
        after.map(({ route = [] }) => route.map(({ destination }) => destination)),
        [subsetsOf(name).map(({ destination }) => destination)],
      );
    },
    limit,
  );
}

scenario(
  'TestIstioSubsetSplitInStableDownscaleAfterCanaryAbort',
  'a stable side that somebody shrinks after an abort leaves the canary’s weight at 0',
  async (t) => {
    const name = 'subset-downscale';
    const shop = await given(t, engine, {
      service: name,
      replicas: 4,
      objects: [service(name), virtualService(name, { http: [{ route: subsetsOf(name) }] }), destinationRule(name)],
      canary: istio(
        name,
        [10, 20, 30, 50].flatMap((weight) => [{ setWeight: weight }, { pause: {} }]),
        {
          ...routing(name),
          dynamicStableScale: true,
          canaryMetadata: { labels: { role: 'canary' } },
          stableMetadata: { labels: { role: 'stable' } },
          abortScaleDownDelaySeconds: 1,
        },
      ),
    });
    await shop.hasReleased('1.0.0');
    const update = await shop.releases('1.1.0');
    await update.pauses('step-2');
    await hasWeights(shop, [90, 10]);
    await update.aborts();
    await update.ends('rolledBack');
    await hasWeights(shop, [100, 0]);

    const set = await shop.replicaSetOf('1.0.0');
    await shop.cluster.patch('apps/v1', 'ReplicaSet', set?.metadata?.name ?? '', { spec: { replicas: 1 } });
    await shop.hasPods({ '1.0.0': 1, '1.1.0': 0 });
    await hasWeights(shop, [100, 0]);
  },
  limit,
);
