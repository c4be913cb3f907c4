import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { FlagStep, Plan } from '../../src/plan/plan.ts';
import type { ReleaseStatus } from '../../workflows/messages.ts';
import { type Beside, DEAF, openBeside } from './beside.ts';
import { effectsOf } from './effects.ts';
import { CANARY, STABLE, shortPlan, weight } from './plan.ts';
import { answersOf, release, type UnderWay } from './scene.ts';
import { serveStable, until } from './service.ts';
import { type Lane, openStage, type Stage } from './stage.ts';
import { flagOf, MESSAGES, migration, wholePlan } from './whole.ts';

/** A limit for the whole file: a stack comes up, and releases run, each with a server beside it lost. */
describe('a release outlives what it needs beside the stack', { timeout: 300_000 }, () => {
  let stage: Stage;
  let beside: Beside;
  let lane: Lane;
  const deaf: Record<string, { under: UnderWay; startedAt: number }> = {};

  before(async () => {
    stage = await openStage(openBeside);
    assert.ok(stage.beside);
    beside = stage.beside;
    lane = await stage.openLane('phases');
    await lane.startWorker();
  });
  after(() => stage?.close());

  /** Parts of the plan with every phase, on a ramp of one step. */
  const partsOf = (service: string, folder = stage.folder) =>
    wholePlan({
      service,
      folder,
      registry: beside.registry,
      application: beside.application,
      flagQuery: 'vector(1)',
      windowMs: 100,
      contract: true,
    });
  const begin = async (service: string, changes: Partial<Plan> = {}) => {
    const plan = shortPlan({
      service,
      folder: stage.folder,
      steps: [weight(50)],
      changes: { window: { durationMs: 100 }, ...changes },
    });
    await serveStable(stage.supervisor, plan);
    const startedAt = performance.now();
    return { under: await release(stage, lane, plan), startedAt };
  };
  const movesOf = (service: string): string[] =>
    effectsOf(stage.home, service).filter((effect) => effect.startsWith('setWeights') && !effect.includes('{} '));
  /** What the last attempt of something that is tried again met. */
  const untilTried = ({ id }: UnderWay, words: RegExp) =>
    until(`${id}: an attempt that met ${words}`, async () => {
      const { raw } = await lane.client.workflow.getHandle(id).describe();
      return raw.pendingActivities?.some(({ lastFailure }) => words.test(lastFailure?.message ?? ''));
    });
  const approve = async (under: UnderWay): Promise<void> => {
    const { waiting } = await under.untilStatus('the contract waits', isAsked('approve'));
    await lane.client.workflow.getHandle(under.id).signal('approve', { step: waiting?.token });
  };

  it('starts releases whose receivers refuse, or never answer, before all others', async () => {
    for (const [service, changes] of [
      ['untold', {}],
      ['refused', { notify: [DEAF.refusing] }],
      ['silence', { notify: [DEAF.silent] }],
    ] as const) {
      deaf[service] = await begin(service, changes);
    }
  });

  describe('PostgreSQL', () => {
    const databaseOf = (service: string, changes: Partial<NonNullable<Plan['database']>>) => {
      const { database } = partsOf(service);
      assert.ok(database);
      return { database: { ...database, ...changes } };
    };
    const effects = async (service: string) => (await beside.found(stage.supervisor, service)).slice(0, -1);

    it('down when expand begins: waited for until the deadline, and back before any traffic after it', async () => {
      for (const service of ['patient', 'hasty']) await beside.prepare(stage.supervisor, service);
      await beside.database.stop();
      const [patient, hasty] = await Promise.all([
        begin('patient', databaseOf('patient', { contract: [] })),
        begin('hasty', databaseOf('hasty', { contract: [], deadlineMs: 1_500 })),
      ]);
      const goingBack = await hasty.under.untilStatus('it goes back', ({ phase }) => phase === 'undoing');
      assert.match(goingBack.because, /"faults" cannot be used: nothing listens at its address/);
      assert.equal(goingBack.outcome, null, 'nothing is claimed while nobody can say what runs in the database');
      await untilTried(patient.under, /nothing listens at its address/);
      await beside.database.start();

      const ends = await Promise.all([patient.under.ended(), hasty.under.ended()]);
      assert.deepEqual(
        ends.map(({ verdict }) => verdict),
        ['released', 'rolledBack'],
      );
      assert.deepEqual(await effects('patient'), [
        '001_owner.sql',
        '002_since.sql',
        'recorded: expand 001_owner.sql, expand 002_since.sql',
        'columns: id, name, owner, since',
      ]);
      assert.deepEqual(await effects('hasty'), ['recorded: ', 'columns: id, name']);
      assert.deepEqual(movesOf('hasty'), [], 'it never moved any traffic');
      assert.deepEqual(linesOf(ends[1].last?.status, 'undo-'), [
        'stop what runs in database faults; what is done stays: done',
        `write ${STABLE} back into values.yaml: done`,
        'verify that everything is as before: done',
      ]);
    });

    it('down in the contract: the release stays; nothing done is dropped, half-way a person decides', async () => {
      const slow = migration('halfway', '004_slow.sql', 'SELECT pg_sleep(4)');
      const halfway = databaseOf('halfway', { expand: [], deadlineMs: 8_000 });
      const plans = {
        late: databaseOf('late', { expand: [] }),
        dropped: databaseOf('dropped', { expand: [], deadlineMs: 1_500 }),
        halfway: { database: { ...halfway.database, contract: [...halfway.database.contract, slow] } },
      };
      for (const service of Object.keys(plans)) await beside.prepare(stage.supervisor, service);
      const [late, dropped, half] = await Promise.all([
        begin('late', plans.late),
        begin('dropped', plans.dropped),
        begin('halfway', plans.halfway),
      ]);
      await approve(half.under);
      await half.under.untilStatus('its second file runs', (status) => stateOf(status, 'contract-2') === 'running');
      await beside.database.stop();
      await Promise.all([approve(late.under), approve(dropped.under)]);
      for (const { under } of [dropped, half]) {
        await under.untilStatus('its time is up', ({ progress }) => progress.some(isUndo));
      }
      await untilTried(late.under, /nothing listens at its address/);
      await beside.database.start();

      const { waiting } = await half.under.untilStatus('a person is asked', isAsked('retry'));
      assert.match(waiting?.prompt ?? '', /^The contract stopped with 1 of 2 files done \(.*\)\. Run the rest\?$/);
      await lane.client.workflow
        .getHandle(half.under.id)
        .signal('retry', { act: waiting?.token, reason: 'it is back' });
      const ends = await Promise.all([late.under.ended(), dropped.under.ended(), half.under.ended()]);
      assert.deepEqual(
        ends.map(({ verdict }) => verdict),
        ['released', 'partlyReleased', 'released'],
      );
      assert.deepEqual(await effects('late'), ['003_name.sql', 'recorded: contract 003_name.sql', 'columns: id']);
      assert.deepEqual(await effects('dropped'), ['recorded: ', 'columns: id, name']);
      assert.deepEqual(await effects('halfway'), [
        '003_name.sql',
        '004_slow.sql',
        'recorded: contract 003_name.sql, contract 004_slow.sql',
        'columns: id',
      ]);
      for (const service of Object.keys(plans)) assert.deepEqual(await answersOf(stage, service, 5), { [CANARY]: 5 });
    });
  });

  describe('the registry', () => {
    it('down at the image: asked again until it is back; an abort meanwhile goes back before any traffic', async (t) => {
      const { images } = beside;
      if (!images) return t.skip('nothing here can build or keep an image');
      await images.stop();
      const [built, aborted] = await Promise.all(
        ['built', 'unbuilt'].map((service) => begin(service, { image: partsOf(service).image })),
      );
      assert.ok(built && aborted);
      await untilTried(built.under, /the registry http:\/\/localhost:\d+ cannot be asked/);
      await aborted.under.untilStatus('it is at its image', ({ phase }) => phase === 'image');
      await aborted.under.abort('the registry is down');
      const { verdict: back } = await aborted.under.ended();
      assert.equal(back, 'rolledBack');
      assert.deepEqual(movesOf('unbuilt'), [], 'it never moved any traffic');
      assert.deepEqual(await answersOf(stage, 'unbuilt', 5), { [STABLE]: 5 });

      await images.start();
      const { verdict, because, last } = await built.under.ended();
      assert.equal(verdict, 'released', because);
      assert.match(last?.status?.image?.because ?? '', /^built with /);
    });
  });

  describe('the flag service', () => {
    it('killed, stalled, and its supervisor killed, in the ramp: each write once, and the ramp goes on', async () => {
      const service = 'ramped';
      await beside.prepare(stage.supervisor, service);
      const percent = (share: number) => ({ kind: 'setPercent' as const, percent: share });
      const rest = { kind: 'pause' as const, durationMs: 1_000, deadlineMs: 60_000 };
      const steps: FlagStep[] = [percent(25), rest, percent(50), rest, percent(75), rest, percent(100)];
      const flags: Plan['flags'] = { ramps: [{ key: flagOf(service), variant: 'on', steps }], onFailure: 'phase' };
      const { under } = await begin(service, { flags });
      const reached = (share: number) =>
        under.untilStatus(`the flag is at ${share} %`, ({ flags: found }) => found?.[0]?.percent === share);

      await reached(25);
      const first = (await stage.stack()).servers.flags.pid ?? 0;
      process.kill(first, 'SIGKILL');
      await reached(50);
      const second = (await stage.stack()).servers.flags.pid ?? 0;
      assert.notEqual(second, first, 'a write is answered only by a flag service that evaluates by it');
      process.kill(second, 'SIGSTOP');
      try {
        await untilTried(under, /stored, but not in force yet/);
      } finally {
        process.kill(second, 'SIGCONT');
      }
      await reached(75);
      const { pid } = await stage.stack();
      process.kill(pid, 'SIGKILL');

      const { verdict, because } = await under.ended();
      assert.equal(verdict, 'released', because);
      const writes = effectsOf(stage.home, service).filter((effect) => effect.startsWith('setFlag'));
      assert.equal(writes.length, 4, writes.join('; '));
      assert.equal(new Set(writes).size, 4);
      assert.notEqual((await stage.stack()).pid, pid);
    });
  });

  describe('the receiver of webhooks', () => {
    it('down for a phase and back: gets every message, none lost', async () => {
      const service = 'told';
      await beside.prepare(stage.supervisor, service);
      await beside.receiver.stop();
      const { under } = await begin(service, { notify: [MESSAGES] });
      await under.untilWeight(CANARY, 100);
      await beside.receiver.start();
      const { verdict, last } = await under.ended();
      assert.equal(verdict, 'released');
      const messages = (await beside.found(stage.supervisor, service)).filter((line) => line.startsWith('told '));
      assert.equal(messages.length, last?.status?.told, messages.join('; '));
      assert.match(messages.at(-1) ?? '', /ended: released/);
    });

    it('never there: the release is as fast as without, its end is held up 30 s at most, and that is logged', async (t) => {
      const ended = async (service: string) => {
        const { under } = deaf[service] ?? assert.fail(service);
        const { verdict, because, last } = await under.ended();
        assert.equal(verdict, 'released', `${service}: ${because}`);
        const { execution } = last ?? assert.fail(service);
        const { startTime, closeTime } = await lane.client.workflow.getHandle(execution.id).describe();
        const lines = last?.status?.progress ?? [];
        const worked = Math.max(...lines.map(({ endedAt }) => Date.parse(endedAt ?? '') || 0)) - startTime.getTime();
        return { worked, held: (closeTime?.getTime() ?? 0) - startTime.getTime() - worked };
      };
      const untold = await ended('untold');
      for (const service of ['refused', 'silence']) {
        const { worked, held } = await ended(service);
        t.diagnostic(`${service}: ${worked} ms (${untold.worked} ms without), then held up ${held} ms`);
        assert.ok(worked < 2 * untold.worked + 5_000, `${worked} ms, ${untold.worked} ms without webhooks`);
        assert.ok(held < 35_000, `held up ${held} ms`);
      }
      const warnings = (): string[] =>
        readFileSync(join(stage.home, 'worker-phases-1.log'), 'utf8')
          .split('\n')
          .filter((line) => line.includes('webhooks were not told in time'))
          .map((line) => /"workflowId":"release-faults-(\w+)"/.exec(line)?.[1] ?? line);
      // A workflow's log lines are written after the task that ended it.
      await until('both are logged', () => warnings().length >= 2);
      assert.deepEqual(warnings().toSorted(), ['refused', 'silence']);
    });
  });
});

const isAsked =
  (signal: 'approve' | 'retry') =>
  ({ waiting }: ReleaseStatus): boolean =>
    waiting?.accepts.includes(signal) === true;

const isUndo = ({ name }: { readonly name: string }): boolean => name.startsWith('undo-');

const stateOf = ({ progress }: ReleaseStatus, name: string) => progress.find((line) => line.name === name)?.state;

const linesOf = (status: ReleaseStatus | null | undefined, prefix: string): string[] =>
  (status?.progress ?? [])
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ title, state }) => `${title}: ${state}`);
