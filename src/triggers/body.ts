import type { IncomingMessage } from 'node:http';

/** The events that start releases are below 100 kB. */
export const MAX_BODY_BYTES = 1024 * 1024;
/** GitHub sends up to 25 MB. So much is thrown away, so that the sender reads why; beyond it the connection ends. */
const MAX_THROWN_AWAY_BYTES = 26 * 1024 * 1024;

export type Body =
  | { readonly read: true; readonly bytes: Buffer }
  | { readonly read: false; readonly because: 'tooLarge' | 'broken' };

/** The raw bytes of a request, as they were signed; keeps no more than `MAX_BODY_BYTES`. */
export function readBody(request: IncomingMessage): Promise<Body> {
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) return chunks.push(chunk);
      chunks = [];
      return size > MAX_THROWN_AWAY_BYTES && resolve({ read: false, because: 'tooLarge' });
    });
    request.once('end', () =>
      resolve(
        size > MAX_BODY_BYTES ? { read: false, because: 'tooLarge' } : { read: true, bytes: Buffer.concat(chunks) },
      ),
    );
    request.once('error', () => resolve({ read: false, because: 'broken' }));
    request.once('close', () => resolve({ read: false, because: 'broken' }));
  });
}
