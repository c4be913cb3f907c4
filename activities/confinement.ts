import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { failure, sentence } from './failure.ts';

/** True where `file` is `root` or lies below it, by name only. Both absolute. */
export function isWithin(file: string, root: string): boolean {
  const relative = path.relative(path.resolve(root), path.resolve(file));
  return relative === '' || !(relative === '..' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative));
}

/**
 * Where `file` really is, every symbolic link followed, provided that it lies in one of the policy's directories.
 *
 * @throws SHIPLOCK_POLICY_REFUSED (not retried) where it leads out of them; SHIPLOCK_FILE_MISSING (not retried) where
 * it cannot be reached
 */
export async function confined(file: string, directories: readonly string[]): Promise<string> {
  const real = await realpath(file).catch((cause: unknown) => {
    throw failure(
      { code: 'SHIPLOCK_FILE_MISSING', message: `${file} cannot be reached: ${sentence(cause)}`, cause },
      { retry: 'never' },
    );
  });
  const roots = await Promise.all(directories.map((root) => realpath(root).catch(() => null)));
  if (roots.some((root) => root !== null && isWithin(real, root))) return real;
  const where = real === path.resolve(file) ? file : `${file} leads to ${real}, which`;
  throw failure(
    {
      code: 'SHIPLOCK_POLICY_REFUSED',
      message: `${where} lies in none of the directories of the worker's policy`,
      mend: `add its directory to "directories" there, if releases may use it`,
    },
    { retry: 'never' },
  );
}
