import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { systemCode, unreachable, wrongHash } from './failures.ts';

export interface Download {
  readonly url: string;
  /** The file that is written; what stands there is replaced. */
  readonly to: string;
  readonly sha256: string;
  /** Called with the bytes so far, from zero again at each attempt. */
  readonly onBytes?: (received: number) => void;
  readonly attempts?: number;
  /** The first wait between attempts; it doubles. */
  readonly backoffMs?: number;
  /** A connection that brings nothing for so long is given up. */
  readonly idleMs?: number;
}

/**
 * Streams a file to disk and hashes it on the way; network errors, 429 and 5xx are tried again.
 * @throws SHIPLOCK_SERVER_NETWORK, SHIPLOCK_SERVER_HASH; errors of the file system as they are
 */
export async function download(options: Download): Promise<void> {
  const { url, to, sha256, onBytes } = options;
  const actual = await persistently(options, async (signal, alive) => {
    const body = await answer(url, signal);
    const hash = createHash('sha256');
    let received = 0;
    onBytes?.(0);
    await pipeline(
      body,
      async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          alive();
          hash.update(chunk);
          received += chunk.length;
          onBytes?.(received);
          yield chunk;
        }
      },
      createWriteStream(to),
    );
    return hash.digest('hex');
  });
  if (actual !== sha256) throw wrongHash(url, sha256, actual);
}

/** A small text or JSON document and the address that it finally came from. Errors as for `download`. */
export async function text(url: string, retry: Partial<Download> = {}): Promise<{ body: string; address: string }> {
  return persistently({ ...retry, url }, async (signal, alive) => {
    const response = await fetch(url, { signal });
    alive();
    if (!response.ok) throw refused(url, response);
    return { body: await response.text(), address: response.url };
  });
}

/** The SHA-256 of a file, in hexadecimal. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function answer(url: string, signal: AbortSignal): Promise<Readable> {
  const response = await fetch(url, { signal });
  if (!response.ok || response.body === null) throw refused(url, response);
  return Readable.fromWeb(response.body);
}

function refused(url: string, response: Response): Error {
  const error = unreachable(lastPart(url), new URL(url).host, `it answered ${response.status}`);
  return Object.assign(error, { again: response.status === 429 || response.status >= 500 });
}

async function persistently<Result>(
  { url, attempts = 3, backoffMs = 500, idleMs = 30_000 }: Partial<Download> & { url: string },
  attempt: (signal: AbortSignal, alive: () => void) => Promise<Result>,
): Promise<Result> {
  for (let count = 1; ; count += 1) {
    const idle = new AbortController();
    const timer = setTimeout(() => idle.abort(), idleMs);
    try {
      return await attempt(idle.signal, () => timer.refresh());
    } catch (error) {
      if (isOfDisk(error) || (error as { again?: boolean }).again === false) throw error;
      if (count >= attempts && 'again' in (error as object)) throw error;
      if (count >= attempts) throw networkFailure(url, count, idle.signal.aborted ? idleMs : null, error);
      await wait(backoffMs * 2 ** (count - 1));
    } finally {
      clearTimeout(timer);
    }
  }
}

function isOfDisk(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS', 'ENOENT', 'EISDIR'].includes(systemCode(error) ?? '');
}

function networkFailure(url: string, attempts: number, silentMs: number | null, error: unknown): Error {
  const code = systemCode(error);
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const why =
    silentMs !== null
      ? `nothing came for ${silentMs / 1000} s`
      : code === 'ENOTFOUND' || code === 'EAI_AGAIN'
        ? 'no network: its name cannot be resolved'
        : (code ?? (inner instanceof Error ? inner.message : String(inner)));
  return unreachable(lastPart(url), new URL(url).host, `${why} (${attempts} attempts)`, error);
}

function lastPart(url: string): string {
  return decodeURIComponent(new URL(url).pathname.split('/').at(-1) ?? url);
}
