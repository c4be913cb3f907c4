/** Whole releases by a worker that loses a right in the middle of them. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Feature, PERMISSIONS } from '../../activities/kubernetes/permissions.ts';
import { makeAccount } from './support/account.ts';
import { type Begun, begun, isStuck } from './support/disturbed.ts';
import { type Engine, openEngine } from './support/engine.ts';
import { type Rule, type Scope, type TestCluster, until } from './support/index.ts';
import { hasWeights } from './support/routes.ts';

const limit = { timeout: 180_000 };
/** Clusters of the policy by which each test's own account is reached. */
const LIMITED = ['patch-routes', 'delete-sets'] as const;
let engine: Engine;
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shiplock-rights-'));
  const access = LIMITED.map((name) => [name, { kubeconfig: fileOf(name), namespaces: ['shiplock-test-*'] }]);
  engine = await openEngine({ policy: { clusters: Object.fromEntries(access) } });
});
after(async () => {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

const fileOf = (name: string) => join(folder, `${name}.kubeconfig`);

test(
  'a right that is lost in mid-release is named; both sides go on serving, and a person has it tried again',
  limit,
  async (t) => {
    const stands = await limited(t, 'patch-routes');
    const { shop, update } = stands;
    await grant(shop.cluster, { verb: 'patch', group: 'networking.istio.io', resource: 'virtualservices' });
    await update.promotes();
    const retry = await isStuck(
      update,
      /Stuck: traffic back to 1\.0\.0 100 % .*may not patch virtualservices\.networking\.istio\.io .*shiplock doctor --release FILE/,
    );
    assert.ok((await stands.codesOf(update)).every((code) => code === 'SHIPLOCK_KUBERNETES_FORBIDDEN'));
    await hasWeights(shop, [80, 20]);
    await shop.hasPods({ '1.0.0': 1, '1.1.0': 1 });
    await grant(shop.cluster);
    await retry();
    await update.ends('rolledBack', /may not patch virtualservices\.networking\.istio\.io/);
    await stands.isAsBefore();
  },
);

test(
  'without the right to delete, a release stands; what stays is named, and the next one clears it',
  limit,
  async (t) => {
    const stands = await limited(t, 'delete-sets');
    const { shop, update } = stands;
    await grant(shop.cluster, { verb: 'delete', group: 'apps', resource: 'replicasets' });
    await update.promotes();
    await update.promotes();
    await update.ends('released');
    const because = await until('what the cleanup says', async () => {
      const { status } = await engine.shiplock.get(update.id);
      return status?.progress.find(({ name }) => name === 'cleanup')?.because || null;
    });
    assert.match(because, /1\.0\.0 could not be removed: .*may not delete replicasets\.apps/);
    await hasWeights(shop, [100, 0]);
    await shop.selects({ stable: '1.1.0' });
    await shop.hasPods({ '1.0.0': 1, '1.1.0': 1 });
    await grant(shop.cluster);
    const next = await shop.releases('1.2.0');
    await next.pauses();
    assert.equal(await shop.replicaSetOf('1.0.0'), null);
    await next.aborts();
    await next.ends('rolledBack');
    await shop.hasPods({ '1.0.0': 0, '1.1.0': 1, '1.2.0': 0 });
  },
);

/** A release by an account with the chart's Role, at 20 %. */
async function limited(t: Scope, name: (typeof LIMITED)[number]): Promise<Begun> {
  return begun(t, engine, {
    service: name,
    release: { target: { cluster: name } },
    prepared: async (cluster) => {
      await makeAccount({ ...cluster, objects: cluster, name: 'worker', rules: rules(), file: fileOf(name) });
    },
  });
}

interface Lost {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
}

/** As the chart has them, but for one verb. */
function rules(without?: Lost): readonly Rule[] {
  const features: readonly Feature[] = ['revisions', 'istio'];
  return features
    .flatMap((feature) => PERMISSIONS[feature])
    .map(({ group, resource, verbs }) => ({
      apiGroups: [group],
      resources: [resource],
      verbs: verbs.filter((verb) => !(resource === without?.resource && verb === without.verb)),
    }));
}

/** RBAC follows its objects by a watch, so a moment later. */
async function grant(cluster: TestCluster, without?: Lost): Promise<void> {
  await cluster.patch('rbac.authorization.k8s.io/v1', 'Role', 'worker', { rules: rules(without) });
  const { verb, group, resource } = without ?? {
    verb: 'patch',
    group: 'networking.istio.io',
    resource: 'virtualservices',
  };
  const { namespace } = cluster;
  const spec = {
    user: `system:serviceaccount:${namespace}:worker`,
    resourceAttributes: { namespace, verb, group, resource },
  };
  await until('the rights are those of the Role', async () => {
    const path = `/apis/authorization.k8s.io/v1/namespaces/${namespace}/localsubjectaccessreviews`;
    const { status } = await cluster.api.ask<{ status: { allowed: boolean } }>('POST', path, {
      body: { apiVersion: 'authorization.k8s.io/v1', kind: 'LocalSubjectAccessReview', metadata: { namespace }, spec },
    });
    return status.allowed === (without === undefined);
  });
}
