import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { PackageName } from './catalogue.ts';
import { pins } from './pins.ts';
import type { Platform } from './platform.ts';

/** What is known of a package in the cache; written last, into the folder that then gets its name in one rename. */
export interface Entry {
  readonly package: string;
  readonly version: string;
  /** Who gave it: `PyPI by pip`, the vendor's address, `go build`. */
  readonly from: string;
  /** Size in bytes of each program or file, which a damaged one no longer has. */
  readonly servers: Readonly<Record<string, number>>;
}

/** The cache's folder: `$SHIPLOCK_CACHE`, else `$XDG_CACHE_HOME/shiplock`, else `~/.cache/shiplock`. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.SHIPLOCK_CACHE) return environment.SHIPLOCK_CACHE;
  if (environment.XDG_CACHE_HOME) return join(environment.XDG_CACHE_HOME, 'shiplock');
  return join(homedir(), '.cache', 'shiplock');
}

/** Where this version of a package lies, or would. */
export function entryFolder(cache: string, name: PackageName, platform: Platform): string {
  return join(cache, 'servers', `${name}-${pins[name].version}-${platform}`);
}

/** The whole entry in a folder; null where there is none or a server in it is missing or cut short. */
export async function readEntry(folder: string): Promise<Entry | null> {
  try {
    const entry = JSON.parse(await readFile(join(folder, 'entry.json'), 'utf8')) as Entry;
    for (const [name, bytes] of Object.entries(entry.servers)) {
      if ((await stat(join(folder, name))).size !== bytes) return null;
    }
    return entry;
  } catch {
    return null;
  }
}

/**
 * Makes an entry in a folder of its own and renames it into place, so nobody ever sees half of one. Where another
 * process was quicker, its entry stays and ours is dropped.
 */
export async function install(
  cache: string,
  folder: string,
  make: (staging: {
    download: string;
    entry: string;
  }) => Promise<Omit<Entry, 'servers'> & { names: readonly string[] }>,
): Promise<Entry> {
  await sweep(cache);
  const staging = join(cache, 'servers', `.staging-${process.pid}-${randomUUID()}`);
  const download = join(staging, 'download');
  const made = join(staging, 'entry');
  try {
    await mkdir(download, { recursive: true });
    await mkdir(made, { recursive: true });
    const { names, ...rest } = await make({ download, entry: made });
    const sizes = await Promise.all(names.map(async (name) => [name, (await stat(join(made, name))).size] as const));
    const entry: Entry = { ...rest, servers: Object.fromEntries(sizes) };
    await writeFile(join(made, 'entry.json'), `${JSON.stringify(entry, null, 2)}\n`);
    return await settle(made, folder, entry);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function settle(made: string, folder: string, entry: Entry): Promise<Entry> {
  try {
    await rename(made, folder);
    return entry;
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
  const there = await readEntry(folder);
  if (there !== null) return there;
  // A damaged entry: moved aside rather than emptied, since a program in it may still run.
  await rename(folder, `${made}-damaged`);
  return settle(made, folder, entry);
}

/** Removes what processes that have died in mid-fetch left behind. */
async function sweep(cache: string): Promise<void> {
  const names = await readdir(join(cache, 'servers')).catch(() => []);
  for (const name of names) {
    const pid = Number(/^\.staging-(\d+)-/.exec(name)?.[1]);
    if (pid > 0 && !alive(pid)) await rm(join(cache, 'servers', name), { recursive: true, force: true });
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
