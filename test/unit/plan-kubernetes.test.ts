/** A release file whose target is on Kubernetes, and what its manifests say: the plan. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { compileRelease, describePlan, type KubernetesTarget, type Plan, validatePlan } from '../../src/plan/index.ts';
import { edited, folderOf } from './plan-fixture.ts';
import { CLUSTER, DEPLOYED } from './plan-kubernetes-fixture.ts';

type Files = Readonly<Record<string, string>>;
type Edit = readonly [file: string, from: string, to: string];

function compiled(files: Files): {
  readonly plan: Plan & { readonly target: KubernetesTarget };
  readonly warnings: string[];
} {
  const made = compileRelease({ file: path.join(folderOf(files), 'release.yaml'), version: '1.2.0' });
  assert.ok(made.ok, JSON.stringify(made.errors, null, 2));
  const { plan } = made;
  assert.ok(plan.target.platform === 'kubernetes');
  assert.deepEqual(validatePlan(JSON.parse(JSON.stringify(plan))), plan);
  const warnings = made.warnings.map(({ code, path: at, message }) => `${code} ${at}: ${message}`);
  return { plan: { ...plan, target: plan.target }, warnings: warnings.filter((text) => !text.includes('READINGS')) };
}

const withEdits = (files: Files, ...edits: readonly Edit[]): Files =>
  edits.reduce((so, [file, from, to]) => edited(file, from, to, so), files);
const cluster = (...edits: readonly Edit[]) => compiled(withEdits(CLUSTER, ...edits));
const deployed = (...edits: readonly Edit[]) => compiled(withEdits(DEPLOYED, ...edits));

const STEPS = '      steps:\n';
const ISTIO = '        istio:\n          virtualService: { name: shop, routes: [primary] }\n';
const TARGET = '  namespace: shop\n';

describe('a Rollout on Kubernetes', () => {
  test('is a target with its pod template, its Services and its router, every default filled in', () => {
    const { plan, warnings } = cluster();
    assert.deepEqual(plan.target, {
      platform: 'kubernetes',
      cluster: 'default',
      namespace: 'shop',
      selector: { app: 'shop' },
      stableService: 'shop-stable',
      canaryService: 'shop-canary',
      traffic: { kind: 'istio', virtualServices: [{ name: 'shop', routes: ['primary'] }] },
      replicas: 3,
      template: {
        metadata: { labels: { app: 'shop' } },
        spec: {
          containers: [
            {
              name: 'api',
              image: 'shop/api:1.2.0',
              readinessProbe: { httpGet: { path: '/healthz', port: 3000 } },
              resources: { requests: { memory: '256Mi' } },
            },
          ],
        },
      },
      minReadySeconds: 0,
      readinessPath: '/healthz',
      scale: {
        maxSurge: '25%',
        maxUnavailable: '25%',
        dynamicStableScale: false,
        minPodsPerReplicaSet: 1,
        abortScaleDownDelayMs: 30_000,
      },
    });
    assert.deepEqual(warnings, []);
  });

  test('says how long pods must be ready, how long they may take, and how long the old side stays', () => {
    const { plan } = cluster(
      ['rollout.yaml', '  replicas: 3\n', '  replicas: 3\n  minReadySeconds: 20\n  progressDeadlineSeconds: 90\n'],
      ['rollout.yaml', STEPS, `      scaleDownDelaySeconds: 120\n${STEPS}`],
    );
    assert.equal(plan.target.minReadySeconds, 20);
    assert.equal(plan.canary.readyDeadlineMs, 90_000);
    assert.equal(plan.window.durationMs, 120_000);
  });

  test('gives live pods its metadata and keeps the sides apart', () => {
    const { plan } = cluster([
      'rollout.yaml',
      STEPS,
      `      canaryMetadata: { labels: { role: canary }, annotations: { note: new } }
      stableMetadata: { labels: { role: stable } }
      antiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: { weight: 40 } }
${STEPS}`,
    ]);
    assert.deepEqual(plan.target.roleMetadata, {
      canary: { labels: { role: 'canary' }, annotations: { note: 'new' } },
      stable: { labels: { role: 'stable' }, annotations: {} },
    });
    assert.deepEqual(plan.target.antiAffinity, { kind: 'preferred', weight: 40 });
  });

  test('scales as it says, and an abortScaleDownDelaySeconds of 0 is never, and said to be', () => {
    const { plan, warnings } = cluster([
      'rollout.yaml',
      STEPS,
      `      dynamicStableScale: true
      minPodsPerReplicaSet: 2
      abortScaleDownDelaySeconds: 0
${STEPS}`,
    ]);
    assert.equal(plan.target.scale.dynamicStableScale, true);
    assert.equal(plan.target.scale.minPodsPerReplicaSet, 2);
    assert.equal(plan.target.scale.abortScaleDownDelayMs, null);
    assert.match(
      warnings.join('\n'),
      /SCALE_DOWN_NEVER spec.strategy.canary.abortScaleDownDelaySeconds: is 0, which to/,
    );
    assert.match(
      describePlan(plan, { width: 200 }),
      /the stable side shrinks as the canary grows, 2 pods of each at the least/,
    );
  });

  test('without a router the share of the pods is the share of the requests', () => {
    const { plan, warnings } = cluster(
      ['rollout.yaml', `      trafficRouting:\n${ISTIO}`, ''],
      ['rollout.yaml', STEPS, `      maxSurge: 2\n      maxUnavailable: '10'\n${STEPS}`],
    );
    assert.deepEqual(plan.target.traffic, { kind: 'replicas' });
    assert.equal(plan.target.scale.maxSurge, 2);
    assert.equal(plan.target.scale.maxUnavailable, '10%');
    assert.equal(plan.target.scale.abortScaleDownDelayMs, 0);
    assert.deepEqual(warnings, []);
    const shown = describePlan(plan, { width: 200 });
    assert.match(shown, /step 1: weight: asked 20 %, reachable 25 % with 4 pods, 1 of them the canary/);
    assert.match(shown, /step 4: weight: asked 60 %, reachable 66.7 % with 3 pods, 2 of them the canary/);
  });

  test('fields without a use here are ignored by name', () => {
    const { warnings } = cluster(
      ['rollout.yaml', '  replicas: 3\n', '  replicas: 3\n  revisionHistoryLimit: 5\n  progressDeadlineAbort: false\n'],
      ['rollout.yaml', STEPS, `      maxSurge: 1\n      scaleDownDelayRevisionLimit: 2\n${STEPS}`],
    );
    assert.deepEqual(
      warnings.map((text) => text.split(': ')[0]),
      [
        'spec.revisionHistoryLimit',
        'spec.progressDeadlineAbort',
        'spec.strategy.canary.maxSurge',
        'spec.strategy.canary.scaleDownDelayRevisionLimit',
      ].map((at) => `SHIPLOCK_PLAN_FIELD_IGNORED ${at}`),
    );
  });

  test("Istio's subsets, several VirtualServices and their TLS and TCP routes are taken", () => {
    const { plan } = cluster([
      'rollout.yaml',
      ISTIO,
      `        managedRoutes: [{ name: by-header }]
        istio:
          destinationRule: { name: shop, canarySubsetName: new, stableSubsetName: old }
          virtualServices:
            - { name: shop }
            - { name: shop-tls, tlsRoutes: [{ port: 443, sniHosts: [shop.example] }], tcpRoutes: [{ port: 5432 }] }
`,
    ]);
    assert.deepEqual(plan.target.traffic, {
      kind: 'istio',
      virtualServices: [
        { name: 'shop', routes: [] },
        {
          name: 'shop-tls',
          routes: [],
          tlsRoutes: [{ port: 443, sniHosts: ['shop.example'] }],
          tcpRoutes: [{ port: 5432 }],
        },
      ],
      destinationRule: { name: 'shop', canarySubset: 'new', stableSubset: 'old' },
      managedRoutes: ['by-header'],
    });
  });

  test("the configuration of Argo's plugin for the Gateway API is taken", () => {
    const { plan } = cluster([
      'rollout.yaml',
      ISTIO,
      `        plugins:
          argoproj-labs/gatewayAPI:
            namespace: shop
            httpRoute: shop
            grpcRoutes: [{ name: shop-grpc, useHeaderRoutes: true }]
`,
    ]);
    assert.deepEqual(plan.target.traffic, {
      kind: 'gateway',
      routes: [
        { kind: 'HTTPRoute', name: 'shop' },
        { kind: 'GRPCRoute', name: 'shop-grpc' },
      ],
    });
  });

  test('what the release file says goes before the Rollout', () => {
    const { plan } = cluster([
      'release.yaml',
      TARGET,
      `${TARGET}  cluster: east
  replicas: 9
  stableService: a
  canaryService: b
  minReadySeconds: 3
  readinessPath: /up
  traffic: { gateway: { httpRoutes: [shop], grpcRoutes: [shop] }, managedRoutes: [mine] }
  scale: { dynamicStableScale: true, abortScaleDownDelay: 0s }
`,
    ]);
    const { target } = plan;
    assert.deepEqual(
      [target.cluster, target.replicas, target.stableService, target.canaryService],
      ['east', 9, 'a', 'b'],
    );
    assert.deepEqual([target.minReadySeconds, target.readinessPath], [3, '/up']);
    assert.deepEqual(target.traffic, {
      kind: 'gateway',
      routes: [
        { kind: 'HTTPRoute', name: 'shop' },
        { kind: 'GRPCRoute', name: 'shop' },
      ],
      managedRoutes: ['mine'],
    });
    assert.deepEqual([target.scale.dynamicStableScale, target.scale.abortScaleDownDelayMs], [true, 0]);
  });

  test('its image is that of the release, with the digest where the file gives one', () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const imageOf = (more: string) => {
      const { plan } = cluster([
        'release.yaml',
        'canary:\n',
        `image: { repository: r.example/shop${more} }\ncanary:\n`,
      ]);
      return (plan.target.template as { spec: { containers: { image: string }[] } }).spec.containers[0]?.image;
    };
    assert.equal(imageOf(''), 'r.example/shop:1.2.0');
    assert.equal(imageOf(`, digest: '${digest}'`), `r.example/shop:1.2.0@${digest}`);
  });

  test("a workloadRef's Deployment gives the pods, and is adopted", () => {
    const rollout = CLUSTER['rollout.yaml'] ?? '';
    const deployment = `---\n${DEPLOYED['deployment.yaml']?.replace(/ {8}- name: proxy\n.*\n/, '')}`;
    const { plan } = cluster(
      ['rollout.yaml', rollout.slice(rollout.indexOf('  template:\n')), deployment],
      [
        'rollout.yaml',
        '  selector:\n    matchLabels:\n      app: shop\n',
        '  workloadRef: { kind: Deployment, name: shop }\n',
      ],
    );
    assert.deepEqual(plan.target.adopts, { kind: 'Deployment', name: 'shop', scaleDown: 'never' });
    assert.equal(plan.target.replicas, 3);
    assert.equal(plan.target.minReadySeconds, 0);
    assert.deepEqual(plan.target.template.metadata, {
      labels: { app: 'shop', team: 'front' },
      annotations: { 'prometheus.io/scrape': 'true' },
    });
  });
});

describe('a Deployment on Kubernetes', () => {
  test('is a target of its own, adopted, with ConfigMaps', () => {
    const { target } = deployed().plan;
    assert.deepEqual(
      [target.cluster, target.namespace, target.replicas, target.minReadySeconds],
      ['east', 'store', 4, 7],
    );
    assert.deepEqual(target.selector, { app: 'shop' });
    assert.deepEqual(target.adopts, { kind: 'Deployment', name: 'shop', scaleDown: 'never' });
    assert.deepEqual(target.configMaps, [
      { name: 'shop-settings', data: { LEVEL: 'info' } },
      { name: 'shop-files', data: { 'banner.txt': 'hello' } },
    ]);
    assert.equal(target.readinessPath, '/ready');
    const { spec } = target.template as { spec: { containers: { name: string; image: string }[] } };
    assert.deepEqual(
      spec.containers.map(({ name, image }) => [name, image]),
      [
        ['api', 'registry.example/shop/api:1.2.0'],
        ['proxy', 'registry.example/proxy:2'],
      ],
    );
  });

  test('the container that is named carries the version', () => {
    const { target } = deployed(['release.yaml', '  adopts: shop\n', '  container: proxy\n']).plan;
    assert.equal(target.adopts, undefined);
    const { spec } = target.template as { spec: { containers: { image: string }[] } };
    assert.equal(spec.containers[1]?.image, 'registry.example/shop/api:1.2.0');
    assert.equal(spec.containers[0]?.image, 'registry.example/shop/api:1.0.0');
  });

  test('is scaled down when the release says so', () => {
    const { target } = deployed(['release.yaml', 'adopts: shop', 'adopts: { name: shop, scaleDown: onsuccess }']).plan;
    assert.equal(target.adopts?.scaleDown, 'onsuccess');
  });

  test('a ConfigMap that no pod names is left out, and said to be', () => {
    const { plan, warnings } = deployed(['config.yaml', 'name: shop-files', 'name: other']);
    assert.deepEqual(
      plan.target.configMaps?.map(({ name }) => name),
      ['shop-settings'],
    );
    assert.match(warnings.join(), /FIELD_IGNORED metadata.name: the pod template names no ConfigMap other/);
  });

  test('is shown with its place, its images, its router and its scale', () => {
    const text = describePlan(deployed().plan, { width: 200 });
    assert.match(text, /^shop 1.2.0 → production · on kubernetes: 4 pods in east\/store · plan [0-9a-f]{12}\n/);
    for (const row of [
      'pods of registry.example/shop/migrate:3, registry.example/shop/api:1.2.0, registry.example/proxy:2',
      'traffic by HTTPRoute shop: shop-stable, shop-canary',
      'adopts Deployment shop, whose pods stay',
      'a copy for each revision of ConfigMap shop-settings, shop-files',
      'the stable side stays whole; pods of an aborted canary end after 30s',
    ])
      assert.ok(text.includes(row), `${row} in ${text}`);
  });
});
