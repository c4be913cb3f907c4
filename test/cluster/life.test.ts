import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { markedProcesses, signalOne } from '../../infra/local/stack/processes.ts';
import {
  type ClusterStatus,
  clusterStatus,
  runInside,
  serverOf,
  startCluster,
  stopCluster,
} from '../../infra/test-cluster/index.ts';
import { connectApi, type Scope, until } from './support/index.ts';

const onLinux = { skip: process.platform === 'linux' ? false : 'the test cluster needs Linux' };
/** Ten seconds on a machine of one's own; as many times more as there is to do for each of its cores. */
const READY_MS = 10_000 * (1 + (loadavg()[0] ?? 0) / availableParallelism());

test('a cluster is up in time, comes back after a crash, and leaves nothing when it goes down', onLinux, async (t) => {
  const home = await homeOf(t);
  const first = await startCluster({ home });
  t.diagnostic(`ready after ${first.readyAfterMs} ms`);
  assert.ok(first.readyAfterMs < READY_MS, `ready after ${first.readyAfterMs} ms`);
  assert.deepEqual(idsOf(home), [
    'etcd',
    'kube-apiserver',
    'kube-controller-manager',
    'kube-scheduler',
    'kwok',
    'supervisor',
  ]);
  assert.equal(await answersOutside(first), false, 'nothing of it listens in our network');
  assert.equal(await answersInside(first), true);
  assert.deepEqual(await startCluster({ home }), first, 'another start finds it');

  signalOne(first.supervisor, 'SIGKILL');
  await until('everything ends with its first process', async () => idsOf(home).length === 0);
  assert.equal(clusterStatus({ home }), null);

  const second = await startCluster({ home });
  assert.notEqual(second.token, first.token, 'it is a new one');
  assert.equal(await stopCluster({ home }), true);
  assert.deepEqual(idsOf(home), []);
  assert.equal(existsSync(home), false);
  assert.equal(await stopCluster({ home }), false, 'there is nothing more to end');
});

test(
  'a server that is killed comes back with its data; one that is stopped stays down; one that hangs goes on',
  onLinux,
  async (t) => {
    const home = await homeOf(t);
    const cluster = await startCluster({ home, ownNetwork: false });
    const api = await connectApi(cluster.kubeconfig);
    t.after(() => api.close());
    const path = '/api/v1/namespaces/default/configmaps';
    await api.ask('POST', path, { body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kept' } } });

    const server = serverOf(cluster, 'kube-apiserver');
    const before = server.process();
    server.kill();
    await until('another API server', async () => {
      const now = server.process();
      return now !== null && now.pid !== before?.pid && (await api.send('GET', '/readyz')).status === 200;
    });
    assert.equal((await api.send('GET', `${path}/kept`)).status, 200);

    server.stop();
    await until('nobody answers', async () =>
      api.send('GET', '/readyz').then(
        () => false,
        () => true,
      ),
    );
    assert.equal(server.process(), null);
    server.start();
    await until('it answers again', async () => (await api.send('GET', '/readyz')).status === 200);

    server.pause();
    const asked = api.send('GET', `${path}/kept`);
    const early = await Promise.race([asked, new Promise((resolve) => setTimeout(resolve, 500, 'nothing yet'))]);
    assert.equal(early, 'nothing yet');
    server.resume();
    assert.equal((await asked).status, 200);
  },
);

async function homeOf(scope: Scope): Promise<string> {
  const home = await mkdtemp(join(process.env.SHIPLOCK_TEST_CLUSTER ?? tmpdir(), 'life-'));
  scope.after(async () => {
    await stopCluster({ home });
    await rm(home, { recursive: true, force: true });
  });
  return home;
}

function idsOf(home: string): string[] {
  return [...new Set(markedProcesses(home).map(({ id }) => id))].toSorted();
}

async function answersOutside({ server }: ClusterStatus): Promise<boolean> {
  return fetch(server).then(
    () => true,
    (error) => (error as { cause?: { code?: string } }).cause?.code !== 'ECONNREFUSED',
  );
}

async function answersInside(status: ClusterStatus): Promise<boolean> {
  const connect = `require('node:net').connect(${new URL(status.server).port}, '127.0.0.1').on('connect', () => process.exit(0)).on('error', () => process.exit(1))`;
  return (await runInside(status, [process.execPath, '-e', connect])) === 0;
}
