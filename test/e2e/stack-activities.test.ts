import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { localTraffic } from '../../activities/traffic/local.ts';
import { acquireFence, localWorkload } from '../../activities/workload/local.ts';
import { prometheusAddress, type SupervisorClient } from '../../infra/local/index.ts';
import type { LocalTarget } from '../../src/plan/plan.ts';
import { connectSupervisor, endHome, journal, newHome, spec, split, upIn } from './stack-world.ts';

const service = 'api';
const quiet = () => new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
const target = { platform: 'local', ...spec() } as LocalTarget;

describe('the local adapters of workload and traffic', { timeout: 300_000 }, () => {
  const home = newHome();
  let client: SupervisorClient;
  let fence = 0;

  before(async () => {
    await upIn(home);
    client = connectSupervisor({ home });
  });
  after(async () => {
    client?.close();
    await endHome(home);
  });

  const run = <Result>(work: () => Promise<Result>, environment = quiet()): Promise<Result> =>
    environment.run(work) as Promise<Result>;
  const workload = () => localWorkload({ client });
  const refusal = async (work: () => Promise<unknown>): Promise<ApplicationFailure> => {
    const failure = await run(work).then(
      () => null,
      (error: unknown) => error,
    );
    assert.ok(failure instanceof ApplicationFailure, String(failure));
    return failure;
  };

  it('describe what was never released as nothing, and remove it', async () => {
    assert.deepEqual(await run(() => workload().describeWorkload({ service })), {
      stable: null,
      canary: null,
      weights: {},
      revisions: [],
    });
    await run(() => workload().removeRevision({ service, version: '1.0.0', fence: 1 }));
  });

  it('carry a first release, each effect once however often it is asked', async () => {
    fence = await run(() => acquireFence(client, service, 'first run'));
    assert.equal(await run(() => acquireFence(client, service, 'first run')), fence);
    const heartbeats: unknown[] = [];
    const environment = quiet();
    environment.on('heartbeat', (detail: unknown) => heartbeats.push(detail));
    for (let attempt = 0; attempt < 2; attempt++) {
      await run(() => workload().setRoles({ service, stable: null, canary: '1.0.0', fence }));
      await run(() => workload().startRevision({ service, version: '1.0.0', target, fence }));
      const asked = { service, version: '1.0.0', deadlineMs: 60_000, sinceMs: Date.now() };
      const readiness = await run(() => workload().awaitReady(asked), environment);
      assert.equal(readiness.ready, true);
      assert.match(readiness.because, /^1 of 1 replicas ready after \d+\.\d s$/);
      const set = { service, weights: { '1.0.0': 100 }, fence, key: 'release/step-1' };
      assert.deepEqual(await run(() => localTraffic({ client }).setWeights(set)), {
        weights: { '1.0.0': 100 },
        verified: true,
      });
      await run(() => workload().setRoles({ service, stable: '1.0.0', canary: null, fence }));
    }
    assert.ok(heartbeats.length > 0, 'it said what it waits for');
    const effects = journal(home).map(({ effect }) => effect);
    assert.deepEqual(
      effects.filter((effect) => effect !== 'setRoles'),
      ['fence', 'startRevision', 'setWeights'],
    );
    const state = await run(() => workload().describeWorkload({ service }));
    assert.deepEqual(state, {
      stable: '1.0.0',
      canary: null,
      weights: { '1.0.0': 100 },
      revisions: [{ version: '1.0.0', replicas: 1, ready: 1, restarts: 0, because: '' }],
    });
    assert.deepEqual(await split((await client.service(service)).address, 20), { '1.0.0': 20 });
  });

  it('return that a version is not ready at the deadline, counted from when the workflow began to wait', async () => {
    const never = { ...target, environment: { NEVER_READY: '1' } };
    await run(() => workload().startRevision({ service, version: '1.1.0', target: never, fence }));
    const began = Date.now();
    const asked = { service, version: '1.1.0', deadlineMs: 60_000, sinceMs: began - 59_000 };
    const readiness = await run(() => workload().awaitReady(asked));
    assert.equal(readiness.ready, false);
    assert.match(readiness.because, /^0 of 1 replicas ready after (6|7|8|9)\d\.\d s/);
    assert.ok(Date.now() - began < 40_000, 'of the sixty seconds one was left');
  });

  it('stop waiting when they are cancelled', async () => {
    const environment = quiet();
    const asked = { service, version: '1.1.0', deadlineMs: 60_000, sinceMs: Date.now() };
    environment.once('heartbeat', () => environment.cancel('CANCELLED'));
    await assert.rejects(
      run(() => workload().awaitReady(asked), environment),
      CancelledFailure,
    );
  });

  it('try again what may be otherwise in a moment, and give up what belongs to the past', async () => {
    const set = { service, weights: { '1.0.0': 90, '1.1.0': 10 }, fence, key: 'k' };
    const unready = await refusal(() => localTraffic({ client }).setWeights(set));
    assert.deepEqual([unready.type, unready.nonRetryable], ['SHIPLOCK_LOCAL_NOT_READY', false]);
    const stale = await refusal(() => localTraffic({ client }).setWeights({ ...set, fence: fence - 1 }));
    assert.deepEqual([stale.type, stale.nonRetryable], ['SHIPLOCK_FENCE_STALE', true]);
    const wrong = await refusal(() => localTraffic({ client }).setWeights({ ...set, weights: { '1.0.0': 101 } }));
    assert.deepEqual([wrong.type, wrong.nonRetryable], ['SHIPLOCK_LOCAL_REQUEST_INVALID', true]);
    const empty = newHome();
    const nobody = connectSupervisor({ home: empty, patienceMs: 0 });
    const down = await refusal(() => localWorkload({ client: nobody }).describeWorkload({ service }));
    assert.deepEqual([down.type, down.nonRetryable], ['SHIPLOCK_LOCAL_DOWN', false]);
    await endHome(empty);
  });

  it('know where the embedded Prometheus answers', async () => {
    assert.match(await prometheusAddress(client), /^http:\/\/127\.0\.0\.1:\d+$/);
  });
});
