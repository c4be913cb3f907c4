import { createHash } from 'node:crypto';
import { Context } from '@temporalio/activity';
import { failure } from '../failure.ts';
import { type Exchange, get, reason } from './exchange.ts';
import type { Repository } from './repository.ts';
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
const TIMEOUT_MS = 10_000;

/**
 * Asks a registry what a tag, or a digest, stands for. `null`: it says that there is no such image.
 *
 * @throws SHIPLOCK_REGISTRY_UNREACHABLE (retried): no answer, or one that says nothing;
 * SHIPLOCK_REGISTRY_REFUSED (not retried): it asks for credentials, or sends elsewhere
 */
export async function askRegistry(repository: Repository, reference: string): Promise<RegistryImage | null> {
  const manifest = await readManifest(repository, reference);
  if (manifest === null) return null;
  const user = await userOf(manifest.text, {
    manifest: async (digest) => (await readManifest(repository, digest))?.text ?? null,
    blob: (digest) => readBlob(repository, digest),
  });
  return { digest: manifest.digest, user };
}

async function readManifest(
  repository: Repository,
  reference: string,
): Promise<{ digest: string; text: string } | null> {
  const url = new URL(`/v2/${repository.path}/manifests/${reference}`, repository.origin);
  const answer = await ask(url, MANIFESTS, MAX_MANIFEST_BYTES);
  if (answer.status === 404) return null;
  if (answer.status !== 200) throw unhelpful(url, answer);
  const digest = digestOf(answer.body);
  const named = answer.headers['docker-content-digest'] ?? digest;
  if (named !== digest || (reference.startsWith('sha256:') && reference !== digest)) {
    throw silent(`${url.host} answers bytes that are ${digest} and calls them ${named}`);
  }
  return { digest, text: answer.body.toString('utf8') };
}

/** A blob's bytes are what its digest says, so they may come from the storage that the registry names. */
async function readBlob(repository: Repository, digest: string): Promise<string | null> {
  const url = new URL(`/v2/${repository.path}/blobs/${digest}`, repository.origin);
  let answer = await ask(url, '*/*', MAX_CONFIGURATION_BYTES);
  const elsewhere = URL.parse(answer.headers.location ?? '', url.href);
  if (isRedirect(answer) && elsewhere?.protocol === 'https:') {
    answer = await ask(elsewhere, '*/*', MAX_CONFIGURATION_BYTES);
  }
  return answer.status === 200 && digestOf(answer.body) === digest ? answer.body.toString('utf8') : null;
}

async function ask(url: URL, accept: string, maxBytes: number): Promise<Exchange> {
  const { cancellationSignal } = Context.current();
  const deadline = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await get(url, { accept, maxBytes, signal: AbortSignal.any([deadline, cancellationSignal]) });
  } catch (error) {
    cancellationSignal.throwIfAborted();
    const why = deadline.aborted ? `no answer within ${TIMEOUT_MS / 1000} s` : reason(error);
    throw silent(`the registry ${url.origin} cannot be asked: ${why}`);
  }
}

function unhelpful(url: URL, answer: Exchange) {
  if (answer.status === 401 || answer.status === 403) {
    return refused(
      `the registry ${url.origin} asks for credentials (${answer.status}), and Shiplock holds none`,
      "let it be read without, or leave out `build` and give the image's digest",
    );
  }
  if (isRedirect(answer)) {
    const where = `the registry ${url.origin} sends elsewhere for a manifest (${answer.status}), which is not followed`;
    return refused(where, 'name the registry itself');
  }
  return silent(`the registry ${url.origin} answers ${answer.status}`);
}

function isRedirect({ status }: Exchange): boolean {
  return status >= 300 && status < 400;
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function refused(message: string, mend: string) {
  return failure({ code: 'SHIPLOCK_REGISTRY_REFUSED', message, mend }, { retry: 'never' });
}

function silent(message: string) {
  return failure({ code: 'SHIPLOCK_REGISTRY_UNREACHABLE', message }, { retry: 'later' });
}
