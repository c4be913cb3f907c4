import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ShiplockError } from '../../../src/errors.ts';

/**
 * Replaces a file as a whole: readers see the old content or the new one, also after a crash of this process. A file
 * that holds the content already is left alone.
 */
export function replaceFile(file: string, content: string): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === content) return;
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, content, { mode: 0o600 });
  renameSync(temporary, file);
}

/** Like `replaceFile`, and on the disk when it returns: survives a power cut. */
export async function replaceFileDurably(file: string, content: string): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
  syncDirectory(dirname(file));
}

/**
 * `null` where there is no such file.
 *
 * @throws ShiplockError `SHIPLOCK_LOCAL_STATE` when it cannot be read as JSON: nothing we write is ever half a file.
 */
export function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new ShiplockError({
      code: 'SHIPLOCK_LOCAL_STATE',
      message: `cannot read ${file}: ${(cause as Error).message}`,
      mend: `move it away: mv ${file} ${file}.broken`,
      cause,
    });
  }
}

function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
