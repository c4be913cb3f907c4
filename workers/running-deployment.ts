import {
  CONFIG_MAPS,
  DEPLOYMENTS,
  type KubernetesClient,
  type KubernetesObject,
  kubernetesClusters,
  SERVICES,
} from '../activities/kubernetes/index.ts';
import { ShiplockError } from '../src/errors.ts';
import type { RunningDeployment } from '../src/import/index.ts';
import { configMapNames } from '../src/plan/config-map-names.ts';
import type { JsonObject } from '../src/plan/index.ts';

export interface RunningRequest {
  readonly name: string;
  /** Absent: the context's own, else `default`. */
  readonly namespace: string | undefined;
  /** Of the kubeconfig; absent: its current one. */
  readonly context: string | undefined;
}

/** One Deployment with what its pods need, as the user's kubeconfig reaches it; three requests and one for each ConfigMap. */
export async function runningDeployment({ name, namespace, context }: RunningRequest): Promise<RunningDeployment> {
  const at = namespace ?? (await contextNamespace(context));
  // The only cluster here; its name stands in what is said of failures.
  const cluster = context ?? 'of the current context';
  const access = { namespaces: ['*'], ...(context !== undefined && { context }) };
  const client = kubernetesClusters({ [cluster]: access }, { signal: () => undefined }).client(cluster);
  return told(() => read(client, at, name));
}

async function read(client: KubernetesClient, namespace: string, name: string): Promise<RunningDeployment> {
  const deployment = await client.get({ type: DEPLOYMENTS, namespace, name });
  if (deployment === null) {
    throw new ShiplockError({
      code: 'SHIPLOCK_IMPORT_DEPLOYMENT',
      message: `there is no Deployment ${name} in namespace ${namespace}`,
      mend: 'name one that is, with --namespace and --context where it is elsewhere',
    });
  }
  const plain = json(deployment) as unknown as RunningDeployment['deployment'];
  const template = plain.spec.template as JsonObject;
  const maps = await Promise.all(
    [...configMapNames(template)].map((map) => client.get({ type: CONFIG_MAPS, namespace, name: map })),
  );
  const services = await client.list(SERVICES, namespace);
  return {
    deployment: plain,
    configMaps: maps.filter((map) => map !== null).map(json),
    services: services.map(json),
  };
}

const json = (object: KubernetesObject): JsonObject => object as unknown as JsonObject;

async function contextNamespace(context: string | undefined): Promise<string> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromDefault();
  return config.getContextObject(context ?? config.getCurrentContext())?.namespace ?? 'default';
}

/** What an activity fails with, as a command says it. */
async function told<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const code = error instanceof Error && 'type' in error ? String(error.type) : '';
    if (!isOurs(code)) throw error;
    throw new ShiplockError({ code, message: (error as Error).message, cause: error });
  }
}

const isOurs = (code: string): code is ShiplockError['code'] => code.startsWith('SHIPLOCK_');
