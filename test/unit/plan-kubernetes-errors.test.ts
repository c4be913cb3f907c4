/** What is wrong with a target on Kubernetes, each at its place. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { compileRelease } from '../../src/plan/index.ts';
import { edited, folderOf, unmarked } from './plan-fixture.ts';
import { CLUSTER, DEPLOYED } from './plan-kubernetes-fixture.ts';

type Files = Readonly<Record<string, string>>;
/** « marks the place that the error names. */
type Case = readonly [
  says: string,
  file: string,
  from: string,
  to: string,
  path: string,
  code: string,
  message: RegExp,
];

const RELEASE = 'release.yaml';
const ROLLOUT = 'rollout.yaml';
const DEPLOYMENT = 'deployment.yaml';
const CONFIG = 'config.yaml';
const CANARY = 'spec.strategy.canary';
const STEPS = '      steps:\n';
const ISTIO = '          virtualService: { name: shop, routes: [primary] }\n';
const ROUTER = `        istio:\n${ISTIO}`;
const NAMESPACE = '  namespace: shop\n';

const OF_A_ROLLOUT: readonly Case[] = [
  [
    'an unknown field',
    RELEASE,
    NAMESPACE,
    `${NAMESPACE}  «command: [x]\n`,
    'target.command',
    'FIELD_UNKNOWN',
    /expected one of platform, cluster/,
  ],
  [
    'no namespace',
    RELEASE,
    `target:\n  platform: kubernetes\n${NAMESPACE}`,
    '«target:\n  platform: kubernetes\n',
    'target.namespace',
    'FIELD_MISSING',
    /no manifest has one/,
  ],
  [
    'a namespace that is none',
    RELEASE,
    'namespace: shop',
    'namespace: «Shop',
    'target.namespace',
    'VALUE',
    /expected a DNS label/,
  ],
  ['too many pods', ROLLOUT, 'replicas: 3', 'replicas: «1001', 'spec.replicas', 'RANGE', /is 1001; expected 1 to 1000/],
  ['no pods', ROLLOUT, 'replicas: 3', 'replicas: «0', 'spec.replicas', 'RANGE', /is 0; expected 1 to 1000/],
  [
    'a container that is not there',
    RELEASE,
    NAMESPACE,
    `${NAMESPACE}  container: «web\n`,
    'target.container',
    'EDIT_TARGET',
    /"web", which the pod template of .*rollout.yaml has not; it has api/,
  ],
  [
    'a container without an image',
    ROLLOUT,
    'image: shop/api:{{ .Values.image.tag }}',
    'tty: true',
    'spec.template.spec.containers[0].image',
    'VALUE',
    /is missing; expected an image, for example shop\/api:1.0.0/,
  ],
  [
    'a selector by expressions',
    ROLLOUT,
    '    matchLabels:\n      app: shop\n  strategy',
    '    matchLabels:\n      app: shop\n    «matchExpressions: [{ key: a, operator: Exists }]\n  strategy',
    'spec.selector.matchExpressions',
    'UNSUPPORTED',
    /use matchLabels/,
  ],
  [
    'a label that is no text',
    ROLLOUT,
    '      labels:\n        app: shop',
    '      labels:\n        app: shop\n        version: «2',
    'spec.template.metadata.labels.version',
    'TYPE',
    /is 2; expected text/,
  ],
  [
    "a label of the engine's own",
    ROLLOUT,
    '      labels:\n        app: shop',
    '      labels:\n        app: shop\n        «shiplock.dev/role: x',
    'spec.template.metadata.labels["shiplock.dev/role"]',
    'VALUE',
    /given of its own/,
  ],
  [
    'a number that JSON has not',
    ROLLOUT,
    'memory: 256Mi',
    'memory: 256Mi\n          weird: «.inf',
    'spec.template.spec.containers[0].weird',
    'VALUE',
    /expected a finite number/,
  ],
  [
    'a template that is too large',
    ROLLOUT,
    'memory: 256Mi',
    `memory: 256Mi\n          args: ['${'x'.repeat(262_144)}']`,
    'spec.template',
    'RANGE',
    /bytes as JSON; expected at most 262144/,
  ],
  [
    'ready only after the deadline',
    ROLLOUT,
    'replicas: 3',
    'replicas: 3\n  minReadySeconds: «300',
    'spec.minReadySeconds',
    'RANGE',
    /is 300; expected less than the readyDeadline, 300 s/,
  ],
  [
    'two routers',
    ROLLOUT,
    ROUTER,
    `${ROUTER}        plugins: { argoproj-labs/gatewayAPI: { httpRoute: a } }\n`,
    `${CANARY}.trafficRouting`,
    'CHOICE',
    /names two routers/,
  ],
  [
    'a router without a name',
    ROLLOUT,
    ROUTER,
    '        managedRoutes: []\n',
    `${CANARY}.trafficRouting`,
    'CHOICE',
    /names no router/,
  ],
  [
    'another plugin',
    ROLLOUT,
    ROUTER,
    '        plugins: «{ argoproj-labs/consul: {} }\n',
    `${CANARY}.trafficRouting.plugins`,
    'UNSUPPORTED',
    /^argoproj-labs\/consul: of Argo's plugins only/,
  ],
  [
    "the plugin's TCP routes",
    ROLLOUT,
    ROUTER,
    '        plugins:\n          argoproj-labs/gatewayAPI:\n            «tcpRoute: a\n',
    `${CANARY}.trafficRouting.plugins["argoproj-labs/gatewayAPI"].tcpRoute`,
    'UNSUPPORTED',
    /tcpRoute is known to/,
  ],
  [
    "the plugin's other namespace",
    ROLLOUT,
    ROUTER,
    '        plugins: { argoproj-labs/gatewayAPI: { httpRoute: a, namespace: «b } }\n',
    `${CANARY}.trafficRouting.plugins["argoproj-labs/gatewayAPI"].namespace`,
    'UNSUPPORTED',
    /"b"; routes of another namespace than the target's "shop"/,
  ],
  [
    'the plugin without a route',
    ROLLOUT,
    ROUTER,
    '        plugins:\n          «argoproj-labs/gatewayAPI: {}\n',
    `${CANARY}.trafficRouting.plugins["argoproj-labs/gatewayAPI"]`,
    'NEEDS',
    /names no route/,
  ],
  [
    'a VirtualService of another namespace',
    ROLLOUT,
    '{ name: shop, routes',
    '{ name: «shop.mesh, routes',
    `${CANARY}.trafficRouting.istio.virtualService.name`,
    'UNSUPPORTED',
    /another namespace/,
  ],
  [
    'a VirtualService twice',
    ROLLOUT,
    ISTIO,
    '          virtualServices: [{ name: a }, «{ name: a }]\n',
    `${CANARY}.trafficRouting.istio.virtualServices[1]`,
    'DUPLICATE',
    /"a" is a second VirtualService/,
  ],
  [
    'a managed route twice',
    ROLLOUT,
    ROUTER,
    `        managedRoutes: [{ name: a }, «{ name: a }]\n${ROUTER}`,
    `${CANARY}.trafficRouting.managedRoutes[1]`,
    'DUPLICATE',
    /second managed route/,
  ],
  [
    'two routers of the release',
    RELEASE,
    NAMESPACE,
    `${NAMESPACE}  traffic: «{ gateway: { httpRoute: a }, replicas: {} }\n`,
    'target.traffic',
    'CHOICE',
    /has gateway and replicas; expected exactly one/,
  ],
  [
    'managed routes without a router',
    RELEASE,
    NAMESPACE,
    `${NAMESPACE}  traffic: { replicas: {}, «managedRoutes: [a] }\n`,
    'target.traffic.managedRoutes',
    'NEEDS',
    /needs a router/,
  ],
  [
    'a stable side that shrinks without a router',
    RELEASE,
    NAMESPACE,
    `${NAMESPACE}  traffic: { replicas: {} }\n  scale: { «dynamicStableScale: true }\n`,
    'target.scale.dynamicStableScale',
    'NEEDS',
    /needs a router/,
  ],
  [
    'no surge and none missing',
    RELEASE,
    NAMESPACE,
    `${NAMESPACE}  traffic: { replicas: {} }\n  scale: { maxSurge: «0, maxUnavailable: 0% }\n`,
    'target.scale.maxSurge',
    'RANGE',
    /both zero/,
  ],
  [
    'more missing than there are',
    RELEASE,
    NAMESPACE,
    `${NAMESPACE}  traffic: { replicas: {} }\n  scale: { maxUnavailable: «101% }\n`,
    'target.scale.maxUnavailable',
    'RANGE',
    /at most 100%/,
  ],
  [
    'a switch without a router',
    RELEASE,
    NAMESPACE,
    `${NAMESPACE}  traffic: { replicas: {} }\n«cutover: {}\n`,
    'cutover',
    'NEEDS',
    /needs a router/,
  ],
  [
    'dynamicStableScale beside a delay',
    ROLLOUT,
    STEPS,
    `      dynamicStableScale: true\n      «scaleDownDelaySeconds: 5\n${STEPS}`,
    `${CANARY}.scaleDownDelaySeconds`,
    'CHOICE',
    /beside dynamicStableScale/,
  ],
  [
    'both ways of keeping apart',
    ROLLOUT,
    STEPS,
    `      antiAffinity: «{ requiredDuringSchedulingIgnoredDuringExecution: {}, preferredDuringSchedulingIgnoredDuringExecution: { weight: 1 } }\n${STEPS}`,
    `${CANARY}.antiAffinity`,
    'CHOICE',
    /exactly one/,
  ],
  [
    'two Services that are one',
    RELEASE,
    `target:\n`,
    '«target:\n  stableService: a\n  canaryService: a\n',
    'target',
    'DUPLICATE',
    /are both a/,
  ],
  [
    'a fresh baseline',
    RELEASE,
    'canary:\n',
    `canary:\n  comparison:\n    prometheus: http://p\n    «baseline: true\n    metrics: [{ name: e, counts: { events: 'e{service="shop-canary"}', total: 't{service="shop-canary"}' } }]\n`,
    'canary.comparison.baseline',
    'UNSUPPORTED',
    /two sides/,
  ],
];

const OF_A_DEPLOYMENT: readonly Case[] = [
  [
    'no manifest of the pods',
    RELEASE,
    'target:\n  platform: kubernetes\n  cluster: east\n  deployment: { file: deployment.yaml }\n',
    '«target:\n  platform: kubernetes\n  namespace: shop\n',
    'target.deployment',
    'FIELD_MISSING',
    /expected a manifest with a Deployment/,
  ],
  [
    'a Deployment that is not there',
    RELEASE,
    '{ file: deployment.yaml }',
    '{ file: deployment.yaml, name: «other }',
    'target.deployment.name',
    'DEPLOYMENT_MISSING',
    /holds no Deployment named other; it holds shop/,
  ],
  [
    'a file without one',
    RELEASE,
    '{ file: deployment.yaml }',
    '{ file: «config.yaml }',
    'target.deployment.file',
    'DEPLOYMENT_MISSING',
    /holds no Deployment$/,
  ],
  [
    'a Deployment of an old API',
    DEPLOYMENT,
    'apiVersion: apps/v1',
    '«apiVersion: apps/v1beta1',
    'apiVersion',
    'KIND',
    /"apps\/v1beta1"; expected apps\/v1/,
  ],
  [
    'a selector that does not fit',
    DEPLOYMENT,
    'matchLabels: { app: shop }',
    'matchLabels: { app: «api }',
    'spec.selector.matchLabels.app',
    'SELECTOR',
    /must say the same/,
  ],
  [
    'an empty selector',
    DEPLOYMENT,
    'matchLabels: { app: shop }',
    '«matchLabels: {}',
    'spec.selector.matchLabels',
    'VALUE',
    /is empty/,
  ],
  [
    'several containers and no name',
    RELEASE,
    '  repository: registry.example/shop/api\n',
    '  repository: registry.example/shop\n',
    'target.container',
    'FIELD_MISSING',
    /expected one of api, proxy/,
  ],
  [
    'a Helm value that nothing fills',
    DEPLOYMENT,
    "prometheus.io/scrape: 'true'",
    "note: «'{{ .Values.team }}'",
    'spec.template.metadata.annotations.note',
    'PLACEHOLDER',
    /as it stands/,
  ],
  [
    'a file without a ConfigMap',
    RELEASE,
    '[config.yaml]',
    '[«deployment.yaml]',
    'target.configMaps[0]',
    'NEEDS',
    /holds no ConfigMap/,
  ],
  [
    'two ConfigMaps of one name',
    CONFIG,
    'name: shop-files',
    'name: «shop-settings',
    'metadata.name',
    'DUPLICATE',
    /second ConfigMap/,
  ],
  [
    'binary data',
    CONFIG,
    'data:\n  LEVEL: info',
    '«binaryData: { a: AA== }\ndata:\n  LEVEL: info',
    'binaryData',
    'UNSUPPORTED',
    /^binaryData/,
  ],
  ['data that is no text', CONFIG, 'LEVEL: info', 'LEVEL: «3', 'data.LEVEL', 'TYPE', /is 3; expected text/],
  [
    'ConfigMaps that are too large',
    CONFIG,
    'LEVEL: info',
    `LEVEL: '${'x'.repeat(524_288)}'`,
    'target.configMaps',
    'RANGE',
    /bytes as JSON; expected at most 524288/,
  ],
];

for (const [base, cases] of [
  [CLUSTER, OF_A_ROLLOUT],
  [DEPLOYED, OF_A_DEPLOYMENT],
] as const) {
  describe(base === CLUSTER ? 'with a Rollout' : 'with a Deployment', () => {
    for (const [says, file, from, to, at, code, message] of cases) {
      test(`${says} is refused at its place`, () => {
        const { files, place } = unmarked(edited(file, from, to, base as Record<string, string>));
        const [error, ...others] = errorsOf(files);
        assert.deepEqual(others, []);
        assert.deepEqual([error?.path, error?.code], [at, `SHIPLOCK_PLAN_${code}`]);
        assert.match(error?.message ?? '', message);
        if (to.includes('«')) {
          assert.deepEqual([error?.file, error?.line, error?.column], [place.file, place.line, place.column]);
        }
      });
    }
  });
}

function errorsOf(files: Files) {
  const folder = folderOf(files);
  const { errors } = compileRelease({ file: path.join(folder, RELEASE), version: '1.2.0' });
  return errors.map((error) => ({ ...error, file: path.relative(folder, error.file) }));
}

test("a workloadRef's Deployment that is nowhere is named, with what to do", () => {
  const rollout = CLUSTER[ROLLOUT] ?? '';
  const cut = rollout.slice(0, rollout.indexOf('  template:\n'));
  const files = {
    ...CLUSTER,
    [ROLLOUT]: cut.replace(
      / {2}selector:[\s\S]*? {2}strategy/,
      '  workloadRef: { kind: Deployment, name: shop }\n  strategy',
    ),
  };
  const [error, ...others] = errorsOf(files);
  assert.deepEqual(others, []);
  assert.deepEqual([error?.code, error?.path], ['SHIPLOCK_PLAN_DEPLOYMENT_MISSING', 'spec.workloadRef.name']);
  assert.equal(error?.message, 'rollout.yaml holds no Deployment named shop; name its file as target.deployment');
});

test('two pod templates, and two names of what is adopted, are refused', () => {
  const both = edited(RELEASE, NAMESPACE, `${NAMESPACE}  deployment: { file: deployment.yaml }\n`, {
    ...CLUSTER,
    [DEPLOYMENT]: DEPLOYED[DEPLOYMENT] ?? '',
  });
  assert.deepEqual(
    errorsOf(both).map(({ code, path: at }) => [code, at]),
    [['SHIPLOCK_PLAN_CHOICE', 'target.deployment']],
  );
  const ref = edited(ROLLOUT, '  replicas: 3\n', '  replicas: 3\n  workloadRef: { kind: Deployment, name: shop }\n', {
    ...CLUSTER,
  });
  assert.deepEqual(
    errorsOf(ref).map(({ code, path: at }) => [code, at]),
    [
      ['SHIPLOCK_PLAN_DEPLOYMENT_MISSING', 'spec.workloadRef.name'],
      ['SHIPLOCK_PLAN_CHOICE', 'spec.template'],
    ],
  );
});

test('of what Argo takes as a workloadRef, a Deployment alone is supported', () => {
  const other = edited(
    ROLLOUT,
    '  replicas: 3\n',
    '  replicas: 3\n  workloadRef: { kind: PodTemplate, name: shop }\n',
    {
      ...CLUSTER,
    },
  );
  const found = errorsOf(other).find(({ path: at }) => at === 'spec.workloadRef.kind');
  assert.equal(found?.code, 'SHIPLOCK_PLAN_UNSUPPORTED');
  assert.match(found.message, /only a Deployment is supported/);
});
