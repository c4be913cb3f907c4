import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { type Api, connectApi, type Objects, objectsOf, until } from '../../../infra/test-cluster/client/index.ts';
import { makeAccount, type Rule } from './account.ts';

export {
  type Answer,
  type Api,
  type ClusterObject,
  connectApi,
  type Objects,
  objectsOf,
  Refused,
  until,
} from '../../../infra/test-cluster/client/index.ts';
export type { Rule } from './account.ts';

/** The cluster that tests run on, with a namespace that is this test's alone. */
export interface TestCluster extends Objects {
  readonly namespace: string;
  /** The file, and the context in it, by which the code under test reaches the cluster as an administrator. */
  readonly kubeconfig: string;
  readonly context: string;
  /** Pods are played by annotations (`PLAYED` of infra/test-cluster); false on a cluster with real nodes. */
  readonly played: boolean;
  readonly api: Api;
  /** A folder of the test's own, removed after it. */
  readonly folder: string;
  /** A kubeconfig of a ServiceAccount that may do, in this namespace, just what these rules say. */
  account(name: string, rules: readonly Rule[]): Promise<string>;
}

/** Whoever runs something at its end: a `TestContext`, or `{ after }` of `node:test` for a whole file. */
export interface Scope {
  after(work: () => Promise<void>): void;
}

/**
 * Connects to the cluster that `npm run test:cluster` names (`KUBECONFIG`, and `SHIPLOCK_TEST_CONTEXT` for a context of
 * it), and makes a namespace, which is deleted at the end with all that is in it.
 * @throws Error with the command that mends it where no cluster is named
 * @example `test('…', async (t) => { const cluster = await openCluster(t); await cluster.apply(yaml); });`
 */
export async function openCluster(scope: Scope): Promise<TestCluster> {
  const kubeconfig = process.env.KUBECONFIG?.split(delimiter).find((file) => file !== '');
  if (!kubeconfig) throw new Error('no cluster is named by KUBECONFIG. Run this by: npm run test:cluster -- FILE');
  const context = process.env.SHIPLOCK_TEST_CONTEXT || currentContext(kubeconfig);
  const api = await connectApi(kubeconfig, context);
  const namespace = `shiplock-test-${randomBytes(5).toString('hex')}`;
  const folder = await mkdtemp(join(process.env.SHIPLOCK_TEST_CLUSTER ?? tmpdir(), 'shiplock-test-'));
  scope.after(async () => {
    await rm(folder, { recursive: true, force: true });
    // Not closed: what a test registers to end later still asks, and idle connections hold nobody up.
    await api.send('DELETE', `/api/v1/namespaces/${namespace}`);
  });
  const body = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, labels: { 'shiplock.dev/test': '' } },
  };
  await api.ask('POST', '/api/v1/namespaces', { body });
  const objects = objectsOf(api, namespace);
  // Pods are refused before their ServiceAccount is there.
  await until('the ServiceAccount of a new namespace', () => objects.get('v1', 'ServiceAccount', 'default'));
  return {
    ...objects,
    namespace,
    kubeconfig,
    context,
    played: await isPlayed(api),
    api,
    folder,
    account: (name, rules) =>
      makeAccount({
        api,
        objects,
        namespace,
        name,
        rules,
        kubeconfig,
        context,
        file: join(folder, `${name}.kubeconfig`),
      }),
  };
}

function currentContext(file: string): string {
  const configuration = new KubeConfig();
  configuration.loadFromFile(file);
  return configuration.getCurrentContext();
}

/** kwok's nodes say so themselves. */
async function isPlayed(api: Api): Promise<boolean> {
  const { items } = await api.ask<{ items: { status: { nodeInfo: { kubeletVersion: string } } }[] }>(
    'GET',
    '/api/v1/nodes',
  );
  return items.length > 0 && items.every(({ status }) => status.nodeInfo.kubeletVersion.startsWith('kwok'));
}
