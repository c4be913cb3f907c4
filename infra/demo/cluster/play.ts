/** What `npm run demo:kubernetes` shows, inside the cluster's network. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReleaseStatus } from '../../../workflows/messages.ts';
import { failuresOf } from '../../load/observe.ts';
import { startTraffic, type Traffic } from '../../load/traffic.ts';
import { removeWithUs } from '../../local/afterwards.ts';
import { connectApi, objectsOf, until } from '../../test-cluster/client/index.ts';
import { CONTEXT } from '../../test-cluster/index.ts';
import { BAD, say } from '../play.ts';
import { BRIEF_CHANGES, type ClusterStage, openClusterStage } from './index.ts';

const NAMESPACE = 'credlink';
const RATE = 100;
const REPLICAS = 3;
const PATHS = ['/credentials', '/credentials/1'];
const AT_MOST = { seconds: 600, requests: 60_000 };
const LONG_MS = 120_000;

const began = Date.now();
const seconds = () => `${((Date.now() - began) / 1_000).toFixed(1).padStart(6)} s`;
const kubeconfig = process.env.KUBECONFIG ?? '';
const folder = mkdtempSync(join(tmpdir(), 'shiplock-demo-'));
removeWithUs(folder);
const api = await connectApi(kubeconfig, CONTEXT);
const ends: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 })];
process.env.SHIPLOCK_IDENTITY ??= 'ann@laptop';
try {
  await makeNamespace();
  say(
    'CredLink as it is shipped (release-kubernetes.yaml, infra/kubernetes); Traefik stands for the mesh. What differs:',
  );
  for (const change of [...BRIEF_CHANGES, `${REPLICAS} pods instead of 10`]) console.log(`  · ${change}`);
  const place = { api, kubeconfig, context: CONTEXT, namespace: NAMESPACE, folder, objects: objectsOf(api, NAMESPACE) };
  const stage = await openClusterStage({ place, replicas: REPLICAS, brief: true });
  ends.push(() => stage.close(), removeNamespace);
  stage.setFaults('1.2.0', BAD);

  say('Below: seconds, and stable/canary, the weights of the VirtualService whenever they change. At 0/100 the stable');
  console.log('  Service, which has no traffic then, chooses the new pods; so the last ones are 100/0 again.');
  const following = await stage.followWeights((weights) => console.log(`  ${seconds()}  stable/canary ${weights}`));
  ends.push(() => following.stop());

  say('1.0.0, the first release: no ramp, since nothing runs yet');
  await play(stage, '1.0.0', 'released');
  const { address } = stage;
  await until('the router answers', async () => (await fetch(`${address}${PATHS[0]}`)).ok);
  const traffic = startTraffic({ address, ratePerSecond: RATE, paths: PATHS, atMost: AT_MOST });
  ends.push(() => traffic.stop());
  say(`1.1.0, a good build, under ${RATE} requests a second`);
  const good = await counted(traffic, () => play(stage, '1.1.0', 'released'));
  say('1.2.0, a bad build: one request in five fails, one in two is slow');
  const bad = await counted(traffic, () => play(stage, '1.2.0', 'rolledBack'));
  await traffic.stop();
  say('what the load generator counted');
  console.log(`  1.1.0: ${good}\n  1.2.0: ${bad}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  for (const end of ends.reverse()) await end();
}
process.exit();

/** While there is still somebody who ends its pods. */
async function removeNamespace(): Promise<void> {
  const path = `/api/v1/namespaces/${NAMESPACE}`;
  await api.send('DELETE', path);
  const gone = async () => (await api.send('GET', path)).status === 404;
  await until('the namespace is gone', gone, LONG_MS).catch((error: Error) => console.error(error.message));
}

async function makeNamespace(): Promise<void> {
  const path = `/api/v1/namespaces/${NAMESPACE}`;
  await api.send('DELETE', path);
  // Nobody ends the pods of a demo that was killed.
  await api.send('DELETE', `${path}/pods?gracePeriodSeconds=0`);
  await until('an earlier demo is gone', async () => (await api.send('GET', path)).status === 404, LONG_MS);
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
  await api.ask('POST', '/api/v1/namespaces', { body });
  await until('the ServiceAccount of a new namespace', () =>
    objectsOf(api, NAMESPACE).get('v1', 'ServiceAccount', 'default'),
  );
}

/** One release to its end. Throws where that is another one than expected. */
async function play({ shiplock, release }: ClusterStage, version: string, expected: ReleaseStatus['outcome']) {
  const { id } = await release(version);
  const status = await until(
    `${version} has ended`,
    async () => {
      const { status } = await shiplock.get(id);
      if (status?.version === version && status.phase === 'ended') return status;
      throw new Error(`it is in ${status?.phase}, and waits for ${status?.waiting?.prompt ?? 'nobody'}`);
    },
    LONG_MS,
  );
  if (status.outcome !== expected) throw new Error(`${version} is ${status.outcome}: ${status.because}`);
  const outcome = expected === 'released' ? 'is released' : 'went back by itself';
  console.log(`  ${seconds()}  ${version} ${outcome}: ${status.because.split('; ', 1)[0]}`);
  return version;
}

async function counted({ responses }: Traffic, work: () => Promise<string>): Promise<string> {
  const before = responses.length;
  const version = await work();
  const answers = responses.slice(before);
  const { own, others } = failuresOf(answers, version);
  return `${answers.length} requests, of which ${own} failed with an answer of ${version}, and ${others} otherwise`;
}
