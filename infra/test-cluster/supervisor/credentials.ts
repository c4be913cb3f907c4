import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ClusterPaths } from '../home.ts';
import { CONTEXT } from '../protocol.ts';

export interface Credentials {
  readonly adminToken: string;
  /** As `--token-auth-file` wants it. */
  readonly tokens: string;
  readonly signingKey: string;
  readonly verifyingKey: string;
}

/** Made anew for each cluster: an administrator's token, and the pair of keys that signs ServiceAccounts' tokens. */
export function makeCredentials({ credentials: folder }: ClusterPaths): Credentials {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  const adminToken = randomBytes(24).toString('hex');
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    adminToken,
    tokens: file('tokens.csv', `${adminToken},admin,admin,"system:masters"\n`),
    signingKey: file('service-accounts.key', privateKey.export({ type: 'sec1', format: 'pem' }).toString()),
    verifyingKey: file('service-accounts.pub', publicKey.export({ type: 'spki', format: 'pem' }).toString()),
  };
}

/** The certificate that the API server made for itself; it holds its authority, too. */
export function serverCertificate({ credentials }: ClusterPaths): string {
  return readFileSync(join(credentials, 'apiserver.crt'), 'utf8');
}

/** The text of a kubeconfig with one context. */
export function kubeconfig(options: {
  readonly server: string;
  readonly certificate: string;
  readonly token: string;
  readonly namespace?: string;
}): string {
  const { server, certificate, token, namespace } = options;
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': CONTEXT,
    contexts: [{ name: CONTEXT, context: { cluster: CONTEXT, user: CONTEXT, ...(namespace && { namespace }) } }],
    clusters: [
      {
        name: CONTEXT,
        cluster: { server, 'certificate-authority-data': Buffer.from(certificate).toString('base64') },
      },
    ],
    users: [{ name: CONTEXT, user: { token } }],
  });
}
