import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { Command } from 'commander';
import { parseAllDocuments } from 'yaml';
import { type Feature, PERMISSIONS } from '../../activities/kubernetes/permissions.ts';
import { CHART, MANIFESTS, manifestFiles, renderChart } from '../../infra/chart/render.ts';
import { findProgram } from '../../infra/test-cluster/programs/index.ts';
import { configure } from '../../src/cli/commands/worker.ts';

const FEATURES = Object.keys(PERMISSIONS) as Feature[];

describe('the chart of the workers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shiplock-chart-'));
  let helm: string | null = null;
  let because = '';
  before(async () => {
    const search = await findProgram('helm');
    helm = search.found?.path ?? null;
    because = search.because;
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const values = join(MANIFESTS, 'values.yaml');

  it('passes helm lint', (t) => {
    if (helm === null) return skip(t);
    const { status, stdout, stderr } = spawnSync(helm, ['lint', '--strict', CHART, '--values', values], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stdout + stderr);
  });

  it('renders the manifests that are kept in infra/kubernetes/worker', (t) => {
    if (helm === null) return skip(t);
    const rendered = renderChart(helm, ['--values', values]);
    assert.equal(rendered.errors, '');
    const files = manifestFiles(rendered.text);
    const kept = readdirSync(MANIFESTS).filter((name) => name !== 'values.yaml');
    assert.deepEqual([...files.keys()].sort(), kept.sort(), 'run node infra/chart/render.ts');
    for (const [name, content] of files) assert.equal(readFileSync(join(MANIFESTS, name), 'utf8'), content, name);
  });

  it('gives a namespace one Role of exactly what its features need, and no rights elsewhere', (t) => {
    if (helm === null) return skip(t);
    for (const features of [...FEATURES.map((feature) => [feature]), FEATURES]) {
      const objects = render(helm, { namespaces: [{ name: 'shop', features }] });
      const rules = objects.filter(({ kind }) => kind === 'Role').flatMap(({ rules }) => rules);
      const wanted = features.flatMap((feature) =>
        PERMISSIONS[feature].map(({ group, resource, verbs }) => ({
          apiGroups: [group],
          resources: [resource],
          verbs: [...verbs],
        })),
      );
      assert.deepEqual(rules, wanted);
      assert.deepEqual(
        kinds(objects).filter((kind) => /Cluster|Role|Secret/.test(kind)),
        ['Role', 'RoleBinding'],
      );
    }
  });

  it('runs every worker as nobody in particular, on a root that cannot be written, with a way to look and to end', (t) => {
    if (helm === null) return skip(t);
    const objects = render(helm, { build: { enabled: true }, notify: { enabled: true } });
    const workers = objects.filter(({ kind }) => kind === 'Deployment');
    assert.deepEqual(
      workers.map(({ metadata }) => metadata.name),
      ['shiplock-release', 'shiplock-build', 'shiplock-notify'],
    );
    for (const { metadata, spec } of workers) {
      const pod = spec.template.spec;
      const { runAsNonRoot, runAsUser, seccompProfile } = pod.securityContext;
      assert.deepEqual(
        { runAsNonRoot, runAsUser, seccompProfile },
        {
          runAsNonRoot: true,
          runAsUser: 1000,
          seccompProfile: { type: 'RuntimeDefault' },
        },
      );
      const [container] = pod.containers;
      assert.deepEqual(container.securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      assert.ok(container.resources.requests.memory && container.resources.limits.memory);
      assert.equal(container.livenessProbe.httpGet.path, '/livez');
      assert.equal(container.readinessProbe.httpGet.path, '/readyz');
      assert.equal(pod.terminationGracePeriodSeconds, 45);
      // Whoever runs what release files name gets no rights in the cluster.
      assert.equal(pod.automountServiceAccountToken, metadata.name === 'shiplock-release');
      assert.equal(pod.serviceAccountName, metadata.name);
      assert.deepEqual(
        pod.topologySpreadConstraints.map(({ topologyKey }: Loose) => topologyKey),
        ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'],
      );
      const budget = objects.find(
        ({ kind, metadata: { name } }) => kind === 'PodDisruptionBudget' && name === metadata.name,
      );
      assert.deepEqual(budget?.spec.selector, spec.selector);
      assert.deepEqual(spec.selector.matchLabels, spec.template.metadata.labels);
    }
  });

  it('starts workers by options that they have', (t) => {
    if (helm === null) return skip(t);
    const [worker] = render(helm, {}).filter(({ kind }) => kind === 'Deployment');
    const [program, name, ...options]: string[] = containerOf([worker], 'release').args;
    assert.deepEqual([program, name], ['shiplock', 'worker']);
    const command = new Command();
    configure(command, { terminal: {} as never, finish: () => undefined });
    const known = command.options.map(({ long }) => long);
    for (const option of options) assert.ok(known.includes(option.split('=', 1)[0]), option);
    assert.ok(options.includes('--health=0.0.0.0:8480'));
  });

  it('keeps the secrets of the policy from build workers', (t) => {
    if (helm === null) return skip(t);
    const env = [{ name: 'JUDGE_TOKEN', valueFrom: { secretKeyRef: { name: 'judge', key: 'token' } } }];
    const objects = render(helm, { env, build: { enabled: true } });
    const names = (role: string) =>
      containerOf(objects, role)
        .env.map(({ name }: Loose) => name as string)
        .includes('JUDGE_TOKEN');
    assert.deepEqual({ release: names('release'), build: names('build') }, { release: true, build: false });
  });

  it('tells workers and KEDA how to reach a Temporal with TLS and a key', (t) => {
    if (helm === null) return skip(t);
    const objects = render(helm, {
      temporal: {
        address: 'shiplock.a1b2c.tmprl.cloud:7233',
        namespace: 'shiplock.a1b2c',
        apiKey: { secretName: 'temporal-key' },
        tls: { enabled: true, secretName: 'temporal-tls', certificateAuthority: true, serverName: 'frontend' },
      },
      release: { scaling: { kind: 'keda' } },
    });
    const env = new Map<string, Loose>(containerOf(objects, 'release').env.map((entry: Loose) => [entry.name, entry]));
    assert.equal(env.get('TEMPORAL_ADDRESS')?.value, 'shiplock.a1b2c.tmprl.cloud:7233');
    assert.deepEqual(env.get('TEMPORAL_API_KEY')?.valueFrom.secretKeyRef, { name: 'temporal-key', key: 'api-key' });
    assert.equal(env.get('TEMPORAL_TLS')?.value, 'true');
    assert.equal(env.get('TEMPORAL_TLS_SERVER_CA_CERT_PATH')?.value, '/etc/shiplock/temporal-tls/ca.crt');
    assert.equal(env.has('TEMPORAL_TLS_CLIENT_CERT_PATH'), false);
    const scaled = objects.find(({ kind }) => kind === 'ScaledObject');
    assert.deepEqual(scaled?.spec.triggers, [
      {
        type: 'temporal',
        metadata: {
          endpoint: 'shiplock.a1b2c.tmprl.cloud:7233',
          namespace: 'shiplock.a1b2c',
          taskQueue: 'shiplock',
          queueTypes: 'workflow,activity',
          targetQueueSize: '5',
          enableTLS: 'true',
          tlsServerName: 'frontend',
        },
        authenticationRef: { name: 'shiplock-temporal' },
      },
    ]);
    const authentication = objects.find(({ kind }) => kind === 'TriggerAuthentication');
    assert.deepEqual(authentication?.spec.secretTargetRef, [
      { parameter: 'apiKey', name: 'temporal-key', key: 'api-key' },
      { parameter: 'ca', name: 'temporal-tls', key: 'ca.crt' },
    ]);
  });

  it('leaves the number of workers to what scales them', (t) => {
    if (helm === null) return skip(t);
    for (const [kind, scaler] of [
      ['keda', 'ScaledObject'],
      ['hpa', 'HorizontalPodAutoscaler'],
    ] as const) {
      const objects = render(helm, { release: { scaling: { kind } } });
      const [worker] = objects.filter(({ kind }) => kind === 'Deployment');
      assert.equal('replicas' in (worker?.spec ?? {}), false);
      assert.equal(objects.find(({ kind }) => kind === scaler)?.spec.scaleTargetRef.name, 'shiplock-release');
    }
    assert.equal(render(helm, {}).find(({ kind }) => kind === 'Deployment')?.spec.replicas, 2);
  });

  it('has a place for archives that outlives it, and one for metrics, where they are asked for', (t) => {
    if (helm === null) return skip(t);
    const plain = kinds(render(helm, {}));
    for (const kind of ['PersistentVolumeClaim', 'ServiceMonitor', 'NetworkPolicy']) assert.ok(!plain.includes(kind));
    const objects = render(helm, {
      archive: { enabled: true },
      metrics: { serviceMonitor: { enabled: true } },
      networkPolicy: { enabled: true },
    });
    const claim = objects.find(({ kind }) => kind === 'PersistentVolumeClaim');
    assert.equal(claim?.metadata.annotations['helm.sh/resource-policy'], 'keep');
    const mounts = containerOf(objects, 'release').volumeMounts.map(({ mountPath }: Loose) => mountPath);
    assert.ok(mounts.includes('/state/archive'));
    assert.ok(kinds(objects).includes('ServiceMonitor') && kinds(objects).includes('NetworkPolicy'));
  });

  const refusals: readonly [what: string, values: object, said: RegExp][] = [
    ['a field that it does not know', { releaze: {} }, /releaze.*not allowed/],
    ['a feature that there is not', { namespaces: [{ name: 'shop', features: ['nginx'] }] }, /features/],
    [
      'an address without its port',
      { temporal: { address: 'temporal-frontend' } },
      /temporal\/address|temporal\.address/,
    ],
    ['an empty policy', { policy: null }, /policy/],
    [
      'the same namespace twice',
      { namespaces: [1, 2].map(() => ({ name: 'shop', features: ['istio'] })) },
      /shop stands twice/,
    ],
    [
      'a certificate from nowhere',
      { temporal: { tls: { enabled: true, clientCertificate: true } } },
      /tls\.secretName is empty/,
    ],
    [
      'what KEDA cannot do',
      { temporal: { tls: { enabled: true } }, release: { scaling: { kind: 'keda' } } },
      /release\.scaling\.kind: KEDA.*take hpa/,
    ],
    [
      'fewer at most than at least',
      { release: { scaling: { minReplicas: 9 } } },
      /minReplicas is more than maxReplicas/,
    ],
  ];
  for (const [what, changes, said] of refusals) {
    it(`refuses ${what}`, (t) => {
      if (helm === null) return skip(t);
      const { ok, errors } = renderWith(helm, changes);
      assert.equal(ok, false);
      assert.match(errors, said);
    });
  }

  function skip(t: TestContext): void {
    t.skip(`no helm: ${because}; node infra/chart/render.ts builds one`);
  }

  function renderWith(program: string, changes: object) {
    const file = join(folder, 'values.json');
    writeFileSync(file, JSON.stringify({ policy: { services: ['shop'] }, ...changes }));
    return renderChart(program, ['--values', file]);
  }

  function render(program: string, changes: object): readonly Loose[] {
    const { ok, errors, text } = renderWith(program, changes);
    assert.ok(ok, errors);
    return parseAllDocuments(text).map((document) => document.toJS());
  }
});

// biome-ignore lint/suspicious/noExplicitAny: manifests, as YAML has them.
type Loose = any;

const kinds = (objects: readonly Loose[]): readonly string[] => objects.map(({ kind }) => kind);

function containerOf(objects: readonly Loose[], role: string): Loose {
  const worker = objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === `shiplock-${role}`);
  return worker.spec.template.spec.containers[0];
}
