import { createHash } from 'node:crypto';
import { chown, cp, lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Ended, runProgram } from '../servers/child.ts';

/** PostgreSQL refuses to run as root. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

const NOBODY: User = { uid: 65_534, gid: 65_534 };
const PREFIX = 'shiplock-postgres-';
/** Names, in a place of its own, the folder that it stands for. */
const STANDS_FOR = 'stands-for';

/** Whom a server runs as: for root `postgres`, else `nobody`. `null`: as ourselves. */
export async function otherUser(): Promise<User | null> {
  if (process.getuid?.() !== 0) return null;
  const lines = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n').map((line) => line.split(':'));
  const [, , uid, gid] = lines.find(([name]) => name === 'postgres') ?? [];
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : NOBODY;
}

/** Runs a program as that user, bounded in time. */
export function runAs(user: User | null, program: string, args: readonly string[]): Promise<Ended> {
  return runProgram(program, args, { timeoutMs: 60_000, cwd: '/', user });
}

/**
 * A folder that the user owns and can reach: the one that is named, or, where a folder above it is closed to the user
 * (root's home, a temporary folder of root's), one below the temporary directory that stands for it.
 */
export async function placeFor(folder: string, user: User | null): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (!user) return folder;
  await chown(folder, user.uid, user.gid);
  if ((await runAs(user, '/bin/sh', ['-c', 'cd "$0"', folder])).code === 0) return folder;
  await sweep();
  const place = join(tmpdir(), `${PREFIX}${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`);
  await mkdir(place, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const { uid } = await lstat(place);
  if (uid !== 0 && uid !== user.uid) throw new Error(`${place} belongs to somebody else (user ${uid})`);
  await writeFile(join(place, STANDS_FOR), folder);
  await chown(place, user.uid, user.gid);
  return place;
}

/** Where the user may run the programs in `bin`: root's cache is closed to it, so it gets a copy. */
export async function programsFor(bin: string, place: string, user: User | null): Promise<string> {
  if (!user || (await runAs(user, join(bin, 'postgres'), ['--version'])).code === 0) return bin;
  const copy = join(place, 'programs');
  await rm(copy, { recursive: true, force: true });
  await cp(dirname(bin), copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, 'bin');
}

/** Removes the places of folders that are gone. */
async function sweep(): Promise<void> {
  const names = await readdir(tmpdir());
  for (const place of names.filter((name) => name.startsWith(PREFIX)).map((name) => join(tmpdir(), name))) {
    const folder = await readFile(join(place, STANDS_FOR), 'utf8').catch(() => null);
    if (folder === null || (await lstat(folder).catch(() => null)) !== null) continue;
    await rm(place, { recursive: true, force: true });
  }
}
