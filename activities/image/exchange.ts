import type { IncomingMessage } from 'node:http';
import { Context } from '@temporalio/activity';
import { failure } from '../failure.ts';
import { reason, request } from '../request.ts';

export interface Exchange {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface Question {
  readonly accept: string;
  readonly maxBytes: number;
  /** For this very address: nobody else is ever sent it. */
  readonly authorization?: string | null;
  /** What is posted; a GET without. */
  readonly form?: URLSearchParams;
}

const TIMEOUT_MS = 10_000;

/**
 * One exchange on a connection of its own, within 10 s: no redirect is followed, nothing is unpacked, and reading stops
 * at a limit.
 *
 * @param who for the error, `the registry https://registry.example`: no address of which a part is secret
 * @throws SHIPLOCK_REGISTRY_UNREACHABLE (retried), whatever keeps it from an answer
 */
export async function ask(who: string, url: URL, question: Question): Promise<Exchange> {
  const { cancellationSignal } = Context.current();
  const deadline = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await exchange(url, question, AbortSignal.any([deadline, cancellationSignal]));
  } catch (error) {
    cancellationSignal.throwIfAborted();
    const why = deadline.aborted ? `no answer within ${TIMEOUT_MS / 1000} s` : reason(error);
    throw silent(`${who} cannot be asked: ${why}`);
  }
}

export function isRedirect({ status }: Exchange): boolean {
  return status >= 300 && status < 400;
}

/** It says no, and will again: a person has to do something. */
export function refused(message: string, mend: string) {
  return failure({ code: 'SHIPLOCK_REGISTRY_REFUSED', message, mend }, { retry: 'never' });
}

/** It says nothing, or nothing that makes sense. */
export function silent(message: string) {
  return failure({ code: 'SHIPLOCK_REGISTRY_UNREACHABLE', message }, { retry: 'later' });
}

async function exchange(url: URL, question: Question, signal: AbortSignal): Promise<Exchange> {
  const { accept, maxBytes, authorization, form } = question;
  const headers = {
    accept,
    ...(authorization ? { authorization } : {}),
    ...(form ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
  };
  const response = await request(url, { headers, ...(form && { body: form.toString() }) }, signal);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Leaving the loop destroys the connection: no more is read.
    if (size > maxBytes) throw new Error(`it answers more than ${maxBytes / 1024} KiB`);
    chunks.push(chunk);
  }
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
}
