/** Argo's scenarios of blue-green, by its own controller and releases that drive it. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { V1Service } from '@kubernetes/client-node';
import type { ReleaseStatus } from '../../../workflows/messages.ts';
import { scenario } from '../scoreboard/scenario.ts';
import { type DrivenStory, givenRollout, imageIn, imageOf, isHealthy } from '../support/driven-story.ts';
import { type Engine, openEngine } from '../support/engine.ts';
import { type Scope, until } from '../support/index.ts';
import { asking, type Judge, openJudge } from '../support/judge.ts';
import { canaryOf, stableOf } from '../support/manifests.ts';

const options = { timeout: 120_000, by: 'argo' } as const;
const GOOD = { successCondition: 'result.good == true' };
const judgedBy = (templateName: string) => ({ templates: [{ templateName }] });

let engine: Engine;
before(async () => {
  process.setMaxListeners(50);
  engine = await openEngine();
});
after(() => engine.close());

async function judge(scope: Scope): Promise<Judge> {
  const opened = await openJudge({ good: true });
  scope.after(async () => opened.close());
  return opened;
}

/** Argo's fields of a blue-green strategy, over the two Services of the story. */
const blueGreen = (name: string, more: object = {}) => ({
  strategy: { blueGreen: { activeService: stableOf(name), previewService: canaryOf(name), ...more } },
});

/** Which version's pods each of the two Services selects; waits until it is so. */
async function serves({ cluster, service, podsOf }: DrivenStory, active: string, preview: string): Promise<void> {
  const wanted = { [stableOf(service)]: active, [canaryOf(service)]: preview };
  for (const [name, version] of Object.entries(wanted)) {
    await until(`Service ${name} selects ${version}`, async () => {
      const hash = (await cluster.get<V1Service>('v1', 'Service', name))?.spec?.selector?.[
        'rollouts-pod-template-hash'
      ];
      const [pod] = await podsOf(version);
      return hash !== undefined && pod?.metadata?.labels?.['rollouts-pod-template-hash'] === hash;
    });
  }
}

const rolesOf = ({ rollout }: ReleaseStatus) => rollout?.seen.analyses.map(({ role, phase }) => [role, phase]) ?? [];

scenario(
  'TestBlueGreenUpdate',
  '3 pods, 6 while both sides run, 3 again; the Services are switched, and the release follows',
  async (t) => {
    const shop = await givenRollout(t, engine, {
      service: 'blue-green',
      replicas: 3,
      spec: blueGreen('blue-green', { autoPromotionEnabled: false, scaleDownDelaySeconds: 3 }),
    });
    await serves(shop, '1.0.0', '1.0.0');
    const update = await shop.releases('1.1.0');
    const paused = await update.pauses('rollout-pause');
    assert.deepEqual(paused.weights, { '1.0.0': 100 });
    await shop.hasPods({ '1.0.0': 3, '1.1.0': 3 });
    await serves(shop, '1.0.0', '1.1.0');
    await update.promotes();
    const end = await update.ends('released');
    assert.deepEqual(end.weights, { '1.1.0': 100 });
    await serves(shop, '1.1.0', '1.1.0');
    await shop.hasPods({ '1.0.0': 0, '1.1.0': 3 });
  },
  options,
);

scenario(
  'TestBlueGreenPromoteFull',
  'promoteFull in the middle of the analysis before the switch: it ends, and none begins after the switch',
  async (t) => {
    const judged = await judge(t);
    const shop = await givenRollout(t, engine, {
      service: 'promoted-fully',
      templates: [
        asking('long', judged.url, { name: 'long', interval: '1s', count: 10_000, ...GOOD }),
        asking('after', judged.url, { name: 'after', count: 1, ...GOOD }),
      ],
      spec: blueGreen('promoted-fully', {
        prePromotionAnalysis: judgedBy('long'),
        postPromotionAnalysis: judgedBy('after'),
      }),
    });
    const update = await shop.releases('1.1.0');
    await update.sees('the analysis runs', ({ rollout }) => {
      const [run] = rollout?.seen.analyses ?? [];
      return run?.role === 'before' && (run.metrics[0]?.successful ?? 0) > 0;
    });
    const { accepted, because } = await update.promotesFully();
    assert.ok(accepted, because);
    const end = await update.ends('released');
    assert.deepEqual(
      rolesOf(end).map(([role]) => role),
      ['before'],
    );
    await serves(shop, '1.1.0', '1.1.0');
  },
  options,
);

scenario(
  'TestBlueGreenScaleDownDelay',
  'of the old pods, as many revisions stay as the Rollout says, and the release does not wait for their end',
  async (t) => {
    const more = { scaleDownDelaySeconds: 86_400, scaleDownDelayRevisionLimit: 2 };
    const shop = await givenRollout(t, engine, {
      service: 'kept',
      spec: blueGreen('kept', more),
    });
    for (const version of ['1.1.0', '1.2.0', '1.3.0']) await shop.hasReleased(version);
    await shop.hasPods({ '1.0.0': 0, '1.1.0': 1, '1.2.0': 1, '1.3.0': 1 });
    await shop.patch({ spec: { strategy: { blueGreen: { scaleDownDelayRevisionLimit: 1 } } } });
    await shop.hasPods({ '1.1.0': 0, '1.2.0': 1, '1.3.0': 1 });
  },
  options,
);

scenario(
  'TestBlueGreenScaleDownOnAbort',
  'aborted before the switch: the new pods go, the active Service never moved',
  async (t) => {
    // The version goes back before or after the controller has acted upon the abort: the one delay counts, or the other.
    const more = { autoPromotionEnabled: false, abortScaleDownDelaySeconds: 1, scaleDownDelaySeconds: 1 };
    const shop = await givenRollout(t, engine, { service: 'bg-abort', spec: blueGreen('bg-abort', more) });
    const update = await shop.releases('1.1.0');
    await update.pauses('rollout-pause');
    await shop.hasPods({ '1.0.0': 1, '1.1.0': 1 });
    await update.aborts();
    await update.ends('rolledBack');
    await serves(shop, '1.0.0', '1.0.0');
    await shop.hasPods({ '1.0.0': 1, '1.1.0': 0 });
    assert.equal(imageIn(await shop.stands('healthy', isHealthy)), imageOf('1.0.0'));
  },
  options,
);

scenario(
  'TestBlueGreenAnalysis',
  'one analysis before the switch and one after it, each with its verdict in the release’s status',
  async (t) => {
    const judged = await judge(t);
    const shop = await givenRollout(t, engine, {
      service: 'bg-judged',
      templates: [asking('web', judged.url, { name: 'web', count: 1, ...GOOD })],
      spec: blueGreen('bg-judged', { prePromotionAnalysis: judgedBy('web'), postPromotionAnalysis: judgedBy('web') }),
    });
    const update = await shop.releases('1.1.0');
    const end = await update.ends('released');
    assert.deepEqual(rolesOf(end).toSorted(), [
      ['after', 'Successful'],
      ['before', 'Successful'],
    ]);
    await serves(shop, '1.1.0', '1.1.0');
  },
  options,
);

scenario(
  'TestBlueGreenPrePromotionFail',
  'the analysis before the switch fails: the active Service never moves, and the release goes back with its reason',
  async (t) => {
    const judged = await judge(t);
    judged.says({ good: false });
    const shop = await givenRollout(t, engine, {
      service: 'bg-before',
      templates: [asking('web', judged.url, { name: 'web', count: 1, ...GOOD })],
      spec: blueGreen('bg-before', { prePromotionAnalysis: judgedBy('web') }),
    });
    const update = await shop.releases('1.1.0');
    await update.ends('rolledBack', /RolloutAborted: .*web.*Failed/);
    await serves(shop, '1.0.0', '1.0.0');
    assert.equal(imageIn(await shop.stands('healthy', isHealthy)), imageOf('1.0.0'));
  },
  options,
);

scenario(
  'TestBlueGreenPostPromotionFail',
  'the analysis after the switch fails: the old pods serve again, and the release goes back with its reason',
  async (t) => {
    const judged = await judge(t);
    judged.says({ good: false });
    const shop = await givenRollout(t, engine, {
      service: 'bg-after',
      templates: [asking('web', judged.url, { name: 'web', count: 1, ...GOOD })],
      spec: blueGreen('bg-after', { postPromotionAnalysis: judgedBy('web') }),
    });
    const update = await shop.releases('1.1.0');
    await update.ends('rolledBack', /RolloutAborted: .*web.*Failed/);
    await serves(shop, '1.0.0', '1.0.0');
    assert.equal(imageIn(await shop.stands('healthy', isHealthy)), imageOf('1.0.0'));
  },
  options,
);
