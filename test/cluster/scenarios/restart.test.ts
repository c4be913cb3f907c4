import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { V1Deployment, V1Pod } from '@kubernetes/client-node';
import { run } from '../../../src/cli/main.ts';
import type { RestartSighting } from '../../../src/client/index.ts';
import { revisionId } from '../../../src/rollout/revision-id.ts';
import type { RestartStatus } from '../../../workflows/restart-messages.ts';
import { scenario } from '../scoreboard/scenario.ts';
import { type Engine, openEngine } from '../support/engine.ts';
import { until } from '../support/index.ts';
import { istio, virtualService } from '../support/manifests.ts';
import { recordPods, uidOf } from '../support/pods.ts';
import { type Given, given, type Story } from '../support/story.ts';
import { deployment } from '../support/workloads.ts';

const limit = { timeout: 180_000 };
let engine: Engine;
before(async () => {
  engine = await openEngine();
});
after(() => engine.close());

const selectorOf = (version: string): string => `shiplock.dev/revision=${revisionId(version)}`;

/** 1.0.0 has four pods, and 1.1.0 pauses beside it with two. */
async function inMidCanary(t: Parameters<typeof given>[0], name: string, more: Partial<Given> = {}) {
  const shop = await given(t, engine, {
    service: name,
    replicas: 4,
    objects: [virtualService(name)],
    canary: istio(name, [{ setWeight: 50 }, { pause: {} }], { maxUnavailable: '75%', abortScaleDownDelaySeconds: 1 }),
    ...more,
  });
  await shop.hasReleased('1.0.0');
  const update = await shop.releases('1.1.0');
  await update.pauses();
  await shop.hasPods({ '1.0.0': 4, '1.1.0': 2 });
  return { shop, update };
}

const optionsOf = ({ cluster }: Story) => ({ file: join(cluster.folder, 'release.yaml') });

/** Starts a restart with whatever the release file says; what can be done with it. */
async function restarts(shop: Story, more: { reason?: string; deadlineMs?: number } = {}) {
  const { shiplock } = engine;
  const { id } = await shiplock.restart({ ...optionsOf(shop), ...more });
  return {
    id,
    sees: (what: string, met: (status: RestartStatus) => boolean) =>
      until(`${id}: ${what}`, async () => {
        const { status, because } = await shiplock.getRestart(id);
        if (status && met(status)) return status;
        throw new Error(`${status?.outcome ?? 'open'}, ${because}`);
      }),
    async ends(outcome: RestartStatus['outcome']): Promise<RestartStatus> {
      const seen: RestartSighting | null = await shiplock.waitForRestart(id, { timeoutMs: 90_000 });
      assert.equal(seen?.status?.outcome, outcome, seen?.because ?? 'it goes on');
      return seen.status;
    },
  };
}

/** The same command line as a person's, and its answer. */
async function command(...args: readonly string[]): Promise<{ code: number; answer: Record<string, unknown> }> {
  const lines: string[] = [];
  const silent = { color: false, live: false, interactive: false, width: 80, rows: 24 };
  const terminal = {
    ...silent,
    env: {},
    out: (text: string) => void lines.push(text),
    err: () => undefined,
    ask: () => Promise.reject(new Error('nobody to ask')),
  };
  const code = await run([...args, '-o', 'json'], terminal);
  return { code, answer: JSON.parse(lines.join('')) };
}

async function uidsOf(shop: Story, ...versions: readonly string[]): Promise<readonly string[]> {
  return (await Promise.all(versions.map((version) => shop.podsOf(version)))).flat().map(uidOf).toSorted();
}

function budget(selector: Readonly<Record<string, string>>, spec: object = { maxUnavailable: 0 }) {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'guard' },
    spec: { selector: { matchLabels: selector }, ...spec },
  };
}

/** A budget without a status forbids nothing yet. */
async function guards(shop: Story, selector: Readonly<Record<string, string>>, spec?: object): Promise<void> {
  await shop.cluster.apply(budget(selector, spec));
  await until('the budget counts', async () => {
    const found = await shop.cluster.get<{ status?: { expectedPods?: number } }>(
      'policy/v1',
      'PodDisruptionBudget',
      'guard',
    );
    return (found?.status?.expectedPods ?? 0) > 0;
  });
}

scenario(
  'TestRolloutRestart',
  'a restart in mid-canary replaces the pods of both sides, no more at once than maxUnavailable allows at any time',
  async (t) => {
    const { shop, update } = await inMidCanary(t, 'restart', { play: { readyAfter: '1s' } });
    const before = await uidsOf(shop, '1.0.0', '1.1.0');
    const [stable, canary] = await Promise.all(
      ['1.0.0', '1.1.0'].map((version) => recordPods(shop.cluster, selectorOf(version))),
    );
    const { file } = optionsOf(shop);
    const { code, answer } = await command('restart', '-f', file, '--reason', 'a leak', '--wait', '--timeout', '90s');
    const status = answer.status as RestartStatus;
    assert.deepEqual([code, answer.ok, status.outcome], [0, true, 'restarted'], status.because);
    assert.deepEqual([status.pods, status.replaced, status.reason], [6, 6, 'a leak']);
    assert.equal(status.startedBy, 'ann@laptop');

    const seen = { stable: await stable?.(), canary: await canary?.() };
    // 75 % of four are three, 75 % of two are one.
    assert.deepEqual([seen.stable?.leastAvailable, seen.canary?.leastAvailable], [1, 1]);
    assert.deepEqual([seen.stable?.uids.length, seen.canary?.uids.length], [8, 4], 'each pod is replaced once');
    const now = await uidsOf(shop, '1.0.0', '1.1.0');
    assert.equal(now.length, 6);
    assert.ok(!now.some((uid) => before.includes(uid)));

    await update.promotes();
    await update.comesTo('released');
    await shop.hasPods({ '1.1.0': 4 });
  },
  limit,
);

scenario(
  'TestRolloutPDBRestart',
  'a restart waits while a PodDisruptionBudget forbids it and says so, and goes on when it is gone',
  async (t) => {
    const name = 'restart-guarded';
    const { shop } = await inMidCanary(t, name);
    const before = await uidsOf(shop, '1.0.0', '1.1.0');
    await guards(shop, { app: name });
    const restart = await restarts(shop);
    const waiting = await restart.sees('it waits for the budget', ({ waitsFor }) => waitsFor === 'disruptionBudget');
    assert.match(waiting.because, /^0 of 6 pods are replaced; 1\.0\.0: 4 of 4 available, .*disruption budget.*guard/);
    const { execution } = await engine.shiplock.getRestart(restart.id);
    assert.deepEqual([execution.phase, execution.waitingFor], ['restarting', 'disruptionBudget']);
    assert.deepEqual(await uidsOf(shop, '1.0.0', '1.1.0'), before);

    await shop.cluster.remove('policy/v1', 'PodDisruptionBudget', 'guard');
    await restart.ends('restarted');
    const now = await uidsOf(shop, '1.0.0', '1.1.0');
    assert.ok(now.length === 6 && !now.some((uid) => before.includes(uid)));
  },
  limit,
);

test('a restart keeps to a PodDisruptionBudget that allows less than maxUnavailable does', limit, async (t) => {
  const name = 'restart-budget';
  const { shop } = await inMidCanary(t, name, { play: { readyAfter: '500ms' } });
  await guards(shop, { app: name, 'shiplock.dev/revision': revisionId('1.0.0') }, { maxUnavailable: 1 });
  const stable = await recordPods(shop.cluster, selectorOf('1.0.0'));
  const restart = await restarts(shop);
  await restart.ends('restarted');
  const { leastAvailable, uids } = await stable();
  assert.deepEqual([leastAvailable, uids.length], [3, 8]);
});

test('a restart whose worker is killed goes on, and no pod that is new goes again', limit, async (t) => {
  const name = 'restart-killed';
  const shop = await given(t, engine, {
    service: name,
    replicas: 4,
    objects: [virtualService(name)],
    canary: istio(name, [{ setWeight: 50 }], { maxUnavailable: 1 }),
    play: { readyAfter: '2s' },
  });
  await shop.hasReleased('1.0.0');
  const pods = await recordPods(shop.cluster, selectorOf('1.0.0'));
  const restart = await restarts(shop);
  await until('two pods are new', async () => (await pods()).uids.length === 6);
  await engine.restartWorker();
  await restart.ends('restarted');
  const { leastAvailable, uids } = await pods();
  assert.deepEqual([leastAvailable, uids.length], [3, 8]);
});

test('a restart replaces the pods of an adopted Deployment, whose template stays as it is', limit, async (t) => {
  const name = 'restart-adopted';
  const shop = await given(t, engine, {
    service: name,
    replicas: 2,
    objects: [deployment({ name, replicas: 2, image: 'registry.example/app:1.0.0' }), virtualService(name)],
    release: { target: { adopts: { name, scaleDown: 'onsuccess' } } },
    canary: istio(name, [{ setWeight: 50 }, { pause: {} }]),
  });
  const adopted = () => shop.cluster.list<V1Pod>('v1', 'Pod', `app=${name},pod-template-hash`);
  await until('two pods', async () => (await adopted()).length === 2);
  const update = await shop.releases('1.1.0');
  await update.pauses();
  const spec = async () => (await shop.cluster.get<V1Deployment>('apps/v1', 'Deployment', name))?.metadata?.generation;
  const generation = await spec();
  const pods = await recordPods(shop.cluster, `app=${name},pod-template-hash`);
  await (await restarts(shop)).ends('restarted');
  const { leastAvailable, uids } = await pods();
  assert.deepEqual([leastAvailable, uids.length, await spec()], [1, 4, generation]);
});

test('a canary that goes back in the middle of a restart is no error', limit, async (t) => {
  const name = 'restart-abort';
  const { shop, update } = await inMidCanary(t, name);
  await guards(shop, { app: name });
  const restart = await restarts(shop);
  await restart.sees('it waits', ({ waitsFor }) => waitsFor === 'disruptionBudget');
  await update.aborts();
  await update.ends('rolledBack');
  await shop.hasPods({ '1.1.0': 0 });
  await shop.cluster.remove('policy/v1', 'PodDisruptionBudget', 'guard');
  const { pods, replaced } = await restart.ends('restarted');
  assert.deepEqual([pods, replaced], [6, 6]);
});

test(
  'a restart ends at its deadline with what it waited for, and as cancelled when it is; nothing goes afterwards',
  limit,
  async (t) => {
    const name = 'restart-ends';
    const { shop } = await inMidCanary(t, name);
    const before = await uidsOf(shop, '1.0.0', '1.1.0');
    await guards(shop, { app: name });
    const { because } = await (await restarts(shop, { deadlineMs: 3_000 })).ends('unfinished');
    assert.match(because, /^not all pods are restarted: 0 of 6 pods are replaced; .*disruption budget/);

    const restart = await restarts(shop);
    await restart.sees('it waits', ({ waitsFor }) => waitsFor === 'disruptionBudget');
    await assert.rejects(engine.shiplock.restart(optionsOf(shop)), { code: 'SHIPLOCK_RESTART_BUSY' });
    const { code } = await command('restart', '-f', optionsOf(shop).file, '--cancel', '--wait');
    assert.equal(code, 0);
    const { outcome } = await restart.ends('cancelled');
    await shop.cluster.remove('policy/v1', 'PodDisruptionBudget', 'guard');
    assert.equal(outcome, 'cancelled');
    assert.deepEqual(await uidsOf(shop, '1.0.0', '1.1.0'), before);
  },
);
