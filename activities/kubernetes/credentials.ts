import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { failure, sentence } from '../failure.ts';

/** One entry of the policy's `clusters`. */
export interface ClusterAccess {
  /** Absolute path; absent: `KUBECONFIG`, the pod's own service account, or `~/.kube/config`. */
  readonly kubeconfig?: string;
  /** Absent: the file's current one. */
  readonly context?: string;
  /** Patterns of the namespaces that plans may use; the policy checks them. */
  readonly namespaces: readonly string[];
}

/** Where an API server is, and how a request proves who sends it. Read anew where a server no longer takes them. */
export interface Credentials {
  /** With the path that a proxy may put before the API. */
  readonly server: URL;
  /** Certificates, headers and, behind a proxy, the agent. Tokens and files are looked at again for each request. */
  options(): Promise<RequestOptions>;
  /** The server stands behind a proxy, whose agent `options` brings. */
  readonly proxied: boolean;
}

/** @throws SHIPLOCK_KUBERNETES_CREDENTIALS (not retried) for a kubeconfig that cannot be read or lacks the context */
export async function readCredentials(cluster: string, access: ClusterAccess): Promise<Credentials> {
  const { KubeConfig } = await client();
  const config = new KubeConfig();
  try {
    load(config, access);
  } catch (error) {
    throw unusable(cluster, sentence(error), error);
  }
  const known = config.getContexts().map(({ name }) => name);
  if (!known.includes(config.getCurrentContext()))
    throw unusable(cluster, `there is no context ${config.getCurrentContext()}, only ${known.join(', ') || 'none'}`);
  const current = config.getCurrentCluster();
  const server = current && URL.parse(current.server);
  if (!current || !server) throw unusable(cluster, `context ${config.getCurrentContext()} names no cluster`);
  if (server.protocol !== 'https:' && !current.skipTLSVerify)
    throw unusable(cluster, `${current.server} is not https, and insecure-skip-tls-verify is not set`);
  return {
    server,
    proxied: Boolean(current.proxyUrl),
    options: async () => {
      const options: RequestOptions = {};
      try {
        await config.applyToHTTPSOptions(options);
      } catch (error) {
        throw unusable(cluster, sentence(error), error, 'later');
      }
      return options;
    },
  };
}

function load(config: KubeConfig, { kubeconfig, context }: ClusterAccess): void {
  if (kubeconfig) config.loadFromFile(kubeconfig);
  else if (!process.env.KUBECONFIG && process.env.KUBERNETES_SERVICE_HOST) config.loadFromCluster();
  else config.loadFromDefault();
  if (context) config.setCurrentContext(context);
}

/** It is an optional package and takes half a second to load: only who needs a cluster does. */
async function client(): Promise<typeof import('@kubernetes/client-node')> {
  try {
    return await import('@kubernetes/client-node');
  } catch (error) {
    throw failure(
      {
        code: 'SHIPLOCK_KUBERNETES_NOT_INSTALLED',
        message: `the Kubernetes client cannot be loaded: ${sentence(error)}`,
        mend: 'npm install @kubernetes/client-node',
        cause: error,
      },
      { retry: 'never' },
    );
  }
}

function unusable(cluster: string, why: string, cause?: unknown, retry: 'never' | 'later' = 'never') {
  return failure(
    {
      code: 'SHIPLOCK_KUBERNETES_CREDENTIALS',
      message: `the worker has no way into cluster ${cluster}: ${why}`,
      mend: `mend its kubeconfig, or clusters.${cluster} of the policy`,
      cause,
    },
    { retry },
  );
}
