/** `shiplock import deployment/NAME`, of a Deployment as the API server has it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { compileRelease } from '../../src/plan/index.ts';
import { openCluster, type TestCluster } from './support/index.ts';
import { deployment, service } from './support/workloads.ts';

const BIN = path.resolve(import.meta.dirname, '../../bin/shiplock.js');

function shiplock({ kubeconfig, context, folder }: TestCluster, ...args: readonly string[]) {
  const env = { ...process.env, KUBECONFIG: kubeconfig };
  const made = spawnSync(process.execPath, [BIN, 'import', ...args, '--context', context], {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
  return { code: made.status, said: made.stdout + made.stderr };
}

const WANTED = {
  name: 'app',
  image: 'registry.example/shop:1.0.0',
  ports: [{ containerPort: 3000 }],
  envFrom: [{ configMapRef: { name: 'settings' } }],
  readinessProbe: { httpGet: { path: '/up', port: 3000 } },
};

async function shop(cluster: TestCluster): Promise<void> {
  const wanted = deployment({ name: 'shop', replicas: 2, spec: { minReadySeconds: 3 } });
  const template = { ...wanted.spec.template, spec: { containers: [WANTED] } };
  await cluster.apply([
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { LEVEL: 'info' } },
    { ...wanted, spec: { ...wanted.spec, template } },
    service('shop'),
    service('other'),
  ]);
}

test('becomes a release that adopts it, with what its pods need, and that compiles', async (t) => {
  const cluster = await openCluster(t);
  await shop(cluster);
  const { code, said } = shiplock(cluster, 'deployment/shop', '-n', cluster.namespace, '--file', 'release.yaml');
  assert.equal(code, 0, said);
  assert.match(said, /the Service shop selects the pods, and is the stable side's/);
  assert.deepEqual(
    readdirSync(cluster.folder)
      .filter((file) => file.endsWith('.yaml'))
      .toSorted(),
    ['release.yaml', 'shop-config-maps.yaml', 'shop-deployment.yaml'],
  );
  const file = path.join(cluster.folder, 'release.yaml');
  const compiled = compileRelease({ file, version: '1.1.0' });
  assert.ok(compiled.ok, JSON.stringify(compiled.errors));
  const { target } = compiled.plan;
  assert.ok(target.platform === 'kubernetes');
  assert.deepEqual(
    [target.namespace, target.replicas, target.minReadySeconds, target.readinessPath],
    [cluster.namespace, 2, 3, '/up'],
  );
  assert.deepEqual(target.adopts, { kind: 'Deployment', name: 'shop', scaleDown: 'onsuccess' });
  assert.deepEqual([target.stableService, target.canaryService], ['shop', 'shop-canary']);
  assert.deepEqual(target.configMaps, [{ name: 'settings', data: { LEVEL: 'info' } }]);
});

test('becomes a manifest without what others have put there, which the API server takes as no change', async (t) => {
  const cluster = await openCluster(t);
  await shop(cluster);
  const { code, said } = shiplock(cluster, 'deployment/shop', '-n', cluster.namespace, '--file', 'release.yaml');
  assert.equal(code, 0, said);
  const manifest = parse(readFileSync(path.join(cluster.folder, 'shop-deployment.yaml'), 'utf8'));
  const { strategy, ...wanted } = manifest.spec;
  assert.equal(strategy, undefined);
  assert.deepEqual(Object.keys(manifest.metadata), ['name', 'namespace']);
  assert.deepEqual(wanted.template.spec, { containers: [{ ...WANTED, imagePullPolicy: 'IfNotPresent' }] });
  const at = `/apis/apps/v1/namespaces/${cluster.namespace}/deployments/shop`;
  const before = await cluster.api.ask<{ metadata: { generation: number } }>('GET', at);
  await cluster.apply([manifest]);
  const after = await cluster.api.ask<{ metadata: { generation: number } }>('GET', at);
  assert.equal(after.metadata.generation, before.metadata.generation);
});

test('that is not there, or may not be read, is said in one line', async (t) => {
  const cluster = await openCluster(t);
  const missing = shiplock(cluster, 'deployment/none', '-n', cluster.namespace);
  assert.equal(missing.code, 1);
  assert.match(missing.said, /no Deployment none in namespace .* \(SHIPLOCK_IMPORT_DEPLOYMENT\)/);
  const kubeconfig = await cluster.account('blind', []);
  const denied = shiplock({ ...cluster, kubeconfig }, 'deployment/none', '-n', cluster.namespace);
  assert.equal(denied.code, 1);
  assert.match(denied.said, /\(SHIPLOCK_KUBERNETES_FORBIDDEN\)/);
  const other = shiplock(cluster, 'statefulset/shop');
  assert.equal(other.code, 2);
  assert.match(other.said, /"statefulset\/shop" is nothing that is imported \(SHIPLOCK_USAGE\)/);
});
