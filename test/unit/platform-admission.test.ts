/** What a platform asks before a release's first write, and what it then leaves alone. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { argoRollouts } from '../../activities/rollout/argo/index.ts';
import type { RolloutObject } from '../../activities/rollout/argo/object.ts';
import type { ArgoPlace, KubernetesPlace } from '../../src/plan/target.ts';
import { argoPlatform, kubernetesPlatform } from '../../workers/platforms.ts';
import { clustersAnsweredBy } from '../fixtures/few-answers.ts';

const RULES = '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews';
const ACCESS = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
const ROLLOUTS = '/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts';
const LEASE = '/api/v1/namespaces/shop/configmaps';
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
async function played(t: TestContext, { granted, rollouts }: Found) {
  const writes: string[] = [];
  const everything = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }];
  const answerTo = (method: string, path: string, body: unknown): [status: number, answer: unknown] => {
    if (path === RULES) return [201, { status: { resourceRules: granted ? everything : [] } }];
    if (path === ACCESS) return [201, { status: { allowed: granted } }];
    if (method !== 'GET') writes.push(`${method} ${path}`);
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
