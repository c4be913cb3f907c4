/** What a release sees of a running service, on the embedded stack. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createValidationActivities } from '../../activities/validation/index.ts';
import type { LoadReport, Probe, Side } from '../../activities/validation/port.ts';
import { localSides } from '../../activities/validation/sides.ts';
import { connectSupervisor, type SupervisorClient } from '../../infra/local/index.ts';
import { judgeLoad, judgeProbe } from '../../src/validation/judge.ts';
import { activityEnvironment } from '../fixtures/activity-environment.ts';
import { endHome, newHome, serve, spec, untilReady, upIn } from './stack-world.ts';

const OLD = '1.0.0';
const NEW = '1.1.0';
const service = 'looked-at';

describe('probes and loads of a service on the embedded stack', { timeout: 300_000 }, () => {
  const home = newHome();
  let client: SupervisorClient;
  let fence = 0;
  before(async () => {
    await upIn(home);
    client = connectSupervisor({ home });
    ({ fence } = await serve(client, service, OLD, { replicas: 2 }));
    await client.putRoles(service, { stable: OLD, canary: NEW, fence, key: 'roles' });
    await client.putRevision(service, NEW, { ...spec({ replicas: 2 }), fence, key: 'start' });
    await untilReady(client, service, NEW);
  });
  after(async () => {
    client?.close();
    await endHome(home);
  });

  const activities = () => createValidationActivities({ sideOf: localSides({ client }) });
  const check = { path: '/ready', status: 200, timeoutMs: 5_000 };
  const probe = (side: Side) =>
    activityEnvironment().run(activities().probe, { service, side, check }) as Promise<Probe>;
  const versions = async () =>
    Promise.all((['live', 'preview'] as const).map(async (side) => (await probe(side)).version));
  const performance = {
    path: '/',
    ratePerSecond: 100,
    durationMs: 2_000,
    p95Seconds: 2,
    errorShare: 0,
    versusStable: 50,
  };
  const load = () =>
    activityEnvironment().run(activities().load, { service, compare: true, check: performance }) as Promise<LoadReport>;

  it('a probe says which version it met: the new one beside the old one, and after the switch the other way round', async () => {
    const seen = await probe('preview');
    assert.equal(judgeProbe(check, seen).verdict, 'pass');
    assert.equal(seen.headers['x-service-version'], NEW, 'what the platform says is what answered');
    assert.deepEqual(await versions(), [OLD, NEW]);
    await client.putWeights(service, { weights: { [NEW]: 100 }, fence, key: 'switch' });
    assert.deepEqual(await versions(), [NEW, OLD]);
    assert.equal((await probe('preview')).headers['x-service-version'], OLD);
  });

  it('a load measures the new side and the old one in turns', async (t) => {
    const report = await load();
    assert.deepEqual([report.live.requests, report.preview?.requests], [200, 200]);
    assert.deepEqual([report.live.failed, report.preview?.failed], [0, 0]);
    const { verdict, because } = judgeLoad(performance, report);
    t.diagnostic(`${verdict}: ${because}; late ${report.live.late} and ${report.preview?.late}`);
    assert.notEqual(verdict, 'fail', because);
  });

  it('a load without an old side compares nothing, so it shows nothing', async () => {
    await client.deleteRevision(service, OLD, { fence, key: 'cleanup' });
    const report = await load();
    assert.equal(report.preview, null);
    assert.equal(judgeLoad(performance, report).verdict, 'inconclusive');
  });

  it('a probe of a service that is not there fails, to be tried again', async () => {
    const nowhere = { service: 'nowhere', side: 'live', check } as const;
    await assert.rejects(activityEnvironment().run(activities().probe, nowhere) as Promise<Probe>, {
      type: 'SHIPLOCK_LOCAL_SERVICE_UNKNOWN',
      nonRetryable: false,
    });
  });
});
