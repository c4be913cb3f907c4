/** Invariant 2: traffic goes only where it can be served. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import type { Step } from '../../src/plan/plan.ts';
import { MINUTE, openPause, plainPlan, smallPlan, weight } from './invariants-plans.ts';
import {
  assertAsBefore,
  CANARY,
  type Call,
  type Ended,
  endOf,
  type Scene,
  STABLE,
  withScenes,
} from './invariants-scenes.ts';
import { stallIn } from './invariants-stall.ts';

const limit = { timeout: 300_000 };

describe('traffic goes only where it can be served', () => {
  const scenes = withScenes();

  it('in any ramp, up and down, aborted anywhere: weights sum to 100, the growing side is ready', limit, async () => {
    const seed = Number(process.env.SEED ?? 4);
    const random = generator(seed);
    for (let round = 1; round <= 12; round += 1) {
      const steps = Array.from({ length: 1 + random(5) }, () => weight(random(101)));
      const scene = scenes.open();
      const abortAt = random(2) === 0 ? 6 + random(steps.length + 2) : null;
      const { type } = await (abortAt === null
        ? endOf(await scene.start(plainPlan({ steps })))
        : aborted(scene, steps, abortAt));
      const at = `seed ${seed}, round ${round}: ${JSON.stringify(steps)}, aborted at ${abortAt}`;
      assert.ok(type === 'Released' || (abortAt !== null && type === 'RolledBack'), `${type}: ${at}`);
      for (const call of scene.calls) assertServable(call, at);
    }
  });

  it('a new version gets no request before it was shown to be ready', limit, async () => {
    const scene = scenes.open();
    scene.world.ready = () => false;
    const { type } = await endOf(await scene.start(smallPlan()));
    assert.equal(type, 'RolledBack');
    assert.ok(!scene.calls.some(({ request }) => request?.weights?.[CANARY] > 0));
    assertAsBefore(scene, 'it never got ready');
  });

  it('an abort before any traffic moves none', limit, async () => {
    const scene = scenes.open();
    const { ended } = await stallIn(scene, plainPlan(), {
      isHeld: ({ activity }) => activity === 'awaitReady',
      when: 'after',
      disturb: (release) => release.signal('abort', { reason: 'enough' }),
    });
    assert.equal(ended.type, 'RolledBack');
    assert.ok(!scene.world.journal.some((effect) => effect.startsWith('weight')));
    assertAsBefore(scene, 'aborted before traffic');
  });

  it('an abort in the ramp moves traffic back before it does anything else', limit, async () => {
    const { back } = await abortedAt(50);
    assert.equal(back[0]?.activity, 'setWeights');
    assert.deepEqual(back[0]?.request.weights, { [STABLE]: 100 });
  });

  it('what carries traffic is removed neither on the way back nor after the window', limit, async () => {
    const { scene } = await abortedAt(50);
    const released = scenes.open();
    assert.equal((await endOf(await released.start(plainPlan()))).type, 'Released');
    for (const { calls } of [scene, released]) {
      const removals = calls.filter(({ activity }) => activity === 'removeRevision');
      assert.equal(removals.length, 1);
      for (const { request, weights } of removals) assert.equal(weights[request.version] ?? 0, 0);
    }
  });

  it(
    'an old side that is short of capacity gets what it carries at once, and the rest when it is restored',
    limit,
    async () => {
      const short = { left: 3 };
      const { scene, back } = await abortedAt(50, (call) => {
        if (call.activity !== 'setWeights' || !call.request.partial || short.left === 0) return;
        short.left -= 1;
        scene.world.weights = { [STABLE]: 70, [CANARY]: 30 };
        throw ApplicationFailure.retryable('1 of 2 replicas are ready', 'SHIPLOCK_LOCAL_NOT_READY');
      });
      const moves = back.filter(({ activity }) => activity === 'setWeights');
      assert.equal(moves.length, 4, 'it is tried until it holds');
      assert.ok(
        moves.every(({ request }) => request.partial === true),
        'each attempt asks for as much as can be carried',
      );
      const removal = back.find(({ activity }) => activity === 'removeRevision');
      assert.ok((removal?.number ?? 0) > (moves.at(-1)?.number ?? 0), 'the new side serves until then');
      assertAsBefore(scene, 'the old side was restored');
    },
  );

  async function aborted(scene: Scene, steps: readonly Step[], number: number): Promise<Ended> {
    const { ended } = await stallIn(scene, plainPlan({ steps }), {
      isHeld: (call) => call.number === number,
      when: 'after',
      disturb: (release) => release.signal('abort', { reason: 'anywhere' }),
    });
    return ended;
  }

  /** Aborts in an open pause at this weight. @returns what was asked for on the way back. */
  async function abortedAt(
    percent: number,
    before: (call: Call) => void = () => {},
  ): Promise<{ scene: Scene; back: Call[] }> {
    const scene = scenes.open();
    const handle = await scene.start(plainPlan({ steps: [weight(percent), openPause] }));
    await scene.until(handle, ({ waiting }) => waiting?.kind === 'pause', MINUTE / 10);
    const there = scene.calls.length;
    scene.before = before;
    await handle.signal('abort', { reason: 'enough' });
    assert.equal((await endOf(handle)).type, 'RolledBack');
    return { scene, back: scene.calls.slice(there) };
  }
});

/** What each call asks of the platform can be asked of it. */
function assertServable({ activity, request, weights, ready }: Call, at: string): void {
  if (activity === 'setWeights') {
    const asked = Object.entries<number>(request.weights);
    assert.ok(
      asked.every(([, share]) => Number.isInteger(share) && share >= 0 && share <= 100),
      at,
    );
    assert.equal(
      asked.reduce((sum, [, share]) => sum + share, 0),
      100,
      at,
    );
    for (const [version, share] of asked) {
      if (share > (weights[version] ?? 0)) assert.ok(ready.includes(version), `${version} is ready: ${at}`);
    }
  }
  if (activity === 'removeRevision') assert.equal(weights[request.version] ?? 0, 0, at);
}

/** A linear congruential generator (Numerical Recipes): the same numbers for the same seed. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
