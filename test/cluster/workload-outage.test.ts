import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { PODS, pointerSegment } from '../../activities/kubernetes/index.ts';
import { CONTEXT, PLAYED, serverOf, startCluster, stopCluster } from '../../infra/test-cluster/index.ts';
import { until } from './support/index.ts';
import { openStage } from './workload-stage.ts';

const own = startOwn();

test('an API server that hangs, and one that is killed, hold up a wait no longer than they last', async () => {
  const { access, server } = await own;
  const stage = openStage(access, { replicas: 1 });
  const { workload, at } = stage;
  const fence = await stage.fence('release-1');
  const target = stage.target('1.0.0', {}, { ready: 'false' });
  await workload.startRevision({ ...at, version: '1.0.0', target, fence });

  const environment = new MockActivityEnvironment();
  const beats: string[] = [];
  environment.on('heartbeat', (because) => beats.push(String(because)));
  const request = { ...at, version: '1.0.0', deadlineMs: 60_000, sinceMs: Date.now() };
  const waiting = environment.run(() => workload.awaitReady(request)) as ReturnType<typeof workload.awaitReady>;
  await until('the first look', async () => beats.length > 0);

  server.pause();
  const before = beats.length;
  await until('a time-out', async () => beats.some((because) => /has not answered within 5000 ms/.test(because)));
  assert.ok(beats.length - before >= 4, 'it heartbeats while nothing answers');
  server.resume();
  await until('it looks again', async () => /of 1 replicas ready/.test(beats.at(-1) ?? ''));
  const killed = server.process()?.pid;
  server.kill();
  await until('another API server', async () => {
    const now = server.process()?.pid;
    return now !== undefined && now !== killed;
  });
  const client = stage.clusters.client('test');
  await until('the pod can become ready', async () => {
    const [pod] = await client.list(PODS, at.place.namespace, { labelSelector: 'app=shop' });
    const reference = { type: PODS, namespace: at.place.namespace, name: pod?.metadata.name ?? '' };
    const path = `/metadata/annotations/${pointerSegment(PLAYED.ready)}`;
    return client.jsonPatch(reference, [{ op: 'replace', path, value: 'true' }]);
  });
  const { ready, because } = await waiting;
  assert.ok(ready, because);
});

test('an activity that is cancelled does not wait for a server that hangs', async () => {
  const { access, server } = await own;
  const cancellation = new AbortController();
  const stage = openStage(access, { signal: () => cancellation.signal });
  const { workload, at } = stage;
  const fence = await until('a server that answers', () => stage.fence('release-1'));
  server.pause();
  const started = workload.startRevision({ ...at, version: '2.0.0', target: stage.target('2.0.0'), fence });
  await delay(200);
  const began = performance.now();
  cancellation.abort(new Error('an abort came'));
  await assert.rejects(started, /an abort came/);
  assert.ok(performance.now() - began < 5_000, 'an attempt is waited for ten seconds');
  server.resume();
});

/** Its servers are broken on purpose, so it is nobody else's. */
async function startOwn() {
  const home = await mkdtemp(join(tmpdir(), 'shiplock-outage-'));
  after(async () => {
    await stopCluster({ home });
    await rm(home, { recursive: true, force: true });
  });
  const status = await startCluster({ home, ownNetwork: false });
  const access = { namespace: 'default', kubeconfig: status.kubeconfig, context: CONTEXT };
  const account = {
    type: { apiVersion: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts' },
    namespace: 'default',
  };
  const client = openStage(access).clusters.client('test');
  await until('the ServiceAccount of pods', () => client.get({ ...account, name: 'default' }));
  return { access, server: serverOf(status, 'kube-apiserver') };
}
