import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { type ApiProxy, openApiProxy } from './api-proxy.ts';
import { CLUSTER, type Engine, openEngine } from './engine.ts';

/** An engine whose worker reaches the cluster through a proxy; the tests themselves do not. */
export interface ProxiedEngine {
  readonly engine: Engine;
  readonly proxy: ApiProxy;
  close(): Promise<void>;
}

/** @throws Error where `npm run test:cluster` did not start it */
export async function openProxiedEngine(): Promise<ProxiedEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'shiplock-proxied-'));
  const kubeconfig = process.env.KUBECONFIG ?? '';
  const configuration = new KubeConfig();
  configuration.loadFromFile(kubeconfig);
  const context = process.env.SHIPLOCK_TEST_CONTEXT || configuration.getCurrentContext();
  const proxy = await openApiProxy({ kubeconfig, context, folder });
  const cluster = { kubeconfig: proxy.kubeconfig, namespaces: ['shiplock-test-*'] };
  const engine = await openEngine({ policy: { clusters: { [CLUSTER]: cluster } } });
  return {
    engine,
    proxy,
    close: async () => {
      await engine.close();
      await proxy.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
