import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { V1Deployment, V1Job, V1Pod } from '@kubernetes/client-node';
import { connectApi, objectsOf, openCluster, type Refused, type TestCluster, until } from './support/index.ts';
import { deployment, job, type Play, service } from './support/workloads.ts';

test('the pods of a Deployment are scheduled, become ready and are found behind a Service', async (t) => {
  const cluster = await openCluster(t);
  await cluster.apply([deployment({ name: 'api', replicas: 3 }), service('api')]);
  await until('three available pods', async () => {
    const found = await cluster.get<V1Deployment>('apps/v1', 'Deployment', 'api');
    return found?.status?.availableReplicas === 3;
  });
  const pods = await podsOf(cluster, 'api');
  assert.equal(new Set(pods.map(({ status }) => status?.podIP)).size, 3, 'each has an address of its own');
  const slices = await until('the addresses of the Service', async () => {
    const found = await cluster.list<{ endpoints: { addresses: string[] }[] }>('discovery.k8s.io/v1', 'EndpointSlice');
    const addresses = found.flatMap(({ endpoints }) => (endpoints ?? []).flatMap((endpoint) => endpoint.addresses));
    return addresses.length === 3 ? addresses : null;
  });
  assert.deepEqual(slices.toSorted(), pods.map(({ status }) => status?.podIP).toSorted());
});

test('a new template is rolled out by the controllers of Kubernetes, and the old pods go', async (t) => {
  const cluster = await openCluster(t);
  await cluster.apply(deployment({ name: 'api', replicas: 2 }));
  await until('two ready pods', async () => (await podsOf(cluster, 'api')).filter(isReady).length === 2);
  await cluster.apply(deployment({ name: 'api', replicas: 2, image: 'registry.example/app:2.0.0' }));
  await until('two pods of the new image alone', async () => {
    const pods = await podsOf(cluster, 'api');
    return pods.length === 2 && pods.every((pod) => isReady(pod) && imageOf(pod) === 'registry.example/app:2.0.0');
  });
  assert.equal((await cluster.list('apps/v1', 'ReplicaSet', 'app=api')).length, 2, 'the old ReplicaSet is kept');
});

test('a pod that is to be ready later is not ready until then', async (t) => {
  const cluster = await playedCluster(t);
  if (!cluster) return;
  const pod = await played(cluster, { readyAfter: '700ms' }, ({ status }) => status?.phase === 'Running');
  assert.equal(isReady(pod), false);
  assert.equal(conditionOf(pod, 'Ready')?.reason, 'ContainersNotReady');
  const later = await until('readiness', async () => (await podsOf(cluster, 'app')).find(isReady));
  assert.deepEqual(later.metadata?.uid, pod.metadata?.uid);
});

test('readiness is lost and found again as a running pod is told', async (t) => {
  const cluster = await playedCluster(t);
  if (!cluster) return;
  const pod = await played(cluster, {}, isReady);
  const tell = (ready: string | null) =>
    cluster.patch('v1', 'Pod', pod.metadata?.name ?? '', {
      metadata: { annotations: { 'played.shiplock.dev/ready': ready } },
    });
  await tell('false');
  const lost = await until('unreadiness', async () => (await podsOf(cluster, 'app')).find((each) => !isReady(each)));
  assert.equal(lost.status?.containerStatuses?.[0]?.restartCount, 0);
  assert.ok(lost.status?.containerStatuses?.[0]?.state?.running, 'it runs on');
  await tell(null);
  await until('readiness', async () => (await podsOf(cluster, 'app')).find(isReady));
});

test('a crashing container is restarted again and again, and is seen in CrashLoopBackOff with its last exit', async (t) => {
  const cluster = await playedCluster(t);
  if (!cluster) return;
  const pod = await played(cluster, { fails: 'CrashLoopBackOff', exitCode: '3', backOff: '200ms' }, (each) => {
    const status = each.status?.containerStatuses?.[0];
    return (status?.restartCount ?? 0) >= 2 && status?.state?.waiting?.reason === 'CrashLoopBackOff';
  });
  const status = pod.status?.containerStatuses?.[0];
  assert.equal(pod.status?.phase, 'Running');
  assert.equal(isReady(pod), false);
  assert.match(status?.state?.waiting?.message ?? '', /^back-off .* restarting failed container=app pod=app-/);
  assert.equal(status?.lastState?.terminated?.reason, 'Error');
  assert.equal(status?.lastState?.terminated?.exitCode, 3);
});

test('a container that ran out of memory once is restarted, ready, and remembers it', async (t) => {
  const cluster = await playedCluster(t);
  if (!cluster) return;
  const play: Play = { fails: 'OOMKilled', failsAfter: '300ms', failsTimes: '1', backOff: '200ms' };
  const pod = await played(cluster, play, (each) => {
    return isReady(each) && each.status?.containerStatuses?.[0]?.restartCount === 1;
  });
  const status = pod.status?.containerStatuses?.[0];
  assert.equal(status?.lastState?.terminated?.reason, 'OOMKilled');
  assert.equal(status?.lastState?.terminated?.exitCode, 137);
});

for (const [fails, reason, message] of [
  ['ImagePullBackOff', 'ImagePullBackOff', /^Back-off pulling image "registry.example\/app:1.0.0"/],
  ['InvalidImageName', 'InvalidImageName', /couldn't parse image name/],
  ['CreateContainerConfigError', 'CreateContainerConfigError', /not found/],
] as const) {
  test(`a container that is not started waits as ${reason}, in a pod that stays Pending`, async (t) => {
    const cluster = await playedCluster(t);
    if (!cluster) return;
    const pod = await played(cluster, { fails }, (each) => {
      return each.status?.containerStatuses?.[0]?.state?.waiting?.reason === reason;
    });
    assert.equal(pod.status?.phase, 'Pending');
    assert.equal(isReady(pod), false);
    assert.match(pod.status?.containerStatuses?.[0]?.state?.waiting?.message ?? '', message);
  });
}

test('a Job succeeds, fails, or runs on, as its pod is played', async (t) => {
  const cluster = await playedCluster(t);
  if (!cluster) return;
  await cluster.apply([
    job('good', { endsAfter: '300ms' }),
    job('bad', { endsAfter: '300ms', exitCode: '2' }),
    job('endless', { endsAfter: 'never' }),
  ]);
  const ended = (name: string, type: string) =>
    until(`${name} is ${type}`, async () => {
      const found = await cluster.get<V1Job>('batch/v1', 'Job', name);
      return found?.status?.conditions?.some((each) => each.type === type && each.status === 'True');
    });
  await Promise.all([ended('good', 'Complete'), ended('bad', 'Failed')]);
  const [bad] = await podsOf(cluster, 'bad');
  assert.equal(bad?.status?.phase, 'Failed');
  assert.equal(bad?.status?.containerStatuses?.[0]?.state?.terminated?.exitCode, 2);
  const endless = await cluster.get<V1Job>('batch/v1', 'Job', 'endless');
  assert.equal(endless?.status?.active, 1);
});

test('a ServiceAccount may do what its Role says, and nothing else', async (t) => {
  const cluster = await openCluster(t);
  await cluster.apply(deployment({ name: 'api' }));
  const file = await cluster.account('reader', [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['get'] }]);
  const api = await connectApi(file);
  t.after(() => api.close());
  const reader = objectsOf(api, cluster.namespace);
  assert.ok(await reader.get('apps/v1', 'Deployment', 'api'));
  const refused = { name: 'Refused', status: 403, reason: 'Forbidden' } satisfies Partial<Refused>;
  await assert.rejects(reader.list('apps/v1', 'Deployment'), refused);
  await assert.rejects(reader.patch('apps/v1', 'Deployment', 'api', { spec: { replicas: 2 } }), refused);
  await assert.rejects(reader.get('v1', 'ConfigMap', 'kube-root-ca.crt'), refused);
});

test('a quota is enforced, and a budget counts', async (t) => {
  const cluster = await openCluster(t);
  await cluster.apply([
    { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'few' }, spec: { hard: { pods: '1' } } },
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'api' },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'api' } } },
    },
  ]);
  await until('the quota is known', async () => {
    const quota = await cluster.get<{ status?: { hard?: object } }>('v1', 'ResourceQuota', 'few');
    return quota?.status?.hard;
  });
  await cluster.apply(deployment({ name: 'api', replicas: 2 }));
  const failure = await until('a ReplicaSet that may not make its second pod', async () => {
    const [found] = await cluster.list<V1Deployment>('apps/v1', 'ReplicaSet', 'app=api');
    return found?.status?.conditions?.find(({ type }) => type === 'ReplicaFailure');
  });
  assert.match(failure.message ?? '', /exceeded quota: few/);
  await until('the budget has seen its pod', async () => {
    const budget = await cluster.get<{ status?: { currentHealthy: number } }>(
      'policy/v1',
      'PodDisruptionBudget',
      'api',
    );
    return budget?.status?.currentHealthy === 1;
  });
});

test('the routers of the field have their own types here', async (t) => {
  const cluster = await playedCluster(t);
  if (!cluster) return;
  for (const [apiVersion, kind] of [
    ['networking.istio.io/v1', 'VirtualService'],
    ['networking.istio.io/v1', 'DestinationRule'],
    ['gateway.networking.k8s.io/v1', 'HTTPRoute'],
    ['gateway.networking.k8s.io/v1', 'GRPCRoute'],
    ['argoproj.io/v1alpha1', 'Rollout'],
    ['keda.sh/v1alpha1', 'ScaledObject'],
  ] as const) {
    assert.ok(await cluster.serves(apiVersion, kind), `${kind} of ${apiVersion}`);
  }
  assert.equal(await cluster.serves('networking.istio.io/v1', 'Nothing'), false);
});

/** The test's cluster; null, and the test is skipped, where real nodes run real containers. */
async function playedCluster(t: Parameters<typeof openCluster>[0] & { skip(reason: string): void }) {
  const cluster = await openCluster(t);
  if (cluster.played) return cluster;
  t.skip('the pods of this cluster are not played');
  return null;
}

/** Runs one pod that is played so, and waits until it looks as expected. */
async function played(cluster: TestCluster, play: Play, looks: (pod: V1Pod) => boolean | undefined): Promise<V1Pod> {
  await cluster.apply(deployment({ name: 'app', play }));
  return until('the pod looks as it is played', async () => (await podsOf(cluster, 'app')).find(looks));
}

async function podsOf(cluster: TestCluster, app: string): Promise<readonly V1Pod[]> {
  const pods = await cluster.list<V1Pod>('v1', 'Pod', `app=${app}`);
  return pods.filter(({ metadata }) => !metadata?.deletionTimestamp);
}

function isReady(pod: V1Pod): boolean {
  return conditionOf(pod, 'Ready')?.status === 'True';
}

function conditionOf(pod: V1Pod, type: string) {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}

function imageOf(pod: V1Pod): string | undefined {
  return pod.spec?.containers[0]?.image;
}
