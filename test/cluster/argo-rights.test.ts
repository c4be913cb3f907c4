/** Releases through Argo's controller by a worker with the chart's Role: enough, no more than that, and each verb named. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { stringify } from 'yaml';
import { kubernetesClusters, type Made } from '../../activities/kubernetes/index.ts';
import { PERMISSIONS, type Permission } from '../../activities/kubernetes/permissions.ts';
import { argoRollouts } from '../../activities/rollout/argo/index.ts';
import { compilePlan } from '../../src/client/index.ts';
import type { ArgoPlace } from '../../src/plan/target.ts';
import { examineRelease } from '../../workers/doctor.ts';
import { argoPlatform } from '../../workers/platforms.ts';
import {
  analysis,
  canary,
  imageOf,
  inActivity,
  openStage,
  podTemplate,
  startMeasured,
  template,
} from './argo-stage.ts';
import { startController } from './support/argo-controller.ts';
import { openCluster, type Rule, type Scope, type TestCluster, until } from './support/index.ts';

const limit = { timeout: 180_000 };
const WORKER = 'worker';
const open = { pause: {} };
const steps = [{ setWeight: 25 }, analysis('rate'), open];

type Without = { readonly verb: string; readonly group: string; readonly resource: string };

/** The chart's feature `argo`, but for one verb. */
function rules(without?: Without): Rule[] {
  const isOut = ({ group, resource }: Permission, verb: string) =>
    verb === without?.verb && group === without.group && resource === without.resource;
  return PERMISSIONS.argo
    .map((permission) => ({
      apiGroups: [permission.group],
      resources: [permission.resource],
      verbs: permission.verbs.filter((verb) => !isOut(permission, verb)),
    }))
    .filter(({ verbs }) => verbs.length > 0);
}

async function openWorker(scope: Scope, { referring = false } = {}) {
  const cluster = await openCluster(scope);
  await startController(scope, cluster);
  const stage = openStage(cluster);
  const measured = await startMeasured(scope);
  await cluster.apply(template('rate', measured.url));
  const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop' };
  if (referring) await cluster.apply(deployment());
  await stage.begin(canary(steps), referring ? { workloadRef } : {});
  const kubeconfig = await cluster.account(WORKER, rules());
  const made: Made[] = [];
  const clusters = kubernetesClusters(
    { test: { kubeconfig, namespaces: [cluster.namespace] } },
    { signal: () => undefined, made: (request) => made.push(request) },
  );
  const rollouts = argoRollouts({ clusters });
  const { acquireFence, workload } = argoPlatform(clusters, rollouts);
  const { at } = stage;
  return {
    cluster,
    stage,
    made,
    kubeconfig,
    acquire: (holder: string) => acquireFence(at, holder),
    grant: (wanted: readonly Rule[]) =>
      cluster.patch('rbac.authorization.k8s.io/v1', 'Role', WORKER, { rules: wanted }).then(() => undefined),
    /** Forward to all traffic, and back out of the middle. */
    async releases() {
      const fence = await acquireFence(at, 'release-1');
      await workload.describeWorkload(at);
      const image = imageOf('1.1.0');
      await rollouts.setRolloutImage({ ...at, image, from: imageOf('1.0.0'), fence });
      const paused = await stage.until('the pause', ({ phase, observed }) => observed && phase === 'Paused');
      await inActivity(() => rollouts.awaitRolloutChange({ ...at, mark: '', deadlineMs: 1_000, sinceMs: Date.now() }));
      await rollouts.promoteRollout({ ...at, image, step: 2, since: paused.pause?.since ?? null, fence });
      await stage.until('all traffic', ({ promoted, phase }) => promoted && phase === 'Healthy');
      const next = await acquireFence(at, 'release-2');
      const second = { image: imageOf('1.2.0'), found: image, stable: image };
      await rollouts.setRolloutImage({ ...at, image: second.image, from: image, fence: next });
      await stage.until('the pause', ({ phase, observed }) => observed && phase === 'Paused');
      const waited = { deadlineMs: 20_000, sinceMs: Date.now() };
      const { done } = await inActivity(() =>
        rollouts.restoreRollout({ ...at, ...second, ...waited, fence: next + 1 }),
      );
      assert.equal(done, true);
    },
  };
}

describe("the rights of a release through Argo's controller", () => {
  test('are those of the chart’s Role, and no others', limit, async (t) => {
    const worker = await openWorker(t, { referring: true });
    await worker.releases();
    const own = await openWorker(t);
    await own.releases();
    const made = [...worker.made, ...own.made];
    assert.deepEqual(
      made.filter(({ status }) => status === 403).map(({ verb, resource }) => `${verb} ${resource}`),
      [],
    );
    const asked = new Set(made.map(({ verb, resource }) => `${verb} ${resource}`));
    const granted = PERMISSIONS.argo.flatMap(({ group, resource, verbs }) => {
      const [plural = '', subresource] = resource.split('/');
      const whole = `${plural}${group && `.${group}`}${subresource ? `/${subresource}` : ''}`;
      return verbs.map((verb) => `${verb} ${whole}`);
    });
    assert.deepEqual(
      granted.filter((request) => !asked.has(request)),
      [],
    );
  });

  test('are each named where one is missing, before anything is written; doctor grants it', limit, async (t) => {
    const worker = await openWorker(t, { referring: true });
    const { cluster, kubeconfig } = worker;
    const file = releaseFile(cluster);
    const policy = join(cluster.folder, 'policy.yaml');
    writeFileSync(policy, stringify({ clusters: { test: { kubeconfig } } }));
    const { plan } = await compilePlan({ file, version: '1.1.0' });
    const looks = async () => (await examineRelease({ plan, policy })).filter(({ name }) => name !== 'policy');
    await until('everything there', async () => (await looks()).every(({ ok }) => ok));
    const [rollout] = (await looks()).filter(({ name }) => name === 'Rollout shop');
    assert.match(
      rollout?.because ?? '',
      /^Healthy at 1\.0\.0, 2 of 2 pods available; 3 steps, 1 that wait for a person$/,
    );

    let checked = 0;
    for (const { group, resource, verbs } of PERMISSIONS.argo)
      for (const verb of verbs) {
        const before = worker.made.length;
        await worker.grant(rules({ verb, group, resource }));
        const [plural = '', subresource] = resource.split('/');
        const what = `${verb} ${plural}${group && `.${group}`}${subresource ? `/${subresource}` : ''}`;
        const look = await until(`doctor names ${what}`, async () =>
          (await looks()).find(({ name, ok, because }) => name === 'rights' && !ok && because.includes(what)),
        );
        assert.equal(look.needed, true, what);
        assert.match(look.mend ?? '', /^kubectl -n \S+ create role /);
        await assert.rejects(worker.acquire('release-1'), (error) => {
          const { type, nonRetryable, message } = error as { type: string; nonRetryable: boolean; message: string };
          assert.deepEqual([type, nonRetryable], ['SHIPLOCK_KUBERNETES_FORBIDDEN', true]);
          assert.ok(message.includes(`needs: ${what}`), message);
          return true;
        });
        const written = worker.made.slice(before).filter(({ verb }) => /patch|update|delete/.test(verb));
        assert.deepEqual(written, []);
        checked += 1;
      }
    assert.equal(await cluster.get('v1', 'ConfigMap', 'shiplock-shop'), null);
    assert.equal(checked, 10);
    await worker.grant(rules());
    await until('everything there', async () => (await looks()).every(({ ok }) => ok));
    assert.equal(await worker.acquire('release-1'), 1000);
  });

  test('on a Deployment are not asked for where the Rollout has its own pods', limit, async (t) => {
    const worker = await openWorker(t);
    await worker.grant(rules().filter(({ resources }) => resources[0] !== 'deployments'));
    await until('the rights are those of the Role', async () => {
      const granted = await worker.acquire('release-1');
      return granted === 1000;
    });
  });

  test(
    'are not all: a Rollout that is missing, or nobody’s, is refused before the first write, and by doctor',
    limit,
    async (t) => {
      const worker = await openWorker(t);
      const { cluster, kubeconfig } = worker;
      const policy = join(cluster.folder, 'policy.yaml');
      writeFileSync(policy, stringify({ clusters: { test: { kubeconfig } } }));
      const { plan } = await compilePlan({ file: releaseFile(cluster), version: '1.1.0' });
      const look = async () =>
        (await examineRelease({ plan, policy })).find(({ name, ok }) => name === 'Rollout shop' && !ok);
      await cluster.remove('argoproj.io/v1alpha1', 'Rollout', 'shop');
      await until('it is gone', async () => (await look()) ?? null);
      assert.match((await look())?.because ?? '', /there is no Rollout shop/);
      await assert.rejects(worker.acquire('release-1'), { type: 'SHIPLOCK_ARGO_ROLLOUT_MISSING' });
      assert.equal(await cluster.get('v1', 'ConfigMap', 'shiplock-shop'), null);
    },
  );
});

function releaseFile({ folder, namespace }: TestCluster): string {
  const file = join(folder, 'release.yaml');
  const target: Partial<ArgoPlace> & { repository: string } = {
    ...{ platform: 'argo', cluster: 'test', namespace, rollout: 'shop', container: 'app' },
    repository: 'registry.example/shop',
  };
  const release = { apiVersion: 'shiplock/v1', kind: 'Release', service: 'shop', environment: 'test', target };
  writeFileSync(file, stringify({ ...release, canary: {}, promotion: {}, window: { duration: '1s' } }));
  return file;
}

function deployment() {
  const spec = { replicas: 0, selector: { matchLabels: { app: 'shop' } }, template: podTemplate('1.0.0') };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'shop' }, spec };
}
