import assert from 'node:assert/strict';
import { after, before } from 'node:test';
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

/** Two pods, a weight of 50, an analysis. */
async function story(t: Parameters<typeof given>[0] & { after(work: () => void): void }, service: string) {
  const judge = await openJudge({ good: true });
  t.after(() => judge.close());
  const shop = await given(t, engine, {
    service,
    replicas: 2,
    objects: [virtualService(service)],
    templates: [asking('web', judge.url, { name: 'web', count: 1, successCondition: 'result.good == true' })],
    canary: istio(service, [{ setWeight: 50 }, { analysis: { templates: [{ templateName: 'web' }] } }]),
    release: { window: { duration: '10m' } },
  });
  await shop.hasReleased('1.0.0');
  return shop;
}

const WINDOW = { spec: { rollbackWindow: { revisions: 1 } } };

scenario(
  'TestRollbackAnalysisWithinWindow',
  'a version within rollbackWindow takes no steps and no analysis; an abort in its window goes back in one move',
  async (t) => {
    const shop = await story(t, 'within-window');
    await shop.hasReleased('1.1.0', WINDOW);
    await shop.hasReleased('1.2.0');
    const update = await shop.releases('1.1.0');
    const { metrics, progress } = await update.comesTo('released');
    assert.deepEqual(metrics, []);
    const steps = progress.filter(({ name }) => name.startsWith('step-'));
    assert.deepEqual(
      steps.map(({ state }) => state),
      ['skipped', 'skipped'],
    );
    for (const { because } of steps) assert.match(because, /within the rollback window of 1/);
    await shop.selects({ stable: '1.1.0' });
    await shop.hasPods({ '1.1.0': 2 });
    await update.aborts();
    await update.ends('rolledBack');
    await shop.selects({ stable: '1.2.0' });
    await shop.hasPods({ '1.2.0': 2, '1.1.0': 0 });
  },
  limit,
);

scenario(
  'TestRollbackAnalysisOutsideWindow',
  'a version outside of rollbackWindow is a release like any other, with its analysis',
  async (t) => {
    const shop = await story(t, 'outside-window');
    for (const version of ['1.1.0', '1.2.0', '1.0.0']) {
      const update = await shop.releases(version, WINDOW);
      const { metrics, from } = await update.comesTo('released');
      assert.deepEqual(
        metrics.map(({ analysis, state }) => [analysis, state]),
        [['step-2', 'pass']],
        `${version} in the place of ${from}`,
      );
      await shop.selects({ stable: version });
      await shop.hasPods({ [version]: 2 });
    }
  },
  limit,
);
