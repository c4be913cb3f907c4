/** Whole releases whose cluster refuses, or is changed by somebody, on the way: the reason, the traffic, what is left. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { begun, isHeldUp, isStuck, standing } from './support/disturbed.ts';
import { type Engine, openEngine } from './support/engine.ts';
import { destinations, virtualService } from './support/manifests.ts';
import { hasWeights } from './support/routes.ts';
import { openWebhook } from './support/webhook.ts';

const limit = { timeout: 180_000 };
const ISTIO = 'networking.istio.io/v1';
let engine: Engine;
before(async () => {
  engine = await openEngine();
});
after(() => engine.close());

const soon = (seconds: number) => ({ spec: { progressDeadlineSeconds: seconds } });

test(
  'a webhook that denies the ReplicaSet is the reason, before any traffic, and nothing is left',
  limit,
  async (t) => {
    const stands = await standing(t, engine, { service: 'denied-sets' });
    const webhook = await openWebhook(t, stands.shop.cluster, ['replicasets']);
    webhook.denies.set('CREATE ReplicaSet', 'no releases on Fridays');
    const update = await stands.shop.releases('1.1.0');
    await update.ends(
      'rolledBack',
      /admission webhook "policy\.example\.com" denied the request: no releases on Fridays/,
    );
    assert.deepEqual(await stands.codesOf(update), ['SHIPLOCK_KUBERNETES_ADMISSION_DENIED']);
    await stands.isAsBefore();
  },
);

test('a webhook that denies pods is the reason at the deadline, in its own words', limit, async (t) => {
  const stands = await standing(t, engine, { service: 'denied-pods', ...soon(4) });
  const webhook = await openWebhook(t, stands.shop.cluster, ['pods']);
  webhook.denies.set('CREATE Pod', 'images must be signed');
  const update = await stands.shop.releases('1.1.0');
  await update.ends(
    'rolledBack',
    /not ready in time: .*pods cannot be created, admission denies them: .*images must be signed/,
  );
  await stands.isAsBefore();
});

test(
  'a webhook that denies the route in mid-release leaves both sides serving, and is waited out by a person',
  limit,
  async (t) => {
    const stands = await begun(t, engine, { service: 'denied-route' });
    const { shop, update } = stands;
    const webhook = await openWebhook(t, shop.cluster, ['virtualservices']);
    webhook.denies.set('VirtualService', 'frozen');
    await update.promotes();
    const retry = await isStuck(update, /Stuck: traffic back to 1\.0\.0 100 % .*denied the request: frozen/);
    assert.ok((await stands.codesOf(update)).every((code) => code === 'SHIPLOCK_KUBERNETES_ADMISSION_DENIED'));
    await hasWeights(shop, [80, 20]);
    await shop.hasPods({ '1.0.0': 1, '1.1.0': 1 });
    webhook.denies.clear();
    await retry();
    await update.ends('rolledBack', /denied the request: frozen/);
    await stands.isAsBefore();
  },
);

test('a quota that leaves no room is the reason at the deadline', limit, async (t) => {
  const quota = {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'pods' },
    spec: { hard: { pods: '1' } },
  };
  const stands = await standing(t, engine, { service: 'no-quota', objects: [quota], ...soon(4) });
  const update = await stands.shop.releases('1.1.0');
  await update.ends('rolledBack', /not ready in time: .*the quota is used up: .*exceeded quota: pods/);
  await stands.isAsBefore();
});

test('an image that is never pulled is the reason at the deadline, by its name', limit, async (t) => {
  const stands = await standing(t, engine, { service: 'no-image' });
  const update = await stands.shop.releases('1.1.0', { play: { fails: 'ImagePullBackOff' }, ...soon(4) });
  await update.ends('rolledBack', /not ready in time: .*image registry\.example\/app:1\.1\.0 cannot be pulled/);
  await stands.isAsBefore();
});

test('a Service without its selector is the reason, before any traffic', limit, async (t) => {
  const stands = await standing(t, engine, { service: 'no-selector' });
  await stands.shop.cluster.patch('v1', 'Service', 'no-selector-canary', { spec: { selector: null } });
  const update = await stands.shop.releases('1.1.0');
  await update.isRefused(/Service .*\/no-selector-canary has no selector/);
  assert.deepEqual(await stands.codesOf(update), ['SHIPLOCK_KUBERNETES_SERVICE']);
  await stands.isAsBefore();
});

test(
  'a canary Service that loses its selector in mid-release: the traffic goes back, the rest waits for it',
  limit,
  async (t) => {
    const stands = await begun(t, engine, { service: 'lost-selector' });
    const { shop, update } = stands;
    const select = (selector: object | null) =>
      shop.cluster.patch('v1', 'Service', 'lost-selector-canary', { spec: { selector } });
    await select(null);
    await update.promotes();
    const retry = await isStuck(update, /Stuck: remove 1\.1\.0 .*\/lost-selector-canary has no selector/);
    await hasWeights(shop, [100, 0]);
    await select({ app: 'lost-selector' });
    await retry();
    await update.ends('rolledBack', /Service .*\/lost-selector-canary has no selector/);
    await stands.isAsBefore();
  },
);

test('a VirtualService without the route is the reason, at its place, before any traffic', limit, async (t) => {
  const stands = await standing(t, engine, { service: 'no-route' });
  const { cluster } = stands.shop;
  const [stable] = destinations('no-route');
  const route = virtualService('no-route', { http: [{ name: 'primary', route: [stable] }] });
  await cluster.patch(ISTIO, 'VirtualService', 'no-route', { spec: route.spec });
  const update = await stands.shop.releases('1.1.0');
  await update.isRefused(/spec\.http\[0\] has no destination no-route-canary; add it, with weight 0/);
  assert.deepEqual(await stands.codesOf(update), ['SHIPLOCK_KUBERNETES_ROUTE']);
  await hasWeights(stands.shop, [100]);
  await cluster.patch(ISTIO, 'VirtualService', 'no-route', { spec: virtualService('no-route').spec });
  await stands.isAsBefore();
});

test('a route that is taken out in mid-release: the way back waits until it is there again', limit, async (t) => {
  const stands = await begun(t, engine, { service: 'lost-route' });
  const { shop, update } = stands;
  const [stable] = destinations('lost-route');
  const spec = { http: [{ name: 'primary', route: [stable] }] };
  await shop.cluster.patch(ISTIO, 'VirtualService', 'lost-route', { spec });
  await update.promotes();
  await update.sees('it goes back', ({ phase }) => phase === 'undoing');
  await isHeldUp(stands, update, 'SHIPLOCK_KUBERNETES_ROUTE');
  await shop.hasPods({ '1.0.0': 1, '1.1.0': 1 });
  const mended = virtualService('lost-route').spec;
  await shop.cluster.patch(ISTIO, 'VirtualService', 'lost-route', { spec: mended });
  await update.ends('rolledBack', /spec\.http\[0\] has no destination lost-route-canary/);
  await stands.isAsBefore();
});

test(
  'weights that somebody edits in mid-release are waited on; put back it goes on; an abort overwrites them',
  limit,
  async (t) => {
    const stands = await begun(t, engine, { service: 'edited' });
    const { shop, update } = stands;
    const weigh = async (canary: number) => {
      const [stable, other] = destinations('edited');
      const route = [
        { ...stable, weight: 100 - canary },
        { ...other, weight: canary },
      ];
      const patch = { spec: { http: [{ name: 'primary', route }] } };
      await shop.cluster.patch(ISTIO, 'VirtualService', 'edited', patch, { fieldManager: 'somebody' });
    };
    await weigh(60);
    await update.promotes();
    await isHeldUp(stands, update, 'SHIPLOCK_KUBERNETES_DRIFT');
    await hasWeights(shop, [40, 60]);
    await weigh(20);
    await update.pauses('step-4');
    await hasWeights(shop, [50, 50]);
    await weigh(60);
    await update.aborts();
    await update.ends('rolledBack', /a test/);
    await stands.isAsBefore();
  },
);

test(
  'a VirtualService that is deleted in mid-release is named and waited for, also by the way back',
  limit,
  async (t) => {
    const stands = await begun(t, engine, { service: 'deleted-route' });
    const { shop, update } = stands;
    await shop.cluster.remove(ISTIO, 'VirtualService', 'deleted-route');
    await update.promotes();
    await isHeldUp(stands, update, 'SHIPLOCK_KUBERNETES_NOT_FOUND');
    await update.aborts();
    await update.sees('it goes back, and says why it does not get on', ({ progress }) =>
      progress.some(
        ({ name, because }) => name.startsWith('undo-') && /there is no VirtualService deleted-route/.test(because),
      ),
    );
    await shop.hasPods({ '1.0.0': 1, '1.1.0': 1 });
    await shop.cluster.apply(virtualService('deleted-route'));
    await update.ends('rolledBack', /a test/);
    await stands.isAsBefore();
  },
);

test(
  "a canary's ReplicaSet that is deleted in mid-release is the reason, and the traffic goes back",
  limit,
  async (t) => {
    const stands = await begun(t, engine, { service: 'deleted-set', ...soon(5) });
    const { shop, update } = stands;
    const set = await shop.replicaSetOf('1.1.0');
    await shop.cluster.remove('apps/v1', 'ReplicaSet', set?.metadata?.name ?? '');
    await shop.hasPods({ '1.1.0': 0 });
    await update.promotes();
    await isHeldUp(stands, update, 'SHIPLOCK_KUBERNETES_NOT_READY');
    await update.aborts();
    await update.ends('rolledBack');
    await stands.isAsBefore();
  },
);

test('a lease that is deleted in mid-release is made again, with the number of the release', limit, async (t) => {
  const stands = await begun(t, engine, { service: 'deleted-lease' });
  const { shop, update } = stands;
  await shop.cluster.remove('v1', 'ConfigMap', 'shiplock-deleted-lease');
  await update.promotes();
  await update.pauses('step-4');
  await hasWeights(shop, [50, 50]);
  await update.aborts();
  await update.ends('rolledBack', /a test/);
  await stands.isAsBefore();
});
