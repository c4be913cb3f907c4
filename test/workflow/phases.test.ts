/** All phases in one release: their order, what each leaves when it fails, and what an abort does in each. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import type { Phase, ReleaseStatus } from '../../workflows/messages.ts';
import { APPROVAL, MINUTE } from './invariants-plans.ts';
import { CANARY, type Call, endOf, type Scene, STABLE, withScenes } from './invariants-scenes.ts';
import { stallIn } from './invariants-stall.ts';
import { CONTRACTS, EXPANDS, FLAG, FLAG_QUERY, RAMP, wholePlan } from './phases-plans.ts';
import { DIGEST } from './world.ts';

const limit = { timeout: 300_000 };

describe('a release with every phase', () => {
  const scenes = withScenes();
  const open = (): Scene => setUp(scenes.open());
  const asked = ({ waiting }: ReleaseStatus): boolean => waiting?.kind === 'approval';

  it('does them in their order, and the contract last, when it is approved', limit, async () => {
    const scene = open();
    const handle = await scene.start(wholePlan());
    const { waiting, outcome, phase } = await scene.until(handle, asked);
    assert.deepEqual([outcome, phase], ['released', 'contract']);
    await handle.signal('approve', { step: waiting?.token });
    const { type, status } = await endOf(handle);
    assert.equal(type, 'Released');
    assert.deepEqual(scene.world.journal, [
      'gate unit-tests',
      'write 1.1.0',
      `write ${DIGEST}`,
      ...EXPANDS.map((name) => `expand ${name}`),
      'start 1.1.0',
      'weight 10',
      'weight 50',
      'weight 100',
      'stable 1.1.0',
      'flag 10',
      'flag 100',
      'remove 1.0.0',
      ...CONTRACTS.map((name) => `contract ${name}`),
    ]);
    assert.equal(status.undone, undefined);
    assert.deepEqual(
      status.checklist?.filter(({ verdict }) => verdict === 'failed' || verdict === 'unshown'),
      [],
    );
    assert.equal(status.image?.digest, DIGEST);
    assert.deepEqual(
      status.flags?.map(({ from, percent }) => [from, percent]),
      [[0, 100]],
    );
  });

  it('tells the webhooks of each phase, of what waits for a person, and of the outcome', limit, async () => {
    const scene = open();
    const handle = await scene.start(wholePlan());
    await scene.until(handle, asked);
    await handle.signal('abort', { reason: 'not now' });
    await endOf(handle);
    const { told } = scene.world;
    const phases: Phase[] = ['gates', 'image', 'configuration', 'expand', 'canary', 'cutover', 'flags'];
    for (const phase of phases)
      assert.ok(
        told.some((event) => event.phase === phase),
        phase,
      );
    assert.ok(told.some(({ type, outcome }) => type === 'outcome' && outcome === 'released'));
    assert.ok(told.some(({ type, waiting }) => type === 'waiting' && waiting?.prompt.includes(CONTRACTS[0] ?? '')));
    assert.equal(new Set(told.map(({ id }) => id)).size, told.length, 'each event has an id of its own');
  });

  describe('goes back from wherever it is aborted', () => {
    const positions: readonly [activity: string, when: (call: Call) => boolean][] = [
      ['prepareImage', () => true],
      ['writeConfiguration', ({ request }) => request.to === DIGEST],
      ['migrate', ({ request }) => request.migration.name === EXPANDS[1]],
      ['awaitReady', () => true],
      ['setWeights', ({ request }) => request.weights[CANARY] === 50],
      ['probe', ({ request }) => request.side === 'preview'],
      ['setWeights', ({ request }) => request.weights[CANARY] === 100],
      ['setFlag', ({ request }) => request.percent === 10],
      ['setFlag', ({ request }) => request.percent === 100],
      ['load', () => true],
    ];
    for (const [index, [activity, when]] of positions.entries()) {
      it(`${index + 1}: after ${activity}`, limit, async () => {
        const scene = open();
        const { ended } = await stallIn(scene, wholePlan(), {
          isHeld: (call) => call.activity === activity && when(call),
          when: 'after',
          disturb: (handle) => handle.signal('abort', { reason: 'enough' }),
        });
        assert.deepEqual([ended.type, ended.because], ['RolledBack', 'enough']);
        assertBack(scene);
      });
    }

    it('with traffic first, and then the acts of all phases undone in the opposite order', limit, async () => {
      const scene = open();
      const handle = await scene.start(wholePlan());
      await scene.until(handle, ({ phase }) => phase === 'window');
      const there = scene.calls.length;
      await handle.signal('abort', { reason: 'enough' });
      assert.equal((await endOf(handle)).type, 'RolledBack');
      const back = scene.calls.slice(there).map(({ activity }) => activity);
      assert.deepEqual(
        back.filter((activity) => activity !== 'notify'),
        [
          'setWeights',
          'restoreFlag',
          'removeRevision',
          'setRoles',
          'stopMigration',
          'writeConfiguration',
          'writeConfiguration',
          'describeWorkload',
        ],
      );
      assertBack(scene);
      assert.deepEqual([...scene.world.migrated], EXPANDS, 'a finished expand stays');
    });
  });

  it('an expand that runs when it is aborted is ended first, and comes too late', limit, async () => {
    const scene = open();
    const { call, late, ended } = await stallIn(scene, wholePlan(), {
      isHeld: ({ activity }) => activity === 'migrate',
      when: 'before',
      disturb: (handle) => handle.signal('abort', { reason: 'enough' }),
    });
    assert.equal(ended.type, 'RolledBack');
    const next = scene.calls.slice(call.number).find(({ activity }) => activity !== 'notify');
    assert.deepEqual([next?.activity, late], ['stopMigration', 'SHIPLOCK_FENCE_STALE']);
    assert.deepEqual([...scene.world.migrated], []);
    assertBack(scene);
  });

  it('an expand that was done before its abort could say so stays, and is on record', limit, async () => {
    const scene = open();
    const { ended } = await stallIn(scene, wholePlan(), {
      isHeld: ({ activity, request }) => activity === 'migrate' && request.migration.name === EXPANDS[1],
      when: 'after',
      disturb: (handle) => handle.signal('abort', { reason: 'enough' }),
    });
    assert.deepEqual([...scene.world.migrated], EXPANDS);
    assert.deepEqual(
      ended.status.migrations?.map(({ name, outcome }) => [name, outcome]),
      [
        [EXPANDS[0], 'applied'],
        [EXPANDS[1], 'found'],
      ],
    );
  });

  it('a flag whose on side fails goes back, and the release stays', limit, async () => {
    const scene = open();
    scene.world.metric = (query) => (query === FLAG_QUERY ? 0.5 : 0.999);
    const handle = await scene.start(wholePlan({ database: undefined }));
    const { type, status } = await endOf(handle);
    assert.equal(type, 'Released');
    assert.deepEqual(
      status.undone?.map(({ phase }) => phase),
      ['flags'],
    );
    assert.match(status.undone?.[0]?.because ?? '', /flag-errors/);
    assert.equal(scene.world.flags.get(FLAG), 0);
    const fenceOfLast = (name: string) => scene.calls.findLast(({ activity }) => activity === name)?.request.fence;
    assert.ok(fenceOfLast('restoreFlag') > fenceOfLast('setFlag'), 'what still writes the flag comes too late');
    assert.equal(scene.world.weights[CANARY], 100);
    assert.deepEqual([...scene.world.revisions.keys()], [CANARY]);
    assert.ok(status.checklist?.some(({ verdict }) => verdict === 'undone'));
  });

  it('with onFailure: release it takes the release with it', limit, async () => {
    const scene = open();
    scene.world.metric = (query) => (query === FLAG_QUERY ? 0.5 : 0.999);
    const { type } = await endOf(await scene.start(wholePlan({ flags: { ramps: [RAMP], onFailure: 'release' } })));
    assert.equal(type, 'RolledBack');
    assertBack(scene);
  });

  it('a flag that somebody else changes in mid-ramp is left alone, and a person is asked', limit, async () => {
    const scene = open();
    scene.before = ({ activity, request }) => {
      if (activity === 'setFlag' && request.percent === 100) scene.world.flags.set(FLAG, 33);
    };
    const handle = await scene.start(wholePlan({ database: undefined }));
    const { waiting, phase } = await scene.until(handle, (status) => status.waiting?.kind === 'undo');
    assert.equal(phase, 'flags');
    assert.match(waiting?.prompt ?? '', /33 %/);
    await handle.signal('skip', { act: waiting?.token, reason: 'theirs is right' });
    const { type, status } = await endOf(handle);
    assert.equal(type, 'Released');
    assert.equal(scene.world.flags.get(FLAG), 33);
    assert.match(status.undone?.[0]?.because ?? '', /changed by somebody else/);
  });

  it('an abort does not wait for a flag that is stuck: traffic goes back first', limit, async () => {
    const scene = open();
    scene.before = ({ activity, request }) => {
      if (activity === 'setFlag' && request.percent === 100) scene.world.flags.set(FLAG, 33);
    };
    const handle = await scene.start(wholePlan({ database: undefined }));
    await scene.until(handle, ({ waiting, phase }) => waiting?.kind === 'undo' && phase === 'flags');
    await handle.signal('abort', { reason: 'enough' });
    const { waiting, weights } = await scene.until(
      handle,
      (status) => status.phase === 'undoing' && status.waiting?.kind === 'undo',
    );
    assert.deepEqual(weights, { [STABLE]: 100 });
    await handle.signal('skip', { act: waiting?.token, reason: 'theirs is right' });
    assert.equal((await endOf(handle)).type, 'RolledBack');
    assert.deepEqual([...scene.world.revisions.keys()], [STABLE]);
    assert.equal(scene.world.flags.get(FLAG), 33);
  });

  it('a side that does not answer as it should gets no switch', limit, async () => {
    const scene = open();
    scene.world.probe = (side) => (side === 'preview' ? { status: 503 } : {});
    const { type, because } = await endOf(await scene.start(wholePlan()));
    assert.equal(type, 'RolledBack');
    assert.match(because, /preview \/health/);
    assert.ok(!scene.world.journal.includes('weight 100'));
    assertBack(scene);
  });

  it('a migration that fails takes the release back before any traffic', limit, async () => {
    const scene = open();
    scene.before = ({ activity, request }) => {
      if (activity !== 'migrate' || request.migration.name !== EXPANDS[1]) return;
      throw ApplicationFailure.nonRetryable('002: syntax error at 1:1', 'SHIPLOCK_MIGRATION_FAILED');
    };
    const { type, because, status } = await endOf(await scene.start(wholePlan()));
    assert.deepEqual([type, because], ['RolledBack', '002: syntax error at 1:1']);
    assert.ok(!scene.world.journal.some((effect) => effect.startsWith('start')));
    assert.deepEqual(
      status.migrations?.map(({ name }) => name),
      EXPANDS.slice(0, 1),
      'what is done stays, and says so',
    );
  });

  it('without the header that is asked for it goes back', limit, async () => {
    const scene = open();
    scene.world.probe = () => ({});
    const { type, because } = await endOf(await scene.start(wholePlan()));
    assert.equal(type, 'RolledBack');
    assert.match(because, /security: .*x-content-type-options/);
    assertBack(scene);
  });

  it('an item of the checklist that nothing shows takes it back', limit, async () => {
    const scene = open();
    const { admit } = scene.world.activities;
    scene.world.activities.admit = async (request) => ({
      ...(await admit(request)),
      startedBy: { identity: '', principal: null },
    });
    const { type, because, status } = await endOf(await scene.start(wholePlan()));
    assert.equal(type, 'RolledBack');
    assert.match(because, /^checklist: trigger known: unshown \(/);
    assert.equal(status.checklist?.find(({ item }) => item === 'trigger known')?.verdict, 'unshown');
    assertBack(scene);
  });

  describe('the contract', () => {
    it('is not answered by an approval of the promotion', limit, async () => {
      const scene = open();
      const plan = wholePlan();
      const handle = await scene.start({ ...plan, promotion: { ...plan.promotion, approval: APPROVAL } });
      const { waiting: promotion } = await scene.until(handle, asked);
      await handle.signal('approve', { step: promotion?.token });
      const contract = (status: ReleaseStatus) => asked(status) && status.phase === 'contract';
      await scene.until(handle, contract);
      await handle.signal('approve', { step: promotion?.token, id: 'late' });
      const { decisions } = await scene.until(handle, (status) => status.decisions.some(({ id }) => id === 'late'));
      assert.equal(decisions.find(({ id }) => id === 'late')?.accepted, false);
      await handle.signal('abort', { reason: 'enough' });
      await endOf(handle);
      assert.ok(!scene.world.journal.some((effect) => effect.startsWith('contract')));
    });

    const dropped: readonly [string, (scene: Scene, token: string, send: Send) => Promise<unknown>][] = [
      ['a rejection', (_, step, send) => send('reject', { step, comment: 'too early' })],
      ['an abort', (_, __, send) => send('abort', { reason: 'too early' })],
      ['its deadline', () => scenes.running.env.sleep(6 * MINUTE)],
    ];
    for (const [what, act] of dropped) {
      it(`is dropped by ${what}, and the release stays`, limit, async () => {
        const scene = open();
        const handle = await scene.start(wholePlan());
        const { waiting } = await scene.until(handle, asked);
        await act(scene, waiting?.token ?? '', (signal, payload) => handle.signal(signal, payload));
        await scene.until(handle, ({ undone }) => undone !== undefined);
        const { type, status } = await endOf(handle);
        assert.equal(type, 'Released');
        assert.deepEqual(
          status.undone?.map(({ phase }) => phase),
          ['contract'],
        );
        assert.ok(!scene.world.journal.some((effect) => effect.startsWith('contract')));
        assert.equal(scene.world.weights[CANARY], 100);
      });
    }

    for (const [answer, done] of [
      ['retry', CONTRACTS],
      ['skip', CONTRACTS.slice(0, 1)],
    ] as const) {
      it(`that is aborted half-way waits for a person: ${answer}`, limit, async () => {
        const scene = open();
        const held = Promise.withResolvers<void>();
        let first = true;
        scene.before = async ({ activity, request }) => {
          if (activity === 'migrate' && request.migration.name === CONTRACTS[1] && first) {
            first = false;
            await (await handle).signal('abort', { reason: 'it takes too long' });
            await held.promise;
          }
        };
        const handle = scene.start(wholePlan());
        const { waiting } = await scene.until(await handle, asked);
        await (await handle).signal('approve', { step: waiting?.token });
        const frozen = await scene.until(await handle, (status) => status.waiting?.kind === 'contract', 100);
        held.resolve();
        assert.match(frozen.waiting?.prompt ?? '', /1 of 2 files done/);
        await (await handle).signal(answer, { act: frozen.waiting?.token, reason: 'I looked' });
        const { type, status } = await endOf(await handle);
        assert.equal(type, 'Released');
        assert.deepEqual([...scene.world.migrated].slice(EXPANDS.length), done);
        assert.equal(status.undone?.length ?? 0, answer === 'skip' ? 1 : 0);
      });
    }
  });

  function assertBack(scene: Scene): void {
    const { world } = scene;
    assert.deepEqual(world.weights, { [STABLE]: 100 });
    assert.equal(world.stable, STABLE);
    assert.deepEqual([...world.revisions.keys()], [STABLE]);
    assert.equal(world.files.get('/values.yaml'), STABLE);
    assert.equal(world.files.get('/digest.yaml'), 'sha256:old');
    assert.equal(world.flags.get(FLAG), 0);
    assert.ok(!world.journal.some((effect) => effect.startsWith('contract')));
  }
});

describe('a webhook that does not answer', () => {
  const scenes = withScenes();

  it('changes nothing', limit, async () => {
    const scene = setUp(scenes.open());
    scene.before = ({ activity }) => {
      if (activity === 'notify') throw ApplicationFailure.retryable('connection refused');
    };
    assert.equal((await endOf(await scene.start(wholePlan({ database: undefined })))).type, 'Released');
  });

  it('or says no, changes nothing either', limit, async () => {
    const scene = setUp(scenes.open());
    scene.before = ({ activity }) => {
      if (activity === 'notify') throw ApplicationFailure.nonRetryable('410 Gone', 'SHIPLOCK_WEBHOOK_REFUSED');
    };
    const { type, status } = await endOf(await scene.start(wholePlan({ database: undefined })));
    assert.deepEqual([type, status.undone], ['Released', undefined]);
  });
});

function setUp(scene: Scene): Scene {
  scene.world.files.set('/digest.yaml', 'sha256:old');
  scene.world.metric = (query) => (query === FLAG_QUERY ? 0 : 0.999);
  scene.world.probe = () => ({ headers: { 'x-content-type-options': 'nosniff' } });
  return scene;
}

type Send = (signal: string, payload: object) => Promise<void>;
