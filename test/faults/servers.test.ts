import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { effectsOf } from './effects.ts';
import { analysisOf, CANARY, pause, STABLE, shortPlan, weight } from './plan.ts';
import { answersOf, release } from './scene.ts';
import { serveStable, steadyTraffic, until } from './service.ts';
import { type Lane, openStage, type Stage } from './stage.ts';

const RAMP = [weight(20), pause(3_000), weight(50), pause(3_000)];
const MOVES = [
  `setWeights {"${STABLE}":100} {"${STABLE}":80,"${CANARY}":20}`,
  `setWeights {"${STABLE}":80,"${CANARY}":20} {"${STABLE}":50,"${CANARY}":50}`,
  `setWeights {"${STABLE}":50,"${CANARY}":50} {"${CANARY}":100}`,
];

/** A limit for the whole file: a stack comes up, releases run, each with one of its servers lost. */
describe('a release outlives the servers it runs on', { timeout: 300_000 }, () => {
  let stage: Stage;
  let lane: Lane;
  before(async () => {
    stage = await openStage();
    lane = await stage.openLane('servers');
    await lane.startWorker();
  });
  after(() => stage?.close());

  const movesOf = (service: string): string[] =>
    effectsOf(stage.home, service).filter((effect) => effect.startsWith('setWeights') && !effect.includes('{} '));
  const begin = async (service: string) => {
    const plan = shortPlan({ service, folder: stage.folder, steps: RAMP });
    const address = await serveStable(stage.supervisor, plan);
    const traffic = steadyTraffic(address);
    const under = await release(stage, lane, plan);
    await under.untilWeight(CANARY, 20);
    return { plan, traffic, under };
  };

  it('takes up services that come in the same moment', async () => {
    const plans = ['one', 'two', 'three', 'four'].map((service) =>
      shortPlan({ service, folder: stage.folder, steps: RAMP }),
    );
    const addresses = await Promise.all(plans.map((plan) => serveStable(stage.supervisor, plan)));
    assert.equal(new Set(addresses).size, 4);
    for (const { service } of plans) assert.deepEqual(await answersOf(stage, service, 5), { [STABLE]: 5 });
  });

  it('goes on when the supervisor is killed in the ramp, and loses no request', async (t) => {
    const { plan, traffic, under } = await begin('supervisor');
    const { pid } = await stage.stack();
    process.kill(pid, 'SIGKILL');
    const { verdict, because } = await under.ended();
    const { failed = 0, ...answers } = await traffic.stop();
    assert.equal(verdict, 'released', because);
    assert.deepEqual(movesOf(plan.service), MOVES, 'each move once');
    assert.notEqual((await stage.stack()).pid, pid);
    t.diagnostic(`${JSON.stringify(answers)}, ${failed} failed`);
    assert.equal(failed, 0);
  });

  it('goes on when Envoy is killed in the ramp: it comes back with the same weights', async (t) => {
    const { plan, traffic, under } = await begin('envoy');
    const { pid } = (await stage.stack()).servers.envoy;
    process.kill(pid ?? 0, 'SIGKILL');
    await until('another Envoy is ready', async () => {
      const { envoy } = (await stage.stack()).servers;
      return envoy.state === 'ready' && envoy.pid !== pid;
    });
    const { verdict, because } = await under.ended();
    const { failed = 0, ...answers } = await traffic.stop();
    assert.equal(verdict, 'released', because);
    assert.deepEqual(movesOf(plan.service), MOVES, 'each move once');
    assert.deepEqual(await answersOf(stage, plan.service), { [CANARY]: 50 });
    t.diagnostic(`${JSON.stringify(answers)}, ${failed} failed while there was no Envoy`);
  });

  it('goes on when Temporal is killed in the ramp: its history is on disk', async () => {
    const { plan, traffic, under } = await begin('temporal');
    const { pid, address } = (await stage.stack()).servers.temporal;
    process.kill(pid ?? 0, 'SIGKILL');
    await until('another Temporal is ready', async () => {
      const { temporal } = (await stage.stack()).servers;
      return temporal.state === 'ready' && temporal.pid !== pid && temporal.address === address;
    });
    const { verdict, because } = await under.ended();
    const { failed = 0 } = await traffic.stop();
    assert.equal(verdict, 'released', because);
    assert.deepEqual(movesOf(plan.service), MOVES, 'each move once');
    assert.equal(failed, 0);
  });

  it('goes back for lack of evidence when Prometheus stops answering', async (t) => {
    const plan = shortPlan({
      service: 'prometheus',
      folder: stage.folder,
      steps: [weight(20), pause(60_000)],
      changes: {
        canary: {
          steps: [weight(20), pause(60_000)],
          background: { startingStep: 0, analysis: analysisOf('vector(1)', 3) },
          readyDeadlineMs: 30_000,
        },
      },
    });
    await serveStable(stage.supervisor, plan);
    const under = await release(stage, lane, plan);
    await under.untilStatus('a good reading', ({ metrics }) => (metrics[0]?.good ?? 0) > 0);
    const pid = (await stage.stack()).servers.prometheus.pid ?? 0;
    process.kill(pid, 'SIGSTOP');
    t.after(() => process.kill(pid, 'SIGCONT'));
    const { verdict, because, last } = await under.ended();
    assert.equal(verdict, 'rolledBack');
    assert.match(because, /health: 3 errors in a row, more than consecutiveErrorLimit 2/);
    const readings = last?.status?.metrics[0]?.readings ?? [];
    assert.match(readings.at(-1)?.value ?? '', /has not answered within 2000 ms/);
    assert.deepEqual(await answersOf(stage, plan.service), { [STABLE]: 50 });
  });
});
