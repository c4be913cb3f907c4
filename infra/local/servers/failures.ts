import { ShiplockError } from '../../../src/errors.ts';

/** What the file system had against a fetch; null: it was something else. `neededBytes` is the room to ask for. */
export function diskFailure(error: unknown, folder: string, neededBytes: number): ShiplockError | null {
  switch (systemCode(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new ShiplockError({
        code: 'SHIPLOCK_DISK_FULL',
        message: `the disk that holds ${folder} is full`,
        mend: `free about ${megabytes(neededBytes)}, or set SHIPLOCK_CACHE to a folder on another disk`,
        cause: error,
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOTDIR':
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

/** What a program said when the disk was full, as the system's own error: `diskFailure` tells the person. */
export function diskFull(said: string): Error {
  return Object.assign(new Error(said), { code: 'ENOSPC' });
}

/** What arrived is not what was pinned. */
export function wrongHash(what: string, expected: string, actual: string): ShiplockError {
  return new ShiplockError({
    code: 'SHIPLOCK_SERVER_HASH',
    message: `${what} is not the file that is pinned: its SHA-256 is ${actual}, expected ${expected}; it was thrown away`,
    mend: 'look who changed it on the way (a proxy, a mirror), or name a server you trust by its environment variable',
  });
}

/** What mends a fetch that no source answered. */
export const unreachableMend =
  'look at the network and its proxy settings and run it again, or install it yourself and put it on PATH';

/** A download that did not come about; the next source may have it. */
export function unreachable(what: string, from: string, because: string, cause?: unknown): ShiplockError {
  return new ShiplockError({
    code: 'SHIPLOCK_SERVER_NETWORK',
    message: `${what} could not be fetched from ${from}: ${because}`,
    mend: unreachableMend,
    cause,
  });
}

/** Whether another source may still help: it does not where the disk is full or somebody altered the file. */
export function isOfSource(error: unknown): error is ShiplockError {
  return error instanceof ShiplockError && error.code === 'SHIPLOCK_SERVER_NETWORK';
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
