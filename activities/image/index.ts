import path from 'node:path';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { failure } from '../failure.ts';
import { elsewhereOnShutdown } from '../shutdown.ts';
import { type BuildSettings, buildAndPush } from './build.ts';
import { findBuilder } from './builder.ts';
import { type CredentialSettings, credentialsOf } from './credentials.ts';
import type { ImageActivities, PreparedImage, PrepareImageRequest } from './port.ts';
import { askRegistry, type RegistryImage } from './registry.ts';
import { parseRepository, type Repository } from './repository.ts';

export type ImageDependencies = BuildSettings & CredentialSettings;

/** The one tag that is meant to move; any other names the same image for ever, and is never built over. */
const MOVING_TAG = 'latest';
/** As a registry takes it (distribution specification). */
const TAG = /^\w[\w.-]{0,127}$/;
/** A registry that is slow is asked for at most 10 s at a time; the worker is alive meanwhile. */
const BEAT_MS = 1_000;

/** What a registry says of a tag: the image, `null` where it has none, or why it says nothing. */
type Answer = RegistryImage | null | ApplicationFailure;

/**
 * The image that a version stands for, as a build worker gets it. An image that is there already is taken as it is
 * (so a retry after a worker's death finds what the first attempt pushed), all but `latest`.
 */
export function createImageActivities(dependencies: ImageDependencies): ImageActivities {
  return {
    prepareImage: (request) =>
      elsewhereOnShutdown('the image was prepared', async () => {
        const context = Context.current();
        const beat = setInterval(() => context.heartbeat(), BEAT_MS);
        try {
          return await prepare(request, dependencies);
        } finally {
          clearInterval(beat);
        }
      }),
  };
}

async function prepare(request: PrepareImageRequest, dependencies: ImageDependencies): Promise<PreparedImage> {
  const { image, version } = request;
  const repository = parseRepository(image);
  if (!TAG.test(version)) throw unknown(`"${version}" is no tag`, 'release a version that is one');
  const lookUp = (reference: string) =>
    askRegistry(repository, reference, (registry) => credentialsOf(registry, dependencies));
  const tagged = await orWhy(lookUp(version));
  const existing = tagged ?? (image.digest === null ? null : await orWhy(lookUp(image.digest)));
  const builder = image.build && !isToBeKept(existing, request) ? await findBuilder(dependencies) : null;
  if (image.build && builder) {
    // Not knowing whether the tag is taken, nothing is pushed there.
    if (isFailure(existing)) throw existing;
    const { directory, file, timeoutMs } = image.build;
    const { insecure, name } = repository;
    const order = { tag: `${name}:${version}`, directory, file: path.resolve(directory, file), insecure };
    await buildAndPush({ builder, order, timeoutMs, key: request.key }, dependencies);
    const pushed = await lookUp(version);
    if (pushed === null) throw unknown(`${order.tag} was pushed, and is not there`, 'look at its registry');
    return prepared(request, pushed, {
      how: 'built',
      because: `built with ${builder.name} ${builder.version} and pushed`,
    });
  }
  return take(request, repository, { existing, isTagged: tagged !== null });
}

/** The image as it is, without building: as the registry has it, or as the plan gives it where nobody can be asked. */
function take(
  request: PrepareImageRequest,
  repository: Repository,
  { existing, isTagged }: { existing: Answer; isTagged: boolean },
): PreparedImage {
  const { image, version } = request;
  const { host } = new URL(repository.origin);
  if (isFailure(existing)) {
    if (image.digest === null) throw existing;
    const because = `the plan's digest, taken on trust: ${existing.message}`;
    return prepared(request, { digest: image.digest, user: null }, { how: 'given', because });
  }
  if (existing) {
    const kept = isToBeKept(existing, request) ? ', so it is not built again' : ', and nothing here can build it anew';
    const what = isTagged ? 'this tag' : "the plan's digest, without the tag";
    return prepared(request, existing, { how: 'found', because: `${host} has ${what}${image.build ? kept : ''}` });
  }
  const unbuilt = image.build ? ', and no docker, podman or buildah works on this build worker' : '';
  throw unknown(
    `${host} has no image ${repository.path}:${version}${image.digest ? ` and no ${image.digest}` : ''}${unbuilt}`,
    image.build ? 'install one, or push the image before the release' : 'push it before the release, or have it built',
  );
}

async function orWhy(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    if (isFailure(error)) return error;
    throw error;
  }
}

function prepared(
  { image, version }: PrepareImageRequest,
  found: RegistryImage,
  known: Pick<PreparedImage, 'how' | 'because'>,
): PreparedImage {
  const { digest, user } = found;
  const tag = `${image.repository}:${version}`;
  if (image.digest !== null && image.digest !== digest) {
    throw failure(
      {
        code: 'SHIPLOCK_IMAGE_DIFFERS',
        message: `${tag} is ${digest} in its registry, the plan says ${image.digest}`,
        mend: 'find out who pushed it; release another version, or correct the digest',
      },
      { retry: 'never' },
    );
  }
  return { reference: `${tag}@${digest}`, digest, user, ...known };
}

function isToBeKept(existing: Answer, { image, version }: PrepareImageRequest): boolean {
  if (existing === null || isFailure(existing)) return false;
  return version !== MOVING_TAG || existing.digest === image.digest;
}

function isFailure(answer: unknown): answer is ApplicationFailure {
  return answer instanceof ApplicationFailure;
}

function unknown(message: string, mend: string) {
  return failure({ code: 'SHIPLOCK_IMAGE_UNKNOWN', message, mend }, { retry: 'never' });
}
