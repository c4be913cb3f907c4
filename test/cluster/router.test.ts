import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { V1Pod } from '@kubernetes/client-node';
import { failed, splitIn } from '../../infra/load/observe.ts';
import { startTraffic } from '../../infra/load/traffic.ts';
import { followPods, startTraefik } from '../../infra/test-cluster/router/index.ts';
import { openCluster, until } from './support/index.ts';
import { deployment, route, service } from './support/workloads.ts';

const VERSION = 'gateway.networking.k8s.io/v1';

test('Traefik splits real load over the pods of two Deployments, and follows a changed weight and a new pod', async (t) => {
  const cluster = await openCluster(t);
  if (!cluster.played) return t.skip('the pods of this cluster are not played');
  const follower = followPods(cluster);
  t.after(() => follower.stop());
  const router = await startTraefik({ ...cluster, objects: cluster });
  t.after(() => router.stop());

  const play = { served: 'true' } as const;
  await cluster.apply([
    deployment({ name: 'stable', replicas: 2, image: 'registry.example/app:1.0.0', play }),
    deployment({ name: 'canary', replicas: 1, image: 'registry.example/app:2.0.0', play }),
    service('stable'),
    service('canary'),
    route({ name: 'api', gateway: router.gateway, weights: { stable: 90, canary: 10 } }),
  ]);
  await until('the route is accepted', async () => {
    const found = await cluster.get<Route>(VERSION, 'HTTPRoute', 'api');
    const conditions = found?.status?.parents?.[0]?.conditions ?? [];
    return ['Accepted', 'ResolvedRefs'].every((type) =>
      conditions.some((each) => each.type === type && each.status === 'True'),
    );
  });
  await until('both versions answer, and nothing else does', async () => {
    const answers = await Promise.all(Array.from({ length: 30 }, () => fetch(`${router.address}/credentials/1`)));
    const versions = answers.map((answer) => answer.headers.get('x-service-version'));
    return answers.every(({ ok }) => ok) && new Set(versions).size === 2;
  });

  const traffic = startTraffic({
    address: router.address,
    ratePerSecond: 100,
    atMost: { seconds: 60, requests: 6_000 },
  });
  t.after(() => traffic.stop());
  const answered = (count: number) => until(`${count} answers`, async () => traffic.responses.length >= count);
  await answered(400);
  const before = splitIn(traffic.responses, '2.0.0', 0, Number.POSITIVE_INFINITY);
  assert.ok(before.observed > 5 && before.observed < 15, `${before.observed} % to the canary at a weight of 10`);

  const patch = [{ op: 'replace', path: '/spec/rules/0/backendRefs', value: backends({ stable: 50, canary: 50 }) }];
  await cluster.patch(VERSION, 'HTTPRoute', 'api', patch, { kind: 'json' });
  await cluster.patch('apps/v1', 'Deployment', 'canary', { spec: { replicas: 2 } });
  await until('the new weight is live', async () => {
    const late = Date.now() - 1_000;
    const { observed } = splitIn(traffic.responses, '2.0.0', late, Number.POSITIVE_INFINITY);
    return observed > 40 && observed < 60;
  });
  await cluster.patch('apps/v1', 'Deployment', 'stable', { spec: { replicas: 1 } });
  // A process that stops waits at most 10 s for connections that its router opened and never used.
  const gone = async () => (await cluster.list('v1', 'Pod', 'app=stable')).length === 1 && follower.count() === 3;
  await until('the removed pod is gone with its process', gone, 40_000);
  await answered(traffic.responses.length + 200);
  await traffic.stop();
  const all = splitIn(traffic.responses, '2.0.0', 0, Number.POSITIVE_INFINITY);
  t.diagnostic(`${all.requests} requests, ${all.failed} failed, ${before.observed.toFixed(1)} % at a weight of 10`);
  assert.deepEqual(traffic.responses.filter(failed), []);
});

interface Route {
  readonly status?: {
    readonly parents?: readonly {
      readonly conditions: readonly { readonly type: string; readonly status: string }[];
    }[];
  };
}

function backends(weights: Readonly<Record<string, number>>) {
  return Object.entries(weights).map(([name, weight]) => ({ name, port: 80, weight }));
}

test('a process that crashes is a pod that was restarted, and is ready again', async (t) => {
  const cluster = await openCluster(t);
  if (!cluster.played) return t.skip('the pods of this cluster are not played');
  const follower = followPods(cluster);
  t.after(() => follower.stop());
  const play = { served: 'true', backOff: '200ms' } as const;
  await cluster.apply(deployment({ name: 'api', play, env: { SAMPLE_FAULTS_ADMIN: '1' } }));
  const ready = () =>
    until('the pod is ready', async () => {
      const [pod] = await cluster.list<V1Pod>('v1', 'Pod', 'app=api');
      return pod?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') && pod;
    });
  const address = `http://${(await ready()).status?.podIP}:3000`;
  const body = JSON.stringify({ crash: { afterRequests: 1 } });
  const headers = { 'content-type': 'application/json' };
  assert.equal((await fetch(`${address}/faults`, { method: 'PUT', headers, body })).status, 200);
  await fetch(`${address}/credentials/1`).catch(() => undefined);
  const pod = await until('the restart is shown', async () => {
    const found = await ready();
    return (found.status?.containerStatuses?.[0]?.restartCount ?? 0) > 0 && found;
  });
  assert.equal(pod.status?.containerStatuses?.[0]?.lastState?.terminated?.reason, 'Error');
  await until('it answers', async () => (await fetch(`${address}/credentials/1`)).ok);
});
