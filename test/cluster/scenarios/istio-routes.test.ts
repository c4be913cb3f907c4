import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { scenario } from '../scoreboard/scenario.ts';
import { type Engine, openEngine } from '../support/engine.ts';
import { until } from '../support/index.ts';
import { canaryOf, istio, stableOf, virtualService } from '../support/manifests.ts';
import { hasWeights, type Route, routesOf } from '../support/routes.ts';
import { given, type Story } from '../support/story.ts';

const limit = { timeout: 120_000 };
let engine: Engine;
before(async () => {
  engine = await openEngine();
});
after(() => engine.close());

/** Argo's fields of a canary whose router may have these routes of its own. */
function managed(name: string, routes: readonly string[], steps: readonly object[]) {
  const fields = istio(name, steps);
  return {
    ...fields,
    trafficRouting: { ...(fields.trafficRouting as object), managedRoutes: routes.map((route) => ({ name: route })) },
  };
}

/** Waits until the HTTP routes are called so, in this order. */
async function hasRoutes(story: Story, ...names: readonly string[]): Promise<readonly Route[]> {
  return until(`routes ${names}`, async () => {
    const { http = [] } = await routesOf(story);
    const now = http.map(({ name }) => name);
    if (`${now}` === `${names}`) return http;
    throw new Error(`${now}`);
  });
}

const weightOf = (route: Route | undefined, host: string): number | undefined =>
  route?.route?.find(({ destination }) => destination.host === host)?.weight;

scenario(
  'TestIstioHostHeaderRoute',
  'a header route comes first, then the weights; it is gone at its empty step, and after promoteFull',
  async (t) => {
    const name = 'header-route';
    const agent = (regex: string) => ({
      setHeaderRoute: { name: 'set-header-1', match: [{ headerName: 'agent', headerValue: { regex } }] },
    });
    const shop = await given(t, engine, {
      service: name,
      replicas: 5,
      objects: [virtualService(name)],
      canary: managed(
        name,
        ['set-header-1'],
        [
          { setWeight: 20 },
          agent('firefox(.*)'),
          { pause: {} },
          agent('chrome(.*)'),
          { pause: {} },
          { setWeight: 40 },
          { setHeaderRoute: { name: 'set-header-1' } },
          { pause: {} },
        ],
      ),
    });
    await shop.hasReleased('1.0.0');
    await hasRoutes(shop, 'primary');
    const update = await shop.releases('1.1.0');
    await update.pauses('step-3');
    const [header, primary] = await hasRoutes(shop, 'set-header-1', 'primary');
    assert.equal(weightOf(header, canaryOf(name)), 100);
    assert.match(JSON.stringify(header?.match), /firefox/);
    assert.deepEqual([weightOf(primary, stableOf(name)), weightOf(primary, canaryOf(name))], [80, 20]);
    await update.promotes();
    await update.pauses('step-5');
    const [changed] = await hasRoutes(shop, 'set-header-1', 'primary');
    assert.match(JSON.stringify(changed?.match), /chrome/);
    await update.promotes();
    await update.pauses('step-8');
    await hasRoutes(shop, 'primary');
    await hasWeights(shop, [60, 40]);
    await update.promotesFully();
    await update.comesTo('released');
    await hasWeights(shop, [100, 0]);
    await hasRoutes(shop, 'primary');
  },
  limit,
);

scenario(
  'TestIstioHostMirrorRoute',
  'two mirror routes in their order with their percentages; one gone at its empty step, both after promoteFull',
  async (t) => {
    const name = 'mirror-route';
    const mirror = (route: string, percentage: number, ...match: readonly object[]) => ({
      setMirrorRoute: { name: route, percentage, match },
    });
    const shop = await given(t, engine, {
      service: name,
      replicas: 5,
      objects: [virtualService(name)],
      canary: managed(
        name,
        ['mirror-1', 'mirror-2'],
        [
          { setWeight: 20 },
          mirror('mirror-1', 100, { path: { prefix: '/' } }),
          mirror('mirror-2', 80, { path: { prefix: '/' }, method: { exact: 'GET' } }),
          { pause: {} },
          mirror('mirror-1', 100, { path: { prefix: '/rewrite' } }),
          { pause: {} },
          { setWeight: 40 },
          { setMirrorRoute: { name: 'mirror-1' } },
          { pause: {} },
        ],
      ),
    });
    await shop.hasReleased('1.0.0');
    await hasRoutes(shop, 'primary');
    const update = await shop.releases('1.1.0');
    await update.pauses('step-4');
    const routes = await hasRoutes(shop, 'mirror-1', 'mirror-2', 'primary');
    assert.deepEqual(
      routes.map(({ mirrorPercentage }) => mirrorPercentage?.value),
      [100, 80, undefined],
    );
    for (const route of routes)
      assert.deepEqual([weightOf(route, stableOf(name)), weightOf(route, canaryOf(name))], [80, 20]);
    assert.ok(routes.slice(0, 2).every(({ mirror: to }) => to?.host === canaryOf(name)));
    await update.promotes();
    await update.pauses('step-6');
    const [rewritten] = await hasRoutes(shop, 'mirror-1', 'mirror-2', 'primary');
    assert.match(JSON.stringify(rewritten?.match), /rewrite/);
    await update.promotes();
    await update.pauses('step-9');
    const left = await hasRoutes(shop, 'mirror-2', 'primary');
    for (const route of left)
      assert.deepEqual([weightOf(route, stableOf(name)), weightOf(route, canaryOf(name))], [60, 40]);
    await update.promotesFully();
    await update.comesTo('released');
    await hasRoutes(shop, 'primary');
    await hasWeights(shop, [100, 0]);
  },
  limit,
);
