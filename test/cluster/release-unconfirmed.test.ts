/** Whole releases whose checklist wants the router's word, by a worker whose policy names no counters of it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Engine, openEngine } from './support/engine.ts';
import { type Scope, type TestCluster, until } from './support/index.ts';
import { kindsOf } from './support/left.ts';
import { istio, virtualService } from './support/manifests.ts';
import { given, type Story } from './support/story.ts';

const ISTIO = ['networking.istio.io/v1', 'VirtualService'] as const;
const STEPS = [{ pause: {} }, { setWeight: 20 }];
const CHECKLIST = { release: { validation: {} } };
/** What has not reported on a route by then does not. */
const NEW_MS = 60_000;
const limit = { timeout: 240_000 };
let engine: Engine;
before(async () => {
  engine = await openEngine();
});
after(() => engine.close());

test('a release whose checklist nothing can confirm is refused, and nothing is written', limit, async (t) => {
  const shop = await standing(t, 'unconfirmed');
  await until('the route is not new any more', async () => (await ageOf(shop)) > NEW_MS, 2 * NEW_MS);
  const before = await writtenIn(shop.cluster);
  const update = await shop.releases('1.1.0', CHECKLIST);
  await update.isRefused(
    /\(traffic shifts gradually\) in namespace \S+ of cluster test: VirtualService unconfirmed has no condition Reconciled.*name routerMetrics/,
  );
  assert.deepEqual(await writtenIn(shop.cluster), before);

  const without = await shop.releases('1.1.0', { release: { validation: { onFailure: 'phase' } } });
  await without.pauses();
  await without.aborts();
  await without.ends('rolledBack');
});

test('without a router it is refused at once, and a first release is not', limit, async (t) => {
  const shop = await given(t, engine, { service: 'by-pods', canary: { steps: STEPS }, ...CHECKLIST });
  const first = await shop.releases('1.0.0');
  await first.ends('released');
  const before = await writtenIn(shop.cluster);
  const update = await shop.releases('1.1.0');
  await update.isRefused(/no router splits the requests.*name a router under target\.traffic/);
  assert.deepEqual(await writtenIn(shop.cluster), before);
});

test('what is new may still be reported on: the release waits for that, and begins', limit, async (t) => {
  const shop = await standing(t, 'reported');
  // As somebody would make it anew: nothing has been said of it yet.
  await shop.cluster.remove(...ISTIO, shop.service);
  await shop.cluster.apply(virtualService(shop.service));
  const update = await shop.releases('1.1.0', CHECKLIST);
  const waits = /SHIPLOCK_KUBERNETES_UNCONFIRMABLE/;
  await until('admission waits', async () => {
    const { raw } = await engine.shiplock.session.client.workflow.getHandle(update.id).describe();
    return raw.pendingActivities?.some(({ lastFailure }) =>
      waits.test(lastFailure?.applicationFailureInfo?.type ?? ''),
    );
  });
  const { generation: observedGeneration } = await metadataOf(shop);
  const conditions = [{ type: 'Reconciled', status: 'True', observedGeneration }];
  await shop.cluster.patch(...ISTIO, shop.service, { status: { conditions } }, { subresource: 'status' });
  await update.pauses();
  await update.aborts();
  await update.ends('rolledBack');
});

/** Released once, without a checklist; its VirtualService has no status. */
async function standing(t: Scope, service: string): Promise<Story> {
  const objects = [virtualService(service)];
  const shop = await given(t, engine, { service, canary: istio(service, STEPS), objects });
  const first = await shop.releases('1.0.0');
  await first.ends('released');
  return shop;
}

interface Metadata {
  readonly generation?: number;
  readonly creationTimestamp?: string;
}

async function metadataOf({ cluster, service }: Story): Promise<Metadata> {
  const route = await cluster.get<{ metadata: Metadata }>(...ISTIO, service);
  assert.ok(route);
  return route.metadata;
}

async function ageOf(shop: Story): Promise<number> {
  return Date.now() - Date.parse((await metadataOf(shop)).creationTimestamp ?? '');
}

/** Their status goes on changing. */
const OF_CONTROLLERS = ['Pod', 'ReplicaSet'];

/** Every object of the namespace, with the number of its last write. */
async function writtenIn(cluster: TestCluster): Promise<readonly string[]> {
  const kinds = await kindsOf(cluster);
  const lists = await Promise.all(
    kinds.map(async ({ kind, path }) => {
      const { items } = await cluster.api.ask<{ items: { metadata: { name: string; resourceVersion: string } }[] }>(
        'GET',
        path,
      );
      const isSettled = !OF_CONTROLLERS.includes(kind);
      return items.map(({ metadata }) => `${kind} ${metadata.name} ${isSettled ? metadata.resourceVersion : ''}`);
    }),
  );
  return lists.flat().sort();
}
