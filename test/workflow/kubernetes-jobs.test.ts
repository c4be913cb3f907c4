/** A metric whose readings are Jobs of the release's cluster. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Context } from '@temporalio/activity';
import type { RunKubernetesJobRequest } from '../../activities/jobs/port.ts';
import type { KubernetesJob, MetricPlan, Plan, Step } from '../../src/plan/plan.ts';
import { someClusterPlan } from '../fixtures/some-cluster-plan.ts';
import { analysisOf, METRIC, MINUTE, openPause, plainPlan, weight } from './invariants-plans.ts';
import { CANARY, endOf, type Scene, withScenes } from './invariants-scenes.ts';

const limit = { timeout: 300_000 };
const PATIENCE_MS = 20_000;
const JOB: KubernetesJob = {
  kind: 'kubernetesJob',
  spec: {
    activeDeadlineSeconds: 60,
    ttlSecondsAfterFinished: 60,
    template: {
      spec: {
        restartPolicy: 'Never',
        containers: [{ name: 'smoke', image: 'smoke:1', args: ['{{revision.latest}}'] }],
      },
    },
  },
  timeoutMs: 60_000,
};
const SMOKE: MetricPlan = {
  ...METRIC,
  name: 'smoke',
  provider: JOB,
  intervalMs: null,
  count: 1,
  initialDelayMs: 0,
  successCondition: null,
  failureLimit: 0,
};

function planOf(steps: readonly Step[], ...background: MetricPlan[]): Plan {
  const plan = plainPlan({ steps, target: someClusterPlan({ replicas: 2 }).target });
  if (background.length === 0) return plan;
  const analysis = analysisOf({ metrics: background });
  return { ...plan, canary: { ...plan.canary, background: { startingStep: 0, analysis } } };
}
/** Goes on until it is cut short. */
const OFTEN: MetricPlan = { ...SMOKE, count: null, intervalMs: 10 * MINUTE };
const inline = (metric: MetricPlan): Step => ({ kind: 'analysis', analysis: analysisOf({ metrics: [metric] }) });

/** Holds the first Job until `release` is called, whatever it is told meanwhile. */
function holdFirstJob({ world }: Scene) {
  const held = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  world.before = async (activity, count) => {
    if (activity !== 'runKubernetesJob' || count > 1) return;
    begun.resolve();
    const context = Context.current();
    const beat = setInterval(() => context.heartbeat(), 500);
    await held.promise.finally(() => clearInterval(beat));
  };
  return { begun: begun.promise, release: () => held.resolve() };
}

const requestsOf = ({ calls }: Scene) =>
  calls
    .filter(({ activity }) => activity === 'runKubernetesJob')
    .map(({ request }) => request as RunKubernetesJobRequest);
const readingOf = (key: string) => key.split('/').slice(2).join('/');

describe('a metric whose readings are Jobs', () => {
  const scenes = withScenes();

  it('has one Job for each, which is told apart by its number, and ends none that has ended', limit, async () => {
    const scene = scenes.open();
    const twice = { ...SMOKE, count: 2, intervalMs: 1_000 };
    const { type, status } = await endOf(await scene.start(planOf([weight(10), inline(twice)])));
    assert.equal(type, 'Released');
    assert.deepEqual(scene.world.jobs.map(readingOf), ['step-2/smoke/1', 'step-2/smoke/2']);
    const [first] = requestsOf(scene);
    assert.deepEqual([first?.cluster, first?.namespace, first?.service], ['production', 'credlink', status.service]);
    assert.ok((first?.deadlineMs ?? 0) > JOB.timeoutMs, 'its own deadline comes first');
    assert.match(JSON.stringify(first?.job.spec), /"args":\["1-1-0-[0-9a-f]{8}"\]/);
    assert.ok(!scene.calls.some(({ activity }) => activity === 'endKubernetesJobs'));
    assert.ok(!scene.calls.some(({ activity }) => activity === 'runJob'), 'the build host runs none');
  });

  it('takes the release back with what its Job said', limit, async () => {
    const scene = scenes.open();
    scene.world.job = () => ({ end: 'exited', exitCode: 3, because: 'exit code 3 of container smoke' });
    const { type, because } = await endOf(await scene.start(planOf([weight(10), inline(SMOKE)])));
    assert.equal(type, 'RolledBack');
    assert.match(because, /^smoke: .*failureLimit 0: the job ended with exit code 3 of container smoke$/);
  });

  it('is ended by an abort, which first moves the users back and does not wait for it', limit, async () => {
    const scene = scenes.open();
    const { begun, release } = holdFirstJob(scene);
    const handle = await scene.start(planOf([weight(10), inline(SMOKE)]));
    await begun;
    const patience = setTimeout(release, PATIENCE_MS);
    await handle.signal('abort', { reason: 'enough' });
    const { type, because, status } = await endOf(handle);
    clearTimeout(patience);
    assert.deepEqual([type, because], ['RolledBack', 'enough']);
    const { journal } = scene.world;
    assert.ok(journal.includes('end step-2/smoke/1'), `the Job is left: ${journal}`);
    const undone = status.progress.filter(({ name }) => name.startsWith('undo-')).map(({ title }) => title);
    assert.ok(undone.indexOf('no Job of a metric runs on') > undone.findIndex((title) => /^traffic back/.test(title)));
    assert.deepEqual(scene.world.weights, { '1.0.0': 100 });
    release();
  });

  it(
    'is ended where the end of the ramp cuts it short, before the same reading is taken once more',
    limit,
    async () => {
      const scene = scenes.open();
      const { begun, release } = holdFirstJob(scene);
      const handle = await scene.start(
        planOf([weight(10), { kind: 'pause', durationMs: null, deadlineMs: MINUTE }], OFTEN),
      );
      await begun;
      const patience = setTimeout(release, PATIENCE_MS);
      const status = await scene.until(handle, ({ waiting }) => waiting?.kind === 'pause', 100);
      await handle.signal('promote', { step: status.waiting?.token });
      const { type } = await endOf(handle);
      clearTimeout(patience);
      assert.equal(type, 'Released');
      const order = scene.calls
        .filter(({ activity }) => activity.endsWith('KubernetesJob') || activity === 'endKubernetesJobs')
        .map(({ activity }) => activity);
      assert.deepEqual(order, ['runKubernetesJob', 'endKubernetesJobs', 'runKubernetesJob']);
      assert.deepEqual(
        requestsOf(scene).map(({ reading }) => readingOf(reading.key)),
        ['background/smoke/1', 'background/smoke/1'],
      );
      assert.equal(scene.world.weights[CANARY], 100);
      release();
    },
  );

  it('of the background runs on when an analysis of the ramp ends', limit, async () => {
    const scene = scenes.open();
    const { begun, release } = holdFirstJob(scene);
    const once = { ...METRIC, initialDelayMs: 1_000, intervalMs: null, count: 1 };
    const handle = await scene.start(planOf([weight(10), inline(once), openPause], OFTEN));
    await begun;
    const patience = setTimeout(release, PATIENCE_MS);
    await scene.until(handle, ({ waiting }) => waiting?.kind === 'pause', 100);
    clearTimeout(patience);
    assert.deepEqual([scene.world.jobs, requestsOf(scene).length], [[], 1], 'the Job of the background is not over');
    assert.ok(!scene.calls.some(({ activity }) => activity === 'endKubernetesJobs'), 'nobody ends it');
    release();
    const { waiting } = await scene.until(
      handle,
      ({ metrics }) => metrics.some(({ analysis, good }) => analysis === 'background' && good === 1),
      100,
    );
    await handle.signal('promote', { step: waiting?.token });
    const { type, status } = await endOf(handle);
    assert.equal(type, 'Released');
    assert.equal(status.metrics.find(({ analysis }) => analysis === 'background')?.errors, 0);
  });

  it('does not hold up a way back for which its analysis is the reason', limit, async () => {
    const scene = scenes.open();
    const { begun, release } = holdFirstJob(scene);
    scene.after = ({ activity }) => {
      if (activity === 'endKubernetesJobs') release();
    };
    scene.world.job = () => ({ end: 'exited', exitCode: 3, because: 'exit code 3' });
    const broken = { ...SMOKE, name: 'broken', initialDelayMs: 500 };
    const handle = await scene.start(planOf([weight(10), openPause], OFTEN, broken));
    await begun;
    const { type, because } = await endOf(handle);
    assert.equal(type, 'RolledBack');
    assert.match(because, /^broken: /);
    const order = scene.calls
      .filter(({ activity, request }) => activity === 'endKubernetesJobs' || request?.partial === true)
      .map(({ activity }) => activity);
    assert.deepEqual(order, ['setWeights', 'endKubernetesJobs']);
  });
});
