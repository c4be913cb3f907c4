import type { IncomingMessage } from 'node:http';
import type { LookupFunction } from 'node:net';
import { reason, request } from '../request.ts';
import { isLinkLocal, withoutLinkLocal } from './link-local.ts';

/** Enough for every verdict; an answer beyond it was meant for a graph. */
export const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_REDIRECTS = 5;
const ERROR_CHARACTERS = 300;
/** Their values are no secrets, and an error that repeats them is clearer. */
const OPEN_HEADERS = ['accept', 'content-type'];

export interface HttpQuestion {
  /** http or https, without credentials. */
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For the whole exchange, redirects included. */
  readonly timeoutMs: number;
  /** The server's certificate is not verified. */
  readonly insecure?: true;
  /** A 2xx answer without a body is one, too. */
  readonly mayBeEmpty?: true;
  /** What of this is secret: an answer that repeats it is refused, and no error does. */
  readonly secrets?: readonly string[];
}

export interface HttpAnswer {
  /** The body of a 2xx answer, unaltered; empty with `error`. */
  readonly raw: string;
  /** Why there is none, on one line; it repeats no value of a header that was sent. */
  readonly error: string | null;
  /** `null`: nobody answered. */
  readonly status: number | null;
}

/** Sends one question and reads its answer. */
export type Exchange = (question: HttpQuestion, cancellation: AbortSignal) => Promise<HttpAnswer>;

/**
 * One question over HTTP, of which nothing that comes back is trusted: reading stops at 64 KiB and at the time-out,
 * nothing is unpacked, link-local addresses are never asked, and redirects lead no further than the same host, port and
 * scheme (or https). Throws only where it is cancelled.
 *
 * @example await exchange({ url: 'http://127.0.0.1:9090/-/ready', method: 'GET', headers: {}, timeoutMs: 5_000 }, signal)
 * // { raw: 'Prometheus Server is Ready.\n', error: null, status: 200 }
 */
export async function exchange(
  question: HttpQuestion,
  cancellation: AbortSignal,
  resolve?: LookupFunction,
): Promise<HttpAnswer> {
  const { url: text, timeoutMs } = question;
  const quoted = (words: string) => withoutSecrets(words, question);
  const url = URL.parse(text);
  const wrong = url === null ? 'is no http(s) address' : unusable(url);
  if (url === null || wrong !== null) return failed(`"${bare(text)}" ${wrong}`);
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([deadline, cancellation]);
  try {
    const response = await follow(url, question, signal, resolve);
    return typeof response === 'string'
      ? failed(response)
      : await readAnswer(response, url.origin, {
          quoted,
          secrets: secretsOf(question),
          mayBeEmpty: question.mayBeEmpty,
        });
  } catch (error) {
    cancellation.throwIfAborted();
    if (deadline.aborted) return failed(`${url.origin} has not answered within ${timeoutMs} ms`);
    return failed(`${url.origin} is not reached: ${quoted(reason(error))}`);
  }
}

/** The answer after redirects; text: why one was not followed. */
async function follow(
  from: URL,
  { method, headers, body, insecure }: HttpQuestion,
  signal: AbortSignal,
  resolve: LookupFunction | undefined,
): Promise<IncomingMessage | string> {
  const sent = {
    method,
    headers,
    lookup: withoutLinkLocal(resolve),
    ...(body === undefined ? {} : { body }),
    ...(insecure && { insecure }),
  };
  let url = from;
  for (let redirects = 0; ; redirects += 1) {
    const response = await request(url, sent, signal);
    const status = response.statusCode ?? 0;
    if (status < 300 || status >= 400) return response;
    response.destroy();
    const answers = `${url.origin} answers ${status}, a redirect`;
    const { location } = response.headers;
    if (method !== 'GET' || location === undefined) return `${answers}, which is not followed`;
    if (redirects === MAX_REDIRECTS) return `${answers}, after ${MAX_REDIRECTS} others`;
    const next = URL.parse(location, url.href);
    const wrong = next === null ? 'is no http(s) address' : (unusable(next) ?? leadsAway(url, next));
    if (next === null || wrong !== null)
      return `${answers} to ${!next || next.origin === 'null' ? 'an address' : next.origin}, which ${wrong}`;
    url = next;
  }
}

/** Why nothing is asked there; `null`: it may be. */
function unusable(url: URL): string | null {
  if (!/^https?:$/.test(url.protocol)) return 'is no http(s) address';
  if (url.username || url.password) return 'carries credentials';
  return isLinkLocal(url.hostname) ? 'is a link-local address, which is never asked' : null;
}

function leadsAway(from: URL, to: URL): string | null {
  if (portOf(from) !== portOf(to) || from.hostname !== to.hostname) return 'is another host, and is not followed';
  return from.protocol === 'https:' && to.protocol !== 'https:' ? 'is unprotected, and is not followed' : null;
}

const portOf = ({ port, protocol }: URL): string => port || (protocol === 'https:' ? '443' : '80');

interface Reader {
  readonly quoted: (words: string) => string;
  readonly secrets: readonly string[];
  readonly mayBeEmpty: true | undefined;
}

async function readAnswer(
  response: IncomingMessage,
  origin: string,
  { quoted, secrets, mayBeEmpty }: Reader,
): Promise<HttpAnswer> {
  const status = response.statusCode ?? 0;
  const coding = response.headers['content-encoding'] ?? 'identity';
  if (coding !== 'identity') {
    response.destroy();
    return failed(`${origin} answers compressed (${quoted(coding)}), which is not unpacked`, status);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Leaving the loop destroys the connection: no more is read.
    if (size > MAX_ANSWER_BYTES) return failed(`${origin} answers more than ${MAX_ANSWER_BYTES / 1024} KiB`, status);
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  if (status < 200 || status > 299) return failed(`${origin} answers ${status}: ${quoted(refusal(body))}`, status);
  try {
    const raw = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
    if (raw === '' && !mayBeEmpty) return failed(`${origin} answers nothing`, status);
    if (secrets.some((secret) => raw.includes(secret)))
      return failed(`${origin} repeats a secret that it was sent; such an answer is not kept`, status);
    return { raw, error: null, status };
  } catch {
    return failed(`${origin} answers bytes that are no UTF-8`, status);
  }
}

/** Prometheus says why: `{ "errorType": …, "error": "…" }`; Datadog: `{ "errors": ["…"] }`; others as they do. */
function refusal(body: Buffer): string {
  const text = body.toString('utf8');
  try {
    const { errorType, error, errors } = JSON.parse(text) as Record<string, unknown>;
    if (typeof error === 'string') return typeof errorType === 'string' ? `${errorType}: ${error}` : error;
    if (Array.isArray(errors)) return errors.map(String).join(', ');
  } catch {
    // None of these words: shown as they are.
  }
  return text;
}

/** Before anything is cut off, since a part of a secret tells, too; and the longest first, since one may be a part of another. */
function withoutSecrets(text: string, question: HttpQuestion): string {
  const sent = Object.entries(question.headers)
    .filter(([name, value]) => value !== '' && !OPEN_HEADERS.includes(name.toLowerCase()))
    .map(([name, value]) => [value, `[${name}]`] as const);
  const hidden = secretsOf(question).map((secret) => [secret, '[secret]'] as const);
  const longestFirst = [...sent, ...hidden].sort(([one], [other]) => other.length - one.length);
  return longestFirst.reduce((left, [value, name]) => left.replaceAll(value, () => name), text);
}

/** Whatever is secret of a question, and of basic authentication also how name and password are sent together. */
function secretsOf({ headers, secrets = [] }: HttpQuestion): string[] {
  if (secrets.length === 0) return [];
  const logins = Object.entries(headers)
    .filter(([name]) => name.toLowerCase() === 'authorization')
    .map(([, value]) => value.replace(/^\S+ /, ''));
  return [...secrets.flatMap(spellings), ...logins];
}

/** How a server may repeat a secret: as it is, within JSON, within an address, in basic authentication's coding. */
function spellings(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  return [secret, json, encodeURIComponent(secret), Buffer.from(secret).toString('base64').replace(/=+$/, '')];
}

/** Without what may be credentials, and without a query. */
const bare = (url: string): string => url.replace(/\/\/[^/]*@/, '//').replace(/[?#].*$/s, '');

function failed(text: string, status: number | null = null): HttpAnswer {
  const plain = text.replace(/\p{C}+/gu, ' ').trim();
  const error = plain.length > ERROR_CHARACTERS ? `${plain.slice(0, ERROR_CHARACTERS)}…` : plain;
  return { raw: '', error, status };
}
