import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { scenario } from '../scoreboard/scenario.ts';
import { type Engine, openEngine } from '../support/engine.ts';
import { until } from '../support/index.ts';
import { given } from '../support/story.ts';
import { deployment } from '../support/workloads.ts';

const limit = { timeout: 120_000 };
let engine: Engine;
before(async () => {
  engine = await openEngine();
});
after(() => engine.close());

/** A container that starts, ends and is started again, for ever. */
const CRASHES = { fails: 'CrashLoopBackOff', backOff: '200ms' } as const;
const ONE_MORE = { maxSurge: 1, maxUnavailable: 0 };
const soon = (seconds: number) => ({ spec: { progressDeadlineSeconds: seconds } });

scenario(
  'TestRolloutGoodToBadUpdate',
  'a crashing version: one pod beyond the stable four, the reason is named, back at the deadline; so with the next one',
  async (t) => {
    const shop = await given(t, engine, { service: 'good-to-bad', replicas: 4, canary: ONE_MORE });
    await shop.hasReleased('1.0.0');
    for (const version of ['1.1.0', '1.2.0']) {
      const update = await shop.releases(version, { play: CRASHES, ...soon(5) });
      await until(`a pod of ${version}`, async () => (await shop.podsOf(version)).length > 0);
      await shop.hasPods({ '1.0.0': 4, [version]: 1 });
      await update.ends('rolledBack', /CrashLoopBackOff|restarts \(container app ended with exit code 1\)/);
      await shop.hasPods({ '1.0.0': 4, [version]: 0 });
    }
  },
  limit,
);

scenario(
  'TestRolloutBadToGoodUpdate',
  'a first release that crashes leaves nothing; the good one after it gets through',
  async (t) => {
    const shop = await given(t, engine, {
      service: 'bad-to-good',
      replicas: 4,
      canary: ONE_MORE,
      play: CRASHES,
      ...soon(4),
    });
    const bad = await shop.releases('1.0.0');
    await bad.ends('rolledBack', /CrashLoopBackOff|restarts \(container app ended with exit code 1\)/);
    await shop.hasPods({ '1.0.0': 0 });
    const good = await shop.releases('1.1.0', { play: {}, ...soon(60) });
    await good.ends('released');
    await shop.hasPods({ '1.0.0': 0, '1.1.0': 4 });
  },
  limit,
);

scenario(
  'TestRolloutBadToBadUpdate',
  'a crashing version after a crashing Deployment: its pods are kept, never more than one beside them, and it goes back',
  async (t) => {
    const name = 'bad-to-bad';
    const shop = await given(t, engine, {
      service: name,
      replicas: 4,
      canary: ONE_MORE,
      play: CRASHES,
      objects: [deployment({ name, replicas: 4, play: CRASHES, image: 'registry.example/app:1.0.0' })],
      release: { target: { adopts: name } },
      ...soon(4),
    });
    const update = await shop.releases('1.1.0');
    await until('a pod of 1.1.0', async () => (await shop.podsOf('1.1.0')).length > 0);
    await shop.hasPods({ '1.1.0': 1 });
    await update.ends('rolledBack', /CrashLoopBackOff|restarts \(container app ended with exit code 1\)/);
    await shop.hasPods({ '1.1.0': 0 });
    const adopted = await shop.cluster.list('v1', 'Pod', `app=${name},pod-template-hash`);
    assert.equal(adopted.length, 4);
  },
  limit,
);

scenario(
  'TestRolloutBadToGoodSetWeightUpdate',
  'a good version after a crashing first release, with a weight of 50 and a pause',
  async (t) => {
    const shop = await given(t, engine, {
      service: 'bad-to-good-weight',
      replicas: 4,
      canary: { ...ONE_MORE, steps: [{ setWeight: 50 }, { pause: { duration: '1s' } }] },
      play: CRASHES,
      ...soon(4),
    });
    const bad = await shop.releases('1.0.0');
    await bad.ends('rolledBack', /CrashLoopBackOff|restarts \(container app ended with exit code 1\)/);
    const good = await shop.releases('1.1.0', { play: {} });
    await good.ends('released');
    await shop.hasPods({ '1.0.0': 0, '1.1.0': 4 });
  },
  limit,
);

scenario(
  'TestCanaryProgressDeadlineExceededWithPause',
  'pods that are slow to get ready: the reason is said while it lasts; then it pauses, and is promoted',
  async (t) => {
    const shop = await given(t, engine, {
      service: 'slow-readiness',
      replicas: 3,
      play: { readyAfter: '3s' },
      canary: { steps: [{ setWeight: 20 }, { pause: {} }] },
      ...soon(60),
    });
    await shop.hasReleased('1.0.0');
    const update = await shop.releases('1.1.0');
    await update.pauses();
    await shop.hasPods({ '1.1.0': 1 });
    await update.promotes();
    await update.ends('released');
    await shop.hasPods({ '1.0.0': 0, '1.1.0': 3 });
  },
  limit,
);

scenario(
  'TestRolloutPauseDurationGreaterThanProgressDeadlineSeconds',
  'a pause longer than the readiness deadline ends in a release',
  async (t) => {
    const shop = await given(t, engine, {
      service: 'long-pause',
      replicas: 3,
      canary: { steps: [{ setWeight: 32 }, { pause: { duration: '6s' } }, { setWeight: 67 }] },
      ...soon(2),
    });
    await shop.hasReleased('1.0.0');
    const update = await shop.releases('1.1.0');
    await update.ends('released');
    await shop.hasPods({ '1.0.0': 0, '1.1.0': 3 });
  },
  limit,
);
