/** CredLink's release on Kubernetes is that of the local platform, with the cluster of its manifests as the target. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { compileRelease, type Plan } from '../../src/plan/index.ts';
import { baselineViolations } from '../../workers/policy/pod-security.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const documents = (file: string) =>
  parseAllDocuments(readFileSync(path.join(ROOT, file), 'utf8')).map((document) => document.toJS());

function shipped(file: string): Plan {
  const compiled = compileRelease({ file: path.join(ROOT, file), version: '1.2.0' });
  assert.ok(compiled.ok, JSON.stringify(compiled.errors, null, 2));
  return compiled.plan;
}

function targetOf({ target }: Plan) {
  assert.ok(target.platform === 'kubernetes');
  return target;
}

describe("CredLink's release, release-kubernetes.yaml", () => {
  const plan = shipped('release-kubernetes.yaml');
  const target = targetOf(plan);

  test('has every phase of release.yaml but its flag', () => {
    const { flags, ...local } = shipped('release.yaml');
    assert.equal(flags?.ramps.length, 1);
    assert.deepEqual({ ...plan, target: null }, { ...local, target: null });
  });

  test('runs the ten pods of its Rollout with the released image', () => {
    assert.equal(target.replicas, 10);
    assert.deepEqual(target.selector, { app: 'credlink-api' });
    assert.equal(target.readinessPath, '/ready');
    const { spec } = target.template as { spec: { containers: { name: string; image: string }[] } };
    assert.deepEqual(
      spec.containers.map(({ name, image }) => [name, image]),
      [['api', 'credlink/api:1.2.0']],
    );
  });

  test('splits the traffic in the route primary of the VirtualService', () => {
    assert.deepEqual(target.traffic, {
      kind: 'istio',
      virtualServices: [{ name: 'credlink-api-vsvc', routes: ['primary'] }],
    });
  });

  test('gives each pod its role as a label, which it finds in a file', () => {
    assert.deepEqual(target.roleMetadata, {
      canary: { labels: { role: 'canary' }, annotations: {} },
      stable: { labels: { role: 'stable' }, annotations: {} },
    });
    const { spec } = target.template as {
      spec: { volumes: unknown[]; containers: { volumeMounts: unknown[] }[] };
    };
    assert.deepEqual(spec.volumes, [
      { name: 'podinfo', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
    ]);
    assert.deepEqual(spec.containers[0]?.volumeMounts, [
      { name: 'podinfo', mountPath: '/etc/podinfo', readOnly: true },
    ]);
  });

  test('lets pods wait before they end, until routers know that they go', () => {
    const { spec } = target.template as { spec: { containers: { lifecycle: unknown }[] } };
    assert.deepEqual(
      spec.containers.map(({ lifecycle }) => lifecycle),
      [{ preStop: { sleep: { seconds: 5 } } }],
    );
  });

  test('keeps within the Pod Security Standard that policies ask for', () => {
    assert.deepEqual(baselineViolations(target.template), []);
  });
});

describe('the manifests of infra/kubernetes', () => {
  const target = targetOf(shipped('release-kubernetes.yaml'));
  const services = documents('infra/kubernetes/services.yaml');

  test('have the two Services that the release moves, and one that clients ask', () => {
    assert.deepEqual(
      services.map(({ metadata }) => metadata.name),
      ['credlink-api', target.stableService, target.canaryService],
    );
    for (const { apiVersion, kind, spec } of services) {
      assert.deepEqual([apiVersion, kind], ['v1', 'Service']);
      assert.deepEqual(spec.selector, target.selector);
      assert.deepEqual(spec.ports, [{ name: 'http', port: 80, targetPort: 3000 }]);
    }
  });

  test('have the VirtualService whose two weights the release writes, all of it with the stable side', () => {
    const [virtualService, ...others] = documents('infra/kubernetes/virtual-service.yaml');
    assert.deepEqual(others, []);
    assert.equal(virtualService.metadata.name, 'credlink-api-vsvc');
    assert.deepEqual(virtualService.spec.hosts, [services[0].metadata.name]);
    assert.deepEqual(virtualService.spec.http, [
      {
        name: 'primary',
        route: [
          { destination: { host: target.stableService }, weight: 100 },
          { destination: { host: target.canaryService }, weight: 0 },
        ],
      },
    ]);
  });
});
