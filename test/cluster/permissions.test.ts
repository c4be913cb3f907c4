/** What `doctor` and admission find of rights, on a real API server with real RBAC. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { listed, missingPermissions, requirePermissions, subjectOf } from '../../activities/kubernetes/access.ts';
import { type KubernetesClient, kubernetesClusters } from '../../activities/kubernetes/index.ts';
import { needsOf } from '../../activities/kubernetes/needs.ts';
import { featuresOf, PERMISSIONS, type WrittenPlace } from '../../activities/kubernetes/permissions.ts';
import { openCluster, type Rule, type TestCluster, until } from './support/index.ts';

const WORKER = 'worker';

describe('the rights of a release', { timeout: 120_000 }, () => {
  let cluster: TestCluster;
  let place: WrittenPlace & { platform: 'kubernetes' };
  let worker: KubernetesClient;
  let administrator: KubernetesClient;

  const ends: (() => Promise<void>)[] = [];

  before(async () => {
    cluster = await openCluster({ after: (work) => ends.push(work) });
    place = {
      platform: 'kubernetes',
      cluster: 'here',
      namespace: cluster.namespace,
      selector: { app: 'shop' },
      stableService: 'shop-stable',
      canaryService: 'shop-canary',
      traffic: { kind: 'istio', virtualServices: [{ name: 'shop', routes: [] }] },
      adopts: { kind: 'Deployment', name: 'shop', scaleDown: 'never' },
      runsJobs: true,
    };
    const kubeconfig = await cluster.account(WORKER, rules());
    worker = clientOf({ kubeconfig });
    administrator = clientOf({ kubeconfig: cluster.kubeconfig, context: cluster.context });
  });

  after(async () => {
    for (const end of ends) await end();
  });

  it("are those of the chart's Role, and no more are asked for", async () => {
    await grant(rules());
    await settles([]);
    await requirePermissions(worker, place);
  });

  it('are each named where one is missing', async () => {
    const all = needsOf(place);
    const verbs = new Map(all.map((need) => [`${need.verb} ${need.group}/${need.resource}`, need]));
    assert.ok(verbs.size > 15);
    for (const [key, { verb, group, resource, feature }] of verbs) {
      await grant(rules({ verb, group, resource }));
      const gone = all.filter((need) => `${need.verb} ${need.group}/${need.resource}` === key);
      await settles(gone.map(({ name }) => ({ verb, resource, name: name ?? null, feature })));
    }
    await grant(rules());
  });

  it('refuse a release that lacks one, before anything is changed', async () => {
    await grant(rules({ verb: 'patch', group: 'networking.istio.io', resource: 'virtualservices' }));
    await settles([{ verb: 'patch', resource: 'virtualservices', name: 'shop', feature: 'istio' }]);
    await assert.rejects(requirePermissions(worker, place), {
      type: 'SHIPLOCK_KUBERNETES_FORBIDDEN',
      nonRetryable: true,
      message: /needs: patch virtualservices\.networking\.istio\.io shop; `shiplock doctor --release FILE`/,
    });
    await grant(rules());
    await settles([]);
  });

  it('refuse a release whose metrics are Jobs where it may not create them, and no other', async () => {
    await grant(rules({ verb: 'create', group: 'batch', resource: 'jobs' }));
    await settles([{ verb: 'create', resource: 'jobs', name: null, feature: 'jobs' }]);
    await assert.rejects(requirePermissions(worker, place), /needs: create jobs\.batch; `shiplock doctor/);
    await requirePermissions(worker, { ...place, runsJobs: false });
    await grant(rules());
    await settles([]);
  });

  it('are enough where a Role names the very objects', async () => {
    const narrow = rules().map((rule) =>
      rule.resources[0] === 'virtualservices' ? { ...rule, resourceNames: ['shop'] } : rule,
    );
    await grant(narrow);
    await settles([]);
    const others = { kind: 'istio', virtualServices: [{ name: 'till', routes: [] }] } as const;
    const missing = await missingPermissions(worker, { ...place, traffic: others });
    assert.equal(listed(missing), 'get, patch virtualservices.networking.istio.io till');
    await grant(rules());
    await settles([]);
  });

  it('do not refuse a release for what it can do without', async () => {
    await grant(rules({ verb: 'list', group: '', resource: 'events' }));
    await settles([{ verb: 'list', resource: 'events', name: null, feature: 'revisions' }]);
    await requirePermissions(worker, place);
    await grant(rules());
  });

  it('can be looked at by an administrator for somebody else', async () => {
    await grant(rules({ verb: 'delete', group: 'apps', resource: 'replicasets' }));
    const subject = subjectOf(`system:serviceaccount:${cluster.namespace}:${WORKER}`);
    await until('the rights are those of the Role', async () => {
      const missing = await missingPermissions(administrator, place, subject);
      return listed(missing) === 'delete replicasets.apps' || null;
    });
    assert.deepEqual(await missingPermissions(administrator, place), []);
    const nobody = await missingPermissions(administrator, place, subjectOf('nobody'));
    assert.equal(nobody.length, needsOf(place).length);
    await grant(rules());
  });

  /** As the chart makes them, but for one verb. */
  function rules(without?: { verb: string; group: string; resource: string }): readonly Rule[] {
    return featuresOf(place)
      .flatMap((feature) => PERMISSIONS[feature])
      .map(({ group, resource, verbs }) => ({
        apiGroups: [group],
        resources: [resource],
        verbs: verbs.filter(
          (verb) => !(verb === without?.verb && group === without.group && resource === without.resource),
        ),
      }))
      .filter(({ verbs }) => verbs.length > 0);
  }

  async function grant(wanted: readonly Rule[]): Promise<void> {
    await cluster.patch('rbac.authorization.k8s.io/v1', 'Role', WORKER, { rules: wanted });
  }

  /** RBAC follows its objects by a watch, so a moment later. */
  async function settles(wanted: readonly object[]): Promise<void> {
    let last: unknown;
    try {
      await until('the rights are those of the Role', async () => {
        const missing = await missingPermissions(worker, place);
        last = missing.map(({ verb, resource, name = null, feature }) => ({ verb, resource, name, feature }));
        return JSON.stringify(last) === JSON.stringify(wanted) || null;
      });
    } catch {
      assert.deepEqual(last, wanted);
    }
  }
});

function clientOf(access: { readonly kubeconfig: string; readonly context?: string }): KubernetesClient {
  return kubernetesClusters({ here: { ...access, namespaces: ['*'] } }, { signal: () => undefined }).client('here');
}
