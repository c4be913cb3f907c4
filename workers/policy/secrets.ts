import { z } from 'zod';
import type { SecretUse, SecretValue } from '../../activities/metrics/secrets.ts';
import type { Policy } from './contents.ts';
import { isLoopback, matchesHost } from './patterns.ts';

/** Anything shorter is guessed, and stands in many an answer by chance. */
const LEAST_CHARACTERS = 8;

/** Secrets by `NAME/KEY`, as a template's `secretKeyRef` names them: their variable, and the hosts they are for. */
export const secretsSchema = z.record(
  z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{0,252}\/[-._A-Za-z0-9]{1,253}$/, 'expected NAME/KEY, as a secretKeyRef has them'),
  z.strictObject({
    env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,199}$/, 'expected the name of a variable'),
    hosts: z.array(z.string().min(1).max(1000)).min(1).max(1000),
  }),
);

/** Why a secret is not sent to an address; `null`: it may be. */
export function secretRefusal({ secret, address, insecure }: SecretUse, policy: Policy | null): string | null {
  const secrets = policy?.secrets ?? {};
  const bound = Object.hasOwn(secrets, secret) ? secrets[secret] : undefined;
  if (bound === undefined) return `the secret "${secret}" is not in "secrets"`;
  const url = URL.parse(address);
  if (url === null) return `the secret "${secret}" is for no such address as "${address}"`;
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  if (!bound.hosts.some((pattern) => matchesHost(url.hostname, port, pattern))) {
    return `the secret "${secret}" is not for ${url.hostname}:${port}, which matches nothing in "secrets.${secret}.hosts"`;
  }
  if (isLoopback(url.hostname)) return null;
  if (url.protocol !== 'https:') {
    return `the secret "${secret}" would be sent to ${url.host} unprotected; ask it over https`;
  }
  if (!insecure) return null;
  return `the secret "${secret}" would be sent to ${url.host}, whose certificate nobody verifies ("insecure"); give the worker its authority in NODE_EXTRA_CA_CERTS`;
}

/** The value of a secret for one address, or why it is not sent there. Values stand in no message. */
export function secretValue(use: SecretUse, policy: Policy | null, own: NodeJS.ProcessEnv): SecretValue {
  const because = secretRefusal(use, policy);
  if (because !== null) return { because };
  const env = policy?.secrets[use.secret]?.env ?? '';
  const value = own[env] ?? '';
  if (value === '') return { because: `the secret "${use.secret}" is not there: ${env} is not set on the worker` };
  if (value.length >= LEAST_CHARACTERS) return { value };
  return { because: `the secret "${use.secret}" in ${env} has fewer than ${LEAST_CHARACTERS} characters` };
}
