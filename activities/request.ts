import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';

export interface Sent {
  /** Absent: POST with a body, else GET. */
  readonly method?: string;
  readonly body?: string;
  readonly headers: Readonly<Record<string, string>>;
  /** How the host's name is resolved; absent: as the system does. */
  readonly lookup?: LookupFunction;
  /** The server's certificate is not verified. */
  readonly insecure?: true;
}

/**
 * Sends one request and returns the answer, of which nothing is read yet. Nothing of the other side is trusted: no
 * redirect is followed, nothing is unpacked, and how much is read is the caller's choice. Each request takes a
 * connection of its own, since one that was kept may just be closing.
 *
 * @throws whatever the network says; the signal's reason where that ended it
 */
export function request(url: URL, sending: Sent, signal: AbortSignal): Promise<IncomingMessage> {
  const { method, body, headers, lookup, insecure } = sending;
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const sent = send(url, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      agent: false,
      signal,
      ...(lookup && { lookup }),
      ...(insecure && { rejectUnauthorized: false }),
      headers: {
        ...headers,
        ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
        'accept-encoding': 'identity',
        'user-agent': 'shiplock',
      },
    });
    sent.once('response', resolve);
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Errors of several addresses (`localhost` on IPv4 and IPv6) have their words one level down. */
export function reason(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(reason).join(', ');
  if (!(error instanceof Error)) return String(error);
  return error.message || (error as NodeJS.ErrnoException).code || error.name;
}
