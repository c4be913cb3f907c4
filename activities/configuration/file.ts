import { randomBytes } from 'node:crypto';
import { renameSync } from 'node:fs';
import { chmod, chown, readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { syncDirectory, writeSynced } from '../durable.ts';
import { failure, sentence } from '../failure.ts';
import type { FieldFence } from './fence.ts';
import { MAX_FILE_BYTES } from './field.ts';

/**
 * The text of a configuration file.
 * @throws SHIPLOCK_CONFIGURATION_FILE (not retried) for what is no UTF-8 text of at most 1 MiB
 */
export async function readText(file: string): Promise<string> {
  const { size } = await stat(file);
  if (size > MAX_FILE_BYTES) throw unfit(file, 'is larger than 1 MiB');
  const bytes = await readFile(file);
  const text = bytes.toString('utf8');
  // Bytes that do not survive the way to text and back would be changed by an edit elsewhere in the file.
  if (!Buffer.from(text, 'utf8').equals(bytes)) throw unfit(file, 'is no UTF-8 text');
  return text;
}

/**
 * Replaces a file as a whole, mode and owner kept, provided that it still holds `before`.
 *
 * A write of a lower fence may be under way in a process that stalls. It checks its fence after its temporary file is
 * there, and whoever holds a higher one removes the temporary files that it finds: so either that check refuses it,
 * or its rename finds nothing to rename. Whenever it wakes, it changes nothing.
 *
 * @returns `false` where somebody else changed the file in the meantime
 */
export async function replaceText(
  file: string,
  { before, after, fence }: { before: string; after: string; fence: FieldFence },
): Promise<boolean> {
  const prefix = `.shiplock-${fence.name}-`;
  const directory = path.dirname(file);
  const temporary = path.join(directory, `${prefix}${randomBytes(6).toString('hex')}`);
  try {
    const { mode, uid, gid } = await stat(file);
    fence.check();
    const others = (await readdir(directory)).filter((name) => name.startsWith(prefix));
    for (const name of others) await rm(path.join(directory, name), { force: true });
    await writeSynced(temporary, after, 0o600);
    await chown(temporary, uid, gid).catch(keepOwn);
    await chmod(temporary, mode & 0o7777);
    const isUntouched = (await readText(file)) === before;
    fence.check();
    if (isUntouched) renameSync(temporary, file);
    return isUntouched;
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code?.startsWith('E') ? unwritten(file, error) : error;
  } finally {
    await rm(temporary, { force: true });
    await syncDirectory(directory);
  }
}

/** Only root may give files away; whoever may write the file owns the new one. */
function keepOwn(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPERM') throw error;
}

function unwritten(file: string, cause: unknown) {
  const full = (cause as NodeJS.ErrnoException).code === 'ENOSPC';
  return failure(
    {
      code: 'SHIPLOCK_CONFIGURATION_NOT_WRITTEN',
      message: `${file} could not be written: ${full ? 'the disk is full' : sentence(cause)}`,
      mend: full ? 'free some space' : 'make it and its directory writable for the worker',
      cause,
    },
    { retry: 'later' },
  );
}

function unfit(file: string, how: string) {
  return failure(
    { code: 'SHIPLOCK_CONFIGURATION_FILE', message: `${file} ${how}`, mend: 'name the file that carries the version' },
    { retry: 'never' },
  );
}
