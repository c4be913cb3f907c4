import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { FaultsInput } from '../../infra/sample-service/faults.ts';
import { effectsOf } from './effects.ts';
import { analysisOf, CANARY, openPause, pause, SAMPLE_SERVICE, STABLE, shortPlan, weight } from './plan.ts';
import { answersOf, release } from './scene.ts';
import { serveStable, steadyTraffic, until } from './service.ts';
import { type Lane, openStage, type Stage } from './stage.ts';

describe('a release of a workload that breaks', { timeout: 300_000 }, () => {
  let stage: Stage;
  let lane: Lane;
  before(async () => {
    stage = await openStage();
    lane = await stage.openLane('workload');
    await lane.startWorker();
  });
  after(() => stage?.close());

  const folderOf = (service: string): string => join(stage.folder, service, 'faults');
  const sampleService = (service: string) => ({
    command: ['node', 'main.ts'],
    directory: SAMPLE_SERVICE,
    environment: { SAMPLE_FAULTS_DIR: folderOf(service) },
  });
  /** @returns how to mend it. */
  const breakBuild = (service: string, version: string, faults: FaultsInput): (() => void) => {
    mkdirSync(folderOf(service), { recursive: true });
    const file = join(folderOf(service), `${version}.json`);
    writeFileSync(file, JSON.stringify(faults));
    return () => rmSync(file);
  };
  const stableOf = async (service: string) =>
    (await stage.supervisor.service(service)).revisions.find(({ version }) => version === STABLE);

  it('goes back at the deadline from a version that never gets ready, and sends nothing to it', async () => {
    const plan = shortPlan({ service: 'unready', folder: stage.folder, steps: [weight(20)] });
    const address = await serveStable(stage.supervisor, plan);
    const traffic = steadyTraffic(address);
    const under = await release(stage, lane, {
      ...plan,
      target: { ...plan.target, environment: { NEVER_READY: '1' } },
      canary: { ...plan.canary, readyDeadlineMs: 2_000 },
    });
    const { verdict, because } = await under.ended();
    const answers = await traffic.stop();
    assert.equal(verdict, 'rolledBack');
    assert.match(because, /^not ready in time: 0 of 1 replicas ready after .* 503/);
    assert.deepEqual(Object.keys(answers), [STABLE], 'no request failed or reached it');
    assert.equal(effectsOf(stage.home, 'unready').filter((effect) => effect.includes(`${CANARY}":`)).length, 0);
  });

  it('goes back from a version that crashes again and again at 50 %', async (t) => {
    breakBuild('crashing', CANARY, { crash: { afterRequests: 60 } });
    const rate = (classes: string) => `sum(rate(http_requests_total{service="crashing-canary"${classes}}[4s]))`;
    const analysis = analysisOf(`${rate(',code!~"5.."')} / ${rate('')}`);
    const metrics = analysis.metrics.map((metric) => ({ ...metric, initialDelayMs: 9_000 }));
    const base = shortPlan({ service: 'crashing', folder: stage.folder, steps: [] });
    const plan = {
      ...base,
      target: { ...base.target, ...sampleService('crashing') },
      canary: {
        ...base.canary,
        steps: [weight(5), pause(12_000), weight(50), pause(60_000)],
        background: { startingStep: 0, analysis: { ...analysis, metrics } },
      },
    };
    const address = await serveStable(stage.supervisor, plan);
    const traffic = steadyTraffic(address, 25, '/credentials');
    const under = await release(stage, lane, plan);
    await under.untilWeight(CANARY, 50, 60_000);
    const { verdict, because, last } = await under.ended();
    const { failed = 0, ...answers } = await traffic.stop();
    assert.equal(verdict, 'rolledBack');
    assert.match(because, /^health: /);
    assert.ok((last?.status?.metrics[0]?.good ?? 0) > 0, 'it was well at 5 %');
    assert.deepEqual(await answersOf(stage, 'crashing'), { [STABLE]: 50 });
    t.diagnostic(`${because}; ${JSON.stringify(answers)}, ${failed} failed`);
  });

  it('moves back what the stable side can carry when it is short, and the rest when it is whole again', async () => {
    const base = shortPlan({ service: 'short', folder: stage.folder, steps: [weight(75), openPause()] });
    const plan = { ...base, target: { ...base.target, ...sampleService('short'), replicas: 2 } };
    await serveStable(stage.supervisor, plan);
    const under = await release(stage, lane, plan);
    await under.untilStatus('it waits in the pause', ({ waiting }) => waiting?.kind === 'pause');

    // Builds read their faults at start: only the replica that takes the killed one's place is bad.
    const mend = breakBuild('short', STABLE, { crash: 'atStart' });
    const lost = (await stableOf('short'))?.instances[0];
    assert.ok(lost?.pid);
    process.kill(lost.pid, 'SIGKILL');
    await until('the stable side is short', async () => {
      const [first] = (await stableOf('short'))?.instances ?? [];
      return first?.state === 'crashed' && first.restarts > 1;
    });
    await under.abort('half of the stable side is gone');
    await under.untilWeight(CANARY, 50);
    assert.deepEqual((await stage.supervisor.service('short')).weights, { [STABLE]: 50, [CANARY]: 50 });
    mend();
    const { verdict, because } = await under.ended();
    assert.deepEqual({ verdict, because }, { verdict: 'rolledBack', because: 'half of the stable side is gone' });
    assert.deepEqual(
      effectsOf(stage.home, 'short').filter((effect) => effect.startsWith('setWeights')),
      [
        `setWeights {} {"${STABLE}":100}`,
        `setWeights {"${STABLE}":100} {"${STABLE}":25,"${CANARY}":75}`,
        `setWeights {"${STABLE}":25,"${CANARY}":75} {"${STABLE}":50,"${CANARY}":50}`,
        `setWeights {"${STABLE}":50,"${CANARY}":50} {"${STABLE}":100}`,
      ],
    );
    assert.deepEqual(await answersOf(stage, 'short'), { [STABLE]: 50 });
  });
});
