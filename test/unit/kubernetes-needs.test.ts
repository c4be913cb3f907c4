import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { grants, listed, subjectOf } from '../../activities/kubernetes/access.ts';
import { type Need, needsOf, resourceOf } from '../../activities/kubernetes/needs.ts';
import type { KubernetesPlace } from '../../src/plan/target.ts';

const PLACE: KubernetesPlace = {
  platform: 'kubernetes',
  cluster: 'here',
  namespace: 'shop',
  selector: { app: 'shop' },
  stableService: 'shop-stable',
  canaryService: 'shop-canary',
  traffic: { kind: 'replicas' },
};

const need = (changes: Partial<Need> = {}): Need => ({
  feature: 'istio',
  verb: 'patch',
  group: 'networking.istio.io',
  resource: 'virtualservices',
  why: 'weights',
  optional: false,
  ...changes,
});

describe('what a release asks of the API server', () => {
  it('names the objects that its place names, and only those', () => {
    const traffic = {
      kind: 'istio',
      virtualServices: [
        { name: 'shop', routes: [] },
        { name: 'shop-internal', routes: [] },
      ],
    } as const;
    const asked = needsOf({ ...PLACE, traffic, adopts: { kind: 'Deployment', name: 'shop', scaleDown: 'never' } });
    const of = (resource: string) =>
      asked.filter((one) => one.resource === resource).map(({ verb, name }) => `${verb} ${name ?? '*'}`);
    assert.deepEqual(of('virtualservices'), ['get shop', 'get shop-internal', 'patch shop', 'patch shop-internal']);
    assert.deepEqual(of('destinationrules'), []);
    assert.deepEqual(of('deployments'), ['get shop', 'patch shop']);
    assert.deepEqual(of('services'), ['get shop-stable', 'get shop-canary', 'patch shop-stable', 'patch shop-canary']);
    assert.deepEqual(of('replicasets'), ['get *', 'list *', 'create *', 'patch *', 'delete *']);
  });

  it('is of the kinds of routes that it has', () => {
    const routes = [{ kind: 'GRPCRoute', name: 'shop' }] as const;
    const asked = needsOf({ ...PLACE, traffic: { kind: 'gateway', routes } }).filter(
      ({ feature }) => feature === 'gateway',
    );
    assert.deepEqual(
      asked.map(({ verb, resource, name }) => [verb, resource, name]),
      [
        ['get', 'grpcroutes', 'shop'],
        ['patch', 'grpcroutes', 'shop'],
      ],
    );
  });

  it('is that of Jobs, too, where a metric runs one, and nothing twice', () => {
    const [without, asked] = [needsOf(PLACE), needsOf({ ...PLACE, runsJobs: true })];
    assert.equal(
      listed(asked.filter((one) => !without.some((other) => listed([one]) === listed([other])))),
      'get, create, delete jobs.batch',
    );
    assert.deepEqual(
      asked.filter(({ resource, verb }) => resource === 'pods' && verb === 'list').map(({ feature }) => feature),
      ['revisions'],
    );
    const driven = needsOf({ platform: 'argo', cluster: 'here', namespace: 'shop', rollout: 'shop', runsJobs: true });
    assert.match(listed(driven.filter(({ optional }) => !optional)), /get, create, delete jobs\.batch; list pods$/);
  });

  it('is of the Rollout alone where Argo’s controller is driven, and of the Deployment that has its pods', () => {
    const place = { platform: 'argo', cluster: 'here', namespace: 'shop', rollout: 'shop' } as const;
    const own =
      'get, patch rollouts.argoproj.io shop; patch rollouts.argoproj.io/status shop; list analysisruns.argoproj.io; get replicasets.apps; get, create, update configmaps';
    assert.equal(listed(needsOf(place)), own);
    const asked = needsOf({ ...place, workload: 'till' });
    assert.equal(listed(asked), `${own}; get, patch deployments.apps till`);
    assert.ok(
      asked.every(({ optional }) => !optional),
      'what is there is needed',
    );
  });

  it('is said as kubectl does', () => {
    assert.equal(resourceOf({ group: '', resource: 'pods' }), 'pods');
    assert.equal(resourceOf({ group: 'argoproj.io', resource: 'rollouts/status' }), 'rollouts.argoproj.io/status');
    const pods = need({ group: '', resource: 'pods', verb: 'list' });
    assert.equal(
      listed([need({ verb: 'get', name: 'shop' }), need({ name: 'shop' }), pods]),
      'get, patch virtualservices.networking.istio.io shop; list pods',
    );
  });
});

describe('a rule of RBAC', () => {
  const rule = { verbs: ['patch'], apiGroups: ['networking.istio.io'], resources: ['virtualservices'] };
  const status = need({ group: 'argoproj.io', resource: 'rollouts/status' });
  const cases: readonly [what: string, rule: object, need: Need, granted: boolean][] = [
    ['that says so', rule, need(), true],
    ['of another verb', { ...rule, verbs: ['get'] }, need(), false],
    ['of every verb', { ...rule, verbs: ['*'] }, need(), true],
    ['of another group', { ...rule, apiGroups: [''] }, need(), false],
    ['of every group', { ...rule, apiGroups: ['*'] }, need(), true],
    ['of everything', { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, status, true],
    ['of the object, for its status', { ...rule, apiGroups: ['argoproj.io'], resources: ['rollouts'] }, status, false],
    ['of every status', { ...rule, apiGroups: ['argoproj.io'], resources: ['*/status'] }, status, true],
    ['of this name', { ...rule, resourceNames: ['shop'] }, need({ name: 'shop' }), true],
    ['of another name', { ...rule, resourceNames: ['till'] }, need({ name: 'shop' }), false],
    ['of one name, for any', { ...rule, resourceNames: ['shop'] }, need(), false],
    ['of nothing', {}, need(), false],
  ];
  for (const [what, given, asked, granted] of cases) {
    it(`${what} ${granted ? 'grants' : 'does not grant'} it`, () => assert.equal(grants(given, asked), granted));
  }
});

describe('a subject', () => {
  it('that is a ServiceAccount has the groups of its namespace', () => {
    assert.deepEqual(subjectOf('system:serviceaccount:shiplock:shiplock-release').groups, [
      'system:serviceaccounts',
      'system:serviceaccounts:shiplock',
      'system:authenticated',
    ]);
    assert.deepEqual(subjectOf('ann@example.org'), { user: 'ann@example.org', groups: ['system:authenticated'] });
  });
});
