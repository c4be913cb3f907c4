import type { IncomingMessage } from 'node:http';
import type { PrometheusQuery } from '../../src/plan/plan.ts';
import { reason, request, type Sent } from '../request.ts';

/** Enough for every verdict; an answer beyond it was meant for a graph. */
export const MAX_ANSWER_BYTES = 64 * 1024;
const ERROR_CHARACTERS = 300;

export interface Question {
  /** Base address, for example `http://127.0.0.1:9090` or with a path before `/api`. */
  readonly address: string;
  readonly query: string;
  /** RFC 3339: the time that the query is evaluated at. */
  readonly at: string;
  /** A range query instead: from and to so many milliseconds before `at`. */
  readonly range?: PrometheusQuery['range'];
  /** For the whole exchange. */
  readonly timeoutMs: number;
}

export interface Answer {
  /** Unaltered; empty with `error`. */
  readonly raw: string;
  readonly error: string | null;
}

/**
 * Asks Prometheus' HTTP API for one value, or for series over a range. Reading stops at 64 KiB or at the time-out. Throws only where it is
 * cancelled.
 */
export async function ask(question: Question, cancellation: AbortSignal): Promise<Answer> {
  const { address, timeoutMs, range } = question;
  const url = URL.parse(`${address.replace(/\/+$/, '')}/api/v1/query${range ? '_range' : ''}`);
  if (!url || !/^https?:$/.test(url.protocol)) return failed(`"${address}" is no http(s) address`);
  if (url.username || url.password) return failed('the address carries credentials');
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    const response = await request(url, asked(question), AbortSignal.any([deadline, cancellation]));
    return await readAnswer(response, url.origin);
  } catch (error) {
    cancellation.throwIfAborted();
    if (deadline.aborted) return failed(`${url.origin} has not answered within ${timeoutMs} ms`);
    return failed(`${url.origin} is not reached: ${reason(error)}`);
  }
}

function asked({ query, at, range, timeoutMs }: Question): Sent {
  const before = (ms: number): string => new Date(Date.parse(at) - ms).toISOString();
  const when: Record<string, string> = range
    ? { start: before(range.startMs), end: before(range.endMs), step: String(range.stepMs / 1_000) }
    : { time: at };
  return {
    body: new URLSearchParams({ query, ...when, timeout: `${timeoutMs}ms` }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
  };
}

async function readAnswer(response: IncomingMessage, origin: string): Promise<Answer> {
  const status = response.statusCode ?? 0;
  if (status >= 300 && status < 400) {
    response.destroy();
    return failed(`${origin} answers ${status}, a redirect, which is not followed`);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Leaving the loop destroys the connection: no more is read.
    if (size > MAX_ANSWER_BYTES) return failed(`${origin} answers more than ${MAX_ANSWER_BYTES / 1024} KiB`);
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  if (status !== 200) return failed(`${origin} answers ${status}: ${refusal(body)}`);
  try {
    const raw = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
    return raw === '' ? failed(`${origin} answers nothing`) : { raw, error: null };
  } catch {
    return failed(`${origin} answers bytes that are no UTF-8`);
  }
}

/** Prometheus says why: `{ "errorType": "bad_data", "error": "…" }`; a proxy says something else. */
function refusal(body: Buffer): string {
  const text = body.toString('utf8');
  try {
    const { errorType, error } = JSON.parse(text) as { errorType?: unknown; error?: unknown };
    if (typeof error === 'string') return `${errorType}: ${error}`;
  } catch {
    // Not Prometheus' own words: shown as they are.
  }
  return text;
}

function failed(text: string): Answer {
  const plain = text.replace(/\p{C}+/gu, ' ').trim();
  return { raw: '', error: plain.length > ERROR_CHARACTERS ? `${plain.slice(0, ERROR_CHARACTERS)}…` : plain };
}
