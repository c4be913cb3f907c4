/** Argo Rollouts #4696, #4818, #88, #1356, #4976: what is the same revision is so for every version of the program. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { V1ReplicaSet } from '@kubernetes/client-node';
import { revisionId } from '../../src/rollout/revision-id.ts';
import { loadWorkflowBundle } from '../../workers/bundle.ts';
import { refusal } from './support/api-proxy.ts';
import { until } from './support/index.ts';
import { istio, virtualService } from './support/manifests.ts';
import { type OtherVersion, otherVersion } from './support/other-version.ts';
import { recordPods, uidOf } from './support/pods.ts';
import { openProxiedEngine, type ProxiedEngine } from './support/proxied.ts';
import { hasWeights } from './support/routes.ts';
import { given, type Story } from './support/story.ts';
import type { Update } from './support/update.ts';

let proxied: ProxiedEngine;
let next: OtherVersion;
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shiplock-other-version-'));
  next = await otherVersion(folder, '9.9.9');
  proxied = await openProxiedEngine();
});
after(async () => {
  await proxied.close();
  await rm(folder, { recursive: true, force: true });
});

/** Two pods of 1.0.0 are stable, as this version released them. */
async function standing(t: Parameters<typeof given>[0], service: string): Promise<Story> {
  const shop = await given(t, proxied.engine, {
    service,
    replicas: 2,
    objects: [virtualService(service)],
    canary: istio(service, [{ setWeight: 50 }, { pause: {} }]),
  });
  await shop.hasReleased('1.0.0');
  await shop.hasPods({ '1.0.0': 2 });
  return shop;
}

/** Which revisions there are, and how often each was changed; the lease; and who has the traffic. */
async function standsAs({ cluster, service }: Story): Promise<object> {
  const [sets, lease, routes] = await Promise.all([
    cluster.list<V1ReplicaSet>('apps/v1', 'ReplicaSet'),
    cluster.get('v1', 'ConfigMap', `shiplock-${service}`),
    cluster.get('networking.istio.io/v1', 'VirtualService', service),
  ]);
  assert.ok(lease && routes);
  const revisions = sets.map(({ metadata }) => [metadata?.name, metadata?.uid, metadata?.generation]);
  return { revisions, lease: [lease.metadata.resourceVersion, lease.data], routes: routes.spec };
}

/** The template as an API server of another version stores it: with a default that ours had no word for. */
async function storesMore({ cluster, replicaSetOf }: Story, version: string): Promise<void> {
  const name = (await replicaSetOf(version))?.metadata?.name ?? assert.fail(version);
  await cluster.patch('apps/v1', 'ReplicaSet', name, { spec: { template: { spec: { setHostnameAsFQDN: false } } } });
}

/** The API server can be reached no more once it has patched the object of this name, and nobody is told that it has. */
function breaksOffAfter(patched: string): void {
  let over = false;
  proxied.proxy.through(async ({ method, path }, forward) => {
    if (over) return refusal(503, 'ServiceUnavailable', 'apiserver is shutting down');
    const reply = await forward();
    over ||= method === 'PATCH' && path.endsWith(`/${patched}`) && reply.status === 200;
    return over ? 'cut' : reply;
  });
}

/** The code that made a release's history, in its order. */
async function buildsOf({ id }: Update): Promise<readonly string[]> {
  const { events } = await proxied.engine.shiplock.session.client.workflow.getHandle(id).fetchHistory();
  const builds = (events ?? []).flatMap(
    ({ workflowTaskCompletedEventAttributes: task }) => task?.workerVersion?.buildId ?? [],
  );
  return builds.filter((build, index) => build !== builds[index - 1]);
}

test('a worker of another version takes over at rest, at a pause and in mid-start: no pod is restarted, no revision made anew', {
  timeout: 120_000,
}, async (t) => {
  const { engine, proxy } = proxied;
  t.after(async () => proxy.through(null));
  const [resting, paused, starting] = await Promise.all([
    standing(t, 'rests'),
    standing(t, 'pauses'),
    standing(t, 'starts'),
  ]);
  const atPause = await paused.releases('1.1.0');
  await atPause.pauses();
  for (const [shop, version] of [
    [resting, '1.0.0'],
    [paused, '1.0.0'],
    [paused, '1.1.0'],
  ] as const)
    await storesMore(shop, version);
  const before = [await standsAs(resting), await standsAs(paused)];

  // What the first attempt did is there, and nobody heard of it: the other version does it again.
  breaksOffAfter(`starts-${revisionId('1.1.0')}`);
  const inStart = await starting.releases('1.1.0');
  await starting.hasPods({ '1.0.0': 2, '1.1.0': 1 });
  await storesMore(starting, '1.1.0');
  const started = (await starting.replicaSetOf('1.1.0'))?.metadata?.uid;
  const pods = await Promise.all([resting, paused, starting].map(({ cluster }) => recordPods(cluster, '')));
  const [, , canary] = await Promise.all([resting.podsOf('1.0.0'), paused.podsOf('1.1.0'), starting.podsOf('1.1.0')]);

  await engine.restartWorker(next.program);
  proxy.through(null);
  await inStart.pauses();
  assert.deepEqual([await standsAs(resting), await standsAs(paused)], before, 'the take-over itself writes nothing');
  assert.equal((await starting.replicaSetOf('1.1.0'))?.metadata?.uid, started);
  assert.deepEqual((await starting.podsOf('1.1.0')).map(uidOf), canary?.map(uidOf));
  await (await resting.releases('1.0.0')).ends('rejected', /1\.0\.0 is the stable version already/);

  const goOn = async (shop: Story, update: Update) => {
    await update.promotes();
    const { progress } = await update.comesTo('released');
    assert.equal(progress.find(({ name }) => name === 'step-2')?.because, next.says);
    await hasWeights(shop, [100, 0]);
    await shop.hasPods({ '1.1.0': 2 });
    assert.deepEqual(await buildsOf(update), [(await loadWorkflowBundle()).digest, next.buildId]);
  };
  await Promise.all([goOn(paused, atPause), goOn(starting, inStart)]);
  await until('the old revisions are gone', async () => {
    const left = await Promise.all([paused, starting].map((shop) => shop.replicaSetOf('1.0.0')));
    return left.every((set) => set === null);
  });
  const counted = (await Promise.all(pods.map((seen) => seen()))).map(({ uids }) => uids.length);
  assert.deepEqual(counted, [2, 4, 4], 'two of each version, and none twice');
});
