import { readFile, writeFile } from 'node:fs/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { stringify } from 'yaml';
import type { Api, Objects } from '../../../infra/test-cluster/client/index.ts';

/** A rule of a Role. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/**
 * Makes a ServiceAccount whose Role in the test's namespace has just these rules, and writes a kubeconfig with its token.
 * @returns the file
 */
export async function makeAccount(options: {
  readonly api: Api;
  readonly objects: Objects;
  readonly namespace: string;
  readonly name: string;
  readonly rules: readonly Rule[];
  /** The kubeconfig that the cluster is reached by. */
  readonly kubeconfig: string;
  readonly context: string;
  /** The file to write. */
  readonly file: string;
}): Promise<string> {
  const { api, objects, namespace, name, rules } = options;
  const group = 'rbac.authorization.k8s.io';
  await objects.apply([
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } },
    { apiVersion: `${group}/v1`, kind: 'Role', metadata: { name }, rules },
    {
      apiVersion: `${group}/v1`,
      kind: 'RoleBinding',
      metadata: { name },
      roleRef: { apiGroup: group, kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
  ]);
  const asked = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } };
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const { status } = await api.ask<{ status: { token: string } }>('POST', path, { body: asked });
  await writeFile(options.file, await configurationWith(options, status.token), { mode: 0o600 });
  return options.file;
}

async function configurationWith(
  { kubeconfig, context, namespace, name }: { kubeconfig: string; context: string; namespace: string; name: string },
  token: string,
): Promise<string> {
  const configuration = new KubeConfig();
  configuration.loadFromFile(kubeconfig);
  configuration.setCurrentContext(context);
  const cluster = configuration.getCurrentCluster();
  const authority = cluster?.caData ?? (cluster?.caFile && (await readFile(cluster.caFile)).toString('base64'));
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': context,
    contexts: [{ name: context, context: { cluster: context, user: name, namespace } }],
    clusters: [{ name: context, cluster: { server: cluster?.server, 'certificate-authority-data': authority } }],
    users: [{ name, user: { token } }],
  });
}
