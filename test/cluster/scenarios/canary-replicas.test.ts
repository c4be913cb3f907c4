import { after, before } from 'node:test';
import { scenario } from '../scoreboard/scenario.ts';
import { type Engine, openEngine } from '../support/engine.ts';
import { until } from '../support/index.ts';
import { given } from '../support/story.ts';

const limit = { timeout: 180_000 };
let engine: Engine;
before(async () => {
  engine = await openEngine();
});
after(() => engine.close());

const supersede = { ifBusy: 'supersede' } as const;

scenario(
  'TestRolloutScalingWhenPaused',
  'the same version again with another number of pods, while it is paused at 25 %: 1/1 of 1, 2/6 of 8, 1/3 of 4',
  async (t) => {
    const shop = await given(t, engine, {
      service: 'scaled-paused',
      replicas: 1,
      canary: { maxUnavailable: 0, maxSurge: 1, steps: [{ setWeight: 25 }, { pause: {} }] },
    });
    await shop.hasReleased('1.0.0');
    const first = await shop.releases('1.1.0');
    await first.pauses();
    await shop.hasPods({ '1.0.0': 1, '1.1.0': 1 });
    const eight = await shop.releases('1.1.0', { replicas: 8 }, supersede);
    await eight.pauses();
    await shop.hasPods({ '1.0.0': 6, '1.1.0': 2 });
    const four = await shop.releases('1.1.0', { replicas: 4 }, supersede);
    await four.pauses();
    await shop.hasPods({ '1.0.0': 3, '1.1.0': 1 });
  },
  limit,
);

scenario(
  'TestRolloutScalingDuringUpdate',
  'a canary that never gets ready, surge 2: two of it beside four; again with eight wanted, and with four',
  async (t) => {
    const shop = await given(t, engine, {
      service: 'scaled-bad',
      replicas: 4,
      canary: { maxSurge: 2, maxUnavailable: 0 },
      spec: { progressDeadlineSeconds: 60 },
    });
    await shop.hasReleased('1.0.0');
    const bad = { play: { fails: 'CrashLoopBackOff', backOff: '200ms' } } as const;
    const first = await shop.releases('1.1.0', bad);
    await until('pods of the canary', async () => (await shop.podsOf('1.1.0')).length > 0);
    await shop.hasPods({ '1.0.0': 4, '1.1.0': 2 });
    await shop.releases('1.1.0', { replicas: 8 }, supersede);
    await first.ends('rolledBack');
    await shop.hasPods({ '1.0.0': 4, '1.1.0': 2 });
    const last = await shop.releases('1.1.0', { replicas: 4 }, supersede);
    await shop.hasPods({ '1.0.0': 4, '1.1.0': 2 });
    await last.aborts();
    await last.ends('rolledBack');
    await shop.hasPods({ '1.0.0': 4, '1.1.0': 0 });
  },
  limit,
);

scenario(
  'TestRolloutWithMaxSurgeScalingDuringUpdate',
  'maxSurge 100 %, pods that wait to get ready: never fewer than may be missing, nor more than surge allows',
  async (t) => {
    const shop = await given(t, engine, { service: 'scaled-surge', replicas: 4, canary: { maxSurge: '100%' } });
    await shop.hasReleased('1.0.0');
    const first = await shop.releases('1.1.0', { play: { ready: 'false' } });
    await shop.hasPods({ '1.0.0': 4, '1.1.0': 4 });
    const eight = await shop.releases('1.1.0', { replicas: 8 }, supersede);
    await first.ends('rolledBack');
    await shop.hasPods({ '1.0.0': 4, '1.1.0': 8 });
    await shop.makesReady('1.1.0', 8);
    await eight.ends('released');
    await shop.hasPods({ '1.0.0': 0, '1.1.0': 8 });
  },
  limit,
);
