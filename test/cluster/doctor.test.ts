/** `shiplock doctor --release` as a person runs it, against what a cluster may have and lack. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { Look } from '../../activities/kubernetes/doctor/index.ts';
import { PERMISSIONS } from '../../activities/kubernetes/permissions.ts';
import { compilePlan } from '../../src/client/index.ts';
import { examineRelease } from '../../workers/doctor.ts';
import { openCluster, type TestCluster, until } from './support/index.ts';
import { smoke } from './support/smoke.ts';

const SHIPLOCK = fileURLToPath(new URL('../../bin/shiplock.js', import.meta.url));
const HPA = 'horizontalpodautoscalers';
const ISTIO = 'networking.istio.io/v1';
const RULES = (['revisions', 'adoption', 'istio', 'autoscaling', 'keda', 'restart'] as const)
  .flatMap((feature) => PERMISSIONS[feature])
  .map(({ group, resource, verbs }) => ({ apiGroups: [group], resources: [resource], verbs: [...verbs] }));

describe('shiplock doctor --release', { timeout: 180_000 }, () => {
  let cluster: TestCluster;
  let kubeconfig: string;
  let release: string;
  /** A policy that knows the way into the cluster. */
  let ways: string;
  const ends: (() => Promise<void>)[] = [];

  before(async () => {
    cluster = await openCluster({ after: (work) => ends.push(work) });
    kubeconfig = await cluster.account('worker', RULES);
    release = join(cluster.folder, 'release.yaml');
    ways = join(cluster.folder, 'ways.yaml');
    await writeFile(ways, stringify({ clusters: { default: { kubeconfig } } }));
    await writeFile(join(cluster.folder, 'deployment.yaml'), stringify(deployment()));
    await writeFile(release, stringify(releaseFile()));
    await cluster.apply([deployment(), service('shop-stable'), service('shop-canary'), virtualService()]);
    await until('the pods of the Deployment', async () => {
      const found = await cluster.get<{ status?: { availableReplicas?: number } }>('apps/v1', 'Deployment', 'shop');
      return found?.status?.availableReplicas === 2;
    });
  });
  after(async () => {
    for (const end of ends) await end();
  });

  it('finds everything there', () => {
    const { code, looks } = command();
    assert.deepEqual(
      looks.filter(({ ok }) => !ok),
      [],
    );
    assert.equal(code, 0);
    const said = Object.fromEntries(looks.map(({ name, because }) => [name, because]));
    assert.match(said['cluster default'] ?? '', /^Kubernetes v1\.\d+/);
    assert.match(said.rights ?? '', /^system:serviceaccount:\S+:worker may do all \d+ things/);
    assert.equal(said['Deployment shop'], 'runs 1.0.0, 2 of 2 pods ready');
    assert.equal(said['VirtualService shop'], 'one route with both destinations, 0 % to the canary');
    assert.equal(said['Service shop-stable'], 'chooses app=shop: 2 pods, all of this service');
  });

  it('says it in lines, with the sum', () => {
    const { out } = run([]);
    assert.match(out, /^✔ cluster default +Kubernetes v/m);
    assert.match(out, /^A release finds all that it needs\.$/m);
  });

  it('names a right that is missing and the command that grants it, which does', async (t) => {
    const rules = RULES.map((rule) => (rule.resources[0] === 'virtualservices' ? { ...rule, verbs: ['get'] } : rule));
    await grant(rules);
    const look = await sees('rights', /may not patch virtualservices\.networking\.istio\.io shop .*feature istio/);
    assert.match(
      look.mend ?? '',
      /^kubectl -n \S+ create role \S+ --verb=patch --resource=virtualservices\.networking/,
    );
    mend(t, look);
    await seesAll();
    await grant(RULES);
  });

  it('names the rights of Jobs where a metric runs one', async () => {
    await writeFile(join(cluster.folder, 'smoke.yaml'), stringify(smoke('smoke', {})));
    const steps = [{ setWeight: 25 }, { analysis: { templates: [{ templateName: 'smoke' }] } }];
    await writeFile(release, stringify({ ...releaseFile(), canary: { templates: ['smoke.yaml'], steps } }));
    const look = await sees('rights', /may not get, create, delete jobs\.batch .*feature jobs of the chart/);
    assert.match(look.mend ?? '', /--verb=get,create,delete --resource=jobs\.batch/);
    await writeFile(release, stringify(releaseFile()));
    await seesAll();
  });

  it('tells what a release would do without from what it needs', async () => {
    await grant(RULES.filter(({ resources }) => resources[0] !== 'events'));
    const look = await sees('rights', /may not list events/);
    assert.equal(look.needed, false);
    assert.equal(command().code, 0);
    await grant(RULES.filter(({ resources }) => resources[0] !== 'pods/eviction'));
    const restart = await sees('rights', /may not create pods\/eviction .*`shiplock restart`.*feature restart/);
    assert.equal(restart.needed, false);
    await grant(RULES);
    await seesAll();
  });

  it('finds a Service that is missing', async () => {
    await cluster.remove('v1', 'Service', 'shop-canary');
    const look = await sees('Service shop-canary', /there is no Service shop-canary/);
    assert.match(look.mend ?? '', /create it/);
    assert.equal(command().code, 1);
    await cluster.apply(service('shop-canary'));
    await seesAll();
  });

  it('finds a Service that chooses pods of another service, and mends it', async (t) => {
    await cluster.apply(stranger());
    await cluster.patch('v1', 'Service', 'shop-stable', { spec: { selector: { app: null, tier: 'web' } } });
    const look = await sees('Service shop-stable', /chooses 1 pods that are not of this service, such as stranger/);
    mend(t, look);
    await seesAll();
  });

  it('finds a route that is missing, and one without the canary', async () => {
    const object = virtualService();
    const [route] = object.spec.http;
    await cluster.patch(ISTIO, 'VirtualService', 'shop', { spec: { http: [{ ...route, name: 'other' }] } });
    await sees('VirtualService shop', /primary/);
    const [stable] = route?.route ?? [];
    await cluster.patch(ISTIO, 'VirtualService', 'shop', { spec: { http: [{ ...route, route: [stable] }] } });
    await sees('VirtualService shop', /has no destination shop-canary/);
    await cluster.remove(ISTIO, 'VirtualService', 'shop');
    await sees('VirtualService shop', /there is no VirtualService shop/);
    await cluster.apply(object);
    await seesAll();
  });

  it('finds the autoscaler of the Deployment', async () => {
    await cluster.apply({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'shop' },
      spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop' }, maxReplicas: 4 },
    });
    const held = 'scales Deployment shop; it is held while there is a canary';
    assert.equal((await found('HorizontalPodAutoscaler shop')).because, held);
    await grant(RULES.filter(({ resources, verbs }) => resources[0] !== HPA || verbs.includes('list')));
    const look = await sees('HorizontalPodAutoscaler shop', /may not be held/);
    assert.match(look.mend ?? '', /feature autoscaling/);
    await grant(RULES);
    await cluster.remove('autoscaling/v2', 'HorizontalPodAutoscaler', 'shop');
  });

  it('warns of tools that would write over a release, and not of one that was told to leave it alone', async () => {
    await cluster.apply([service('shop-stable'), virtualService()], 'kustomize-controller');
    const look = await sees('VirtualService shop', /Flux \(kustomize-controller\) applies spec\.http, too/);
    assert.equal(look.needed, false);
    assert.match(look.mend ?? '', /kustomize\.toolkit\.fluxcd\.io\/ssa: IfNotPresent/);
    await sees('Service shop-stable', /applies spec\.selector, too/);
    assert.equal(command().code, 0);
    const annotations = { 'kustomize.toolkit.fluxcd.io/ssa': 'IfNotPresent' };
    await cluster.patch('v1', 'Service', 'shop-stable', { metadata: { annotations } });
    await cluster.patch(ISTIO, 'VirtualService', 'shop', { metadata: { annotations } });
    await seesAll();
  });

  it('refuses what a Rollout owns', async () => {
    const metadata = { name: 'shop' };
    const spec = { workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop' } };
    await cluster.create({ apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata, spec });
    await found('Argo Rollouts');
    const status = { observedGeneration: '1' };
    await cluster.patch('argoproj.io/v1alpha1', 'Rollout', 'shop', { status }, { subresource: 'status' });
    const look = await sees('Argo Rollouts', /Rollout shop in namespace \S+, which .* drives, owns Deployment shop/);
    assert.match(look.mend ?? '', /platform: argo.*delete rollout shop --cascade=orphan/);
    await cluster.remove('argoproj.io/v1alpha1', 'Rollout', 'shop');
    await seesAll();
  });

  it('finds out who could confirm what a checklist asks of the router', async () => {
    await writeFile(release, stringify({ ...releaseFile(), validation: {} }));
    await cluster.remove(ISTIO, 'VirtualService', 'shop');
    await cluster.apply(virtualService());
    const late = await sees(
      'checklist',
      /\(traffic shifts gradually\): VirtualService shop has no condition Reconciled/,
    );
    assert.match(late.mend ?? '', /^look again in a minute; else name routerMetrics in the policy/);
    assert.equal(late.needed, false);
    const conditions = [{ type: 'Reconciled', status: 'True', observedGeneration: 1 }];
    await cluster.patch(ISTIO, 'VirtualService', 'shop', { status: { conditions } }, { subresource: 'status' });
    assert.match((await found('checklist')).because, /VirtualService shop is reported on/);

    const byPods = releaseFile({ adopts: { name: 'shop', scaleDown: 'progressively' }, traffic: { replicas: {} } });
    await writeFile(release, stringify({ ...byPods, validation: {} }));
    const look = await sees('checklist', /no router splits the requests/);
    assert.match(look.mend ?? '', /^name a router under target\.traffic, or leave validation out/);
    assert.equal(command().code, 1);
    await writeFile(release, stringify({ ...byPods, validation: { onFailure: 'phase' } }));
    const stands = await sees('checklist', /The release then stands without its validation$/);
    assert.equal(stands.needed, false);
    assert.equal(command().code, 0);
    await writeFile(release, stringify(releaseFile()));
    await seesAll();
  });

  it('finds no Deployment to adopt', async () => {
    await writeFile(release, stringify(releaseFile({ adopts: 'shopp' })));
    const look = await sees('Deployment shopp', /has none of that name to adopt/);
    assert.match(look.mend ?? '', /get deployments/);
    await writeFile(release, stringify(releaseFile()));
  });

  it('looks at the rights of somebody else, and at the policy', async () => {
    const policy = join(cluster.folder, 'policy.yaml');
    const clusters = { default: { kubeconfig: cluster.kubeconfig, context: cluster.context, namespaces: ['till'] } };
    await writeFile(
      policy,
      stringify({ services: ['shop'], environments: ['production'], platforms: ['kubernetes'], clusters }),
    );
    const as = `system:serviceaccount:${cluster.namespace}:worker`;
    const { looks } = command(['--policy', policy, '--as', as], {});
    const policies = looks.filter(({ name }) => name === 'policy').map(({ because }) => because);
    assert.ok(policies.some((because) => because.includes(`the namespace "${cluster.namespace}" matches nothing`)));
    assert.match(looks.find(({ name }) => name === 'rights')?.because ?? '', /^system:serviceaccount:\S+ may do all/);
    const nobody = command(['--policy', policy, '--as', 'nobody'], {}).looks.filter(({ name }) => name === 'rights');
    assert.ok(nobody.length > 5 && nobody.every(({ ok }) => !ok));
  });

  it('says no more than that where the cluster does not answer', async () => {
    const gone = join(cluster.folder, 'gone.kubeconfig');
    const text = await readFile(kubeconfig, 'utf8');
    await writeFile(gone, text.replace(/server: https:\/\/\S+/, 'server: https://127.0.0.1:1'));
    const { code, looks } = command([], { KUBECONFIG: gone });
    assert.equal(code, 1);
    assert.deepEqual(
      looks.map(({ name }) => name),
      ['cluster default'],
    );
    assert.match(looks[0]?.because ?? '', /is not reached/);
  });

  function run(args: readonly string[], environment: Record<string, string> = { KUBECONFIG: kubeconfig }) {
    const env = {
      PATH: [dirname(process.execPath), process.env.PATH].join(':'),
      HOME: cluster.folder,
      NO_COLOR: '1',
      ...environment,
    };
    const all = [SHIPLOCK, 'doctor', '--release', release, '--version', '1.1.0', ...args];
    const { status, stdout, stderr } = spawnSync(process.execPath, all, { encoding: 'utf8', env, timeout: 60_000 });
    return { code: status, out: stdout, err: stderr };
  }

  function command(args: readonly string[] = [], environment?: Record<string, string>) {
    const { code, out, err } = run(['-o', 'json', ...args], environment);
    assert.ok(out.startsWith('{'), `${out}${err}`);
    return { code, looks: JSON.parse(out).looks as readonly Look[] };
  }

  /** The same in this process, without the policy's say: a command line takes a second to start. */
  async function look(): Promise<readonly Look[]> {
    const { plan } = await compilePlan({ file: release, version: '1.1.0' });
    return (await examineRelease({ plan, policy: ways })).filter(({ name }) => name !== 'policy');
  }

  /** RBAC and Services are followed by watches, so a moment later. */
  function sees(name: string, because: RegExp): Promise<Look> {
    return until(`${name}: ${because}`, async () =>
      (await look()).find((look) => look.name === name && !look.ok && because.test(look.because)),
    );
  }

  function found(name: string): Promise<Look> {
    return until(name, async () => (await look()).find((look) => look.name === name && look.ok));
  }

  async function seesAll(): Promise<void> {
    await until('everything there', async () => (await look()).every(({ ok }) => ok));
  }

  async function grant(rules: readonly object[]): Promise<void> {
    await cluster.patch('rbac.authorization.k8s.io/v1', 'Role', 'worker', { rules });
  }

  /** As an administrator would paste it. */
  function mend(t: TestContext, look: Look): void {
    const env = { ...process.env, KUBECONFIG: cluster.kubeconfig };
    if (spawnSync('kubectl', ['version', '--client'], { env }).status !== 0) {
      t.diagnostic('no kubectl: what mends it is done by hand');
      return;
    }
    const context = look.mend?.replaceAll('kubectl ', `kubectl --context ${cluster.context} `) ?? '';
    const { status, stderr } = spawnSync('sh', ['-c', context], { env, encoding: 'utf8' });
    assert.equal(status, 0, `${look.mend}: ${stderr}`);
  }

  function releaseFile(target: object = {}) {
    return {
      apiVersion: 'shiplock/v1',
      kind: 'Release',
      service: 'shop',
      environment: 'production',
      target: {
        platform: 'kubernetes',
        namespace: cluster.namespace,
        deployment: { file: 'deployment.yaml' },
        adopts: 'shop',
        traffic: { istio: { virtualService: { name: 'shop', routes: ['primary'] } } },
        ...target,
      },
      canary: { steps: [{ setWeight: 25 }, { pause: { duration: '10s' } }] },
      promotion: {},
      window: { duration: '1m' },
    };
  }
});

function deployment(by = 'deployment') {
  const labels = { app: 'shop', tier: 'web', by };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'shop' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'shop' } },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'shop', image: 'registry.example/shop:1.0.0' }] },
      },
    },
  };
}

function stranger() {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'stranger', labels: { app: 'till', tier: 'web' } },
    spec: { containers: [{ name: 'till', image: 'registry.example/till:1' }] },
  };
}

function service(name: string) {
  const spec = { selector: { app: 'shop' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec };
}

function virtualService() {
  const to = (host: string, weight: number) => ({ destination: { host }, weight });
  const http = [{ name: 'primary', route: [to('shop-stable', 100), to('shop-canary', 0)] }];
  return { apiVersion: ISTIO, kind: 'VirtualService', metadata: { name: 'shop' }, spec: { hosts: ['shop'], http } };
}
