/** What a Deployment that runs becomes, and what is said of it. The API server's own is in test/cluster. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { importDeployment, type RunningDeployment } from '../../src/import/index.ts';
import { compileRelease, type JsonObject } from '../../src/plan/index.ts';
import { folderOf } from './plan-fixture.ts';

const pod = {
  metadata: {
    creationTimestamp: null,
    labels: { app: 'shop' },
    annotations: { 'kubectl.kubernetes.io/restartedAt': '2026-01-01T00:00:00Z', team: 'front' },
  },
  spec: {
    containers: [
      {
        name: 'api',
        image: 'shop/api:1.0.0',
        imagePullPolicy: 'IfNotPresent',
        resources: {},
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        livenessProbe: {
          httpGet: { path: '/health', port: 3000, scheme: 'HTTP' },
          timeoutSeconds: 1,
          periodSeconds: 5,
          successThreshold: 1,
          failureThreshold: 3,
        },
      },
    ],
    dnsPolicy: 'Default',
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
    securityContext: {},
    serviceAccount: 'shop',
    serviceAccountName: 'shop',
    terminationGracePeriodSeconds: 30,
  },
};

function running(
  change: { metadata?: object; spec?: object; pods?: object; services?: object[]; maps?: object[] } = {},
) {
  const { metadata = {}, spec = {}, pods = pod, services = [service('shop', { app: 'shop' })], maps = [] } = change;
  return {
    deployment: {
      metadata: {
        name: 'shop',
        namespace: 'store',
        uid: 'u',
        resourceVersion: '7',
        generation: 2,
        managedFields: [{ manager: 'kubectl' }],
        annotations: { 'deployment.kubernetes.io/revision': '4' },
        ...metadata,
      },
      spec: {
        replicas: 3,
        progressDeadlineSeconds: 600,
        revisionHistoryLimit: 10,
        selector: { matchLabels: { app: 'shop' } },
        strategy: { type: 'RollingUpdate' },
        template: pods,
        ...spec,
      },
      status: { replicas: 3 },
    },
    services,
    configMaps: maps,
  } as unknown as RunningDeployment;
}

const service = (name: string, selector: object): JsonObject =>
  ({ metadata: { name }, spec: { selector } }) as unknown as JsonObject;

function imported(...args: Parameters<typeof running>) {
  const made = importDeployment(running(...args), { cluster: 'east' });
  return { ...made, said: made.notes.map(({ kind, field, text }) => `${kind} ${field}: ${text}`).join('\n') };
}

describe('a Deployment that runs', () => {
  test('becomes a release that compiles and adopts it', () => {
    const { release, files, refused } = imported();
    assert.deepEqual(refused, []);
    const written = Object.fromEntries(files.map(({ name, text }) => [name, text]));
    const folder = folderOf({ ...written, 'release.yaml': release?.text ?? '' });
    const compiled = compileRelease({ file: path.join(folder, 'release.yaml'), version: '1.1.0' });
    assert.ok(compiled.ok, JSON.stringify(compiled.errors));
    const { target, canary } = compiled.plan;
    assert.ok(target.platform === 'kubernetes');
    assert.deepEqual([target.cluster, target.namespace, target.replicas], ['east', 'store', 3]);
    assert.deepEqual(target.adopts, { kind: 'Deployment', name: 'shop', scaleDown: 'onsuccess' });
    assert.deepEqual([target.stableService, target.canaryService], ['shop', 'shop-canary']);
    assert.deepEqual(
      canary.steps.map((step) => (step.kind === 'setWeight' ? step.weight : step.kind)),
      [20, 'pause', 50, 'pause'],
    );
  });

  test('becomes a manifest of what somebody wants, and nothing that was recorded or filled in', () => {
    const [manifest, ...others] = imported().files;
    assert.deepEqual(others, []);
    assert.equal(manifest?.name, 'shop-deployment.yaml');
    assert.deepEqual(parse(manifest.text), {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'shop', namespace: 'store' },
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: 'shop' } },
        template: {
          metadata: { labels: { app: 'shop' }, annotations: { team: 'front' } },
          spec: {
            containers: [
              {
                name: 'api',
                image: 'shop/api:1.0.0',
                imagePullPolicy: 'IfNotPresent',
                livenessProbe: { httpGet: { path: '/health', port: 3000 }, periodSeconds: 5 },
              },
            ],
            dnsPolicy: 'Default',
            serviceAccountName: 'shop',
          },
        },
      },
    });
  });

  test('takes its ConfigMaps along, but for binary ones', () => {
    const maps = [
      { metadata: { name: 'settings', uid: 'x' }, data: { a: 'b' } },
      { metadata: { name: 'keys' }, binaryData: { a: 'AA==' } },
    ];
    const { files, said } = imported({ maps });
    const text = files.find(({ name }) => name === 'shop-config-maps.yaml')?.text ?? '';
    assert.deepEqual(
      parseAllDocuments(text).map((document) => document.toJS()),
      [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { a: 'b' } }],
    );
    assert.match(said, /todo spec.template: the ConfigMap keys holds binary data/);
  });

  const cases: readonly [says: string, change: Parameters<typeof running>[0], note: RegExp][] = [
    [
      'a second container',
      { pods: { ...pod, spec: { containers: [{ name: 'a' }, { name: 'b' }] } } },
      /todo .*containers: the version is taken to be that of the container a; the pods have a, b/,
    ],
    [
      'no Service',
      { services: [service('x', { app: 'other' }), service('headless', {})] },
      /todo spec.selector: no Service selects the pods/,
    ],
    [
      'several Services',
      { services: [service('x', { app: 'shop' }), service('y', { app: 'shop' })] },
      /several Services select the pods \(x, y\)/,
    ],
    [
      'an owner',
      { metadata: { ownerReferences: [{ kind: 'Canary', name: 'shop' }] } },
      /todo metadata.ownerReferences: it belongs to Canary shop/,
    ],
    [
      'Helm',
      { metadata: { labels: { 'app.kubernetes.io/managed-by': 'Helm' } } },
      /todo metadata.labels: Helm goes on owning the Deployment/,
    ],
  ];
  for (const [says, change, note] of cases) {
    test(`with ${says} says so`, () => assert.match(imported(change).said, note));
  }

  test('with a selector by expressions is refused by name', () => {
    const { refused } = imported({ spec: { selector: { matchExpressions: [{ key: 'a', operator: 'Exists' }] } } });
    assert.deepEqual(
      refused.map(({ path: at, code }) => [at, code]),
      [['spec.selector.matchExpressions', 'SHIPLOCK_PLAN_UNSUPPORTED']],
    );
  });
});
