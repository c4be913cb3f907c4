/** Whole releases by Temporal and a worker over Rollouts that Argo's own controller drives. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ReleaseStatus } from '../../workflows/messages.ts';
import { auditOf } from './support/audit.ts';
import { type DrivenStory, givenRollout, imageIn, imageOf, isHealthy } from './support/driven-story.ts';
import { type Engine, openEngine } from './support/engine.ts';
import type { Scope } from './support/index.ts';
import { asking, type Judge, openJudge } from './support/judge.ts';
import { istio, virtualService } from './support/manifests.ts';
import { hasWeights } from './support/routes.ts';

const limit = { timeout: 120_000 };
const open = { pause: {} };
const weight = (percent: number) => ({ setWeight: percent });
const analysis = { analysis: { templates: [{ templateName: 'rate' }] } };
const GOOD = { successCondition: 'result.good == true' };

async function openedJudge(scope: Scope): Promise<Judge> {
  const judge = await openJudge({ good: true });
  scope.after(async () => judge.close());
  return judge;
}

const rate = (judge: Judge, more: object = {}) => asking('rate', judge.url, { name: 'success-rate', ...GOOD, ...more });

const lines = ({ progress }: ReleaseStatus, ...names: readonly string[]) =>
  names.map((name) => progress.find((line) => line.name === name)?.state);

/** What the release's author wrote; the controller fills in nothing of it. */
const specOf = async (shop: DrivenStory) => (await shop.rollout()).spec;

describe("a release through Argo's controller", () => {
  let engine: Engine;
  before(async () => {
    process.setMaxListeners(50);
    engine = await openEngine({ policy: { hosts: ['127.0.0.1'] } });
  });
  after(() => engine.close());

  test(
    'from its gate over pauses, an analysis and an approval to released, and the audit names each',
    limit,
    async (t) => {
      const judge = await openedJudge(t);
      const shop = await givenRollout(t, engine, {
        service: 'whole',
        replicas: 2,
        objects: [virtualService('whole')],
        templates: [rate(judge, { interval: '1s', count: 3 })],
        canary: istio('whole', [
          weight(10),
          open,
          analysis,
          weight(50),
          { pause: { duration: '2s' } },
          weight(75),
          open,
        ]),
        release: {
          gates: [{ name: 'ready', web: { url: judge.url } }],
          promotion: { approval: { deadline: '1m' } },
          validation: {},
        },
      });
      const update = await shop.releases('1.1.0');
      const first = await update.pauses('rollout-2');
      assert.deepEqual(first.weights, { '1.0.0': 90, '1.1.0': 10 });
      assert.equal(imageIn(await shop.rollout()), imageOf('1.1.0'));
      await hasWeights(shop, [90, 10]);
      await update.promotes();
      const asked = await update.sees('it asks for the approval', ({ waiting }) => waiting?.kind === 'approval');
      assert.deepEqual(asked.weights, { '1.0.0': 25, '1.1.0': 75 });
      assert.equal(asked.rollout?.seen.step?.index, 6);
      const [run] = asked.rollout?.seen.analyses ?? [];
      assert.deepEqual([run?.role, run?.phase, run?.metrics[0]?.successful], ['step', 'Successful', 3]);
      const early = await update.sends('promote', { step: first.waiting?.token ?? '' });
      assert.equal(early.accepted, false, 'the old pause’s answer is none to this question');
      await update.sends('approve', { step: asked.waiting?.token ?? '' });
      const end = await update.ends('released');
      assert.deepEqual(end.weights, { '1.1.0': 100 });
      assert.deepEqual(
        lines(end, 'gate-ready', 'rollout-look', 'rollout-image', 'rollout', 'promotion', 'validation-checklist'),
        [...['done', 'done', 'done', 'done', 'done', 'done']],
      );
      await shop.stands('promoted', isHealthy);
      await hasWeights(shop, [100, 0]);
      const audit = await auditOf(engine, update);
      for (const line of [
        /gate ready: pass/,
        /whole: 1\.0\.0 → 1\.1\.0/,
        /rollout whole: Healthy/,
        /analysis whole-\S+ \(step\): Successful/,
        /success-rate: Successful, 3 good/,
        /promote accepted .* from ann@laptop/,
        /promote refused/,
        /approve accepted .* from ann@laptop/,
        /outcome released/,
      ])
        assert.match(audit, line);
    },
  );

  test('an abort by a person: the stable pods again, and the Rollout is as it was', limit, async (t) => {
    const shop = await givenRollout(t, engine, {
      service: 'aborted',
      replicas: 2,
      objects: [virtualService('aborted')],
      canary: istio('aborted', [weight(25), open]),
    });
    const before = await specOf(shop);
    const update = await shop.releases('1.1.0');
    await update.pauses();
    await hasWeights(shop, [75, 25]);
    await update.aborts();
    const end = await update.ends('rolledBack', /a test/);
    await hasWeights(shop, [100, 0]);
    assert.deepEqual(end.weights, { '1.0.0': 100 });
    assert.deepEqual(await specOf(shop), before);
    await shop.stands('healthy', isHealthy);
    assert.match(await auditOf(engine, update), /abort accepted .*\n.*outcome rolledBack/);

    const again = await shop.releases('1.1.0');
    await again.pauses();
    await again.promotes();
    await again.ends('released');
    assert.equal(imageIn(await shop.stands('healthy', isHealthy)), imageOf('1.1.0'));
  });

  test(
    'an analysis of Argo’s that fails: undone with its reason; with a good one the next release passes',
    limit,
    async (t) => {
      const judge = await openedJudge(t);
      const shop = await givenRollout(t, engine, {
        service: 'failing',
        objects: [virtualService('failing')],
        templates: [rate(judge)],
        canary: istio('failing', [weight(20), analysis, weight(60)]),
      });
      judge.says({ good: false });
      const update = await shop.releases('1.1.0');
      const end = await update.ends('rolledBack', /Argo's controller: RolloutAborted: .*success-rate.*Failed/);
      assert.deepEqual(lines(end, 'rollout-image', 'rollout'), ['done', 'failed']);
      assert.deepEqual(end.weights, { '1.0.0': 100 });
      await hasWeights(shop, [100, 0]);
      assert.equal(imageIn(await shop.stands('healthy', isHealthy)), imageOf('1.0.0'));
      const audit = await auditOf(engine, update);
      assert.match(audit, /analysis failing-\S+ \(step\): Failed/);
      assert.match(audit, /success-rate: Failed, 0 good, 1 failed/);

      judge.says({ good: true });
      await shop.hasReleased('1.1.0');
      assert.equal(imageIn(await shop.rollout()), imageOf('1.1.0'));
      await shop.hasReleased('1.2.0');
    },
  );

  test('a double click on promote never skips the analysis behind the pause', limit, async (t) => {
    const judge = await openedJudge(t);
    const shop = await givenRollout(t, engine, {
      service: 'clicks',
      templates: [rate(judge, { initialDelay: '15s', interval: '1s', count: 3 })],
      canary: { steps: [open, analysis, open] },
    });
    const update = await shop.releases('1.1.0');
    const { waiting } = await update.pauses('rollout-1');
    const step = waiting?.token ?? '';
    await Promise.all([update.sends('promote', { step }), update.sends('promote', { step })]);
    const judging = await update.sees('the analysis', ({ rollout }) => rollout?.seen.step?.index === 1);
    assert.equal(judging.waiting, null);
    assert.equal((await update.sends('promote', { step })).accepted, false);
    assert.equal((await update.sends('promote')).accepted, false);
    const next = await update.pauses('rollout-3');
    assert.equal(judge.asked(), 3, 'every measurement was made');
    assert.equal((await update.sends('promote', { step })).accepted, false);
    assert.equal(next.rollout?.seen.analyses[0]?.phase, 'Successful');
    await update.promotes();
    await update.ends('released');
  });

  test(
    'the controller is stopped in the middle: the release says so, and goes on when it is back',
    limit,
    async (t) => {
      const shop = await givenRollout(t, engine, {
        service: 'stopped',
        canary: { steps: [weight(50), open, weight(80), { pause: { duration: '1s' } }] },
      });
      const update = await shop.releases('1.1.0');
      await update.pauses();
      await shop.controller.stop();
      await update.promotes();
      await update.sees('nobody is there', ({ rollout }) =>
        /has yet to end the pause/.test(rollout?.seen.because ?? ''),
      );
      await shop.controller.start();
      await update.ends('released');

      const next = await shop.releases('1.2.0');
      await next.pauses();
      await shop.controller.stop();
      await next.aborts();
      await next.sees('the way back says why it waits', ({ progress }) =>
        progress.some(({ state, because }) => state === 'running' && /controller has not taken up/.test(because)),
      );
      await shop.controller.start();
      await next.ends('rolledBack', /a test/);
      assert.equal(imageIn(await shop.stands('healthy', isHealthy)), imageOf('1.1.0'));
    },
  );

  test(
    'a controller that does not come back: the release goes back at its deadline, as far as it can',
    limit,
    async (t) => {
      const shop = await givenRollout(t, engine, {
        service: 'left-alone',
        canary: { steps: [weight(50), open] },
        release: { canary: { readyDeadline: '3s' } },
      });
      await shop.controller.stop();
      const update = await shop.releases('1.1.0');
      const back = await update.sees('it goes back', ({ phase }) => phase === 'undoing');
      assert.match(back.because, /controller has not taken up the last change; does it run\?/);
      await shop.stands('the old image', (now) => imageIn(now) === imageOf('1.0.0'));
      await shop.controller.start();
      await update.ends('rolledBack', /does it run\?/);
    },
  );

  test('the worker is killed in mid-release, and another one takes over', limit, async (t) => {
    const judge = await openedJudge(t);
    const shop = await givenRollout(t, engine, {
      service: 'taken-over',
      objects: [virtualService('taken-over')],
      templates: [rate(judge, { interval: '1s', count: 4 })],
      canary: istio('taken-over', [weight(10), open, analysis, weight(50), open]),
    });
    const update = await shop.releases('1.1.0');
    await update.pauses('rollout-2');
    await engine.restartWorker();
    await update.promotes();
    await update.sees('the analysis runs', ({ rollout }) => rollout?.seen.step?.index === 2);
    await engine.restartWorker();
    await update.pauses('rollout-5');
    assert.equal(judge.asked(), 4);
    await update.aborts();
    await engine.restartWorker();
    await update.ends('rolledBack', /a test/);
    await hasWeights(shop, [100, 0]);
    assert.equal(imageIn(await shop.stands('healthy', isHealthy)), imageOf('1.0.0'));
  });
});
