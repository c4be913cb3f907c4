/** Those of Argo's analyses whose metrics are Jobs. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { ReleaseStatus } from '../../../workflows/messages.ts';
import { scenario } from '../scoreboard/scenario.ts';
import { type Engine, openEngine } from '../support/engine.ts';
import { until } from '../support/index.ts';
import { jobsIn, smoke, smokes } from '../support/smoke.ts';
import { given } from '../support/story.ts';

const limit = { timeout: 180_000 };
let engine: Engine;
before(async () => {
  engine = await openEngine();
});
after(() => engine.close());

/** Argo's templates have no minimum of readings; a release file has. */
const one = (more: object = {}) => ({ canary: { analysis: { minimumReadings: 1, ...more } } });
const analysis = (templateName: string) => ({ analysis: { templates: [{ templateName }] } });
const metricsOf = ({ metrics }: ReleaseStatus) => metrics.map(({ analysis: of, metric, state }) => [of, metric, state]);
const readingsOf = ({ metrics }: ReleaseStatus) =>
  metrics.map(({ metric, readings }) => [metric, readings.map(({ verdict }) => verdict)]);

scenario(
  'TestCanaryInlineAnalysis',
  'three analyses, one after the other, each with its reading',
  async (t) => {
    const shop = await given(t, engine, {
      service: 'inline',
      templates: [smoke('smoke', { endsAfter: '500ms' })],
      canary: { steps: [{ setWeight: 10 }, analysis('smoke'), { pause: {} }, analysis('smoke'), analysis('smoke')] },
    });
    await shop.hasReleased('1.0.0');
    assert.deepEqual(await jobsIn(shop.cluster), [], 'a first release has no analysis');
    const update = await shop.releases('1.1.0');
    assert.deepEqual(metricsOf(await update.pauses()), [['step-2', 'smoke', 'pass']]);
    await update.promotes();
    const released = await update.comesTo('released');
    assert.deepEqual(metricsOf(released), [
      ['step-2', 'smoke', 'pass'],
      ['step-4', 'smoke', 'pass'],
      ['step-5', 'smoke', 'pass'],
    ]);
    assert.equal((await jobsIn(shop.cluster)).length, 3);
  },
  limit,
);

scenario(
  'TestCanaryInlineMultipleAnalysis',
  'two metrics in one analysis, one of them later: both are judged before it goes on',
  async (t) => {
    const shop = await given(t, engine, {
      service: 'several',
      templates: [
        smokes(
          'several',
          { name: 'first', count: 1, initialDelay: '2s', play: {} },
          { name: 'second', count: 1, play: {} },
        ),
      ],
      canary: { steps: [{ setWeight: 10 }, { pause: {} }, analysis('several')] },
    });
    await shop.hasReleased('1.0.0');
    const update = await shop.releases('1.1.0');
    await update.pauses();
    await update.promotes();
    const running = await update.sees('the analysis runs', ({ metrics }) => metrics.length === 2);
    assert.ok(metricsOf(running).some(([, , state]) => state === 'running'));
    assert.deepEqual(metricsOf(await update.comesTo('released')), [
      ['step-3', 'first', 'pass'],
      ['step-3', 'second', 'pass'],
    ]);
  },
  limit,
);

scenario(
  'TestCanaryFailInlineMultipleAnalysis',
  'one of two metrics fails while the other has not begun: it goes back at once, and names it',
  async (t) => {
    const shop = await given(t, engine, {
      service: 'one-fails',
      templates: [
        smokes(
          'several',
          { name: 'late', count: 1, initialDelay: '10000s', play: {} },
          { name: 'bad', count: 2, interval: '1s', failureLimit: 1, play: { exitCode: '1' } },
        ),
      ],
      canary: { steps: [{ setWeight: 10 }, { pause: {} }, analysis('several')] },
    });
    await shop.hasReleased('1.0.0');
    const update = await shop.releases('1.1.0');
    await update.pauses();
    await update.promotes();
    const status = await update.ends('rolledBack', /bad: 2 failed readings.*exit code 1/);
    assert.deepEqual(readingsOf(status), [
      ['late', []],
      ['bad', ['fail', 'fail']],
    ]);
    await shop.hasPods({ '1.0.0': 1, '1.1.0': 0 });
  },
  limit,
);

const DEADLINE = { spec: { activeDeadlineSeconds: 3 } };

scenario(
  'TestCanaryInlineAnalysisLongRunningJobWithDeadline',
  'a Job that runs out of its own time is a failed reading of the step, and it goes back',
  async (t) => {
    const shop = await given(t, engine, {
      service: 'deadline',
      templates: [smoke('smoke', { endsAfter: 'never' }, DEADLINE)],
      canary: { steps: [{ setWeight: 10 }, analysis('smoke')] },
    });
    await shop.hasReleased('1.0.0');
    const update = await shop.releases('1.1.0');
    const status = await update.ends('rolledBack', /smoke: .*ran out of time \(DeadlineExceeded\)/);
    assert.deepEqual(metricsOf(status), [['step-2', 'smoke', 'fail']]);
    assert.deepEqual(readingsOf(status), [['smoke', ['fail']]]);
  },
  limit,
);

scenario(
  'TestCanaryBackgroundAnalysisLongRunningJobWithDeadline',
  'a Job beside the steps that runs out of its own time ends a pause, and it goes back',
  async (t) => {
    const shop = await given(t, engine, {
      service: 'deadline-beside',
      templates: [smoke('smoke', { endsAfter: 'never' }, DEADLINE)],
      canary: { ...analysis('smoke'), steps: [{ setWeight: 10 }, { pause: { duration: '60s' } }] },
      release: one(),
    });
    await shop.hasReleased('1.0.0');
    const update = await shop.releases('1.1.0');
    const status = await update.ends('rolledBack', /smoke: .*ran out of time \(DeadlineExceeded\)/);
    assert.deepEqual(metricsOf(status), [['background', 'smoke', 'fail']]);
    assert.deepEqual(readingsOf(status), [['smoke', ['fail']]]);
  },
  limit,
);

scenario(
  'TestCanaryInlineAnalysisInvalidImageJob',
  'a Job whose image cannot be pulled is inconclusive, and a person is asked',
  async (t) => {
    const shop = await given(t, engine, {
      service: 'no-image',
      templates: [smoke('smoke', { fails: 'ErrImagePull' })],
      canary: { steps: [{ setWeight: 10 }, analysis('smoke')] },
    });
    await shop.hasReleased('1.0.0');
    const update = await shop.releases('1.1.0');
    const asked = await update.sees('a person is asked', ({ waiting }) => waiting?.kind === 'inconclusive');
    assert.match(asked.waiting?.prompt ?? '', /image registry\.example\/smoke:1 cannot be pulled \(ErrImagePull/);
    assert.deepEqual(metricsOf(asked), [['step-2', 'smoke', 'inconclusive']]);
    assert.deepEqual(readingsOf(asked), [['smoke', ['inconclusive']]]);
    await update.aborts();
    await update.ends('rolledBack');
  },
  limit,
);

scenario(
  'TestCanaryBackgroundAnalysisInvalidImageJob',
  'the same beside a step whose Job runs on: it is known at once, and the step goes on',
  async (t) => {
    const shop = await given(t, engine, {
      service: 'no-image-beside',
      templates: [smoke('no-image', { fails: 'ErrImagePull' }), smoke('endless', { endsAfter: 'never' })],
      canary: { ...analysis('no-image'), steps: [{ setWeight: 10 }, analysis('endless')] },
      release: one(),
    });
    await shop.hasReleased('1.0.0');
    const update = await shop.releases('1.1.0');
    const seen = await update.sees('the first is judged', ({ metrics }) => {
      const [background, inline] = [...metrics].toSorted((left, right) => left.analysis.localeCompare(right.analysis));
      return background?.state === 'inconclusive' && inline?.state === 'running';
    });
    assert.equal(seen.metrics.length, 2);
    await update.aborts();
    await update.ends('rolledBack');
    await until('no Job runs on', async () => (await jobsIn(shop.cluster)).every(({ status }) => !status?.active));
  },
  limit,
);
