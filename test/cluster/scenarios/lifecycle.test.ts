import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { planProblems } from '../../../src/client/index.ts';
import { scenario } from '../scoreboard/scenario.ts';
import { type Engine, openEngine } from '../support/engine.ts';
import { asking, openJudge } from '../support/judge.ts';
import { istio, virtualService } from '../support/manifests.ts';
import { given } from '../support/story.ts';

const limit = { timeout: 120_000 };
let engine: Engine;
before(async () => {
  engine = await openEngine({ policy: { hosts: ['127.0.0.1'] } });
});
after(() => engine.close());

scenario(
  'TestRolloutAbortRetryPromote',
  'paused at 50 %, aborted, started again, over after its pause; the journal says so line by line',
  async (t) => {
    const shop = await given(t, engine, {
      service: 'abort-retry',
      canary: { steps: [{ setWeight: 50 }, { pause: { duration: '4s' } }] },
    });
    await shop.hasReleased('1.0.0');
    const first = await shop.releases('1.1.0');
    await first.pauses();
    await shop.hasPods({ '1.0.0': 1, '1.1.0': 1 });
    await first.aborts();
    const back = await first.ends('rolledBack');
    await shop.hasPods({ '1.0.0': 1, '1.1.0': 0 });
    assert.deepEqual(
      back.progress.filter(({ name }) => /^(ready|step-\d)$/.test(name)).map(({ name, state }) => [name, state]),
      [
        ['ready', 'done'],
        ['step-1', 'done'],
        ['step-2', 'failed'],
      ],
    );

    const again = await shop.releases('1.1.0');
    await again.pauses();
    await shop.hasPods({ '1.0.0': 1, '1.1.0': 1 });
    const { progress } = await again.ends('released');
    await shop.hasPods({ '1.0.0': 0, '1.1.0': 1 });
    assert.deepEqual(
      progress.filter(({ name }) => /^(ready|step-\d|window)$/.test(name)).map(({ name, state }) => [name, state]),
      ['ready', 'step-1', 'step-2', 'window'].map((name) => [name, 'done']),
    );
  },
  limit,
);

scenario(
  'TestCanaryPromoteFull',
  'promoteFull ends a running analysis and the rest of the ramp: one analysis ran, and after an abort none begins',
  async (t) => {
    const judge = await openJudge({ good: true });
    t.after(() => judge.close());
    const good = { successCondition: 'result.good == true' };
    const of = (templateName: string) => ({ analysis: { templates: [{ templateName }] } });
    const shop = await given(t, engine, {
      service: 'promote-full',
      templates: [
        asking('long', judge.url, { name: 'long', interval: '1s', count: 10_000, ...good }),
        asking('never', judge.url, { name: 'never', count: 1, ...good }),
      ],
      canary: {
        analysis: { templates: [{ templateName: 'never' }], startingStep: 3 },
        steps: [{ pause: { duration: '24h' } }, of('long'), { pause: {} }, of('never')],
      },
      release: { canary: { analysis: { minimumReadings: 1 } } },
    });
    await shop.hasReleased('1.0.0');
    const update = await shop.releases('1.1.0');
    await update.pauses('step-1');
    await update.promotes();
    await update.sees('the analysis runs', ({ metrics }) => (metrics[0]?.good ?? 0) > 0);
    const { accepted, because } = await update.promotesFully();
    assert.ok(accepted, because);
    const { metrics } = await update.comesTo('released');
    assert.deepEqual(
      metrics.filter(({ readings }) => readings.length > 0).map(({ analysis, metric }) => [analysis, metric]),
      [['step-2', 'long']],
    );

    const second = await shop.releases('1.2.0');
    await second.pauses('step-1');
    await second.aborts();
    const late = await second.promotesFully().then(
      (decision) => decision.accepted,
      () => false,
    );
    assert.equal(late, false, 'an abort wins over promoteFull');
    const { metrics: none } = await second.ends('rolledBack');
    assert.deepEqual(none, []);
  },
  limit,
);

scenario(
  'TestFixInvalidSpec',
  'a Rollout that names a missing AnalysisTemplate is refused by that name; with the template it is released',
  async (t) => {
    const judge = await openJudge({ major: '1' });
    t.after(() => judge.close());
    const shop = await given(t, engine, {
      service: 'fix-invalid',
      canary: { analysis: { templates: [{ templateName: 'does-not-exist-yet' }] } },
    });
    await assert.rejects(shop.releases('1.0.0'), (error) => {
      assert.match(JSON.stringify(planProblems(error)), /does-not-exist-yet/);
      return true;
    });
    const template = asking('does-not-exist-yet', judge.url, {
      name: 'web',
      interval: '5s',
      successCondition: "result.major == '1'",
    });
    await shop.hasReleased('1.0.0', {
      templates: [template],
      release: { canary: { analysis: { minimumReadings: 1 } } },
    });
    await shop.hasPods({ '1.0.0': 1 });
  },
  limit,
);

scenario(
  'TestKubectlWaitForPaused',
  'a client sees the pause while it lasts, and its end after the promotion',
  async (t) => {
    const name = 'wait-paused';
    const shop = await given(t, engine, {
      service: name,
      objects: [virtualService(name)],
      canary: istio(name, [{ setWeight: 50 }, { pause: {} }]),
    });
    await shop.hasReleased('1.0.0');
    const update = await shop.releases('1.1.0');
    await update.pauses();
    const before = await engine.shiplock.get(update.id);
    assert.equal(before.status?.waiting?.kind, 'pause');
    await shop.selects({ stable: '1.0.0' });
    await update.promotes();
    await update.comesTo('released');
    assert.notEqual((await engine.shiplock.get(update.id)).status?.waiting?.kind, 'pause');
    await shop.selects({ stable: '1.1.0' });
  },
  limit,
);

scenario(
  'TestKubectlWaitForCompleted',
  'a client that waits for the end is told not yet while the ramp goes on, then released',
  async (t) => {
    const name = 'wait-completed';
    const shop = await given(t, engine, {
      service: name,
      objects: [virtualService(name)],
      canary: istio(name, [{ setWeight: 50 }, { pause: { duration: '3s' } }]),
    });
    await shop.hasReleased('1.0.0');
    const update = await shop.releases('1.1.0');
    await update.pauses();
    const early = await engine.shiplock.wait(update.id, { timeoutMs: 500, until: 'ended' });
    assert.equal(early.verdict, 'stillWaiting');
    await shop.selects({ stable: '1.0.0' });
    const ended = await engine.shiplock.wait(update.id, { timeoutMs: 60_000, until: 'ended' });
    assert.equal(ended.verdict, 'released', ended.because);
    await shop.selects({ stable: '1.1.0' });
  },
  limit,
);

scenario(
  'TestCompleteRolloutRestart',
  'pods that go after a release is over come back, and nothing goes back',
  async (t) => {
    const shop = await given(t, engine, {
      service: 'restart-after',
      replicas: 2,
      canary: { steps: [{ setWeight: 20 }] },
      spec: { progressDeadlineSeconds: 2, progressDeadlineAbort: true },
      release: { window: { duration: '10m' } },
    });
    await shop.hasReleased('1.0.0');
    const update = await shop.releases('1.1.0');
    await update.comesTo('released');
    const before = (await shop.podsOf('1.1.0')).map(({ metadata }) => metadata?.name ?? '');
    for (const name of before) await shop.cluster.remove('v1', 'Pod', name);
    await shop.hasPods({ '1.1.0': 2 });
    const after = (await shop.podsOf('1.1.0')).map(({ metadata }) => metadata?.name ?? '');
    assert.ok(after.every((name) => !before.includes(name)));
    const { outcome } = await update.sees('it is still released', ({ phase }) => phase === 'window');
    assert.equal(outcome, 'released');
  },
  limit,
);

scenario(
  'CanarySuite/TestEphemeralMetadata',
  'the labels of live pods follow their role, and the pods stay the same',
  async (t) => {
    const name = 'role-labels';
    const shop = await given(t, engine, {
      service: name,
      replicas: 2,
      objects: [virtualService(name)],
      canary: istio(name, [{ setWeight: 50 }, { pause: {} }], {
        canaryMetadata: { labels: { role: 'canary' } },
        stableMetadata: { labels: { role: 'stable' } },
      }),
      release: { window: { duration: '10m' } },
    });
    const labels = async (version: string) =>
      (await shop.podsOf(version)).map(({ metadata }) => metadata?.labels?.role);
    await shop.hasReleased('1.0.0');
    await shop.hasPods({ '1.0.0': 2 });
    assert.deepEqual(await labels('1.0.0'), ['stable', 'stable']);

    const update = await shop.releases('1.1.0');
    await update.pauses();
    assert.deepEqual(await labels('1.0.0'), ['stable', 'stable']);
    assert.deepEqual(await labels('1.1.0'), ['canary']);
    const canary = (await shop.podsOf('1.1.0'))[0]?.metadata?.uid;

    await update.promotes();
    await update.comesTo('released');
    assert.deepEqual(await labels('1.1.0'), ['stable', 'stable']);
    const pods = await shop.podsOf('1.1.0');
    assert.ok(
      pods.some(({ metadata }) => metadata?.uid === canary),
      'no pod was restarted for it',
    );
  },
  limit,
);

scenario(
  'TestControllerMetrics',
  'a worker’s /metrics answers 200, with figures',
  async () => {
    const response = await fetch(`http://${engine.metrics}/metrics`);
    assert.equal(response.status, 200);
    assert.match(await response.text(), /^activity_execution_latency_count\{activity_type="admit"/m);
  },
  limit,
);
