/** Flagger, devantler-tech/platform#1852: its primary reads copies of Secrets and ConfigMaps, which go stale. Ours are no copies. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { V1Container, V1Pod } from '@kubernetes/client-node';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { type Engine, openEngine } from './support/engine.ts';
import { kindsOf } from './support/left.ts';
import { istio, REPOSITORY, virtualService } from './support/manifests.ts';
import { recordPods, uidOf } from './support/pods.ts';
import { hasWeights } from './support/routes.ts';
import { given, type Story } from './support/story.ts';

let engine: Engine;
before(async () => {
  engine = await openEngine();
});
after(() => engine.close());

const SECRET = 'database';
const CONFIG_MAP = 'addresses';
const OLD = { password: 'an-old-password', address: 'old.database.example' };
const NEW = { password: 'a-new-password', address: 'new.database.example' };

const settings = ({ password, address }: typeof OLD): object[] => [
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: SECRET }, stringData: { password } },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: CONFIG_MAP }, data: { address } },
];

/** Both ways in which a container reads each: one variable, and all of them. */
const CONTAINER: V1Container = {
  name: 'app',
  image: `${REPOSITORY}:1.0.0`,
  ports: [{ containerPort: 3000 }],
  env: [
    { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: SECRET, key: 'password' } } },
    { name: 'ADDRESS', valueFrom: { configMapKeyRef: { name: CONFIG_MAP, key: 'address' } } },
  ],
  envFrom: [{ secretRef: { name: SECRET } }, { configMapRef: { name: CONFIG_MAP } }],
};

/** The names of the Secrets and ConfigMaps that a pod reads, each once. */
function namedBy({ spec }: V1Pod): readonly string[] {
  const names = (spec?.containers ?? []).flatMap(({ env = [], envFrom = [] }) => [
    ...env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name ?? valueFrom?.configMapKeyRef?.name),
    ...envFrom.map(({ secretRef, configMapRef }) => secretRef?.name ?? configMapRef?.name),
  ]);
  return [...new Set(names)].flatMap((name) => name ?? []).toSorted();
}

/** Whatever says one of these words: an object of the namespace, a file of the engine, the history of a workflow. */
async function placesOf({ cluster }: Story, words: readonly string[]): Promise<readonly string[]> {
  const wanted = words.flatMap((word) => [word, Buffer.from(word).toString('base64')]);
  const says = (text: string) => wanted.some((word) => text.includes(word));
  const objects = await Promise.all(
    (await kindsOf(cluster)).map(async ({ kind, path }) => {
      const { items } = await cluster.api.ask<{ items: { metadata: { name: string } }[] }>('GET', path);
      return items.filter((item) => says(JSON.stringify(item))).map(({ metadata }) => `${kind} ${metadata.name}`);
    }),
  );
  const files = globSync('**', { cwd: engine.folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => says(readFileSync(file, 'utf8')));
  const histories: string[] = [];
  const { workflow } = engine.shiplock.session.client;
  for await (const { workflowId, runId } of workflow.list()) {
    const history = historyToJSON(await workflow.getHandle(workflowId, runId).fetchHistory());
    // A payload is base64 of JSON, whose text may begin anywhere in three bytes.
    const payloads = [...history.matchAll(/"data":\s*"([^"]*)"/g)].map(([, data = '']) => Buffer.from(data, 'base64'));
    if (says(history) || payloads.some((payload) => says(`${payload}`))) histories.push(workflowId);
  }
  return [...objects.flat(), ...files, ...histories].toSorted();
}

test('a Secret and a ConfigMap that are rotated in mid-release are the same for both sides: nothing restarts or goes back, no copy is left', {
  timeout: 120_000,
}, async (t) => {
  const name = 'rotated';
  const shop = await given(t, engine, {
    service: name,
    replicas: 2,
    pod: { containers: [CONTAINER] },
    objects: [...settings(OLD), virtualService(name)],
    canary: istio(name, [{ setWeight: 50 }, { pause: {} }], { maxUnavailable: '50%' }),
  });
  const { cluster } = shop;
  await shop.hasReleased('1.0.0');
  const update = await shop.releases('1.1.0');
  await update.pauses();
  await shop.hasPods({ '1.0.0': 2, '1.1.0': 1 });
  assert.deepEqual(await placesOf(shop, Object.values(OLD)), [`ConfigMap ${CONFIG_MAP}`, `Secret ${SECRET}`]);
  const [stable, canary] = [await shop.podsOf('1.0.0'), await shop.podsOf('1.1.0')];
  for (const pod of [...stable, ...canary]) assert.deepEqual(namedBy(pod), [CONFIG_MAP, SECRET]);

  const seen = await recordPods(cluster, '');
  await cluster.apply(settings(NEW));
  await update.promotes();
  await update.ends('released');
  await hasWeights(shop, [100, 0]);
  await shop.hasPods({ '1.0.0': 0, '1.1.0': 2 });
  const after = await shop.podsOf('1.1.0');
  assert.ok(after.map(uidOf).includes(canary.map(uidOf)[0] ?? ''), 'the canary’s pod is the one it was');
  assert.equal((await seen()).uids.length, 4, 'two of each version, and none twice');

  const { id } = await engine.shiplock.restart({
    file: join(cluster.folder, 'release.yaml'),
    reason: 'a new password',
  });
  const restarted = await engine.shiplock.waitForRestart(id, { timeoutMs: 60_000 });
  assert.equal(restarted?.status?.outcome, 'restarted', restarted?.because);
  await shop.hasPods({ '1.1.0': 2 });
  const fresh = await shop.podsOf('1.1.0');
  assert.ok(
    fresh.every((pod) => !after.map(uidOf).includes(uidOf(pod))),
    'all of them began after the rotation',
  );
  for (const pod of fresh) assert.deepEqual(namedBy(pod), [CONFIG_MAP, SECRET]);
  assert.deepEqual(await placesOf(shop, Object.values(OLD)), []);
  assert.deepEqual(await placesOf(shop, Object.values(NEW)), [`ConfigMap ${CONFIG_MAP}`, `Secret ${SECRET}`]);
});
