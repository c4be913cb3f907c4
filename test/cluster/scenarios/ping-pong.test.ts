import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { revisionId } from '../../../src/rollout/revision-id.ts';
import { scenario } from '../scoreboard/scenario.ts';
import { type Engine, openEngine } from '../support/engine.ts';
import { canaryOf, stableOf, virtualService } from '../support/manifests.ts';
import { hasWeights, type Moment, recordSides } from '../support/routes.ts';
import { given } from '../support/story.ts';

const limit = { timeout: 180_000 };
let engine: Engine;
before(async () => {
  engine = await openEngine();
});
after(() => engine.close());

/** Two pods, a weight of 25 and a pause; ping is the first Service, pong the second. */
async function story(t: Parameters<typeof given>[0], service: string) {
  const shop = await given(t, engine, {
    service,
    replicas: 2,
    objects: [virtualService(service)],
    canary: paused(service),
    release: { window: { duration: '10m' } },
  });
  await shop.hasReleased('1.0.0');
  await hasWeights(shop, [100, 0]);
  return shop;
}

/** The selector of a Service changed only while its weight was 0. */
function movesNoSideWithTraffic(moments: readonly Moment[]): void {
  for (const [index, { weights, selects }] of moments.entries()) {
    const before = moments[index - 1];
    if (!before) continue;
    for (const side of [0, 1] as const)
      if (before.selects[side] !== selects[side])
        assert.equal(weights.split('/')[side], '0', JSON.stringify([before, moments[index]]));
  }
}

function weightsOf(moments: readonly Moment[]): string[] {
  const all = moments.map(({ weights }) => weights);
  return all.filter((weights, index) => weights !== all[index - 1]);
}

scenario(
  'TestIstioPingPongUpdate',
  'ping and pong in turn: 100/0, 75/25, 0/100, and back by the next version; no side with traffic selects anew',
  async (t) => {
    const shop = await story(t, 'ping-pong');
    const recorded = await recordSides(shop);
    for (const [version, ramp, all, selects] of [
      ['1.1.0', [75, 25], [0, 100], { stable: '1.0.0', canary: '1.1.0' }],
      ['1.2.0', [25, 75], [100, 0], { stable: '1.2.0', canary: '1.1.0' }],
    ] as const) {
      const update = await shop.releases(version);
      await update.pauses();
      await hasWeights(shop, ramp);
      await shop.selects(selects);
      await shop.hasPods({ [version]: 1 });
      await update.promotes();
      await update.comesTo('released');
      await hasWeights(shop, all);
      await shop.selects(selects);
      await shop.hasPods({ [version]: 2 });
    }
    const moments = await recorded();
    movesNoSideWithTraffic(moments);
    assert.deepEqual(weightsOf(moments), ['100/0', '75/25', '0/100', '25/75', '100/0']);
  },
  limit,
);

scenario(
  'TestIstioPingPongUpdate',
  'an abort in the ramp, on either side, and one in the window give all back to the Service that had it',
  async (t) => {
    const shop = await story(t, 'ping-pong-aborts');
    const recorded = await recordSides(shop);
    const first = await shop.releases('1.1.0');
    await first.pauses();
    await first.aborts();
    await first.ends('rolledBack');
    await hasWeights(shop, [100, 0]);

    const second = await shop.releases('1.2.0');
    await second.pauses();
    await second.promotes();
    await second.comesTo('released');
    await hasWeights(shop, [0, 100]);
    await second.aborts();
    await second.ends('rolledBack');
    await hasWeights(shop, [100, 0]);
    await shop.selects({ stable: '1.0.0' });

    await shop.hasReleased('1.3.0', { canary: promoted('ping-pong-aborts') });
    await hasWeights(shop, [0, 100]);
    const third = await shop.releases('1.4.0', { canary: paused('ping-pong-aborts') });
    await third.pauses();
    await hasWeights(shop, [25, 75]);
    await third.aborts();
    await third.ends('rolledBack');
    await hasWeights(shop, [0, 100]);
    const { selects } = (await recorded()).at(-1) ?? {};
    assert.equal(selects?.[1], revisionId('1.3.0'));
    await shop.hasPods({ '1.3.0': 2 });
    const moments = await recorded();
    movesNoSideWithTraffic(moments);
    assert.deepEqual(weightsOf(moments), [
      ...['100/0', '75/25', '100/0'],
      ...['75/25', '0/100', '100/0'],
      ...['75/25', '0/100'],
      ...['25/75', '0/100'],
    ]);
  },
  limit,
);

const routing = (service: string) => ({
  pingPong: { pingService: stableOf(service), pongService: canaryOf(service) },
  trafficRouting: { istio: { virtualService: { name: service, routes: ['primary'] } } },
});
const promoted = (service: string) => ({ ...routing(service), steps: [{ setWeight: 25 }] });
const paused = (service: string) => ({ ...routing(service), steps: [{ setWeight: 25 }, { pause: {} }] });
