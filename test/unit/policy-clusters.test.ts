/** Where, and with what pods, a policy lets a plan run on Kubernetes. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject, KubernetesTarget } from '../../src/plan/index.ts';
import { baselineViolations } from '../../workers/policy/pod-security.ts';
import { parsePolicy, policyDigest, policyRefusals, restartRefusals } from '../../workers/policy.ts';
import { someClusterPlan } from '../fixtures/some-cluster-plan.ts';

const POLICY = `
services: [credlink-*]
environments: [production]
platforms: [kubernetes]
hosts: ['prometheus.monitoring.svc:9090']
clusters:
  production: { kubeconfig: kube/config, context: prod, namespaces: [credlink, 'team-*'] }
  lab: { namespaces: ['*'], podSecurity: privileged }
images: { repositories: ['registry.example/credlink/*'] }
`;
const parse = (text: string) => parsePolicy(text, '/etc/shiplock/policy.yaml');
const refusals = (target: Partial<KubernetesTarget>, text = POLICY) =>
  policyRefusals(someClusterPlan(target), parse(text));

const podOf = (spec: object, metadata: object = {}): JsonObject =>
  ({
    metadata: { labels: { app: 'credlink-api' }, ...metadata },
    spec: { containers: [{ name: 'api', image: 'registry.example/credlink/api:1.2.0' }], ...spec },
  }) as unknown as JsonObject;

describe('a policy with clusters', () => {
  test('carries the plan that stays within it', () => {
    assert.deepEqual(refusals({}), []);
    assert.deepEqual(refusals({ namespace: 'team-a' }), []);
  });

  test('takes its kubeconfig from where the policy lies', () => {
    assert.deepEqual(parse(POLICY).clusters, {
      production: {
        kubeconfig: '/etc/shiplock/kube/config',
        context: 'prod',
        namespaces: ['credlink', 'team-*'],
        podSecurity: 'baseline',
      },
      lab: { namespaces: ['*'], podSecurity: 'privileged' },
    });
  });

  const cases: readonly [says: string, target: Partial<KubernetesTarget>, reasons: readonly string[]][] = [
    ['another cluster', { cluster: 'other' }, ['the cluster "other" is not in "clusters"']],
    ['a cluster by a name of objects', { cluster: 'constructor' }, ['the cluster "constructor" is not in "clusters"']],
    [
      'another namespace',
      { namespace: 'kube-system' },
      ['the namespace "kube-system" matches nothing in "clusters.production.namespaces"'],
    ],
    [
      'every image that is not named, beside the released one',
      {
        template: podOf({
          initContainers: [{ name: 'init', image: 'evil.example/init:1' }],
          containers: [
            { name: 'api', image: 'registry.example/credlink/api:1.2.0@sha256:aa' },
            { name: 'proxy', image: 'registry.example:5000/credlink/proxy' },
          ],
        }),
      },
      [
        'the image evil.example/init:1 of the pods matches nothing in "images.repositories"',
        'the image registry.example:5000/credlink/proxy of the pods matches nothing in "images.repositories"',
      ],
    ],
    [
      'a pod that reaches out of its container',
      { template: podOf({ hostNetwork: true }) },
      ['hostNetwork is true, and "clusters.production.podSecurity" is baseline'],
    ],
  ];
  for (const [says, target, reasons] of cases) {
    test(`refuses ${says}`, () => assert.deepEqual(refusals(target), reasons));
  }

  test('lets privileged pods run where it says so', () => {
    assert.deepEqual(refusals({ cluster: 'lab', template: podOf({ hostNetwork: true }) }), []);
  });

  test('refuses the platform where it does not name it', () => {
    assert.deepEqual(refusals({}, POLICY.replace('[kubernetes]', '[local]')), [
      'the platform "kubernetes" is not in "platforms"',
    ]);
  });

  test('that is wrong is refused with its place', () => {
    const wrong = 'clusters:\n  Prod: {}\n  lab: { podSecurity: none, token: x }\n';
    assert.throws(() => parse(wrong), {
      code: 'SHIPLOCK_POLICY_INVALID',
      message:
        /policy.yaml:2:9: clusters.Prod: expected a DNS label.*\n.*policy.yaml:3:23: clusters.lab.podSecurity.*\n.*:3:36: clusters.lab.token/s,
    });
  });

  test('has another digest, and one without clusters keeps the digest it always had', () => {
    const without = POLICY.replace(/clusters:\n.*\n.*\n/, '');
    assert.notEqual(policyDigest(parse(POLICY)), policyDigest(parse(without)));
    // As recorded by releases before there were clusters.
    assert.equal(
      policyDigest(parse('services: [a]')),
      'ac2dda2bb171cd74a714639b42d40e652381692ba8bb551f63d3c2c0ff17ca7c',
    );
  });
});

describe('the Pod Security Standard baseline', () => {
  const container = (more: object) => podOf({ containers: [{ name: 'api', image: 'a', ...more }] });
  const secured = (securityContext: object) => container({ securityContext });
  const cases: readonly [pod: JsonObject, violation: string | null][] = [
    [podOf({}), null],
    [podOf({ hostNetwork: false, hostPID: false }), null],
    [podOf({ hostPID: true }), 'hostPID is true'],
    [podOf({ hostIPC: true }), 'hostIPC is true'],
    [
      podOf({
        volumes: [
          { name: 'v', emptyDir: {} },
          { name: 's', secret: { secretName: 'x' } },
        ],
      }),
      null,
    ],
    [podOf({ volumes: [{ name: 'v', hostPath: { path: '/var' } }] }), 'the volume v is the hostPath /var'],
    [podOf({ securityContext: { sysctls: [{ name: 'net.ipv4.tcp_syncookies', value: '1' }] } }), null],
    [
      podOf({ securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } }),
      'the pod sets the sysctl kernel.msgmax',
    ],
    [podOf({ securityContext: { seccompProfile: { type: 'RuntimeDefault' } } }), null],
    [
      podOf({ securityContext: { seccompProfile: { type: 'Unconfined' } } }),
      'the pod has the seccompProfile Unconfined',
    ],
    [podOf({ securityContext: { seLinuxOptions: { type: 'container_t', level: 's0' } } }), null],
    [podOf({ securityContext: { seLinuxOptions: { type: 'spc_t' } } }), 'the pod has the SELinux type spc_t'],
    [podOf({ securityContext: { windowsOptions: { hostProcess: true } } }), 'the pod is a hostProcess'],
    [
      podOf({}, { annotations: { 'container.apparmor.security.beta.kubernetes.io/api': 'unconfined' } }),
      'container.apparmor.security.beta.kubernetes.io/api is unconfined',
    ],
    [podOf({}, { annotations: { 'container.apparmor.security.beta.kubernetes.io/api': 'runtime/default' } }), null],
    [secured({ privileged: false, allowPrivilegeEscalation: true }), null],
    [secured({ privileged: true }), 'the container api is privileged'],
    [secured({ capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] } }), null],
    [secured({ capabilities: { add: ['SYS_ADMIN'] } }), 'the container api adds the capability SYS_ADMIN'],
    [secured({ procMount: 'Default' }), null],
    [secured({ procMount: 'Unmasked' }), 'the container api has the procMount Unmasked'],
    [secured({ appArmorProfile: { type: 'Unconfined' } }), 'the container api has the appArmorProfile Unconfined'],
    [secured({ seLinuxOptions: { user: 'root' } }), 'the container api sets the SELinux user'],
    [container({ ports: [{ containerPort: 80, hostPort: 0 }] }), null],
    [container({ ports: [{ containerPort: 80, hostPort: 80 }] }), 'the container api has the hostPort 80'],
    [container({ readinessProbe: { httpGet: { path: '/', port: 80 } } }), null],
    [
      container({ readinessProbe: { httpGet: { host: '169.254.169.254', path: '/', port: 80 } } }),
      'the container api names the host 169.254.169.254 in its readinessProbe',
    ],
    [
      container({ lifecycle: { preStop: { tcpSocket: { host: '10.0.0.1', port: 80 } } } }),
      'the container api names the host 10.0.0.1 in its preStop',
    ],
    [
      podOf({ ephemeralContainers: [{ name: 'debug', image: 'a', securityContext: { privileged: true } }] }),
      'the container debug is privileged',
    ],
  ];
  for (const [pod, violation] of cases) {
    test(`${violation === null ? 'lets be' : 'forbids'} ${JSON.stringify(pod.spec).slice(0, 120)}`, () => {
      assert.deepEqual(baselineViolations(pod), violation === null ? [] : [violation]);
    });
  }

  test('is no place for what is no pod', () => {
    for (const odd of [
      {},
      { spec: null },
      { spec: { containers: 3, volumes: 'x' } },
      { spec: { containers: [null] } },
    ]) {
      assert.deepEqual(baselineViolations(odd as unknown as JsonObject), []);
    }
  });
});

describe('a policy lets pods be restarted', () => {
  const of = (target: Partial<KubernetesTarget>, change: object = {}) =>
    restartRefusals({ ...someClusterPlan(target), ...change }, parse(POLICY));

  test('where the service, environment, cluster and namespace are its own, whatever a release would do besides', () => {
    assert.deepEqual(of({}), []);
    assert.deepEqual(
      of({ template: podOf({ hostNetwork: true, containers: [{ name: 'api', image: 'evil.example/x:1' }] }) }),
      [],
    );
  });

  test('and nowhere else', () => {
    assert.deepEqual(of({ cluster: 'other' }), ['the cluster "other" is not in "clusters"']);
    assert.match(of({ namespace: 'kube-system' }).join(), /the namespace "kube-system" matches nothing/);
    assert.deepEqual(of({}, { service: 'till', environment: 'staging' }), [
      'the service "till" is not in "services"',
      'the environment "staging" is not in "environments"',
    ]);
    assert.match(restartRefusals(someClusterPlan({}), null).join(), /has no policy/);
  });
});
