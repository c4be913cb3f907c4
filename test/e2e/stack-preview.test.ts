/** Blue-green on the embedded stack: the side without traffic can be looked at, and all traffic moves in one switch. */
import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { startTraffic } from '../../infra/load/traffic.ts';
import { connectSupervisor, type SupervisorClient } from '../../infra/local/index.ts';
import { isFailure } from '../../src/load/report.ts';
import { ask, endHome, newHome, serve, spec, split, until, untilReady, upIn } from './stack-world.ts';

const OLD = '1.0.0';
const NEW = '1.1.0';

describe('the preview address of a service', { timeout: 300_000 }, () => {
  const home = newHome();
  let client: SupervisorClient;
  before(async () => {
    await upIn(home);
    client = connectSupervisor({ home });
  });
  after(async () => {
    client?.close();
    await endHome(home);
  });

  /** An old side with all traffic and a new one beside it, both whole. */
  async function bothSides(service: string) {
    const { fence } = await serve(client, service, OLD, { replicas: 2 });
    await client.putRoles(service, { stable: OLD, canary: NEW, fence, key: 'roles' });
    await client.putRevision(service, NEW, { ...spec({ replicas: 2 }), fence, key: 'start' });
    const { address, preview } = await untilReady(client, service, NEW);
    const weigh = (version: string) => client.putWeights(service, { weights: { [version]: 100 }, fence, key: version });
    return { address, preview, fence, weigh };
  }

  it('answers the new version before the switch, the old one after it, and follows every way back', async () => {
    const { address, preview, fence, weigh } = await bothSides('sides');
    const seen = async () => [await split(address, 20), await split(preview, 20)];
    assert.deepEqual(await seen(), [{ [OLD]: 20 }, { [NEW]: 20 }]);
    assert.equal((await weigh(NEW)).previewVersion, OLD);
    assert.deepEqual(await seen(), [{ [NEW]: 20 }, { [OLD]: 20 }]);
    await client.putRoles('sides', { stable: NEW, canary: null, fence, key: 'promoted' });
    assert.deepEqual(await seen(), [{ [NEW]: 20 }, { [OLD]: 20 }]);
    await weigh(OLD);
    assert.deepEqual(await seen(), [{ [OLD]: 20 }, { [NEW]: 20 }]);
    await weigh(NEW);
    await client.deleteRevision('sides', OLD, { fence, key: 'cleanup' });
    assert.deepEqual(await seen(), [{ [NEW]: 20 }, { [NEW]: 20 }], 'nothing else is there to be shown');
  });

  it('cannot be had, nor left, by a header', async () => {
    const { address, preview } = await bothSides('headers');
    const asked = await fetch(address, { headers: { 'x-shiplock-side': 'preview' } });
    assert.equal(asked.headers.get('x-service-version'), OLD);
    const back = await fetch(preview, { headers: { 'x-shiplock-side': 'live' } });
    assert.equal(back.headers.get('x-service-version'), NEW);
  });

  it('stays where it was when the supervisor comes back', async () => {
    const { preview, weigh } = await bothSides('again');
    await weigh(NEW);
    process.kill((await client.stack()).pid, 'SIGKILL');
    const agent = new Agent();
    const status = await until('a supervisor that knows both sides', async () => {
      const found = await client.service('again').catch(() => null);
      return found?.previewVersion === OLD ? found : null;
    });
    assert.equal(status.preview, preview);
    assert.equal((await ask(agent, preview)).version, OLD);
    agent.destroy();
  });

  it('says why it shows nothing', async () => {
    await client.grantFence('empty', { holder: 'first' });
    const { preview, previewVersion } = await client.service('empty');
    const response = await fetch(preview);
    assert.equal(previewVersion, null);
    assert.deepEqual([response.status, await response.text()], [503, 'no version of empty can be shown\n']);
  });

  it('a switch of all traffic at once, and the switch back, cost no request at 200 requests/s', async (t) => {
    const { address, weigh } = await bothSides('switch');
    const traffic = startTraffic({
      address,
      ratePerSecond: 200,
      paths: ['/', '/slow?ms=50'],
      atMost: { seconds: 30, requests: 6_000 },
    });
    t.after(() => traffic.stop());
    const answeredBy = (version: string, since: number) =>
      until(`200 answers of ${version}`, () => {
        const later = traffic.responses.filter((one) => one.sentAtMs > since && one.version === version);
        return later.length >= 200;
      });
    for (const version of [OLD, NEW, OLD]) {
      await weigh(version);
      const confirmed = Date.now();
      await answeredBy(version, confirmed);
      const others = traffic.responses.filter((one) => one.sentAtMs > confirmed + 1 && one.version !== version);
      assert.deepEqual(others, [], `not one more request for the other side after ${version} was confirmed`);
    }
    await traffic.stop();
    const failed = traffic.responses.filter(isFailure);
    t.diagnostic(`${failed.length} of ${traffic.responses.length} requests failed over two switches`);
    assert.deepEqual(failed, []);
  });
});
