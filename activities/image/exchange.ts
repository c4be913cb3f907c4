import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

export interface Exchange {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/**
 * One GET on a connection of its own: no redirect is followed, nothing is unpacked, and reading stops at a limit.
 * Throws whatever keeps it from an answer.
 */
export async function get(
  url: URL,
  options: { readonly accept: string; readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<Exchange> {
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  const headers = { accept: options.accept, 'accept-encoding': 'identity', 'user-agent': 'shiplock' };
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sent = send(url, { agent: false, signal: options.signal, headers });
  sent.once('response', resolve);
  sent.on('error', reject);
  sent.end();
  const response = await promise;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Leaving the loop destroys the connection: no more is read.
    if (size > options.maxBytes) throw new Error(`it answers more than ${options.maxBytes / 1024} KiB`);
    chunks.push(chunk);
  }
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
}

/** Errors of several addresses (`localhost` on IPv4 and IPv6) have their words one level down. */
export function reason(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(reason).join(', ');
  if (!(error instanceof Error)) return String(error);
  return error.message || (error as NodeJS.ErrnoException).code || error.name;
}
