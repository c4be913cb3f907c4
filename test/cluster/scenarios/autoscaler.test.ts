/** Whole releases of a service that an autoscaler scales. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { V2HorizontalPodAutoscaler } from '@kubernetes/client-node';
import { revisionId } from '../../../src/rollout/revision-id.ts';
import { type Engine, openEngine } from '../support/engine.ts';
import { until } from '../support/index.ts';
import { istio, virtualService } from '../support/manifests.ts';
import { given, type Story } from '../support/story.ts';

const limit = { timeout: 180_000 };
const API = 'autoscaling/v2';
let engine: Engine;
before(async () => {
  engine = await openEngine();
});
after(() => engine.close());

/** It has no metrics here, so its limits are all that it enforces: they are moved as its load would move it. */
function autoscaler(service: string, minReplicas: number) {
  return {
    apiVersion: API,
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: service, annotations: { 'shiplock.dev/autoscales': service } },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${service}-${revisionId('1.0.0')}` },
      minReplicas,
      maxReplicas: 8,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } },
      ],
    },
  };
}

const wantedOf = async ({ replicaSetOf }: Story, version: string) => (await replicaSetOf(version))?.spec?.replicas;

test(
  'the stable side keeps its pods while the canary has their load, and the promoted side gets as many',
  limit,
  async (t) => {
    const service = 'autoscaled';
    const shop = await given(t, engine, {
      service,
      replicas: 2,
      objects: [virtualService(service)],
      canary: istio(service, [{ setWeight: 50 }, { pause: {} }]),
      release: { window: { duration: '10m' } },
    });
    await shop.hasReleased('1.0.0');
    await shop.cluster.apply(autoscaler(service, 6));
    await shop.hasPods({ '1.0.0': 6 });

    const update = await shop.releases('1.1.0');
    await update.pauses();
    await shop.hasPods({ '1.0.0': 6, '1.1.0': 3 });
    const held = await shop.cluster.get<V2HorizontalPodAutoscaler>(API, 'HorizontalPodAutoscaler', service);
    const { scaleUp, scaleDown } = held?.spec?.behavior ?? {};
    assert.deepEqual([scaleUp?.selectPolicy, scaleDown?.selectPolicy], ['Disabled', 'Disabled']);
    await shop.cluster.patch(API, 'HorizontalPodAutoscaler', service, { spec: { minReplicas: 1 } });
    await update.promotes();
    await update.comesTo('released');
    await shop.hasPods({ '1.0.0': 6, '1.1.0': 6 });
    const moved = await shop.cluster.get<V2HorizontalPodAutoscaler>(API, 'HorizontalPodAutoscaler', service);
    assert.equal(moved?.spec?.scaleTargetRef.name, `${service}-${revisionId('1.1.0')}`);
    await shop.cluster.patch(API, 'HorizontalPodAutoscaler', service, { spec: { minReplicas: 7 } });
    await until('it scales the new stable side', async () => (await wantedOf(shop, '1.1.0')) === 7);
    assert.equal(await wantedOf(shop, '1.0.0'), 6);
  },
);

test(
  'aborted, the stable side has as many pods as its autoscaler gave it, and it goes on scaling them',
  limit,
  async (t) => {
    const service = 'autoscaled-back';
    const shop = await given(t, engine, {
      service,
      replicas: 2,
      objects: [virtualService(service)],
      canary: istio(service, [{ setWeight: 50 }, { pause: {} }], {
        dynamicStableScale: true,
        abortScaleDownDelaySeconds: 1,
      }),
    });
    await shop.hasReleased('1.0.0');
    await shop.cluster.apply(autoscaler(service, 6));
    await shop.hasPods({ '1.0.0': 6 });
    await shop.cluster.patch(API, 'HorizontalPodAutoscaler', service, { spec: { minReplicas: 1 } });

    const update = await shop.releases('1.1.0');
    await update.pauses();
    await shop.hasPods({ '1.0.0': 3, '1.1.0': 3 });
    await update.aborts();
    await update.ends('rolledBack');
    await shop.hasPods({ '1.0.0': 6, '1.1.0': 0 });
    await shop.cluster.patch(API, 'HorizontalPodAutoscaler', service, { spec: { minReplicas: 7 } });
    await until('it scales the stable side', async () => (await wantedOf(shop, '1.0.0')) === 7);
  },
);
