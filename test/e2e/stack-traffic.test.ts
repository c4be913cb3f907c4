import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { SupervisorClient } from '../../infra/local/index.ts';
import {
  ask,
  connectSupervisor,
  endHome,
  journal,
  newHome,
  serve,
  spec,
  split,
  steadyTraffic,
  until,
  untilReady,
  upIn,
} from './stack-world.ts';

describe('the embedded stack moves real traffic', { timeout: 300_000 }, () => {
  const home = newHome();
  let client: SupervisorClient;
  let prometheus: string;
  const agent = new Agent({ keepAlive: true });

  before(async () => {
    process.env.SECRET_OF_THE_CALLER = 'not for processes';
    const stack = await upIn(home);
    prometheus = stack.servers.prometheus.address;
    client = connectSupervisor({ home });
  });
  after(async () => {
    client?.close();
    agent.destroy();
    await endHome(home);
  });

  it('splits requests as asked, and says so only once Envoy shows it', async () => {
    const { address, fence } = await serve(client, 'split', '1.0.0');
    assert.deepEqual(await split(address, 50), { '1.0.0': 50 });
    await client.putRevision('split', '1.1.0', { ...spec(), fence, key: 'w/start' });
    await untilReady(client, 'split', '1.1.0');
    await client.putWeights('split', { weights: { '1.0.0': 75, '1.1.0': 25 }, fence, key: 'w/25' });
    const shares = await split(address, 2000);
    // 2000 draws at 25 %: five standard deviations are 97.
    assert.ok(Math.abs((shares['1.1.0'] ?? 0) - 500) < 97, `canary got ${shares['1.1.0']} of 2000`);
    assert.equal(shares.failed, undefined);
    await client.putWeights('split', { weights: { '1.0.0': 100, '1.1.0': 0 }, fence, key: 'w/back' });
    assert.deepEqual(await split(address, 500), { '1.0.0': 500 }, 'not one more request after the answer');
  });

  it('refuses a lower fence than it has seen, also one seen in a refused request', async () => {
    const { fence } = await serve(client, 'fence', '1.0.0');
    const refused = { weights: { '1.0.0': 50, 'no-such': 50 }, fence: fence + 5, key: 'abort' };
    await assert.rejects(client.putWeights('fence', refused), { code: 'SHIPLOCK_LOCAL_NOT_READY' });
    const late = { weights: { '1.0.0': 100 }, fence: fence + 4, key: 'late' };
    await assert.rejects(client.putWeights('fence', late), { code: 'SHIPLOCK_FENCE_STALE' });
    const stale = { code: 'SHIPLOCK_FENCE_STALE' };
    const fenced = { fence: fence + 4, key: 'late' };
    await assert.rejects(client.putRevision('fence', '2.0.0', { ...spec(), ...fenced }), stale);
    await assert.rejects(client.deleteRevision('fence', '1.0.0', fenced), stale);
    await assert.rejects(client.putRoles('fence', { stable: null, canary: null, ...fenced }), stale);
    assert.deepEqual((await client.service('fence')).stable, '1.0.0');
  });

  it('grants the next release a multiple of 1000 above everything seen, and the same holder the same', async () => {
    const { fence } = await serve(client, 'grant', '1.0.0');
    assert.equal(fence, 1000);
    await client.putWeights('grant', { weights: { '1.0.0': 100 }, fence: 1007, key: 'x' });
    assert.deepEqual(await client.grantFence('grant', { holder: 'second' }), { fence: 2000 });
    assert.deepEqual(await client.grantFence('grant', { holder: 'second' }), { fence: 2000 });
    assert.deepEqual(await client.grantFence('grant', { holder: 'third' }), { fence: 3000 });
  });

  it('sends nothing to a version that never gets ready', async () => {
    const { address, fence } = await serve(client, 'unready', '1.0.0');
    const never = spec({ environment: { NEVER_READY: '1' } });
    await client.putRevision('unready', '1.1.0', { ...never, fence, key: 'start' });
    await until('the reason it is not ready', async () => {
      const { revisions } = await client.service('unready');
      return revisions
        .find(({ version }) => version === '1.1.0')
        ?.instances[0]?.because.includes('GET /ready answers 503');
    });
    await assert.rejects(client.putWeights('unready', { weights: { '1.0.0': 90, '1.1.0': 10 }, fence, key: 'w' }), {
      code: 'SHIPLOCK_LOCAL_NOT_READY',
      message: /1\.1\.0 may not get 10 %: 0 of 1 replicas are ready \(GET \/ready answers 503\)/,
    });
    assert.deepEqual(await split(address, 200), { '1.0.0': 200 });
  });

  it('says why a version crashes, and counts its restarts', async () => {
    const { fence } = await client.grantFence('crash', { holder: 'a' });
    const crashing = spec({ environment: { CRASH_AT_START: '1' } });
    await client.putRevision('crash', '1.0.0', { ...crashing, fence, key: 'start' });
    const instance = await until('two restarts', async () => {
      const [one] = (await client.service('crash')).revisions[0]?.instances ?? [];
      return one && one.restarts >= 2 && one.state === 'crashed' ? one : null;
    });
    assert.match(instance.because, /exited with code 7: this build crashes at start/);
    await client.deleteRevision('crash', '1.0.0', { fence, key: 'remove' });
  });

  it('refuses weights that are no whole percents, or do not sum to 100', async () => {
    const { fence } = await serve(client, 'sums', '1.0.0');
    const wrong: Record<string, number>[] = [
      { '1.0.0': 99 },
      { '1.0.0': 101 },
      { '1.0.0': 99.5 },
      { '1.0.0': 150, other: -50 },
    ];
    for (const weights of wrong) {
      await assert.rejects(client.putWeights('sums', { weights, fence, key: 'w' }), {
        code: 'SHIPLOCK_LOCAL_REQUEST_INVALID',
      });
    }
    assert.deepEqual((await client.service('sums')).weights, { '1.0.0': 100 });
  });

  it('refuses what is not a request', async () => {
    await assert.rejects(client.grantFence('No DNS label', { holder: 'a' }), {
      code: 'SHIPLOCK_LOCAL_REQUEST_INVALID',
    });
    await assert.rejects(client.service('never-heard-of'), { code: 'SHIPLOCK_LOCAL_SERVICE_UNKNOWN' });
    const huge = spec({ environment: { LARGE: 'x'.repeat(300_000) } });
    await assert.rejects(client.putRevision('huge', '1.0.0', { ...huge, fence: 0, key: 'k' }), { message: /256 KiB/ });
    const unknownField = { ...spec(), fence: 0, key: 'k', replica: 3 };
    await assert.rejects(client.putRevision('huge', '1.0.0', unknownField), { message: /replica/ });
  });

  it('removes nothing that carries traffic, and loses no request that is under way when it removes', async () => {
    const { address, fence } = await serve(client, 'removal', '1.0.0');
    await client.putRevision('removal', '1.1.0', { ...spec(), fence, key: 'start' });
    await untilReady(client, 'removal', '1.1.0');
    await client.putWeights('removal', { weights: { '1.1.0': 100 }, fence, key: 'all' });
    await assert.rejects(client.deleteRevision('removal', '1.1.0', { fence, key: 'remove' }), {
      code: 'SHIPLOCK_LOCAL_CARRIES_TRAFFIC',
    });
    const slow = Array.from({ length: 5 }, () => ask(agent, address, '/slow?ms=1500'));
    await until('five slow requests under way', async () => {
      const { servers } = await client.stack();
      const { body } = await ask(agent, servers.envoy.admin, '/stats?filter=removal@1_1_0.upstream_rq_active$');
      return body.includes(': 5');
    });
    await client.putWeights('removal', { weights: { '1.0.0': 100 }, fence, key: 'back' });
    const removal = client.deleteRevision('removal', '1.1.0', { fence, key: 'remove' });
    await client.putWeights('removal', {
      weights: { '1.0.0': 100 },
      fence,
      key: 'an abort does not wait behind a removal',
    });
    const answers = await Promise.all(slow);
    assert.deepEqual(
      answers.map(({ status, version }) => [status, version]),
      Array.from({ length: 5 }, () => [200, '1.1.0']),
    );
    const { revisions } = await removal;
    assert.deepEqual(
      revisions.map(({ version }) => version),
      ['1.0.0'],
    );
  });

  it('fails no request over a whole release: start, ramp, cutover, removal', async (t) => {
    const { address, fence } = await serve(client, 'release', '1.0.0', { replicas: 2 });
    const traffic = steadyTraffic(t, address);
    await client.putRevision('release', '1.1.0', { ...spec({ replicas: 2 }), fence, key: 'start' });
    await untilReady(client, 'release', '1.1.0');
    for (const weight of [10, 25, 50, 75, 100]) {
      await client.putWeights('release', {
        weights: { '1.0.0': 100 - weight, '1.1.0': weight },
        fence,
        key: `w${weight}`,
      });
      await split(address, 50);
    }
    await client.putRoles('release', { stable: '1.1.0', canary: null, fence, key: 'roles' });
    await client.deleteRevision('release', '1.0.0', { fence, key: 'remove' });
    await split(address, 50);
    const counts = await traffic.stop();
    assert.equal(counts.failed, undefined);
    assert.ok((counts['1.0.0'] ?? 0) > 0 && (counts['1.1.0'] ?? 0) > 0);
  });

  it('starts a crashed replica again while the other one serves', async () => {
    const { address } = await serve(client, 'replica', '1.0.0', { replicas: 2 });
    assert.equal((await ask(agent, address, '/crash')).status, 503, 'the request that it died of');
    // Until Envoy has seen its connections break, a request may still be given to one of them.
    await until('the crash was noticed', async () => {
      const [revision] = (await client.service('replica')).revisions;
      return revision?.instances.some(({ state, restarts }) => state !== 'ready' || restarts > 0);
    });
    assert.deepEqual(await split(address, 100), { '1.0.0': 100 });
    const status = await untilReady(client, 'replica', '1.0.0');
    assert.equal(
      status.revisions[0]?.instances.reduce((sum, { restarts }) => sum + restarts, 0),
      1,
    );
  });

  it('goes back in part where the stable side is short, and says what is missing', async () => {
    const switchFile = join(home, 'unready');
    const { fence } = await serve(client, 'partial', '1.0.0', { environment: { UNREADY_FILE: switchFile } });
    await client.putRevision('partial', '1.1.0', { ...spec(), fence, key: 'start' });
    await untilReady(client, 'partial', '1.1.0');
    await client.putWeights('partial', { weights: { '1.0.0': 40, '1.1.0': 60 }, fence, key: 'w' });
    writeFileSync(switchFile, '');
    await until(
      'stable is unready',
      async () => (await client.service('partial')).revisions[0]?.instances[0]?.state === 'unready',
    );
    const back = { weights: { '1.0.0': 100 }, fence, key: 'back', partial: true };
    await assert.rejects(client.putWeights('partial', back), { code: 'SHIPLOCK_LOCAL_NOT_READY' });
    assert.deepEqual((await client.service('partial')).weights, { '1.0.0': 40, '1.1.0': 60 });
    rmSync(switchFile);
    await untilReady(client, 'partial', '1.0.0');
    assert.deepEqual((await client.putWeights('partial', back)).weights, { '1.0.0': 100 });
  });

  it('runs a fresh copy of a version as a baseline: the same program and version, another name for Prometheus', async () => {
    const { address, fence } = await serve(client, 'twin', '1.0.0', { environment: { COLOUR: 'blue {{version}}' } });
    await client.putRevision('twin', '1.1.0', { ...spec(), fence, key: 'canary' });
    const copy = { of: '1.0.0', replicas: 2, baselineService: 'twin-baseline', fence, key: 'baseline' };
    await client.putBaseline('twin', '1.0.0-baseline', copy);
    await client.putBaseline('twin', '1.0.0-baseline', copy);
    await untilReady(client, 'twin', '1.1.0');
    const { revisions } = await untilReady(client, 'twin', '1.0.0-baseline');
    assert.equal(revisions.find(({ version }) => version === '1.0.0-baseline')?.instances.length, 2);
    await client.putRoles('twin', { stable: '1.0.0', canary: '1.1.0', fence, key: 'roles' });
    await client.putWeights('twin', { weights: { '1.0.0': 0, '1.1.0': 50, '1.0.0-baseline': 50 }, fence, key: 'half' });
    const shares = await split(address, 400);
    // 400 draws at 50 %: five standard deviations are 50. The copy says that it is 1.0.0.
    assert.ok(Math.abs((shares['1.0.0'] ?? 0) - 200) < 50, JSON.stringify(shares));
    await client.putWeights('twin', { weights: { '1.0.0-baseline': 100 }, fence, key: 'all' });
    const { body } = await ask(agent, address, '/about');
    const { labels, environment, deploymentType } = JSON.parse(body);
    assert.equal(labels, 'role="baseline"\nversion="1.0.0-baseline"\n');
    assert.equal(deploymentType, 'baseline');
    assert.equal(environment.COLOUR, 'blue 1.0.0');
    await until('Prometheus knows the baseline by its name', async () => {
      const query = encodeURIComponent('up{service="twin-baseline",role="baseline"}');
      return JSON.parse((await ask(agent, prometheus, `/api/v1/query?query=${query}`)).body).data?.result.length === 2;
    });
    const missing = client.putBaseline('twin', 'x', { ...copy, of: 'no-such' });
    await assert.rejects(missing, { code: 'SHIPLOCK_LOCAL_REQUEST_INVALID', message: /no revision no-such/ });
    const ofCopy = client.putBaseline('twin', 'x', { ...copy, of: '1.0.0-baseline' });
    await assert.rejects(ofCopy, { code: 'SHIPLOCK_LOCAL_REQUEST_INVALID' });
    const stale = client.putBaseline('twin', 'x', { ...copy, fence: fence - 1 });
    await assert.rejects(stale, { code: 'SHIPLOCK_FENCE_STALE' });
  });

  it('tells role, version and port to the process, and follows roles in its labels and in Prometheus', async () => {
    const { address, fence } = await serve(client, 'roles', '1.0.0', { environment: { IMAGE: 'api:{{version}}' } });
    const about = JSON.parse((await ask(agent, address, '/about')).body);
    assert.equal(about.environment.IMAGE, 'api:1.0.0');
    assert.equal(about.environment.SERVICE_VERSION, '1.0.0');
    assert.equal(about.deploymentType, 'stable');
    assert.equal(about.labels, 'role="stable"\nversion="1.0.0"\n');
    assert.equal(about.environment.SECRET_OF_THE_CALLER, undefined);
    await client.putRoles('roles', { stable: '1.0.0', canary: '1.1.0', fence, key: 'roles' });
    await client.putRevision('roles', '1.1.0', { ...spec(), fence, key: 'start' });
    await untilReady(client, 'roles', '1.1.0');
    await scraped('api-canary', '1.1.0');
    await client.putWeights('roles', { weights: { '1.1.0': 100 }, fence, key: 'all' });
    await client.putRoles('roles', { stable: '1.1.0', canary: null, fence, key: 'cutover' });
    assert.equal(JSON.parse((await ask(agent, address, '/about')).body).labels, 'role="stable"\nversion="1.1.0"\n');
    await scraped('api-stable', '1.1.0');

    async function scraped(service: string, version: string) {
      const query = encodeURIComponent(`up{service="${service}",version="${version}",shiplock_service="roles"} == 1`);
      await until(
        `Prometheus sees ${version} as ${service}`,
        async () =>
          JSON.parse((await ask(agent, prometheus, `/api/v1/query?query=${query}`)).body).data?.result.length === 1,
      );
    }
  });

  it('serves nothing again when a first release is undone', async () => {
    const { address, fence } = await serve(client, 'undone', '1.0.0');
    await client.putWeights('undone', { weights: {}, fence, key: 'undo' });
    assert.deepEqual(await split(address, 10), { failed: 10 });
    await client.deleteRevision('undone', '1.0.0', { fence, key: 'remove' });
    assert.deepEqual((await client.service('undone')).revisions, []);
  });

  it('writes one line for each effect, and none for what was so already', async () => {
    const { fence } = await serve(client, 'effects', '1.0.0');
    for (let repeat = 0; repeat < 3; repeat++) {
      await client.putRevision('effects', '1.1.0', { ...spec(), fence, key: 'e/start' });
      await untilReady(client, 'effects', '1.1.0');
      await client.putWeights('effects', { weights: { '1.0.0': 90, '1.1.0': 10 }, fence, key: 'e/10' });
      await client.putRoles('effects', { stable: '1.0.0', canary: '1.1.0', fence, key: 'e/roles' });
    }
    const mine = journal(home).filter(({ key }) => key.startsWith('e/'));
    assert.deepEqual(
      mine.map(({ key, effect }) => [key, effect]),
      [
        ['e/start', 'startRevision'],
        ['e/10', 'setWeights'],
        ['e/roles', 'setRoles'],
      ],
    );
  });

  it('keeps weights at 100 under any order of interleaved writers with different fences', async () => {
    const { address, fence } = await serve(client, 'random', 'a');
    for (const version of ['b', 'c']) await client.putRevision('random', version, { ...spec(), fence, key: version });
    for (const version of ['b', 'c']) await untilReady(client, 'random', version);
    const seed = Number(process.env.SEED ?? Date.now() % 100_000);
    const random = generator(seed);
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      const own = connectSupervisor({ home });
      for (let round = 0; round < 20; round++) {
        const a = random(101);
        const b = random(101 - a);
        const wrong = random(10) === 0 ? 1 : 0;
        const weights = { a, b, c: 100 - a - b - wrong };
        const request = { weights, fence: fence + random(40), key: `${writer}/${round}` };
        await own.putWeights('random', request).catch((error: { code: string }) => {
          const expected = wrong ? /FENCE_STALE|REQUEST_INVALID/ : /FENCE_STALE/;
          assert.match(error.code, expected, `seed ${seed}`);
        });
        const status = await own.service('random');
        const sum = Object.values(status.weights).reduce((total, weight) => total + weight, 0);
        assert.equal(sum, 100, `seed ${seed}`);
      }
      own.close();
    });
    await Promise.all(writers);
    assert.equal((await split(address, 200)).failed, undefined);
  });
});

/** A linear congruential generator (Numerical Recipes): the same numbers for the same seed. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
