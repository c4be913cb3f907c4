import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { V1Deployment, V1Pod, V1Service } from '@kubernetes/client-node';
import { planProblems } from '../../../src/client/index.ts';
import { scenario } from '../scoreboard/scenario.ts';
import { type Engine, openEngine } from '../support/engine.ts';
import { until } from '../support/index.ts';
import { istio, stableOf, virtualService } from '../support/manifests.ts';
import { given, type Story } from '../support/story.ts';
import { deployment } from '../support/workloads.ts';

const limit = { timeout: 120_000 };
let engine: Engine;
before(async () => {
  engine = await openEngine();
});
after(() => engine.close());

const IMAGE = 'registry.example/app:1.0.0';

async function deploymentOf({ cluster, service }: Story): Promise<V1Deployment> {
  const found = await cluster.get<V1Deployment>('apps/v1', 'Deployment', service);
  assert.ok(found);
  return found;
}

/** Waits until the adopted Deployment is asked for so many pods. */
async function isAt(story: Story, replicas: number): Promise<void> {
  await until(`the Deployment at ${replicas}`, async () => {
    const { spec } = await deploymentOf(story);
    if (spec?.replicas === replicas) return true;
    throw new Error(`it is at ${spec?.replicas}`);
  });
}

function adopting(name: string, scaleDown: string, replicas: number) {
  return {
    service: name,
    replicas,
    objects: [deployment({ name, replicas, image: IMAGE }), virtualService(name)],
    release: { target: { adopts: { name, scaleDown } } },
  };
}

scenario(
  'TestScaleDownOnSuccess',
  'onsuccess: the adopted Deployment keeps its pods through the ramp, and is at 0 after the release',
  async (t) => {
    const name = 'on-success';
    const shop = await given(t, engine, {
      ...adopting(name, 'onsuccess', 2),
      canary: istio(name, [{ setWeight: 50 }, { pause: {} }]),
    });
    const update = await shop.releases('1.1.0');
    await update.pauses();
    await isAt(shop, 2);
    await update.promotes();
    await update.ends('released');
    await isAt(shop, 0);
    await shop.hasPods({ '1.1.0': 2 });
  },
  limit,
);

scenario(
  'TestScaleDownProgressively',
  'progressively: the adopted Deployment shrinks as the new revision grows',
  async (t) => {
    const name = 'progressively';
    const shop = await given(t, engine, {
      ...adopting(name, 'progressively', 4),
      canary: istio(name, [{ setWeight: 25 }, { pause: {} }, { setWeight: 75 }, { pause: {} }], {
        dynamicStableScale: true,
      }),
    });
    const update = await shop.releases('1.1.0');
    await update.pauses('step-2');
    await isAt(shop, 3);
    await shop.hasPods({ '1.1.0': 1 });
    await update.promotes();
    await update.pauses('step-4');
    await isAt(shop, 1);
    await shop.hasPods({ '1.1.0': 3 });
    await update.promotes();
    await update.ends('released');
    await isAt(shop, 0);
    await shop.hasPods({ '1.1.0': 4 });
  },
  limit,
);

scenario(
  'TestScaleDownProgressivelyCompletedCanary',
  'the Deployment stays at 0 through the next release, and with another number of pods',
  async (t) => {
    const name = 'stays-at-none';
    const shop = await given(t, engine, {
      ...adopting(name, 'progressively', 2),
      canary: istio(name, [{ setWeight: 50 }], { dynamicStableScale: true }),
    });
    await (await shop.releases('1.1.0')).ends('released');
    await isAt(shop, 0);
    await (await shop.releases('1.2.0', { replicas: 3 })).ends('released');
    await isAt(shop, 0);
    await shop.hasPods({ '1.1.0': 0, '1.2.0': 3 });
  },
  limit,
);

scenario(
  'TestNeverScaleDown',
  'never: the adopted Deployment keeps its pods, which are the very same',
  async (t) => {
    const name = 'never';
    const shop = await given(t, engine, {
      ...adopting(name, 'never', 2),
      canary: istio(name, [{ setWeight: 50 }]),
    });
    const uids = async () =>
      (await shop.cluster.list<V1Pod>('v1', 'Pod', `app=${name},pod-template-hash`))
        .map(({ metadata }) => metadata?.uid)
        .toSorted();
    await until('two pods', async () => (await uids()).length === 2);
    const before = await uids();
    await (await shop.releases('1.1.0')).ends('released');
    await isAt(shop, 2);
    assert.deepEqual(await uids(), before);
    await shop.selects({ stable: '1.1.0' });
  },
  limit,
);

scenario(
  'TestWorkloadRef',
  'a Deployment that is missing is refused; it appears and is adopted; a bad image goes back, the Service stays',
  async (t) => {
    const name = 'workload-ref';
    const shop = await given(t, engine, {
      service: name,
      objects: [virtualService(name)],
      canary: istio(name, [{ setWeight: 50 }]),
      release: { target: { adopts: { name, scaleDown: 'onsuccess' } } },
      spec: { progressDeadlineSeconds: 4 },
    });
    const selector = async () => (await shop.cluster.get<V1Service>('v1', 'Service', stableOf(name)))?.spec?.selector;
    const early = await shop.releases('1.1.0');
    await early.isRefused(new RegExp(`no Deployment ${name}`));
    assert.deepEqual(await selector(), { app: name });
    await shop.hasPods({ '1.1.0': 0 });

    await shop.cluster.apply(deployment({ name, image: IMAGE }));
    await until('it is available', async () => (await deploymentOf(shop)).status?.availableReplicas === 1);
    const bad = await shop.releases('1.1.0', { play: { fails: 'ImagePullBackOff' } });
    await bad.ends('rolledBack', /ImagePull/);
    await isAt(shop, 1);

    const good = await shop.releases('1.2.0', { play: {} });
    await good.ends('released');
    await shop.selects({ stable: '1.2.0' });
    await isAt(shop, 0);
  },
  limit,
);

scenario(
  'TestWorkloadRefTemplate',
  'a Rollout with a workloadRef and a template is refused at its place, and nothing is started',
  async (t) => {
    const name = 'ref-and-template';
    const shop = await given(t, engine, {
      service: name,
      objects: [deployment({ name, image: IMAGE })],
      canary: istio(name, [{ setWeight: 50 }]),
      spec: { workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name } },
    });
    const refused = await shop.releases('1.1.0').then(
      () => assert.fail('it was started'),
      (error: unknown) => planProblems(error),
    );
    assert.ok(
      refused.some(
        ({ path, message }) => path.startsWith('spec.') && /workloadRef|template/.test(`${path} ${message}`),
      ),
      JSON.stringify(refused),
    );
    await isAt(shop, 1);
  },
  limit,
);
