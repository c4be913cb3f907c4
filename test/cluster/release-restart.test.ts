/** A whole release whose API server is killed in the middle of its steps, on a cluster of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { serverOf, startCluster, stopCluster } from '../../infra/test-cluster/index.ts';
import { begun } from './support/disturbed.ts';
import { openEngine } from './support/engine.ts';
import { hasWeights } from './support/routes.ts';

const ends: (() => Promise<void>)[] = [];
after(async () => {
  for (const end of ends) await end();
});

test('an API server that is killed in mid-step, going forth and going back, is waited for', {
  skip: process.platform === 'linux' ? false : 'the test cluster needs Linux',
  timeout: 240_000,
}, async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'shiplock-restart-'));
  ends.unshift(async () => {
    await stopCluster({ home });
    await rm(home, { recursive: true, force: true });
  });
  const own = await startCluster({ home, ownNetwork: false });
  Object.assign(process.env, { KUBECONFIG: own.kubeconfig, SHIPLOCK_TEST_CONTEXT: '' });
  const engine = await openEngine();
  ends.unshift(() => engine.close());
  const server = serverOf(own, 'kube-apiserver');
  const { shop, update, isAsBefore } = await begun(t, engine, { service: 'restarted' });
  const promoted = update.promotes();
  server.kill();
  await promoted;
  await update.pauses('step-4');
  await hasWeights(shop, [50, 50]);
  const aborted = update.aborts();
  server.kill();
  await aborted;
  await update.ends('rolledBack', /a test/);
  await isAsBefore();
});
