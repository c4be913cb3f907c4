/** Argo's scenarios of analyses, by its own controller and releases that drive it: its AnalysisRuns are what judges. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { ReleaseStatus } from '../../../workflows/messages.ts';
import { scenario } from '../scoreboard/scenario.ts';
import { givenRollout, imageIn, imageOf, isHealthy } from '../support/driven-story.ts';
import { type Engine, openEngine } from '../support/engine.ts';
import { type Scope, until } from '../support/index.ts';
import { asking, type Judge, openJudge } from '../support/judge.ts';
import { istio, virtualService } from '../support/manifests.ts';
import { hasWeights } from '../support/routes.ts';

const options = { timeout: 120_000, by: 'argo' } as const;
const GOOD = { successCondition: 'result.good == true' };
const open = { pause: {} };
const weight = (percent: number) => ({ setWeight: percent });
const analysis = (...names: readonly string[]) => ({
  analysis: { templates: names.map((templateName) => ({ templateName })) },
});

let engine: Engine;
before(async () => {
  process.setMaxListeners(50);
  engine = await openEngine();
});
after(() => engine.close());

async function judge(scope: Scope, first: object = { good: true }): Promise<Judge> {
  const opened = await openJudge(first);
  scope.after(async () => opened.close());
  return opened;
}

const runsOf = ({ rollout }: ReleaseStatus) => rollout?.seen.analyses.map(({ role, phase }) => [role, phase]) ?? [];
const metricsOf = ({ rollout }: ReleaseStatus) =>
  rollout?.seen.analyses.flatMap(({ metrics }) => metrics.map(({ name, phase }) => [name, phase])) ?? [];

scenario(
  'TestCanaryPromoteFull',
  'past a pause of a day; promoteFull ends a running analysis and skips the rest; after an abort it does nothing',
  async (t) => {
    const judged = await judge(t);
    const shop = await givenRollout(t, engine, {
      service: 'promote-full',
      templates: [
        asking('long', judged.url, { name: 'long', interval: '1s', count: 10_000, ...GOOD }),
        asking('never', judged.url, { name: 'never', count: 1, ...GOOD }),
      ],
      canary: { steps: [{ pause: { duration: '24h' } }, analysis('long'), open, analysis('never')] },
    });
    const update = await shop.releases('1.1.0');
    await update.pauses('rollout-1');
    await update.promotes();
    await update.sees('the analysis runs', ({ rollout }) => {
      return (rollout?.seen.analyses[0]?.metrics[0]?.successful ?? 0) > 0;
    });
    const { accepted, because } = await update.promotesFully();
    assert.ok(accepted, because);
    const end = await update.ends('released');
    assert.deepEqual(
      metricsOf(end).map(([name]) => name),
      ['long'],
    );

    const second = await shop.releases('1.2.0');
    await second.pauses('rollout-1');
    await second.aborts();
    const late = await second.promotesFully().then(
      (decision) => decision.accepted,
      () => false,
    );
    assert.equal(late, false, 'an abort wins over promoteFull');
    const back = await second.ends('rolledBack');
    assert.deepEqual(runsOf(back), []);
    assert.equal(imageIn(await shop.stands('healthy', isHealthy)), imageOf('1.1.0'));
  },
  options,
);

scenario(
  'TestFixInvalidSpec',
  'a Rollout that names a missing AnalysisTemplate goes back with that name; with the template it is released',
  async (t) => {
    const judged = await judge(t);
    const shop = await givenRollout(t, engine, {
      service: 'fix-invalid',
      unfinished: true,
      canary: { ...analysis('does-not-exist-yet'), steps: [weight(50), { pause: { duration: '1s' } }] },
    });
    await shop.stands('it is invalid', ({ status }) => status?.phase === 'Degraded');
    const invalid = await shop.releases('1.1.0');
    await invalid.sees('it goes back', ({ because }) => /InvalidSpec.*does-not-exist-yet/.test(because));
    await shop.cluster.apply(asking('does-not-exist-yet', judged.url, { name: 'web', interval: '1s', ...GOOD }));
    await invalid.ends('rolledBack', /does-not-exist-yet/);
    await shop.stands('healthy', isHealthy);
    await shop.hasReleased('1.1.0');
    assert.ok(judged.asked() > 0);
  },
  // The controller looks at an invalid Rollout every 20 s.
  { ...options, timeout: 240_000 },
);

scenario(
  'TestCanaryBackgroundAnalysis',
  'the background analysis runs to the promotion, and ends with good readings alone',
  async (t) => {
    const judged = await judge(t);
    const shop = await givenRollout(t, engine, {
      service: 'background',
      templates: [asking('web', judged.url, { name: 'web', interval: '1s', ...GOOD })],
      canary: { ...analysis('web'), steps: [weight(10), open] },
    });
    assert.equal(judged.asked(), 0, 'the first one has no analysis');
    const update = await shop.releases('1.1.0');
    await update.pauses();
    const running = await update.sees('a good reading', ({ rollout }) => {
      return (rollout?.seen.analyses[0]?.metrics[0]?.successful ?? 0) > 0;
    });
    assert.deepEqual(runsOf(running), [['background', 'Running']]);
    await update.promotes();
    const end = await update.ends('released');
    const [web] = end.rollout?.seen.analyses[0]?.metrics ?? [];
    assert.deepEqual(runsOf(end), [['background', 'Successful']]);
    assert.deepEqual([web?.failed, web?.errors, web?.inconclusive], [0, 0, 0]);
  },
  options,
);

scenario(
  'TestCanaryInconclusiveBackgroundAnalysis',
  'an inconclusive background analysis is said, and a person is asked; without an answer it goes back',
  async (t) => {
    const judged = await judge(t, { Status: 0 });
    const conditions = { successCondition: 'result.Status == 999', failureCondition: 'result.Status == -1' };
    const shop = await givenRollout(t, engine, {
      service: 'inconclusive',
      replicas: 2,
      templates: [asking('web', judged.url, { name: 'web', interval: '1s', inconclusiveLimit: 1, ...conditions })],
      canary: { ...analysis('web'), steps: [weight(50), { pause: { duration: '30s' } }] },
      release: { canary: { analysis: { inconclusiveDeadline: '10s' } } },
    });
    const update = await shop.releases('1.1.0');
    const asked = await update.sees('a person is asked', ({ waiting }) => waiting?.kind === 'inconclusive');
    assert.match(asked.waiting?.prompt ?? '', /inconclusive \(web/);
    assert.deepEqual(asked.waiting?.accepts, ['approve', 'reject']);
    await update.ends('rolledBack', /nobody answered in time/);
    await shop.hasPods({ '1.0.0': 2, '1.1.0': 0 });
  },
  options,
);

scenario(
  'TestCanaryInlineAnalysis',
  'three analyses, one after the other, each with its reading',
  async (t) => {
    const judged = await judge(t);
    const shop = await givenRollout(t, engine, {
      service: 'inline',
      templates: [asking('web', judged.url, { name: 'web', count: 1, ...GOOD })],
      canary: { steps: [weight(10), analysis('web'), open, analysis('web'), analysis('web')] },
    });
    const update = await shop.releases('1.1.0');
    const paused = await update.pauses();
    assert.deepEqual(runsOf(paused), [['step', 'Successful']]);
    await update.promotes();
    const end = await update.ends('released');
    assert.deepEqual(runsOf(end), [
      ['step', 'Successful'],
      ['step', 'Successful'],
      ['step', 'Successful'],
    ]);
    assert.equal(judged.asked(), 3);
  },
  options,
);

scenario(
  'TestCanaryInlineMultipleAnalysis',
  'several templates in one step: all of their metrics are judged',
  async (t) => {
    const judged = await judge(t);
    const shop = await givenRollout(t, engine, {
      service: 'multiple',
      templates: ['one', 'two'].map((name) => asking(name, judged.url, { name, count: 1, ...GOOD })),
      canary: { steps: [weight(10), analysis('one', 'two'), open] },
    });
    const update = await shop.releases('1.1.0');
    const paused = await update.pauses();
    assert.deepEqual(metricsOf(paused).toSorted(), [
      ['one', 'Successful'],
      ['two', 'Successful'],
    ]);
    await update.promotes();
    await update.ends('released');
  },
  options,
);

scenario(
  'TestCanaryFailInlineMultipleAnalysis',
  'one of many fails: the release goes back and names it',
  async (t) => {
    const judged = await judge(t, { good: true, fast: false });
    const shop = await givenRollout(t, engine, {
      service: 'one-fails',
      objects: [virtualService('one-fails')],
      templates: [
        asking('good', judged.url, { name: 'good', count: 1, ...GOOD }),
        asking('fast', judged.url, { name: 'fast', count: 1, successCondition: 'result.fast == true' }),
      ],
      canary: istio('one-fails', [weight(10), analysis('good', 'fast'), open]),
    });
    const update = await shop.releases('1.1.0');
    await update.ends('rolledBack', /RolloutAborted: .*fast.*Failed/);
    await hasWeights(shop, [100, 0]);
    await shop.hasPods({ '1.0.0': 1 });
    assert.equal(imageIn(await shop.stands('healthy', isHealthy)), imageOf('1.0.0'));
  },
  options,
);

scenario(
  'TestRollbackAnalysisWithinWindow',
  'inside the Rollout’s window an earlier version comes back without a new analysis',
  async (t) => {
    const judged = await judge(t);
    const shop = await givenRollout(t, engine, {
      service: 'within',
      templates: [asking('web', judged.url, { name: 'web', count: 1, ...GOOD })],
      spec: { rollbackWindow: { revisions: 3 } },
      canary: { steps: [analysis('web')] },
    });
    // Argo tells which ReplicaSet is the older one by times of creation, which are whole seconds.
    const since = Date.now();
    await until('another second', async () => Date.now() - since > 1_000);
    await shop.hasReleased('1.1.0');
    assert.equal(judged.asked(), 1);
    await shop.hasReleased('1.0.0');
    assert.equal(judged.asked(), 1);
    assert.equal(imageIn(await shop.rollout()), imageOf('1.0.0'));
  },
  options,
);

scenario(
  'TestRollbackAnalysisOutsideWindow',
  'outside of it, it is a release like any other',
  async (t) => {
    const judged = await judge(t);
    const shop = await givenRollout(t, engine, {
      service: 'outside',
      templates: [asking('web', judged.url, { name: 'web', count: 1, ...GOOD })],
      spec: { rollbackWindow: { revisions: 1 } },
      canary: { steps: [analysis('web')] },
    });
    for (const version of ['1.1.0', '1.2.0', '1.3.0']) await shop.hasReleased(version);
    assert.equal(judged.asked(), 3);
    await shop.hasReleased('1.0.0');
    assert.equal(judged.asked(), 4);
  },
  options,
);
