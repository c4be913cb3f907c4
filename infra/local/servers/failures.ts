import { ShiplockError } from '../../../src/errors.ts';

/** Why a download or an unpacking ended, as a system's error code tells it; null: nothing known. */
export function diskFailure(error: unknown, folder: string, neededBytes: number): ShiplockError | null {
  switch (systemCode(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return diskFull(folder, neededBytes, error);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new ShiplockError({
        code: 'SHIPLOCK_CACHE_UNWRITABLE',
        message: `the cache ${folder} cannot be written (${systemCode(error)})`,
        mend: 'make it writable, or set SHIPLOCK_CACHE to a folder that is',
        cause: error,
      });
    default:
      return null;
  }
}

/** The disk has no room for what is fetched. */
export function diskFull(folder: string, neededBytes: number, cause: unknown): ShiplockError {
  return new ShiplockError({
    code: 'SHIPLOCK_DISK_FULL',
    message: `the disk that holds ${folder} is full`,
    mend: `free about ${megabytes(neededBytes)}, or set SHIPLOCK_CACHE to a folder on another disk`,
    cause,
  });
}

/** What arrived is not what was pinned. */
export function wrongHash(what: string, expected: string, actual: string): ShiplockError {
  return new ShiplockError({
    code: 'SHIPLOCK_SERVER_HASH',
    message: `${what} is not the file that is pinned: its SHA-256 is ${actual}, expected ${expected}; it was thrown away`,
    mend: 'look who changed it on the way (a proxy, a mirror), or name a server you trust by its environment variable',
  });
}

/** A download that did not come about; the next source may have it. */
export function unreachable(what: string, from: string, because: string, cause?: unknown): ShiplockError {
  return new ShiplockError({
    code: 'SHIPLOCK_SERVER_NETWORK',
    message: `${what} could not be fetched from ${from}: ${because}`,
    mend: 'look at the network and its proxy settings, then run it again',
    cause,
  });
}

/** Whether trying another source is wrong: the disk is full, or somebody altered the file. */
export function isFinal(error: unknown): error is ShiplockError {
  return (
    error instanceof ShiplockError &&
    ['SHIPLOCK_DISK_FULL', 'SHIPLOCK_CACHE_UNWRITABLE', 'SHIPLOCK_SERVER_HASH'].includes(error.code)
  );
}

/** The innermost error's system code (`ENOTFOUND`, `ENOSPC`), which Node's fetch hides in `cause`. */
export function systemCode(error: unknown): string | null {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    const code = (inner as NodeJS.ErrnoException).code;
    if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) return code;
  }
  return null;
}

/** Bytes as `36.9 MB` (10^6 bytes). */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
