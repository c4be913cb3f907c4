import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { SignedMessage } from './cloud-event.ts';

/** What a receiver says beside its status is only shown to people. */
const ANSWER_BYTES = 4 * 1024;

export interface Received {
  readonly status: number;
  /** The first characters of the answer, on one line. */
  readonly text: string;
  readonly retryAfter: string | undefined;
}

/**
 * Posts one message. Nothing of the other side is trusted: no redirect is followed, nothing is unpacked, and at most
 * 4 KiB are read. Each message takes a connection of its own, since one that was kept may just be closing.
 *
 * @throws whatever the network says; the signal's reason where that ended it
 */
export async function post(url: URL, { body, headers }: SignedMessage, signal: AbortSignal): Promise<Received> {
  const response = await answerTo(url, body, headers, signal);
  const { statusCode = 0 } = response;
  const text = await beginning(response);
  return { status: statusCode, text, retryAfter: response.headers['retry-after'] };
}

function answerTo(
  url: URL,
  body: string,
  headers: SignedMessage['headers'],
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const sent: ClientRequest = send(url, {
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

async function beginning(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    // Leaving the loop destroys the connection: no more is read.
    if (size >= ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks)
    .subarray(0, ANSWER_BYTES)
    .toString('utf8')
    .replace(/\p{C}+/gu, ' ')
    .trim()
    .slice(0, 200);
}
