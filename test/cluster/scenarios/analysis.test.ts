import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { ReleaseStatus } from '../../../workflows/messages.ts';
import { scenario } from '../scoreboard/scenario.ts';
import { type Engine, openEngine } from '../support/engine.ts';
import { asking, type Judge, openJudge } from '../support/judge.ts';
import { given } from '../support/story.ts';

const limit = { timeout: 120_000 };
let engine: Engine;
before(async () => {
  engine = await openEngine({ policy: { hosts: ['127.0.0.1'] } });
});
after(() => engine.close());

const OK = { good: true };
const GOOD = { successCondition: 'result.good == true' };
/** Argo's templates have no minimum of readings; a release file has. */
const one = (more: object = {}) => ({ canary: { analysis: { minimumReadings: 1, ...more } } });
const analysis = (...names: readonly string[]) => ({
  analysis: { templates: names.map((templateName) => ({ templateName })) },
});

async function judge(t: { after(work: () => void): void }, first: object): Promise<Judge> {
  const opened = await openJudge(first);
  t.after(() => opened.close());
  return opened;
}

const metricsOf = ({ metrics }: ReleaseStatus) => metrics.map(({ analysis: of, metric, state }) => [of, metric, state]);

scenario(
  'TestCanaryBackgroundAnalysis',
  'the background analysis runs from its starting step to the promotion, and ends with good readings alone',
  async (t) => {
    const { url } = await judge(t, OK);
    const shop = await given(t, engine, {
      service: 'background',
      templates: [asking('web', url, { name: 'web', interval: '1s', ...GOOD })],
      canary: { ...analysis('web'), steps: [{ setWeight: 10 }, { pause: {} }] },
      release: one(),
    });
    await shop.hasReleased('1.0.0');
    const update = await shop.releases('1.1.0');
    await update.pauses();
    const running = await update.sees('a good reading', ({ metrics }) => (metrics[0]?.good ?? 0) > 0);
    assert.deepEqual(metricsOf(running), [['background', 'web', 'running']]);
    await update.promotes();
    const { metrics } = await update.comesTo('released');
    const [web] = metrics;
    assert.deepEqual([web?.state, web?.failed, web?.errors], ['ended', 0, 0]);
    assert.ok((web?.good ?? 0) > 0);
  },
  limit,
);

scenario(
  'TestCanaryInconclusiveBackgroundAnalysis',
  'an inconclusive background analysis is said, and a person is asked; without an answer it goes back',
  async (t) => {
    const { url } = await judge(t, { Status: 0 });
    const conditions = { successCondition: 'result.Status == 999', failureCondition: 'result.Status == -1' };
    const shop = await given(t, engine, {
      service: 'inconclusive',
      replicas: 2,
      templates: [asking('web', url, { name: 'web', interval: '1s', inconclusiveLimit: 3, ...conditions })],
      canary: {
        analysis: { templates: [{ templateName: 'web' }], startingStep: 1 },
        steps: [{ setWeight: 10 }, { pause: { duration: '30s' } }],
      },
      release: one({ inconclusiveDeadline: '4s' }),
    });
    await shop.hasReleased('1.0.0');
    const update = await shop.releases('1.1.0');
    await update.pauses();
    const asked = await update.sees('a person is asked', ({ waiting }) => waiting?.kind === 'inconclusive');
    assert.deepEqual(metricsOf(asked), [['background', 'web', 'inconclusive']]);
    await update.ends('rolledBack', /web/);
    await shop.hasPods({ '1.0.0': 2, '1.1.0': 0 });
  },
  limit,
);

scenario(
  'TestMultipleAnalysis',
  'two templates become one analysis, with the Rollout’s arguments before the templates’ own',
  async (t) => {
    const { url } = await judge(t, OK);
    const template = (name: string, args: readonly object[], metrics: readonly string[]) => {
      const made = asking(
        name,
        '{{args.url}}/{{args.path}}',
        ...metrics.map((metric) => ({ name: metric, count: 1, ...GOOD })),
      );
      return { ...made, spec: { ...made.spec, args } };
    };
    const shop = await given(t, engine, {
      service: 'merged',
      templates: [
        template('a', [{ name: 'url', value: 'http://should-not-use' }, { name: 'path' }], ['metric-1', 'metric-2']),
        template('b', [{ name: 'url' }, { name: 'path', value: 'SHOULD-NOT-USE' }], ['metric-3', 'metric-4']),
      ],
      canary: {
        steps: [
          {
            analysis: {
              templates: [{ templateName: 'a' }, { templateName: 'b' }],
              args: [
                { name: 'url', value: url },
                { name: 'path', value: 'version' },
              ],
            },
          },
        ],
      },
    });
    await shop.hasReleased('1.0.0');
    const update = await shop.releases('1.1.0');
    const { metrics } = await update.comesTo('released');
    assert.deepEqual(
      metrics.map(({ metric, state }) => [metric, state]),
      [1, 2, 3, 4].map((number) => [`metric-${number}`, 'pass']),
    );
    assert.ok(
      metrics.every(({ query }) => query.includes(`${url}/version`)),
      JSON.stringify(metrics),
    );
  },
  limit,
);

scenario(
  'TestReduceWeightAndHonorMaxUnavailable',
  'weights 100, 0, 100 and a failed analysis: the pods that serve never fall below the stable number',
  async (t) => {
    const { url } = await judge(t, { good: false });
    const shop = await given(t, engine, {
      service: 'reduce-weight',
      replicas: 3,
      templates: [asking('web', url, { name: 'web', count: 1, ...GOOD })],
      canary: {
        maxSurge: 2,
        maxUnavailable: 0,
        steps: [
          { setWeight: 100 },
          { pause: {} },
          { setWeight: 0 },
          { pause: {} },
          { setWeight: 100 },
          analysis('web'),
        ],
      },
    });
    await shop.hasReleased('1.0.0');
    const serving: number[] = [];
    let watching = true;
    const watch = (async () => {
      while (watching) {
        const pods = [...(await shop.podsOf('1.0.0')), ...(await shop.podsOf('1.1.0'))];
        serving.push(
          pods.filter(({ status }) =>
            status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
          ).length,
        );
      }
    })();
    const update = await shop.releases('1.1.0');
    await update.pauses('step-2');
    await shop.hasPods({ '1.0.0': 0, '1.1.0': 3 });
    await update.promotes();
    await update.pauses('step-4');
    await shop.hasPods({ '1.0.0': 3 });
    await update.promotes();
    await update.ends('rolledBack', /web/);
    await shop.hasPods({ '1.0.0': 3, '1.1.0': 0 });
    watching = false;
    await watch;
    assert.ok(
      serving.every((pods) => pods >= 3 && pods <= 5),
      `${[...new Set(serving)]}`,
    );
  },
  limit,
);
