/** Argo's scenarios of canaries, by its own controller and releases that drive it. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { V1Service } from '@kubernetes/client-node';
import type { ReleaseStatus } from '../../../workflows/messages.ts';
import { scenario } from '../scoreboard/scenario.ts';
import { type DrivenStory, givenRollout, imageIn, imageOf, isHealthy } from '../support/driven-story.ts';
import { type Engine, openEngine } from '../support/engine.ts';
import { until } from '../support/index.ts';
import { canaryOf, destinations, istio, virtualService } from '../support/manifests.ts';
import { hasWeights, recordWeights } from '../support/routes.ts';

const options = { timeout: 120_000, by: 'argo' } as const;
const open = { pause: {} };
const weight = (percent: number) => ({ setWeight: percent });
const pause = (duration: string) => ({ pause: { duration } });

let engine: Engine;
before(async () => {
  process.setMaxListeners(50);
  engine = await openEngine();
});
after(() => engine.close());

const linesOf = ({ progress }: ReleaseStatus) =>
  progress.filter(({ name }) => /^rollout/.test(name)).map(({ name, state }) => [name, state]);

/** The canary Service selects the stable pods again. */
async function servesStableAlone({ cluster, service, rollout }: DrivenStory): Promise<void> {
  await until('canaryService selects the stable pods', async () => {
    const found = await cluster.get<V1Service>('v1', 'Service', canaryOf(service));
    const { status } = await rollout();
    return found?.spec?.selector?.['rollouts-pod-template-hash'] === status?.stableRS;
  });
}

scenario(
  'TestRolloutAbortRetryPromote',
  'paused at 50 %, aborted, started again, over after its pause; the journal says so',
  async (t) => {
    const shop = await givenRollout(t, engine, {
      service: 'abort-retry',
      replicas: 2,
      canary: { steps: [weight(50), pause('6s')] },
    });
    const first = await shop.releases('1.1.0');
    await first.pauses();
    await shop.hasPods({ '1.0.0': 1, '1.1.0': 1 });
    await first.aborts();
    const back = await first.ends('rolledBack');
    await shop.hasPods({ '1.0.0': 2, '1.1.0': 0 });
    assert.deepEqual(linesOf(back), [
      ['rollout-look', 'done'],
      ['rollout-image', 'done'],
      ['rollout', 'failed'],
    ]);
    const again = await shop.releases('1.1.0');
    await again.pauses();
    const end = await again.ends('released');
    await shop.hasPods({ '1.0.0': 0, '1.1.0': 2 });
    assert.ok(linesOf(end).every(([, state]) => state === 'done'));
  },
  options,
);

scenario(
  'TestKubectlWaitForPaused',
  'the client waits for the pause, and for its end after promote',
  async (t) => {
    const shop = await givenRollout(t, engine, { service: 'wait-paused', canary: { steps: [open, pause('1s')] } });
    const update = await shop.releases('1.1.0');
    const { waiting } = await update.pauses('rollout-1');
    assert.deepEqual(waiting?.accepts, ['promote']);
    assert.equal((await shop.rollout()).status?.phase, 'Paused');
    await update.promotes();
    await update.sees('not paused', ({ waiting }) => waiting?.token.startsWith('rollout-1') !== true);
    await update.ends('released');
  },
  options,
);

scenario(
  'TestKubectlWaitForCompleted',
  'the client waits for the end: not yet while the Rollout goes on, then released and healthy',
  async (t) => {
    const shop = await givenRollout(t, engine, { service: 'wait-completed', canary: { steps: [pause('4s')] } });
    const update = await shop.releases('1.1.0');
    const { outcome } = await update.pauses();
    assert.equal(outcome, null);
    assert.equal(isHealthy(await shop.rollout()), false);
    await update.ends('released');
    assert.equal(isHealthy(await shop.rollout()), true);
  },
  options,
);

scenario(
  'TestWorkloadRef',
  'a missing Deployment is refused and nothing written; it appears and is released; another reference is refused again',
  async (t) => {
    const reference = (name: string) => ({ apiVersion: 'apps/v1', kind: 'Deployment', name });
    const shop = await givenRollout(t, engine, {
      service: 'referring',
      unfinished: true,
      canary: { steps: [] },
      spec: { template: undefined, workloadRef: reference('referring') },
    });
    await shop.stands('the controller has seen it', ({ status }) => status?.phase === 'Degraded');
    const lost = await shop.releases('1.1.0');
    await lost.isRefused(/takes its pods from Deployment referring, which is not there/);
    const labels = { app: 'referring' };
    const deployed = (version: string, replicas = 0) => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'referring' },
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: imageOf(version) }] } },
      },
    });
    await shop.cluster.apply(deployed('1.0.0'));
    await shop.stands('healthy', isHealthy);
    await shop.hasReleased('1.1.0');
    await shop.hasPods({ '1.0.0': 0, '1.1.0': 1 });
    await shop.patch({ spec: { workloadRef: { name: 'nobody' } } });
    const wrong = await shop.releases('1.2.0');
    await wrong.isRefused(/takes its pods from Deployment nobody, which is not there/);
    await shop.patch({ spec: { workloadRef: { name: 'referring' } } });
    await shop.stands('healthy', isHealthy);
    await shop.hasReleased('1.2.0');
    await shop.hasPods({ '1.1.0': 0, '1.2.0': 1 });
  },
  options,
);

scenario(
  'TestRolloutPauseDurationGreaterThanProgressDeadlineSeconds',
  'a pause longer than the Rollout’s progress deadline, and ours, ends in released',
  async (t) => {
    const shop = await givenRollout(t, engine, {
      service: 'long-pause',
      spec: { progressDeadlineSeconds: 3 },
      canary: { steps: [weight(50), pause('10s')] },
      release: { canary: { readyDeadline: '2s' } },
    });
    const update = await shop.releases('1.1.0');
    await update.pauses();
    const end = await update.ends('released');
    const line = end.progress.find(({ name }) => name === 'rollout');
    const tookMs = Date.parse(line?.endedAt ?? '') - Date.parse(line?.startedAt ?? '');
    assert.ok(tookMs > 8_000, `longer than both deadlines: ${tookMs} ms`);
  },
  options,
);

scenario(
  'TestCanarySetCanaryScale',
  'the pods at each step of weight 25, setWeight 50, replicas 3 and matchTrafficWeight, beside four',
  async (t) => {
    const scale = (setCanaryScale: object) => ({ setCanaryScale });
    const shop = await givenRollout(t, engine, {
      service: 'scaled',
      replicas: 4,
      objects: [virtualService('scaled')],
      canary: istio('scaled', [
        ...[scale({ weight: 25 }), open, weight(50), open],
        ...[scale({ replicas: 3 }), open, scale({ matchTrafficWeight: true }), open],
      ]),
    });
    const update = await shop.releases('1.1.0');
    const at = [
      { step: 'rollout-2', canary: 1, weight: 0 },
      { step: 'rollout-4', canary: 1, weight: 50 },
      { step: 'rollout-6', canary: 3, weight: 50 },
      { step: 'rollout-8', canary: 2, weight: 50 },
    ];
    for (const { step, canary, weight } of at) {
      await update.pauses(step);
      await shop.hasPods({ '1.0.0': 4, '1.1.0': canary });
      await hasWeights(shop, [100 - weight, weight]);
      await update.promotes();
    }
    await update.ends('released');
    await shop.hasPods({ '1.1.0': 4 });
  },
  options,
);

scenario(
  'TestCanaryProgressDeadlineExceededWithPause',
  'slow readiness: the controller’s reason is said while it lasts; ready later, it pauses, and is promoted',
  async (t) => {
    const shop = await givenRollout(t, engine, {
      service: 'slow',
      play: { readyAfter: '5s' },
      canary: { steps: [weight(100), open] },
    });
    const update = await shop.releases('1.1.0');
    await update.sees('why it waits', ({ rollout }) => {
      const { phase, because, pods } = rollout?.seen ?? {};
      return phase === 'Progressing' && (because ?? '') !== '' && pods?.updated === 1;
    });
    await update.pauses();
    await update.promotes();
    await update.ends('released');
  },
  options,
);

scenario(
  'TestCanaryScaleDownDelay',
  'the old pods stay for the Rollout’s delay, then they go; going back inside the window is done by the controller',
  async (t) => {
    const shop = await givenRollout(t, engine, {
      service: 'delayed',
      objects: [virtualService('delayed')],
      canary: istio('delayed', [weight(50)], { scaleDownDelaySeconds: 8 }),
      release: { window: { duration: '30s' } },
    });
    const update = await shop.releases('1.1.0');
    await update.sees('the window', ({ phase }) => phase === 'window');
    await shop.hasPods({ '1.0.0': 1, '1.1.0': 1 });
    await update.aborts();
    await update.ends('rolledBack');
    await shop.hasPods({ '1.0.0': 1 });
    assert.equal(imageIn(await shop.stands('healthy', isHealthy)), imageOf('1.0.0'));
    await hasWeights(shop, [100, 0]);

    const next = await shop.releases('1.2.0', { window: { duration: '1s' } });
    await next.ends('released');
    await shop.hasPods({ '1.0.0': 1, '1.2.0': 1 });
    await shop.hasPods({ '1.0.0': 0, '1.2.0': 1 });
  },
  options,
);

scenario(
  'TestCanaryScaleDownOnAbort',
  'aborted: canaryService selects the stable pods again, and the canary’s pods go',
  async (t) => {
    const shop = await givenRollout(t, engine, {
      service: 'on-abort',
      objects: [virtualService('on-abort')],
      // The version goes back before or after the controller has acted upon the abort: the one delay counts, or the other.
      canary: istio('on-abort', [{ setCanaryScale: { replicas: 1 } }, open], {
        abortScaleDownDelaySeconds: 1,
        scaleDownDelaySeconds: 1,
      }),
    });
    const update = await shop.releases('1.1.0');
    await update.pauses();
    await shop.hasPods({ '1.0.0': 1, '1.1.0': 1 });
    await update.aborts();
    await update.ends('rolledBack');
    await servesStableAlone(shop);
    await shop.hasPods({ '1.0.0': 1, '1.1.0': 0 });
    await hasWeights(shop, [100, 0]);
  },
  options,
);

scenario(
  'TestCanaryScaleDownOnAbortNoTrafficRouting',
  'aborted without a router: the canary’s pods go, the stable side is whole',
  async (t) => {
    const steps = [weight(50), open];
    const shop = await givenRollout(t, engine, { service: 'no-router', replicas: 2, canary: { steps } });
    const update = await shop.releases('1.1.0');
    const { weights } = await update.pauses();
    assert.deepEqual(weights, { '1.0.0': 50, '1.1.0': 50 });
    await shop.hasPods({ '1.0.0': 1, '1.1.0': 1 });
    await update.aborts();
    await update.ends('rolledBack');
    await shop.hasPods({ '1.0.0': 2, '1.1.0': 0 });
  },
  options,
);

scenario(
  'TestCanaryWithPausedRollout',
  'a third version while the second one is paused: the second one’s pods go, the third one pauses',
  async (t) => {
    const shop = await givenRollout(t, engine, {
      service: 'superseded',
      replicas: 2,
      canary: { steps: [weight(50), open] },
    });
    const second = await shop.releases('1.1.0');
    await second.pauses();
    await shop.hasPods({ '1.0.0': 1, '1.1.0': 1 });
    const third = await shop.releases('1.2.0', undefined, { ifBusy: 'supersede' });
    await third.pauses();
    await shop.hasPods({ '1.0.0': 1, '1.1.0': 0, '1.2.0': 1 });
    await third.promotes();
    await third.ends('released');
    await shop.hasPods({ '1.0.0': 0, '1.1.0': 0, '1.2.0': 2 });
  },
  options,
);

scenario(
  'TestCanaryWithSpecPause',
  'a release that is held goes no further, and nothing of the Rollout is written meanwhile',
  async (t) => {
    const shop = await givenRollout(t, engine, {
      service: 'held',
      replicas: 2,
      canary: { steps: [weight(50), pause('3s'), weight(100)] },
    });
    const update = await shop.releases('1.1.0');
    await update.pauses();
    await update.sends('pause', { reason: 'a test' });
    const { waiting } = await update.sees('it is held', ({ waiting }) => waiting?.kind === 'paused');
    const stood = await shop.stands('held', ({ metadata, spec, status }) => {
      return spec.paused === true && Number(status?.observedGeneration) >= (metadata.generation ?? 0);
    });
    const began = Date.now();
    await until('the timed pause is long over', async () => Date.now() - began > 5_000, 10_000);
    assert.equal((await shop.rollout()).metadata.resourceVersion, stood.metadata.resourceVersion);
    await shop.hasPods({ '1.0.0': 1, '1.1.0': 1 });
    await update.sends('resume', { step: waiting?.token ?? '' });
    await update.ends('released');
    assert.notEqual((await shop.rollout()).spec.paused, true);
  },
  options,
);

scenario(
  'TestIstioHostSplit',
  'all weights, HTTP and TLS: 100/0, 90/10, 100/0, and what the release says of them',
  async (t) => {
    const name = 'host-split';
    const tls = [{ match: [{ port: 443, sniHosts: [`${name}.example`] }], route: destinations(name) }];
    const fields = istio(name, [weight(10), open]);
    const tlsRoutes = [{ port: 443, sniHosts: [`${name}.example`] }];
    const virtual = { virtualService: { name, routes: ['primary'], tlsRoutes } };
    const shop = await givenRollout(t, engine, {
      service: name,
      objects: [virtualService(name, { http: [{ name: 'primary', route: destinations(name) }], tls })],
      canary: { ...fields, trafficRouting: { istio: virtual } },
    });
    await hasWeights(shop, [100, 0], [100, 0]);
    const recorded = await recordWeights(shop);
    const update = await shop.releases('1.1.0');
    const { weights } = await update.pauses();
    assert.deepEqual(weights, { '1.0.0': 90, '1.1.0': 10 });
    await hasWeights(shop, [90, 10], [90, 10]);
    await update.promotes();
    await update.ends('released');
    await hasWeights(shop, [100, 0], [100, 0]);
    const seen = await recorded();
    assert.deepEqual([seen[0], seen.at(-1)], ['90,10 90,10', '100,0 100,0']);
  },
  options,
);
