import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { CANARY, openPause, pause, STABLE, shortPlan, values, valuesFile, weight } from './plan.ts';
import { givesWeight, openProxy } from './proxy.ts';
import { answersOf, release } from './scene.ts';
import { serveStable, until } from './service.ts';
import { openStage, type Stage } from './stage.ts';

describe('a writer of the past changes nothing', { timeout: 300_000 }, () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage?.close());

  it('refuses the late write of a worker that stalled inside setWeights, after an abort', async (t) => {
    const lane = await stage.openLane('stalled');
    const proxy = await openProxy(stage.home, 'proxy-stalled');
    t.after(() => proxy.close());
    const first = await lane.startWorker(proxy.home);
    t.after(() => first.kill());
    const plan = shortPlan({
      service: 'stalled',
      folder: stage.folder,
      steps: [weight(20), pause(500), weight(50), openPause()],
    });
    await serveStable(stage.supervisor, plan);

    const caught = proxy.hold(givesWeight(CANARY, 50));
    const under = await release(stage, lane, plan);
    const write = await caught;
    first.stall();
    const aborted = performance.now();
    await under.abort('the worker hangs');
    await lane.startWorker();
    await under.untilWeight(CANARY, 0, 90_000);
    t.diagnostic(`traffic was back ${((performance.now() - aborted) / 1_000).toFixed(1)} s after the abort`);
    assert.deepEqual(await answersOf(stage, plan.service), { [STABLE]: 50 });

    first.wake();
    const { status, body } = await write.release();
    assert.deepEqual({ status, code: body.code }, { status: 409, code: 'SHIPLOCK_FENCE_STALE' });
    const { verdict, because } = await under.ended();
    assert.deepEqual({ verdict, because }, { verdict: 'rolledBack', because: 'the worker hangs' });
    assert.deepEqual((await stage.supervisor.service(plan.service)).weights, { [STABLE]: 100 });
    assert.deepEqual(await answersOf(stage, plan.service), { [STABLE]: 50 });
  });

  it('lets the next release clear what a terminated one left, and refuses what that one still sends', async (t) => {
    const lane = await stage.openLane('terminated');
    const proxy = await openProxy(stage.home, 'proxy-terminated');
    t.after(() => proxy.close());
    const first = await lane.startWorker(proxy.home);
    const left = shortPlan({
      service: 'terminated',
      folder: stage.folder,
      steps: [weight(20), pause(500), weight(50), openPause()],
    });
    await serveStable(stage.supervisor, left);
    const caught = proxy.hold(givesWeight(CANARY, 50));
    const cut = await release(stage, lane, left);
    const write = await caught;
    await lane.client.workflow.getHandle(cut.id).terminate('an operator lost patience');
    await first.kill();
    assert.deepEqual((await stage.supervisor.service('terminated')).weights, { [STABLE]: 80, [CANARY]: 20 });

    await lane.startWorker();
    const next = { ...left, version: '1.2.0', canary: { ...left.canary, steps: [weight(20), openPause()] } };
    const under = await release(stage, lane, next);
    await under.untilWeight('1.2.0', 20);
    const { revisions, weights } = await stage.supervisor.service('terminated');
    assert.deepEqual(revisions.map(({ version }) => version).sort(), [STABLE, '1.2.0'], `${CANARY} is gone`);
    const { status, body } = await write.release();
    assert.deepEqual({ status, code: body.code }, { status: 409, code: 'SHIPLOCK_FENCE_STALE' });
    assert.deepEqual((await stage.supervisor.service('terminated')).weights, weights);

    await under.abort('enough seen');
    assert.equal((await under.ended()).verdict, 'rolledBack');
    assert.deepEqual(await answersOf(stage, 'terminated'), { [STABLE]: 50 });
    const file = valuesFile(stage.folder, 'terminated');
    await until(
      'the file is as before the terminated release',
      () => readFileSync(file, 'utf8') === values(STABLE),
      1_000,
    );
  });
});
