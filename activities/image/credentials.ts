import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { askHelper } from './credential-helper.ts';
import { type Credentials, unusable } from './secrets.ts';

export interface CredentialSettings {
  /** The folder of Docker's `config.json`, an absolute path; a file that is not there holds nothing. */
  readonly dockerConfig: string;
  /** What a credential helper sees. */
  readonly environment: Readonly<Record<string, string>>;
}

const MAX_BYTES = 1024 * 1024;
/** Docker's own name of Docker Hub, from the first version of its API. */
const HUB = 'https://index.docker.io/v1/';
const HUB_HOSTS = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];

const text = z.string().max(64 * 1024);
const entry = z.object({
  auth: text.optional(),
  username: text.optional(),
  password: text.optional(),
  identitytoken: text.optional(),
});
const schema = z.object({
  auths: z.record(z.string(), entry).optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  credsStore: z.string().optional(),
});

/**
 * What `docker login` has left for a registry, `null` where that is nothing. As Docker does it: the registry's own helper,
 * else the helper of all, else the file itself. The file is read anew each time, so a new login counts at once.
 *
 * @param registry `docker.io`, or the host with its port: `registry.example:5000`
 * @throws SHIPLOCK_REGISTRY_CREDENTIALS (not retried): they cannot be read, or a helper does not give them
 */
export async function credentialsOf(registry: string, settings: CredentialSettings): Promise<Credentials | null> {
  const file = path.join(settings.dockerConfig, 'config.json');
  const config = await readConfig(file);
  const helper = of(registry, config.credHelpers) ?? config.credsStore;
  if (helper) {
    const server = HUB_HOSTS.includes(registry) ? HUB : registry;
    return askHelper({ helper, server, environment: settings.environment });
  }
  const found = of(registry, config.auths);
  return found ? fromEntry(found, `${file} has an entry for ${registry}`) : null;
}

/** Errors quote nothing of the file: what JSON cannot read may well be a password. */
async function readConfig(file: string): Promise<z.infer<typeof schema>> {
  const content = await readFile(file).catch((error: NodeJS.ErrnoException) => error);
  if (content instanceof Error) {
    if (content.code === 'ENOENT' || content.code === 'ENOTDIR') return {};
    throw unusable(`${file} cannot be read (${content.code})`, "let the worker's user read it");
  }
  if (content.length > MAX_BYTES) throw unusable(`${file} is larger than 1 MiB`, 'name the right file (DOCKER_CONFIG)');
  try {
    return schema.parse(JSON.parse(content.toString('utf8')));
  } catch {
    throw unusable(`${file} is no configuration of Docker's`, 'write it with `docker login`');
  }
}

/** A key is a host, or an address, of which only the host counts. */
function of<Value>(registry: string, map: Readonly<Record<string, Value>> = {}): Value | undefined {
  const names = HUB_HOSTS.includes(registry) ? HUB_HOSTS : [registry];
  const keys = Object.keys(map);
  const key = keys.find((one) => names.includes(one)) ?? keys.find((one) => names.includes(hostOf(one)));
  return key === undefined ? undefined : map[key];
}

/** Of an address: keys with a path but no scheme are a repository's alone, which only podman knows. */
function hostOf(key: string): string {
  return /^https?:\/\/([^/]+)(?:\/v[12]\/?|\/)?$/.exec(key)?.[1] ?? key;
}

/** An entry with nothing in it is the mark of a helper that is gone. */
function fromEntry(
  { auth, username, password, identitytoken }: z.infer<typeof entry>,
  what: string,
): Credentials | null {
  if (identitytoken) return { kind: 'identity', token: identitytoken };
  if (!auth) return username && password ? { kind: 'password', username, password } : null;
  const pair = /^([^:]+):(.+)$/s.exec(Buffer.from(auth, 'base64').toString('utf8'));
  if (!pair) throw unusable(`${what} that is no user and password`, 'write it with `docker login`');
  const [, user = '', secret = ''] = pair;
  // Old versions of Docker padded it with NUL.
  return { kind: 'password', username: user, password: secret.replace(/\0+$/, '') };
}
