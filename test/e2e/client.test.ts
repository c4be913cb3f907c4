import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { isGrpcCancelledError } from '@temporalio/client';
import { openConnection } from '../../src/client/connection.ts';
import type { Shiplock, Sighting } from '../../src/client/index.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { ReleaseStatus } from '../../workflows/messages.ts';
import { openStage, planFor, type Stage } from './client-stage.ts';
import { openPassage } from './support/passage.ts';

let stage: Stage;
let shiplock: Shiplock;

before(async () => {
  stage = await openStage();
  shiplock = stage.shiplock;
});
after(() => stage.close());

const compiled = (plan: Plan) => ({ plan, planDigest: 'd'.repeat(64), warnings: [] });

/** Waits for a condition on a release; fails after two minutes. */
async function until(id: string, met: (status: ReleaseStatus) => boolean): Promise<ReleaseStatus> {
  for await (const { status } of shiplock.watch(id, { signal: AbortSignal.timeout(120_000) })) {
    if (status && met(status)) return status;
  }
  throw new Error(`${id}: it never came to that`);
}

async function eventually<T>(look: () => Promise<T>, met: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const value = await look();
    if (met(value)) return value;
    if (Date.now() > deadline) throw new Error(`it never came to that: ${JSON.stringify(value)}`);
    await delay(100);
  }
}

const paused = {
  canary: { ...planFor('x').canary, steps: [{ kind: 'pause', durationMs: null, deadlineMs: 600_000 }] },
} as const;
const asking = {
  promotion: { monitor: null, approval: { deadlineMs: 600_000, requires: 'anonymous', quorum: 1, notStarter: false } },
} as const;

suite('a connection that closes', () => {
  test('ends the call under way, which rejects as cancelled', async (t) => {
    const passage = await openPassage(stage.address);
    t.after(() => passage.close());
    const connection = await openConnection({ address: passage.address });
    const held = passage.hold();
    const asked = connection.withDeadline(Date.now() + 10_000, () => connection.workflowService.getSystemInfo({}));
    await held;
    await connection.close();
    await assert.rejects(asked, (error) => isGrpcCancelledError(error) && /was closed/.test(String(error)));
  });

  test('ends the call that waits to be tried again', async (t) => {
    const passage = await openPassage(stage.address);
    t.after(() => passage.close());
    const connection = await openConnection({ address: passage.address });
    const cut = passage.cut();
    const asked = connection.withDeadline(Date.now() + 60_000, () => connection.workflowService.getSystemInfo({}));
    await cut;
    await connection.close();
    await assert.rejects(asked, (error) => isGrpcCancelledError(error) && /was closed/.test(String(error)));
    await assert.rejects(connection.workflowService.getSystemInfo({}), /shut down/);
  });
});

suite('without a worker', () => {
  before(() => stage.workerDown());

  test('a started release is seen with what the server knows, and why there is no more', async () => {
    const started = await shiplock.startPlan(compiled(planFor('silent')));
    const { execution, status, because } = await shiplock.get(started.id);
    assert.equal(started.id, 'release-production-silent');
    assert.equal(status, null);
    assert.match(because, /no worker answers/);
    assert.deepEqual(
      [execution.state, execution.service, execution.environment, execution.version, execution.startedBy],
      ['running', 'silent', 'production', '1.1.0', 'ann@laptop'],
    );
    assert.ok(started.kind === 'started' && execution.firstRunId === started.firstRunId);
  });

  test('a second start says who is at it, with what, and where it stands', async () => {
    await assert.rejects(shiplock.startPlan(compiled(planFor('silent', { version: '1.2.0' }))), {
      code: 'SHIPLOCK_RELEASE_BUSY',
      message: /release-production-silent is busy: 1\.1\.0, started by ann@laptop at 20.*, is in admission/,
      mend: /--if-busy wait/,
    });
  });

  test('a release that waits for a worker is in the list', async () => {
    const open = await eventually(
      () => shiplock.list({ service: 'silent', open: true }),
      ({ length }) => length > 0,
    );
    assert.equal(open[0]?.id, 'release-production-silent');
    assert.deepEqual(await shiplock.list({ service: 'silent', open: false }), []);
    await assert.rejects(shiplock.list({ service: "x' OR 'a'='a" }), { code: 'SHIPLOCK_NAME_INVALID' });
  });

  test('a message stands undecided, and the sender is told so', async () => {
    const sent = shiplock.send('release-production-silent', 'abort', { reason: 'test' }, { timeoutMs: 1_000 });
    await assert.rejects(sent, { code: 'SHIPLOCK_DECISION_UNKNOWN', message: /no worker answers/ });
  });

  test('a wait ends at its time-out, and touches nothing', async () => {
    const { verdict, because } = await shiplock.wait('release-production-silent', { timeoutMs: 500 });
    assert.equal(verdict, 'stillWaiting');
    assert.match(because, /the release goes on/);
  });

  test('a terminated release is no outcome, and says that nothing was undone', async () => {
    const { id } = await shiplock.startPlan(compiled(planFor('terminated')));
    await shiplock.session.client.workflow.getHandle(id).terminate('by hand');
    const { verdict, because } = await shiplock.wait(id, { timeoutMs: 120_000 });
    assert.equal(verdict, 'broken');
    assert.match(because, /terminated: nothing was undone \(by hand\)/);
    await assert.rejects(shiplock.send(id, 'abort'), { code: 'SHIPLOCK_RELEASE_ENDED' });
  });

  test('a release that nobody knows is named as such', async () => {
    await assert.rejects(shiplock.get('release-production-nothing'), { code: 'SHIPLOCK_RELEASE_UNKNOWN' });
    await assert.rejects(shiplock.send('release-production-nothing', 'abort'), { code: 'SHIPLOCK_RELEASE_UNKNOWN' });
  });

  test('a wrong release file is refused before a workflow exists', async () => {
    const file = new URL('./client.test.ts', import.meta.url).pathname;
    await assert.rejects(shiplock.start({ file, version: '1.0.0' }), { code: 'SHIPLOCK_PLAN_INVALID' });
  });
});

suite('with a worker', () => {
  before(() => stage.workerUp());

  test('a good release is watched to released; the wait for its end goes through the window', async () => {
    const { id } = await shiplock.startPlan(compiled(planFor('good', { window: { durationMs: 1_000 } })));
    const seen: Sighting[] = [];
    const released = await shiplock.wait(id, { timeoutMs: 120_000, onSighting: (sighting) => seen.push(sighting) });
    assert.equal(released.verdict, 'released');
    const ended = await shiplock.wait(id, { timeoutMs: 120_000, until: 'ended' });
    assert.equal(ended.verdict, 'released');
    assert.equal(ended.last?.execution.state, 'completed');
    assert.equal(ended.last?.status?.phase, 'ended');
    assert.ok(seen.length >= 1);
  });

  test('an approval must name its step: none is sent without one, and a foreign one is refused with the reason', async () => {
    const { id } = await shiplock.startPlan(compiled(planFor('approved', asking)));
    const { waiting } = await until(id, (status) => status.waiting?.kind === 'approval');
    await assert.rejects(shiplock.send(id, 'approve'), { code: 'SHIPLOCK_STEP_REQUIRED' });
    const foreign = await shiplock.send(id, 'approve', { step: 'promotion@00000000' });
    assert.equal(foreign.accepted, false);
    assert.match(foreign.because, /is not what is asked for/);
    const right = await shiplock.send(id, 'approve', { step: waiting?.token });
    assert.equal(right.accepted, true);
    assert.deepEqual([right.by?.name, right.by?.level], ['ann@laptop', 'identity']);
    assert.equal((await shiplock.wait(id, { timeoutMs: 120_000 })).verdict, 'released');
  });

  test('an aborted release is rolled back, with the reason', async () => {
    const { id } = await shiplock.startPlan(compiled(planFor('aborted', paused)));
    await until(id, (status) => status.waiting?.kind === 'pause');
    const decision = await shiplock.send(id, 'abort', { reason: 'wrong build' });
    assert.equal(decision.accepted, true);
    const { verdict, because, last } = await shiplock.wait(id, { timeoutMs: 120_000 });
    assert.deepEqual([verdict, because, last?.execution.state], ['rolledBack', 'wrong build', 'failed']);
  });

  test('a rejected release is rejected', async () => {
    const { id } = await shiplock.startPlan(compiled(planFor('rejected', asking)));
    const { waiting } = await until(id, (status) => status.waiting?.kind === 'approval');
    await shiplock.send(id, 'reject', { step: waiting?.token, comment: 'not today' });
    const { verdict, because } = await shiplock.wait(id, { timeoutMs: 120_000 });
    assert.deepEqual([verdict, because], ['rejected', 'not today']);
  });

  test('a watch survives a worker that goes and comes back, and says when nobody answers', async () => {
    const { id } = await shiplock.startPlan(compiled(planFor('outlived', paused)));
    await until(id, (status) => status.waiting?.kind === 'pause');
    await stage.workerDown();
    let silent = '';
    for await (const { status, because } of shiplock.watch(id, { signal: AbortSignal.timeout(120_000) })) {
      if (!status) {
        silent = because;
        await stage.workerUp();
      } else if (silent) break;
    }
    assert.match(silent, /no worker answers/);
    await shiplock.send(id, 'abort');
    assert.equal((await shiplock.wait(id, { timeoutMs: 120_000 })).verdict, 'rolledBack');
  });

  test('a release that is continued in new runs is followed, and messages reach its newest one', async () => {
    const steps = [10, 20, 30, 40].flatMap((weight) => [
      { kind: 'setWeight', weight } as const,
      { kind: 'pause', durationMs: 300, deadlineMs: 0 } as const,
    ]);
    const plan = planFor('continued', {
      canary: { ...planFor('x').canary, steps: [...steps, ...paused.canary.steps] },
    });
    const started = await shiplock.startPlan(compiled(plan), { eventsPerRun: 20 });
    const { waiting, continued } = await until(
      started.id,
      (status) => status.waiting?.deadline !== null && status.waiting?.token.startsWith('step-9') === true,
    );
    assert.ok(continued > 0);
    const decision = await shiplock.send(started.id, 'promote', { step: waiting?.token });
    assert.equal(decision.accepted, true);
    const firstRunId = started.kind === 'started' ? started.firstRunId : '';
    const { verdict, last } = await shiplock.wait(started.id, { timeoutMs: 120_000, firstRunId });
    assert.equal(verdict, 'released');
    assert.equal(last?.execution.firstRunId, firstRunId);
  });

  test('a start closes the window of the release before it, and a watch of that one does not stray', async () => {
    const first = await shiplock.startPlan(compiled(planFor('successive')));
    assert.ok(first.kind === 'started');
    await shiplock.wait(first.id, { timeoutMs: 120_000 });
    const second = await shiplock.startPlan(compiled(planFor('successive', { version: '1.2.0', ...paused })));
    assert.ok(second.kind === 'started');
    assert.notEqual(second.firstRunId, first.firstRunId);
    const { verdict, last } = await shiplock.wait(first.id, {
      firstRunId: first.firstRunId,
      until: 'ended',
      timeoutMs: 120_000,
    });
    assert.deepEqual([verdict, last?.status?.version], ['released', '1.1.0']);
    const chain = last?.execution;
    assert.ok(chain);
    await assert.rejects(shiplock.send(first.id, 'abort', {}, { chain }), { code: 'SHIPLOCK_RELEASE_ENDED' });
    assert.equal((await shiplock.get(second.id)).execution.state, 'running');
    await shiplock.send(second.id, 'abort');
  });

  test('who saw an outcome may start the next release at once, though the one before is still closing', async () => {
    const { id } = await shiplock.startPlan(compiled(planFor('hasty', { window: { durationMs: 1 } })));
    await until(id, ({ outcome, phase }) => outcome === 'released' && phase === 'ended');
    assert.equal((await shiplock.get(id)).execution.state, 'running');
    const next = await shiplock.startPlan(compiled(planFor('hasty', { version: '1.2.0' })));
    assert.equal((await shiplock.wait(next.id, { timeoutMs: 120_000 })).last?.status?.version, '1.2.0');
  });

  test('a start waits its turn where it is told to, and then is its own release', async () => {
    const first = await shiplock.startPlan(compiled(planFor('queued', paused)));
    await until(first.id, (status) => status.waiting?.kind === 'pause');
    const second = await shiplock.startPlan(compiled(planFor('queued', { version: '1.2.0' })), { ifBusy: 'wait' });
    assert.ok(second.kind === 'queued');
    const early = await shiplock.turn(second, { signal: AbortSignal.timeout(1_500) });
    assert.equal(early, null);
    await shiplock.send(first.id, 'abort');
    const firstRunId = await shiplock.turn(second, { signal: AbortSignal.timeout(120_000) });
    assert.ok(firstRunId);
    const { verdict, last } = await shiplock.wait(second.id, { firstRunId, timeoutMs: 120_000 });
    assert.deepEqual([verdict, last?.status?.version], ['released', '1.2.0']);
  });

  test('a superseding start aborts the open release, and begins when that has gone back', async () => {
    const first = await shiplock.startPlan(compiled(planFor('superseded', paused)));
    assert.ok(first.kind === 'started');
    await until(first.id, (status) => status.waiting?.kind === 'pause');
    const second = await shiplock.startPlan(compiled(planFor('superseded', { version: '1.2.0' })), {
      ifBusy: 'supersede',
    });
    assert.ok(second.kind === 'queued');
    const firstRunId = await shiplock.turn(second, { signal: AbortSignal.timeout(120_000) });
    assert.ok(firstRunId);
    const old = await shiplock.wait(first.id, { firstRunId: first.firstRunId, timeoutMs: 120_000 });
    assert.equal(old.verdict, 'rolledBack');
    assert.equal((await shiplock.wait(second.id, { firstRunId, timeoutMs: 120_000 })).verdict, 'released');
  });
});
