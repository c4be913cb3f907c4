import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LOOPBACK } from '../stack/ports.ts';
import { openEvaluator } from './evaluate.ts';
import { answerOfrep, type OfrepAnswer } from './ofrep.ts';
import { followFile } from './source.ts';

export interface FlagServer {
  readonly port: number;
  close(): Promise<void>;
}

const BODY_LIMIT_BYTES = 64 * 1024;
const REQUEST_TIMEOUT_MS = 5_000;
/** Longer than a client's own, which would otherwise send into a connection that is just being closed. */
const KEEP_ALIVE_MS = 120_000;

/**
 * The embedded flag service: flagd's definitions in one file, evaluated over OFREP on the loopback address. Beside that
 * `GET /ready` and `GET /revision`, what it evaluates by (`SourceStatus`).
 *
 * @param options.port 0: a free one.
 */
export async function serveFlags(options: { readonly file: string; readonly port: number }): Promise<FlagServer> {
  const evaluator = openEvaluator();
  const source = followFile(options.file, evaluator);

  const answer = async (request: IncomingMessage): Promise<OfrepAnswer> => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    if (path === '/revision') return { status: 200, body: source.status() };
    if (path === '/ready') return { status: source.status().revision === null ? 503 : 200, body: source.status() };
    const body = await read(request);
    if (body === null) return { status: 413, body: { errorDetails: `over ${BODY_LIMIT_BYTES / 1024} KiB` } };
    const ifNoneMatch = request.headers['if-none-match'];
    return answerOfrep(evaluator, { method: request.method ?? '', path, body, ifNoneMatch });
  };
  const server = createServer((request, response) => {
    void answer(request)
      .catch((error: Error): OfrepAnswer => ({ status: 500, body: { errorDetails: error.message } }))
      .then((answered) => send(response, answered));
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.listen(options.port, LOOPBACK);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      source.close();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** `null`: it is too long. */
async function read(request: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > BODY_LIMIT_BYTES) return null;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function send(response: ServerResponse, { status, body, etag }: OfrepAnswer): void {
  const content = body === null ? '' : JSON.stringify(body);
  response.writeHead(status, {
    ...(body !== null && { 'content-type': 'application/json' }),
    'content-length': Buffer.byteLength(content),
    ...(etag && { etag }),
    // The rest of a body that is too long is not waited for.
    ...(status === 413 && { connection: 'close' }),
  });
  response.end(content);
}
