import { createHash } from 'node:crypto';
import { ask, type Exchange, isRedirect, refused, silent } from './exchange.ts';
import { type Login, login, notLetIn } from './login.ts';
import type { Repository } from './repository.ts';
import type { CredentialsOf } from './secrets.ts';
import { userOf } from './user.ts';

/** An image as its registry has it. */
export interface RegistryImage {
  /** `sha256:` and 64 hex digits, of the very bytes that were answered. */
  readonly digest: string;
  /** `config.User`: empty where it runs as root; `null` where it cannot be read. */
  readonly user: string | null;
}

/** What a tag may stand for: one image, or an index of one for each platform; OCI's and Docker's names of both. */
const MANIFESTS = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ');
/** The largest manifest that registries have to take (distribution specification 1.1). */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const MAX_CONFIGURATION_BYTES = 1024 * 1024;

/** One conversation: what lets in is asked for once, and kept no longer than this. */
interface Visit {
  readonly repository: Repository;
  readonly credentialsOf: CredentialsOf;
  login: Login | null;
}

/**
 * Asks a registry what a tag, or a digest, stands for. `null`: it says that there is no such image.
 *
 * @throws SHIPLOCK_REGISTRY_UNREACHABLE (retried): no answer, or one that says nothing;
 * SHIPLOCK_REGISTRY_REFUSED (not retried): it does not let this worker in, or sends elsewhere;
 * SHIPLOCK_REGISTRY_CREDENTIALS (not retried): it wants credentials, and the worker's cannot be read
 */
export async function askRegistry(
  repository: Repository,
  reference: string,
  credentialsOf: CredentialsOf,
): Promise<RegistryImage | null> {
  const visit: Visit = { repository, credentialsOf, login: null };
  const manifest = await readManifest(visit, reference);
  if (manifest === null) return null;
  const user = await userOf(manifest.text, {
    manifest: async (digest) => (await readManifest(visit, digest))?.text ?? null,
    blob: (digest) => readBlob(visit, digest),
  });
  return { digest: manifest.digest, user };
}

async function readManifest(visit: Visit, reference: string): Promise<{ digest: string; text: string } | null> {
  const { origin, path } = visit.repository;
  const answer = await askInside(visit, `manifests/${reference}`, { accept: MANIFESTS, maxBytes: MAX_MANIFEST_BYTES });
  if (answer.status === 404) return null;
  if (answer.status !== 200) throw unhelpful(visit, answer);
  const digest = digestOf(answer.body);
  const named = answer.headers['docker-content-digest'] ?? digest;
  if (named !== digest || (reference.startsWith('sha256:') && reference !== digest)) {
    throw silent(`${new URL(origin).host} answers bytes of ${path} that are ${digest} and calls them ${named}`);
  }
  return { digest, text: answer.body.toString('utf8') };
}

/** A blob's bytes are what its digest says, so they may come from the storage that the registry names. */
async function readBlob(visit: Visit, digest: string): Promise<string | null> {
  const question = { accept: '*/*', maxBytes: MAX_CONFIGURATION_BYTES };
  let answer = await askInside(visit, `blobs/${digest}`, question);
  const elsewhere = URL.parse(answer.headers.location ?? '', visit.repository.origin);
  if (isRedirect(answer) && elsewhere?.protocol === 'https:') {
    // What lets into the registry is not for others.
    answer = await ask(`the storage ${elsewhere.origin}`, elsewhere, question);
  }
  return answer.status === 200 && digestOf(answer.body) === digest ? answer.body.toString('utf8') : null;
}

/** Asks within the repository; a 401 is answered once, since what let in may have run out. */
async function askInside(
  visit: Visit,
  what: string,
  options: { readonly accept: string; readonly maxBytes: number },
): Promise<Exchange> {
  const { repository, credentialsOf } = visit;
  const url = new URL(`/v2/${repository.path}/${what}`, repository.origin);
  const asked = () =>
    ask(`the registry ${url.origin}`, url, { ...options, authorization: visit.login?.authorization ?? null });
  const answer = await asked();
  if (answer.status !== 401) return answer;
  visit.login = await login({ repository, challenge: answer.headers['www-authenticate'], credentialsOf });
  return asked();
}

function unhelpful({ repository, login }: Visit, answer: Exchange) {
  const { origin } = repository;
  const { status } = answer;
  if (status === 401 || status === 403) {
    return notLetIn(repository, { status, isAnonymous: login?.isAnonymous ?? true });
  }
  if (isRedirect(answer)) {
    const where = `the registry ${origin} sends elsewhere for a manifest (${status}), which is not followed`;
    return refused(where, 'name the registry itself');
  }
  return silent(`the registry ${origin} answers ${status}`);
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
