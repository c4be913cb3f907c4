import { type IncomingMessage, request as requestHttp } from 'node:http';
import { type RequestOptions, request as requestHttps } from 'node:https';

export interface HttpRequest {
  readonly method: string;
  readonly body?: string;
  readonly options: RequestOptions;
  readonly maximumBytes: number;
}

export interface HttpResponse {
  readonly status: number;
  readonly contentType: string;
  /** Seconds; `null` where the server does not say. */
  readonly retryAfter: number | null;
  readonly text: string;
}

export class TooLarge extends Error {}

/** Sends one request over a connection that is kept, and reads the whole answer. */
export async function exchange(url: URL, request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
  try {
    return await once(url, request, signal);
  } catch (error) {
    // A kept connection that the server was just closing: the request was not seen. All writes are compare-and-set.
    if (!(error instanceof Stale)) throw error;
    return once(url, request, signal);
  }
}

class Stale extends Error {}

function once(url: URL, request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
  const { method, body, options, maximumBytes } = request;
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const sent = send(url, {
      ...options,
      method,
      signal,
      headers: {
        ...options.headers,
        ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
        accept: 'application/json',
        'user-agent': 'shiplock',
      },
    });
    sent.once('response', (response) => read(response, maximumBytes).then(resolve, reject));
    sent.on('error', (error: NodeJS.ErrnoException) => {
      const closed = error.code === 'ECONNRESET' || error.code === 'EPIPE';
      reject(sent.reusedSocket && closed ? new Stale() : error);
    });
    sent.end(body);
  });
}

async function read(response: IncomingMessage, maximumBytes: number): Promise<HttpResponse> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > maximumBytes) throw new TooLarge(`the answer is larger than ${maximumBytes} bytes`);
    parts.push(part);
  }
  const { 'content-type': contentType = '', 'retry-after': retryAfter } = response.headers;
  return {
    status: response.statusCode ?? 0,
    contentType,
    retryAfter: retryAfter && /^\d+$/.test(retryAfter) ? Number(retryAfter) : null,
    text: Buffer.concat(parts).toString(),
  };
}
