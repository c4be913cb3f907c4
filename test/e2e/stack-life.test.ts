import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { socketOf } from '../../infra/local/home.ts';
import { stackStatus } from '../../infra/local/index.ts';
import { identify } from '../../infra/local/stack/processes.ts';
import {
  connectSupervisor,
  endHome,
  findPid,
  idsOf,
  newHome,
  pidOf,
  serve,
  split,
  steadyTraffic,
  stopStack,
  until,
  untilReady,
  upIn,
} from './stack-world.ts';

const everything = [
  'guard',
  'instance/api/1.0.0/0',
  'server/envoy',
  'server/flags',
  'server/prometheus',
  'server/temporal',
  'supervisor',
];
const workers = everything.filter((id) => id.includes('/'));

describe('the embedded stack outlives what happens to it', { timeout: 300_000 }, () => {
  const homes: string[] = [];
  /** For the tests that only need some stack: each finds it up or down, and leaves it so. */
  let shared: string;
  before(() => {
    shared = home();
  });
  const home = () => {
    const made = newHome();
    homes.push(made);
    return made;
  };
  after(async () => {
    for (const made of homes) await endHome(made);
  });

  it('keeps traffic flowing and adopts everything when its supervisor, its guard, or both are killed', async (t) => {
    const own = shared;
    const before = await upIn(own);
    const client = connectSupervisor({ home: own });
    const { address, fence } = await serve(client, 'api', '1.0.0');
    const pids = workers.map((id) => pidOf(own, id));
    const traffic = steadyTraffic(t, address);

    process.kill(before.pid, 'SIGKILL');
    await until('another supervisor', async () => {
      const now = await client.stack().catch(() => null);
      return now && now.pid !== before.pid;
    });
    const status = await client.putWeights('api', { weights: { '1.0.0': 100 }, fence, key: 'after the kill' });
    assert.equal(status.revisions[0]?.instances[0]?.state, 'ready', 'ready at once: adopted, not started');
    await assert.rejects(client.putWeights('api', { weights: { '1.0.0': 100 }, fence: fence - 1, key: 'late' }), {
      code: 'SHIPLOCK_FENCE_STALE',
    });

    const guard = pidOf(own, 'guard');
    process.kill(guard, 'SIGKILL');
    await until('another guard', () => ![null, guard].includes(findPid(own, 'guard')));

    process.kill(pidOf(own, 'guard'), 'SIGKILL');
    process.kill(pidOf(own, 'supervisor'), 'SIGKILL');
    await until('both gone', () => !idsOf(own).includes('supervisor') && !idsOf(own).includes('guard'));
    assert.equal((await stackStatus({ home: own }))?.services[0]?.service, 'api');
    await until('both back', () => idsOf(own).includes('guard') && idsOf(own).includes('supervisor'));

    assert.deepEqual(
      workers.map((id) => pidOf(own, id)),
      pids,
      'the very same processes',
    );
    const counts = await traffic.stop();
    assert.deepEqual(Object.keys(counts), ['1.0.0'], 'no request failed');
    client.close();
  });

  it('finds an instance that was started but never written down', async () => {
    const own = shared;
    const { pid } = await upIn(own);
    const client = connectSupervisor({ home: own });
    await serve(client, 'api', '1.0.0');
    const instance = pidOf(own, 'instance/api/1.0.0/0');
    process.kill(pidOf(own, 'guard'), 'SIGKILL');
    process.kill(pid, 'SIGKILL');
    await until('both gone', () => !idsOf(own).includes('supervisor'));
    rmSync(join(own, 'processes.json'));
    assert.ok(await stackStatus({ home: own }));
    await untilReady(client, 'api', '1.0.0');
    assert.equal(pidOf(own, 'instance/api/1.0.0/0'), instance);
    client.close();
  });

  it('starts a killed server again, with its ports, its weights and its history', async () => {
    const own = shared;
    const before = await upIn(own);
    const client = connectSupervisor({ home: own });
    const { address } = await serve(client, 'api', '1.0.0');
    for (const server of ['envoy', 'prometheus', 'temporal', 'flags'] as const)
      process.kill(before.servers[server].pid ?? 0, 'SIGKILL');
    const now = await until('all of them back', async () => {
      const { servers } = await client.stack();
      const back = Object.entries(servers).every(
        ([name, { state, pid }]) => state === 'ready' && pid !== before.servers[name as 'envoy'].pid,
      );
      return back ? servers : null;
    });
    assert.equal(now.temporal.address, before.servers.temporal.address);
    assert.equal(now.envoy.admin, before.servers.envoy.admin);
    assert.equal(now.flags.address, before.servers.flags.address);
    assert.deepEqual(await split(address, 50), { '1.0.0': 50 });
    client.close();
  });

  it('leaves nothing behind: no process, no socket; and comes up again as it was', async () => {
    const own = shared;
    await upIn(own);
    const client = connectSupervisor({ home: own });
    const { address } = await serve(client, 'api', '1.0.0');
    await until('its guard', () => idsOf(own).includes('guard'));
    assert.deepEqual(idsOf(own), everything);
    assert.equal(await stopStack({ home: own }), true);
    assert.deepEqual(idsOf(own), []);
    assert.equal(existsSync(socketOf(own)), false);
    assert.equal(await stopStack({ home: own }), false, 'nothing to do is no error');
    assert.equal(await stackStatus({ home: own }), null);
    await assert.rejects(connectSupervisor({ home: own, patienceMs: 0 }).stack(), {
      code: 'SHIPLOCK_LOCAL_DOWN',
      mend: 'shiplock local up',
    });

    await upIn(own);
    const status = await untilReady(client, 'api', '1.0.0');
    assert.equal(status.address, address);
    assert.deepEqual(await split(address, 20), { '1.0.0': 20 });
    client.close();
  });

  it('ends everything when supervisor and guard are dead, and no process that merely has an old number', async (t) => {
    const own = shared;
    const { pid } = await upIn(own);
    const client = connectSupervisor({ home: own });
    await serve(client, 'api', '1.0.0');
    client.close();
    await until('its guard', () => idsOf(own).includes('guard'));
    process.kill(pidOf(own, 'guard'), 'SIGKILL');
    process.kill(pid, 'SIGKILL');
    await until('both gone', () => !idsOf(own).some((id) => id === 'supervisor' || id === 'guard'));
    assert.deepEqual(idsOf(own), workers);

    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    t.after(() => stranger.kill());
    const records = JSON.parse(readFileSync(join(own, 'processes.json'), 'utf8'));
    records['instance/api/0.9.0/0'] = { ...records['server/envoy'], pid: stranger.pid };
    writeFileSync(join(own, 'processes.json'), JSON.stringify(records));

    await stopStack({ home: own });
    assert.deepEqual(idsOf(own), []);
    assert.ok(identify(stranger.pid as number), 'the stranger lives');
  });

  it('ends everything when the supervisor does not answer any more, and when it is told to end', async () => {
    const own = shared;
    process.kill((await upIn(own)).pid, 'SIGSTOP');
    await stopStack({ home: own });
    assert.deepEqual(idsOf(own), []);
    process.kill((await upIn(own)).pid, 'SIGTERM');
    await until('everything is gone', () => idsOf(own).length === 0);
  });

  it('is one stack when two ask for it at once, and two in two homes', async () => {
    const own = home();
    const other = home();
    const [first, second, third] = await Promise.all([upIn(own), upIn(own), upIn(other)]);
    assert.equal(first.pid, second.pid);
    assert.notEqual(first.pid, third.pid);
    await until('one guard each', () => idsOf(own).includes('guard') && idsOf(other).includes('guard'));
    assert.deepEqual(
      idsOf(own).filter((id) => id === 'supervisor' || id === 'guard'),
      ['guard', 'supervisor'],
    );
    const addresses = [first, third].flatMap(({ servers }) => [
      servers.temporal.address,
      servers.temporal.ui,
      servers.envoy.admin,
      servers.prometheus.address,
    ]);
    assert.equal(new Set(addresses).size, 8);
    await stopStack({ home: own });
    assert.equal((await stackStatus({ home: other }))?.servers.temporal.state, 'ready', 'the other one stays');
  });

  it('takes other ports where those of last time are taken', async (t) => {
    const own = home();
    const before = (await upIn(own)).servers.temporal;
    await stopStack({ home: own });
    const squatters = [before.address, before.ui].map((address) =>
      createServer().listen(Number(address.split(':').at(-1)), '127.0.0.1'),
    );
    t.after(() => {
      for (const squatter of squatters) squatter.close();
    });
    await Promise.all(squatters.map((squatter) => once(squatter, 'listening')));
    const { servers } = await upIn(own);
    assert.equal(servers.temporal.state, 'ready');
    assert.notEqual(servers.temporal.address, before.address);
    assert.notEqual(servers.temporal.ui, before.ui);
  });

  it('works in a home whose path is too long for a socket', async () => {
    const long = join(home(), 'a'.repeat(60), 'b'.repeat(60));
    mkdirSync(long, { recursive: true });
    const { home: where } = await upIn(long);
    assert.equal(where, long);
    assert.ok(Buffer.byteLength(socketOf(long)) <= 100);
    const client = connectSupervisor({ home: long });
    assert.equal((await client.stack()).home, long);
    client.close();
    const socket = socketOf(long);
    await stopStack({ home: long });
    assert.equal(existsSync(dirname(socket)), false);
  });

  it('ends with its home, since nobody could find it any more', async () => {
    const own = home();
    await upIn(own);
    await until('its guard', () => idsOf(own).includes('guard'));
    rmSync(own, { recursive: true, force: true });
    await until('everything is gone', () => idsOf(own).length === 0);
  });
});
