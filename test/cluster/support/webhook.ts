import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Scope, TestCluster } from './index.ts';

export interface Webhook {
  /** Kinds whose creation and change it denies now, with this reason; `CREATE Pod`: the creation alone. */
  readonly denies: Map<string, string>;
  /** It closes each connection without an answer. */
  silent: boolean;
}

/** A real admission webhook: the API server asks it about everything of the test's namespace. */
export async function openWebhook(scope: Scope, cluster: TestCluster, resources: readonly string[]): Promise<Webhook> {
  const { namespace, folder } = cluster;
  const [key, certificate] = [join(folder, 'webhook.key'), join(folder, 'webhook.crt')];
  const wanted = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  const named = ['-subj', '/CN=webhook', '-addext', 'subjectAltName=IP:127.0.0.1'];
  await promisify(execFile)('openssl', ['req', ...wanted, ...named, '-keyout', key, '-out', certificate]);
  const webhook: Webhook = { denies: new Map(), silent: false };
  const server = createServer({ key: await readFile(key), cert: await readFile(certificate) }, (request, response) => {
    if (webhook.silent) return request.socket.destroy();
    let text = '';
    request.on('data', (part) => {
      text += part;
    });
    request.on('end', () => {
      const { apiVersion, kind, request: asked } = JSON.parse(text);
      const { kind: of } = asked.kind;
      const reason = webhook.denies.get(of) ?? webhook.denies.get(`${asked.operation} ${of}`);
      const status = reason === undefined ? {} : { status: { message: reason } };
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({ apiVersion, kind, response: { uid: asked.uid, allowed: reason === undefined, ...status } }),
      );
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const name = `webhook-${namespace}`;
  scope.after(async () => {
    await cluster.remove('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', name);
    server.closeAllConnections();
    server.close();
  });
  await cluster.create({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name },
    webhooks: [
      {
        name: 'policy.example.com',
        clientConfig: {
          url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`,
          caBundle: (await readFile(certificate)).toString('base64'),
        },
        rules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['CREATE', 'UPDATE'], resources }],
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
        failurePolicy: 'Fail',
        timeoutSeconds: 2,
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      },
    ],
  });
  return webhook;
}
