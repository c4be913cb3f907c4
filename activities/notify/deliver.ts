import type { IncomingMessage } from 'node:http';
import { request } from '../request.ts';
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
 * Sends one message and reads at most 4 KiB of the answer.
 *
 * @throws whatever the network says; the signal's reason where that ended it
 */
export async function deliver(url: URL, message: SignedMessage, signal: AbortSignal): Promise<Received> {
  const response = await request(url, message, signal);
  const { statusCode = 0 } = response;
  const text = await beginning(response);
  return { status: statusCode, text, retryAfter: response.headers['retry-after'] };
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
