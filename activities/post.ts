import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/**
 * Posts once and returns the answer's beginning. Nothing of the other side is trusted: no redirect is followed,
 * nothing is unpacked, and what is read is the caller's choice. Each request takes a connection of its own, since one
 * that was kept may just be closing.
 *
 * @throws whatever the network says; the signal's reason where that ended it
 */
export function post(
  url: URL,
  { body, headers }: { readonly body: string; readonly headers: Readonly<Record<string, string>> },
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const sent = send(url, {
      method: 'POST',
      agent: false,
      signal,
      headers: {
        ...headers,
        'content-length': Buffer.byteLength(body),
        'accept-encoding': 'identity',
        'user-agent': 'shiplock',
      },
    });
    sent.once('response', resolve);
    sent.on('error', reject);
    sent.end(body);
  });
}
