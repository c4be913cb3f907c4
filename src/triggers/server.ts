import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ShiplockError } from '../errors.ts';
import { type Answer, answerTo, refusal, send } from './answer.ts';
import { MAX_BODY_BYTES, readBody } from './body.ts';
import type { Incoming, Received } from './github/receive.ts';

export interface ServeOptions {
  /** Default `127.0.0.1`: a proxy in front of it speaks TLS. */
  readonly host?: string;
  /** 0: a free one. */
  readonly port: number;
  /** Takes GitHub's deliveries, `POST /github`. */
  readonly github: (incoming: Incoming) => Promise<Received>;
  /** Gets one object for each request. */
  readonly log: (line: Readonly<Record<string, unknown>>) => void;
  /** So many are looked at at once; more are told to come again. Default 16. */
  readonly atOnce?: number;
}

export interface Serving {
  readonly host: string;
  readonly port: number;
  /** Takes no more, lets what is under way end within ten seconds, and is closed; once. */
  close(): Promise<void>;
}

/** Whoever sends slowly, or nothing, is cut off; GitHub itself gives up after ten seconds. */
const HEADERS_MS = 5_000;
const REQUEST_MS = 10_000;
const IDLE_MS = 5_000;
const CONNECTIONS = 128;
const GRACE_MS = 10_000;

/**
 * Serves `POST /github` and `GET /healthz`. Everything that a stranger can make grow is bounded: connections, time,
 * headers, bodies, and deliveries at once.
 *
 * @throws SHIPLOCK_SERVE_ADDRESS where the address is taken, or is none
 */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { host = '127.0.0.1', port, log, atOnce = 16 } = options;
  let busy = 0;
  let closing = false;
  const server = createServer(
    {
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: IDLE_MS,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: 16 * 1024,
    },
    async (request, response) => {
      const began = performance.now();
      const { answer, about } = await answerOf(request).catch((error: unknown) => ({
        answer: answerTo(error),
        about: { because: String(error) },
      }));
      send(response, answer, { close: closing || !request.complete });
      log({ ...described(request, answer, began), ...about });
    },
  );
  server.maxConnections = CONNECTIONS;
  server.maxRequestsPerSocket = 100;

  const answerOf = async (request: IncomingMessage): Promise<Received> => {
    const { method, url } = request;
    if (url === '/healthz' && (method === 'GET' || method === 'HEAD'))
      return plain({ status: closing ? 503 : 200, body: { ok: !closing } });
    if (url !== '/github') return plain(NOT_HERE);
    if (method !== 'POST') return plain({ ...NOT_HERE, status: 405, headers: { allow: 'POST' } });
    // Slow senders are bounded by connections and time; they take no place from those who are done.
    const body = await readBody(request);
    if (!body.read) return plain(body.because === 'tooLarge' ? TOO_LARGE : BROKEN);
    if (busy >= atOnce || closing) return plain(OVERLOADED);
    busy += 1;
    try {
      return await options.github({ headers: request.headers, body: body.bytes, now: Date.now() });
    } finally {
      busy -= 1;
    }
  };

  await listen(server, port, host);
  const address = server.address() as AddressInfo;
  const end = async (): Promise<void> => {
    closing = true;
    const closed = once(server, 'close');
    server.close();
    await Promise.race([closed, delay(GRACE_MS, undefined, { ref: false })]);
    server.closeAllConnections();
    await closed;
  };
  let ended: Promise<void> | undefined;
  return {
    host: address.address,
    port: address.port,
    close() {
      ended ??= end();
      return ended;
    },
  };
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (cause) {
    throw new ShiplockError({
      code: 'SHIPLOCK_SERVE_ADDRESS',
      message: `${host}:${port} cannot be listened on: ${cause instanceof Error ? cause.message : cause}`,
      mend: 'name a free address with --host and --port',
      cause,
    });
  }
}

function described(request: IncomingMessage, { status, body }: Answer, began: number): Record<string, unknown> {
  const { code } = (body.error ?? {}) as { code?: string };
  return {
    method: request.method,
    path: request.url === '/github' || request.url === '/healthz' ? request.url : 'other',
    from: request.socket.remoteAddress,
    status,
    ...(code && { code }),
    durationMs: Math.round(performance.now() - began),
  };
}

function plain(answer: Answer): Received {
  return { answer, about: {} };
}

const NOT_HERE = refusal(404, 'SHIPLOCK_TRIGGER_PATH', 'there is nothing here', 'send deliveries with POST to /github');
const TOO_LARGE = refusal(
  413,
  'SHIPLOCK_TRIGGER_TOO_LARGE',
  `the body is larger than ${MAX_BODY_BYTES} bytes`,
  'let the webhook send releases and workflow runs only',
);
const BROKEN = refusal(400, 'SHIPLOCK_TRIGGER_MALFORMED', 'the request broke off', 'redeliver it');
const OVERLOADED = refusal(
  503,
  'SHIPLOCK_TRIGGER_OVERLOADED',
  'too many deliveries at once, or the server is stopping',
  'redeliver it in a moment',
  { 'retry-after': '10' },
);
