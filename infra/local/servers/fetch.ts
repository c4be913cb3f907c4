import { chmod, cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ShiplockError } from '../../../src/errors.ts';
import { cacheFolder, type Entry, entryFolder, install } from './cache.ts';
import { type ServerName, serverNamed } from './catalogue.ts';
import { diskFailure, isOfSource, unreachableMend } from './failures.ts';
import { type Pin, pins, type RegistryFile, type VendorDownload } from './pins.ts';
import { type Machine, platformOf, runsOn, thisMachine } from './platform.ts';
import type { OnProgress } from './progress.ts';
import type { FoundServer } from './search.ts';
import { mirrorOf, registry, type Source, vendor } from './sources/index.ts';
import { unpack, unpackTree } from './unpack.ts';

export interface FetchOptions {
  readonly onProgress?: OnProgress;
  /** Default: the process's own. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Default: the machine this runs on. */
  readonly machine?: Machine;
}

/** A pinned file and who gives it. */
export type Attempt = { from: 'registry'; file: RegistryFile } | { from: 'vendor'; file: VendorDownload };
type Fetched = { entry: Entry; folder: string; from: 'registry' | 'vendor' };

/** The archive, a client's own copy of it, and what is unpacked, which is up to four times as large. */
const roomForUnpacking = 6;

const underWay = new Map<string, Promise<Fetched>>();

/**
 * Fetches a server into the cache, whether or not it is there: from the registry, else (unless a mirror is named, which
 * is never gone around) from its vendor, and only the very file that is pinned. Fetchers at the same time, also in other processes, do not disturb each other.
 * @throws SHIPLOCK_SERVER_NETWORK, SHIPLOCK_SERVER_HASH, SHIPLOCK_SERVER_PLATFORM, SHIPLOCK_SERVER_MISSING (it is only
 * ever found, such as Chromium), SHIPLOCK_SERVER_UNPACK, SHIPLOCK_DISK_FULL, SHIPLOCK_CACHE_UNWRITABLE
 */
export async function fetchServer(name: ServerName, options: FetchOptions = {}): Promise<FoundServer> {
  const server = serverNamed(name);
  if (server.from === null) throw missing(name, `${name} is not fetched, only found`);
  const pin = pins[server.from];
  const machine = options.machine ?? thisMachine();
  const environment = options.environment ?? process.env;
  const attempts = attemptsOn(pin, machine).filter(
    ({ from }, _, all) => from === 'registry' || !mirrored(all, environment),
  );
  const platform = platformOf(machine);
  if (platform === null || attempts.length === 0) throw unsupported(pin, machine);

  const cache = cacheFolder(environment);
  const folder = entryFolder(cache, pin.name, platform);
  const running = underWay.get(folder) ?? bringIn(pin, attempts, { cache, folder, environment, ...options });
  underWay.set(folder, running);
  try {
    const { entry, from } = await running;
    return { name, path: join(folder, name), version: entry.version, from };
  } finally {
    underWay.delete(folder);
  }
}

function mirrored(attempts: readonly Attempt[], environment: NodeJS.ProcessEnv): boolean {
  return attempts.some(({ file }) => file.kind !== 'vendor' && mirrorOf(file, environment) !== undefined);
}

/** An error for a server that is not there and may not, or cannot, be fetched. */
export function missing(name: ServerName, because: string): ShiplockError {
  const { variable, mend } = serverNamed(name);
  return new ShiplockError({
    code: 'SHIPLOCK_SERVER_MISSING',
    message: `${name} is missing: ${because}`,
    mend: `${mend}, or let ${variable} name its executable`,
  });
}

/** What may be fetched for this machine, in order: what is not made for it, or needs a newer C library, is left out. */
export function attemptsOn(pin: Pin, machine: Machine): readonly Attempt[] {
  const platform = platformOf(machine);
  if (platform === null) return [];
  const attempts: Attempt[] = [];
  const file = pin.files[platform];
  if (file !== undefined && runsOn(machine, file.glibc).verdict) attempts.push({ from: 'registry', file });
  const own = pin.vendor[platform];
  if (own !== undefined && runsOn(machine, own.glibc).verdict) attempts.push({ from: 'vendor', file: own });
  return attempts;
}

async function bringIn(
  pin: Pin,
  attempts: readonly Attempt[],
  where: FetchOptions & { cache: string; folder: string; environment: NodeJS.ProcessEnv },
): Promise<Fetched> {
  const total = attempts.find((attempt) => attempt.from === 'registry')?.file.bytes ?? 0;
  const tell = (phase: 'downloading' | 'unpacking' | 'done' | 'failed', received: number) =>
    where.onProgress?.({ package: pin.name, version: pin.version, phase, received, total });
  let from: Attempt['from'] = 'registry';
  try {
    tell('downloading', 0);
    const entry = await install(where.cache, where.folder, async (staging) => {
      const taken = await bringFirst(attempts, where.environment, staging.download, (bytes) =>
        tell('downloading', bytes),
      );
      tell('unpacking', total);
      await unpackInto(staging.entry, taken.attempt.file, taken.path);
      from = taken.attempt.from;
      const names = Object.keys(taken.attempt.file.members) as ServerName[];
      return { package: pin.name, version: pin.version, from: taken.title, names };
    });
    tell('done', total);
    return { entry, folder: where.folder, from };
  } catch (error) {
    tell('failed', 0);
    throw diskFailure(error, where.cache, total * roomForUnpacking) ?? error;
  }
}

/** From the first source that has its file. A full disk or an altered file ends it: another source mends neither. */
export async function bringFirst(
  attempts: readonly Attempt[],
  environment: NodeJS.ProcessEnv,
  folder: string,
  onBytes: (received: number) => void,
): Promise<{ path: string; title: string; attempt: Attempt }> {
  const failures: Error[] = [];
  for (const attempt of attempts) {
    const source = await sourceOf(attempt, environment);
    try {
      return { path: await source.bring(folder, onBytes), title: source.title, attempt };
    } catch (error) {
      if (!isOfSource(error)) throw error;
      failures.push(error);
    }
  }
  const [only, ...others] = failures;
  if (only instanceof ShiplockError && others.length === 0) throw only;
  throw new ShiplockError({
    code: 'SHIPLOCK_SERVER_NETWORK',
    message: failures.map((failure) => failure.message).join('; '),
    mend: unreachableMend,
    cause: only,
  });
}

async function sourceOf(attempt: Attempt, environment: NodeJS.ProcessEnv): Promise<Source> {
  return attempt.from === 'vendor' ? vendor(attempt.file) : registry(attempt.file, environment);
}

async function unpackInto(folder: string, file: Attempt['file'], path: string): Promise<void> {
  switch (file.kind) {
    case 'jars':
      await cp(path, join(folder, 'lib'), { recursive: true });
      for (const name of Object.keys(file.members)) {
        await writeFile(join(folder, name), startJava(file.mainClass));
        await chmod(join(folder, name), 0o755);
      }
      return;
    case 'npm':
      return unpackTree(path, file, folder);
    case 'vendor':
      return unpack(file.archive, path, file.members, folder);
    default:
      return unpack(file.kind, path, file.members, folder);
  }
}

/** A test server lives for a test: quick to start matters more than quick to run. */
function startJava(mainClass: string): string {
  const java = 'java=java; test -z "$JAVA_HOME" || java="$JAVA_HOME/bin/java"';
  const quick = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC';
  return `#!/bin/sh\nhere=$(cd "$(dirname "$0")" && pwd)\n${java}\nexec "$java" ${quick} -cp "$here/lib/*" ${mainClass} "$@"\n`;
}

function unsupported(pin: Pin, machine: Machine): ShiplockError {
  const platform = platformOf(machine);
  const file = platform === null ? undefined : pin.files[platform];
  const because = file === undefined ? 'it is not published for this platform' : runsOn(machine, file.glibc).because;
  const { variable } = serverNamed(pin.name);
  return new ShiplockError({
    code: 'SHIPLOCK_SERVER_PLATFORM',
    message: `${pin.name} ${pin.version} cannot be had for ${machine.system}-${machine.architecture}: ${because}`,
    mend: `install ${pin.name} yourself and put it on PATH, or let ${variable} name its executable`,
  });
}
