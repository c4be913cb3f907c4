/** What a platform asks before a release's first write, and what it then leaves alone. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { argoRollouts } from '../../activities/rollout/argo/index.ts';
import type { RolloutObject } from '../../activities/rollout/argo/object.ts';
import type { RouterMetrics } from '../../activities/traffic/kubernetes/index.ts';
import type { ArgoPlace, KubernetesPlace } from '../../src/plan/target.ts';
import type { Confirmation } from '../../src/validation/confirmation.ts';
import { argoPlatform, kubernetesPlatform } from '../../workers/platforms.ts';
import { clustersAnsweredBy } from '../fixtures/few-answers.ts';

const RULES = '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews';
const ACCESS = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
const ROLLOUTS = '/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts';
const LEASE = '/api/v1/namespaces/shop/configmaps';
const SETS = '/apis/apps/v1/namespaces/shop/replicasets';
const ROUTE = '/apis/networking.istio.io/v1/namespaces/shop/virtualservices/shop';
const SINCE = '2026-11-23T15:00:00Z';

const NATIVE: KubernetesPlace = {
  platform: 'kubernetes',
  cluster: 'test',
  namespace: 'shop',
  selector: { app: 'shop' },
  stableService: 'shop-stable',
  canaryService: 'shop-canary',
  traffic: { kind: 'replicas' },
};
const DRIVEN: ArgoPlace = {
  platform: 'argo',
  cluster: 'test',
  namespace: 'shop',
  rollout: 'shop',
  container: 'app',
};

describe('a release without a controller', () => {
  const admit = async (t: TestContext, found: Found) => {
    const { clusters, writes } = await played(t, found);
    const { acquireFence } = kubernetesPlatform(clusters, () => undefined);
    return { admitted: acquireFence({ service: 'shop', place: NATIVE }, 'one'), writes };
  };

  test('takes its number where nothing owns what it writes', async (t) => {
    const { admitted, writes } = await admit(t, { granted: true, rollouts: [] });
    assert.equal(await admitted, 1000);
    assert.deepEqual(writes, [`POST ${LEASE}`]);
  });

  test('is refused beside a Rollout that a controller looks after, and nothing is written', async (t) => {
    const { admitted, writes } = await admit(t, { granted: true, rollouts: [rollout()] });
    await assert.rejects(admitted, { type: 'SHIPLOCK_ARGO_OWNED', nonRetryable: true });
    assert.deepEqual(writes, []);
  });

  test('is refused without its rights, and nothing is written', async (t) => {
    const { admitted, writes } = await admit(t, { granted: false, rollouts: [] });
    await assert.rejects(admitted, { type: 'SHIPLOCK_KUBERNETES_FORBIDDEN', nonRetryable: true });
    assert.deepEqual(writes, []);
  });
});

describe('a release whose checklist asks the router', () => {
  const RAMP: Confirmation = {
    items: [{ item: 'traffic shifts gradually', needsOldSide: true, ofTheRamp: false }],
    onFailure: 'release',
    version: '1.1.0',
    rollbackWindow: undefined,
  };
  const RAMP_AND_SWITCH: Confirmation = {
    ...RAMP,
    items: [...RAMP.items, { item: 'all traffic in one switch', needsOldSide: false, ofTheRamp: false }],
  };
  const METRICS: RouterMetrics = { prometheus: 'http://127.0.0.1:9', requests: 'requests{service="{{service}}"}' };
  const SILENT = { metadata: { name: 'shop', generation: 3, creationTimestamp: '2026-01-01T00:00:00Z' } };
  const REPORTED = {
    ...SILENT,
    status: { conditions: [{ type: 'Reconciled', status: 'True', observedGeneration: 3 }] },
  };
  const STABLE = {
    metadata: {
      name: 'shop-1',
      labels: { 'shiplock.dev/revision': '1', 'shiplock.dev/role': 'stable' },
      annotations: { 'shiplock.dev/version': '1.0.0' },
    },
    spec: { selector: {} },
  };
  const ISTIO: KubernetesPlace = {
    ...NATIVE,
    traffic: { kind: 'istio', virtualServices: [{ name: 'shop', routes: [] }] },
  };
  interface Admitting {
    readonly place?: KubernetesPlace;
    readonly confirmation?: Confirmation;
    readonly metrics?: RouterMetrics;
    /** The VirtualService as it is. */
    readonly route?: object;
    /** ReplicaSets. */
    readonly sets?: readonly object[];
  }
  const admit = async (
    t: TestContext,
    { place = ISTIO, confirmation = RAMP, metrics, route = SILENT, sets = [STABLE] }: Admitting = {},
  ) => {
    const objects = { [SETS]: { items: sets }, [ROUTE]: route };
    const { clusters, writes } = await played(t, { granted: true, rollouts: [], objects });
    const { acquireFence } = kubernetesPlatform(clusters, () => metrics);
    return { admitted: acquireFence({ service: 'shop', place }, 'one', { jobs: false, confirmation }), writes };
  };

  test('is refused where nothing can confirm it, and nothing is written', async (t) => {
    const { admitted, writes } = await admit(t);
    await assert.rejects(admitted, {
      type: 'SHIPLOCK_KUBERNETES_UNCONFIRMABLE',
      nonRetryable: true,
      message:
        /\(traffic shifts gradually\) in namespace shop of cluster test: VirtualService shop has no condition Reconciled.*; name routerMetrics/,
    });
    assert.deepEqual(writes, []);
  });

  test('is refused without a router, and nothing is written', async (t) => {
    const { admitted, writes } = await admit(t, { place: NATIVE, metrics: METRICS });
    await assert.rejects(admitted, { type: 'SHIPLOCK_KUBERNETES_UNCONFIRMABLE', message: /no router splits/ });
    assert.deepEqual(writes, []);
  });

  test('waits where the route is new, and nothing is written', async (t) => {
    const created = { ...SILENT, metadata: { ...SILENT.metadata, creationTimestamp: new Date().toISOString() } };
    const { admitted, writes } = await admit(t, { route: created });
    await assert.rejects(admitted, { type: 'SHIPLOCK_KUBERNETES_UNCONFIRMABLE', nonRetryable: false });
    assert.deepEqual(writes, []);
  });

  const ADMITTED: readonly (readonly [where: string, found: Admitting])[] = [
    ['istiod writes a status', { route: REPORTED }],
    ['the requests are counted', { metrics: METRICS }],
    ['it is a first one, which has no ramp', { sets: [] }],
    ['only its validation would be taken back', { confirmation: { ...RAMP, onFailure: 'phase' } }],
  ];
  for (const [where, found] of ADMITTED)
    test(`takes its number where ${where}`, async (t) => {
      const { admitted, writes } = await admit(t, found);
      assert.equal(await admitted, 1000);
      assert.deepEqual(writes, [`POST ${LEASE}`]);
    });

  test('is refused as a first one, too, where it makes the switch', async (t) => {
    const { admitted, writes } = await admit(t, { confirmation: RAMP_AND_SWITCH, sets: [] });
    await assert.rejects(admitted, { message: /\(all traffic in one switch\)/ });
    assert.deepEqual(writes, []);
  });
});

describe('a release that drives a controller', () => {
  const admit = async (t: TestContext, found: Found) => {
    const { clusters, writes } = await played(t, found);
    const { acquireFence } = argoPlatform(clusters, argoRollouts({ clusters }));
    return { admitted: acquireFence({ service: 'shop', place: DRIVEN }, 'one'), writes };
  };

  test('takes its number where its Rollout is looked after', async (t) => {
    const { admitted, writes } = await admit(t, { granted: true, rollouts: [rollout()] });
    assert.equal(await admitted, 1000);
    assert.deepEqual(writes, [`POST ${LEASE}`]);
  });

  test('is refused without its rights, each of which is named, and nothing is written', async (t) => {
    const { admitted, writes } = await admit(t, { granted: false, rollouts: [rollout()] });
    await assert.rejects(admitted, {
      type: 'SHIPLOCK_KUBERNETES_FORBIDDEN',
      nonRetryable: true,
      message:
        /needs: get, patch rollouts\.argoproj\.io shop; patch rollouts\.argoproj\.io\/status shop; list analysisruns/,
    });
    assert.deepEqual(writes, []);
  });

  test('is refused where the Rollout is missing, or nobody looks after it, and nothing is written', async (t) => {
    const missing = await admit(t, { granted: true, rollouts: [] });
    await assert.rejects(missing.admitted, { type: 'SHIPLOCK_ARGO_ROLLOUT_MISSING' });
    const alone = await admit(t, { granted: true, rollouts: [{ ...rollout(), status: {} }] });
    await assert.rejects(alone.admitted, { type: 'SHIPLOCK_ARGO_NO_CONTROLLER' });
    assert.deepEqual([...missing.writes, ...alone.writes], []);
  });
});

test('a promote of another step, or of another pause at the same step, ends nothing', async (t) => {
  const { clusters, writes } = await played(t, { granted: true, rollouts: [rollout()] });
  const { promoteRollout } = argoRollouts({ clusters });
  const at = { service: 'shop', place: DRIVEN, image: 'registry.example/shop:1.1.0', fence: 1000 };
  const promotes = async (step: number, since: string) => (await promoteRollout({ ...at, step, since })).outcome;
  assert.equal(await promotes(0, SINCE), 'unchanged');
  assert.equal(await promotes(1, '2026-11-23T14:00:00Z'), 'unchanged');
  assert.deepEqual(writes, []);
  assert.equal(await promotes(1, SINCE), 'written');
  assert.deepEqual(writes, [`PATCH ${ROLLOUTS}/shop/status`]);
});

interface Found {
  readonly granted: boolean;
  readonly rollouts: readonly RolloutObject[];
  /** By their paths. */
  readonly objects?: Readonly<Record<string, object>>;
}

/** Paused at its second step. */
function rollout(): RolloutObject {
  const image = 'registry.example/shop:1.1.0';
  return {
    metadata: { name: 'shop', generation: 2, resourceVersion: '7', annotations: { 'shiplock.dev/fence': '1000' } },
    spec: {
      selector: { matchLabels: { app: 'shop' } },
      template: { metadata: { labels: { app: 'shop' } }, spec: { containers: [{ name: 'app', image }] } },
      strategy: { canary: { steps: [{ setWeight: 10 }, { pause: {} }] } },
    },
    status: {
      observedGeneration: '2',
      phase: 'Paused',
      currentPodHash: 'new',
      currentStepIndex: 1,
      controllerPause: true,
      pauseConditions: [{ reason: 'CanaryPauseStep', startTime: SINCE }],
    },
  };
}

/** The few answers of an API server that are asked for here; a whole one is in `test/cluster`. */
async function played(t: TestContext, { granted, rollouts, objects = {} }: Found) {
  const writes: string[] = [];
  const everything = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }];
  const answerTo = (method: string, path: string, body: unknown): [status: number, answer: unknown] => {
    if (path === RULES) return [201, { status: { resourceRules: granted ? everything : [] } }];
    if (path === ACCESS) return [201, { status: { allowed: granted } }];
    if (method !== 'GET') writes.push(`${method} ${path}`);
    if (objects[path]) return [200, objects[path]];
    if (path === ROLLOUTS) return [200, { items: rollouts }];
    if (path.startsWith(LEASE)) return method === 'GET' ? [404, notFound] : [201, body];
    const [one] = rollouts;
    return one && path.startsWith(`${ROLLOUTS}/`) ? [200, one] : [404, notFound];
  };
  const clusters = await clustersAnsweredBy(t, async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    const { pathname } = new URL(request.url ?? '', 'http://localhost');
    const [status, answer] = answerTo(request.method ?? '', pathname, body && JSON.parse(body));
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  return { clusters, writes };
}

const notFound = { kind: 'Status', reason: 'NotFound', code: 404, message: 'not found', details: { name: 'it' } };
