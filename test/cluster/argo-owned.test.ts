/** A release without a controller stays away from what Argo's own controller writes. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { V1ReplicaSet } from '@kubernetes/client-node';
import { kubernetesClusters, type Made } from '../../activities/kubernetes/index.ts';
import { PERMISSIONS } from '../../activities/kubernetes/permissions.ts';
import { startCluster, stopCluster } from '../../infra/test-cluster/index.ts';
import type { KubernetesPlace } from '../../src/plan/target.ts';
import { kubernetesPlatform } from '../../workers/platforms.ts';
import { startController } from './support/argo-controller.ts';
import { isHealthy, ROLLOUTS } from './support/driven-story.ts';
import { type Engine, openEngine } from './support/engine.ts';
import { connectApi, openCluster, type TestCluster, until } from './support/index.ts';
import { rollout, stableOf } from './support/manifests.ts';
import { given } from './support/story.ts';
import { service } from './support/workloads.ts';

const limit = { timeout: 120_000 };
const steps = [{ setWeight: 50 }, { pause: { duration: '1s' } }];

async function lookedAfter(cluster: TestCluster, object: ReturnType<typeof rollout>): Promise<void> {
  await cluster.apply(object);
  await until('a healthy Rollout', async () => {
    const found = await cluster.get<Parameters<typeof isHealthy>[0]>(ROLLOUTS, 'Rollout', object.metadata.name);
    return found !== null && isHealthy(found);
  });
}

async function platformOf(cluster: TestCluster) {
  const rules = PERMISSIONS.revisions.map(({ group, resource, verbs }) => ({
    apiGroups: [group],
    resources: [resource],
    verbs,
  }));
  const made: Made[] = [];
  const access = { kubeconfig: await cluster.account('worker', rules), namespaces: [cluster.namespace] };
  const clusters = kubernetesClusters({ here: access }, { signal: () => undefined, made: (one) => made.push(one) });
  const place = placeIn(cluster.namespace);
  const { acquireFence } = kubernetesPlatform(clusters, () => undefined);
  return {
    made,
    place,
    acquire: (where: KubernetesPlace = place) => acquireFence({ service: 'shop', place: where }, 'release-1'),
  };
}

describe('a release without a controller', () => {
  let engine: Engine;
  before(async () => {
    process.setMaxListeners(50);
    engine = await openEngine();
  });
  after(() => engine.close());

  test(
    'is refused where a Rollout owns its pods, before anything is written, and carried where none does',
    limit,
    async (t) => {
      const shop = await given(t, engine, { service: 'owned', canary: { steps } });
      const controller = await startController(t, shop.cluster);
      await lookedAfter(shop.cluster, rollout({ name: 'owned', canary: { steps } }));
      const update = await shop.releases('1.1.0');
      await update.isRefused(
        /Rollout owned in namespace \S+, which Argo Rollouts' controller drives, owns the pods with app=owned/,
      );
      assert.equal(await shop.cluster.get('v1', 'ConfigMap', 'shiplock-owned'), null);
      const sets = await shop.cluster.list<V1ReplicaSet>('apps/v1', 'ReplicaSet', 'app=owned');
      assert.ok(sets.every(({ metadata }) => metadata?.ownerReferences?.[0]?.kind === 'Rollout'));

      await controller.stop();
      const still = await shop.releases('1.1.0');
      await still.isRefused(/Rollout owned/);

      await controller.start();
      await shop.cluster.remove(ROLLOUTS, 'Rollout', 'owned');
      await lookedAfter(shop.cluster, rollout({ name: 'other', canary: { steps } }));
      await shop.hasReleased('1.1.0');
    },
  );

  test('is refused where a Rollout moves a Service of its, held and without pods though it is', limit, async (t) => {
    const cluster = await openCluster(t);
    await startController(t, cluster);
    const { acquire, place, made } = await platformOf(cluster);
    const strategy = { canaryService: 'shop-canary', stableService: 'till-stable', steps };
    await cluster.apply(['shop-canary', 'till-stable'].map((name) => service(name, { app: 'till' })));
    await lookedAfter(cluster, rollout({ name: 'till', canary: strategy, spec: { replicas: 0 } }));
    await cluster.patch(ROLLOUTS, 'Rollout', 'till', { spec: { paused: true } });
    await assert.rejects(acquire(), {
      type: 'SHIPLOCK_ARGO_OWNED',
      nonRetryable: true,
      message: /owns Service shop-canary; release through it .* delete rollout till --cascade=orphan/,
    });
    assert.equal(made.filter(({ resource }) => resource === 'rollouts.argoproj.io').length, 1, 'one read');
    assert.deepEqual(written(made), []);
    const elsewhere = {
      ...place,
      stableService: stableOf('inn'),
      canaryService: 'inn-canary',
      selector: { app: 'inn' },
    };
    assert.equal(await acquire(elsewhere), 1000);
  });

  test('is not refused for a Rollout that no controller has ever seen', limit, async (t) => {
    const cluster = await openCluster(t);
    const { acquire } = await platformOf(cluster);
    await cluster.apply(rollout({ name: 'shop', canary: { steps } }));
    assert.equal(await acquire(), 1000);
  });

  test('needs no Rollouts: a cluster that does not know them has none', limit, async (t) => {
    const home = await mkdtemp(join(tmpdir(), 'shiplock-test-own-'));
    t.after(async () => {
      await stopCluster({ home });
      await rm(home, { recursive: true, force: true });
    });
    const own = await startCluster({ home, ownNetwork: false });
    const api = await connectApi(own.kubeconfig);
    t.after(() => api.close());
    await api.send('DELETE', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/rollouts.argoproj.io');
    await until(
      'the kind is gone',
      async () => (await api.send('GET', '/apis/argoproj.io/v1alpha1/rollouts')).status === 404,
    );
    const made: Made[] = [];
    const clusters = kubernetesClusters(
      { here: { kubeconfig: own.kubeconfig, namespaces: ['default'] } },
      { signal: () => undefined, made: (one) => made.push(one) },
    );
    const { acquireFence } = kubernetesPlatform(clusters, () => undefined);
    const place = placeIn('default');
    assert.equal(await acquireFence({ service: 'shop', place }, 'release-1'), 1000);
    assert.deepEqual(
      made.filter(({ resource }) => resource.includes('argoproj')).map(({ verb, status }) => [verb, status]),
      [['list', 404]],
    );
  });
});

function placeIn(namespace: string): KubernetesPlace {
  return {
    platform: 'kubernetes',
    cluster: 'here',
    namespace,
    selector: { app: 'shop' },
    stableService: 'shop-stable',
    canaryService: 'shop-canary',
    traffic: { kind: 'replicas' },
  };
}

/** Requests that changed something. */
function written(made: readonly Made[]): readonly string[] {
  return made
    .filter(({ verb, resource }) => !/^(get|list)$/.test(verb) && !resource.includes('selfsubject'))
    .map(({ verb, resource }) => `${verb} ${resource}`);
}
