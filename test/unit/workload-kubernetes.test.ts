import assert from 'node:assert/strict';
import { test } from 'node:test';
import { versionOfImage } from '../../activities/kubernetes/index.ts';
import { type RoleMetadata, toRole } from '../../activities/workload/kubernetes/role-metadata.ts';
import { configMapsOf, replicaSetOf, templateDigest } from '../../activities/workload/kubernetes/template.ts';
import type { JsonObject, KubernetesTarget } from '../../src/plan/target.ts';

const images = [
  ['shop', 'latest'],
  ['shop:1.2.0', '1.2.0'],
  ['registry.example:5000/team/shop', 'latest'],
  ['registry.example:5000/team/shop:v1', 'v1'],
  ['registry.example/shop@sha256:abc', 'sha256:abc'],
  ['registry.example:5000/shop:1.2.0@sha256:abc', '1.2.0'],
] as const;

for (const [image, version] of images) {
  test(`the version of ${image} is ${version}`, () => assert.equal(versionOfImage(image), version));
}

const TARGET: KubernetesTarget = {
  platform: 'kubernetes',
  cluster: 'prod',
  namespace: 'shop',
  selector: { app: 'shop' },
  stableService: 'shop',
  canaryService: 'shop-canary',
  traffic: { kind: 'replicas' },
  replicas: 4,
  template: {
    metadata: { labels: { app: 'shop', tier: 'web' } },
    spec: {
      containers: [
        {
          name: 'app',
          image: 'shop:2',
          env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'a' } } }],
          envFrom: [{ secretRef: { name: 'settings' } }],
        },
      ],
      initContainers: [{ name: 'init', image: 'shop:2', envFrom: [{ configMapRef: { name: 'settings' } }] }],
      volumes: [{ name: 'settings', configMap: { name: 'settings' } }],
    },
  },
  configMaps: [{ name: 'settings', data: { a: '1' } }],
  minReadySeconds: 5,
  readinessPath: '/ready',
  scale: {
    maxSurge: '25%',
    maxUnavailable: '25%',
    dynamicStableScale: false,
    minPodsPerReplicaSet: 1,
    abortScaleDownDelayMs: 30_000,
  },
};
const PLAN = { service: 'shop', version: '2', target: TARGET, role: 'canary', stable: null } as const;
const id = '2-d4735e3a';

test('only references to the plan’s ConfigMaps are renamed: not Secrets, not volumes of that name', () => {
  const set = replicaSetOf(PLAN);
  const spec = set.spec.template.spec as unknown as JsonObject;
  assert.deepEqual(spec, {
    containers: [
      {
        name: 'app',
        image: 'shop:2',
        env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: `settings-${id}`, key: 'a' } } }],
        envFrom: [{ secretRef: { name: 'settings' } }],
      },
    ],
    initContainers: [{ name: 'init', image: 'shop:2', envFrom: [{ configMapRef: { name: `settings-${id}` } }] }],
    volumes: [{ name: 'settings', configMap: { name: `settings-${id}` } }],
  });
  assert.deepEqual(
    configMapsOf(PLAN).map(({ metadata }) => metadata.name),
    [`settings-${id}`],
  );
});

test('a ReplicaSet starts without pods, and no Deployment’s selector finds it', () => {
  const { metadata, spec } = replicaSetOf(PLAN);
  assert.equal(spec.replicas, 0);
  assert.equal(metadata.name, `shop-${id}`);
  assert.ok(!Object.keys(metadata.labels).includes('app'));
  assert.deepEqual(spec.selector.matchLabels, { app: 'shop', 'shiplock.dev/revision': id });
  assert.equal(spec.template.metadata.labels['shiplock.dev/role'], 'canary');
});

test('what a stored target is called, and its digest, are fixed: a later version finds its revisions by them', () => {
  assert.equal(replicaSetOf(PLAN).metadata.name, 'shop-2-d4735e3a');
  assert.equal(templateDigest(TARGET), '203016bf87b75fb3660ca8c9b00c4f4caeafadd2887fe7282c30cc2d4cc67eb5');
  // A plan of 0.1.0 has no such field where the release carries no ConfigMap.
  const { configMaps: _, ...bare } = TARGET;
  assert.equal(templateDigest(bare), '59a68b313a98a7b0aaa9fc9a79dfa3272101f8b548ac8097da18c27ad2bb7f8c');
});

test('what is the same revision has the same digest, wherever it stands and however many its pods are', () => {
  const digest = templateDigest(TARGET);
  assert.equal(templateDigest({ ...TARGET, replicas: 9, antiAffinity: { kind: 'required' } }), digest);
  assert.notEqual(templateDigest({ ...TARGET, configMaps: [{ name: 'settings', data: { a: '2' } }] }), digest);
  assert.notEqual(templateDigest({ ...TARGET, minReadySeconds: 6 }), digest);
});

test('the canary keeps away from the stable side’s pods, beside what the template says itself', () => {
  const stable = { version: '1', key: { label: 'pod-template-hash', value: 'abc' }, replicas: 1, ready: 1 };
  const own = { topologyKey: 'zone', labelSelector: { matchLabels: { app: 'db' } } };
  const field = 'requiredDuringSchedulingIgnoredDuringExecution';
  const template = {
    ...TARGET.template,
    spec: { ...(TARGET.template.spec as JsonObject), affinity: { podAntiAffinity: { [field]: [own] } } },
  };
  const affinityOf = (target: Partial<KubernetesTarget>, side: typeof stable | null) =>
    (
      replicaSetOf({ ...PLAN, target: { ...TARGET, ...target }, stable: side }).spec.template.spec as {
        affinity?: unknown;
      }
    ).affinity;
  const term = {
    labelSelector: { matchExpressions: [{ key: 'pod-template-hash', operator: 'In', values: ['abc'] }] },
    topologyKey: 'kubernetes.io/hostname',
  };
  assert.deepEqual(affinityOf({ antiAffinity: { kind: 'required' }, template }, stable), {
    podAntiAffinity: { [field]: [own, term] },
  });
  assert.deepEqual(affinityOf({ antiAffinity: { kind: 'preferred', weight: 7 } }, stable), {
    podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 7, podAffinityTerm: term }] },
  });
  assert.equal(affinityOf({ antiAffinity: { kind: 'required' } }, null), undefined);
  assert.equal(affinityOf({}, stable), undefined);
});

test('a role takes away what the other one gave, and leaves alone what is somebody else’s', () => {
  const planned: RoleMetadata = {
    canary: { labels: { tier: 'new', extra: 'x' }, annotations: { note: 'n' } },
    stable: { labels: { tier: 'old' }, annotations: {} },
    base: { labels: { extra: 'own' }, annotations: {} },
  };
  const pod = {
    labels: { app: 'shop', tier: 'new', extra: 'x', 'shiplock.dev/role': 'canary', theirs: 'y' },
    annotations: { note: 'n', 'other.io/a': 'b' },
  };
  assert.deepEqual(toRole(pod, planned, 'canary', '/metadata'), []);
  assert.deepEqual(toRole(pod, planned, 'stable', '/metadata'), [
    { op: 'add', path: '/metadata/labels/tier', value: 'old' },
    { op: 'add', path: '/metadata/labels/extra', value: 'own' },
    { op: 'add', path: '/metadata/labels/shiplock.dev~1role', value: 'stable' },
    { op: 'remove', path: '/metadata/annotations/note' },
  ]);
  assert.deepEqual(toRole({ labels: { app: 'shop', 'shiplock.dev/role': 'stable' } }, undefined, null, '/metadata'), [
    { op: 'remove', path: '/metadata/labels/shiplock.dev~1role' },
  ]);
  assert.deepEqual(toRole({}, undefined, 'stable', '/m'), [
    { op: 'add', path: '/m/labels', value: { 'shiplock.dev/role': 'stable' } },
  ]);
});
