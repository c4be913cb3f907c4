/** Stands between a worker and the supervisor, and can hold what the worker asks: a write that is still on its way. */
import { mkdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { socketOf } from '../../infra/local/home.ts';
import { SOCKET_NAME } from '../../infra/local/protocol.ts';

export interface Answered {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** A request that has not reached the supervisor yet. */
export interface Held {
  readonly body: Record<string, unknown>;
  /** Lets it through, late. @returns what the supervisor said to it. */
  release(): Promise<Answered>;
}

export interface Proxy {
  /** For a worker's `SHIPLOCK_HOME`. */
  readonly home: string;
  /** The next request for which this holds is held; settles once it is. */
  hold(matches: (request: { method: string; path: string; body: Record<string, unknown> }) => boolean): Promise<Held>;
  close(): Promise<void>;
}

type Matcher = Parameters<Proxy['hold']>[0];

export async function openProxy(stackHome: string, name: string): Promise<Proxy> {
  const home = join(stackHome, name);
  mkdirSync(home);
  const waiting: { matches: Matcher; caught: (held: Held) => void }[] = [];

  const forward = (method: string, path: string, text: string): Promise<Answered> =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
      const sent = request({ socketPath: socketOf(stackHome), method, path, headers }, (response) => {
        textOf(response).then(
          (answer) => resolve({ status: response.statusCode ?? 0, body: JSON.parse(answer) }),
          reject,
        );
      });
      sent.on('error', reject);
      sent.end(text);
    });

  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url: path = '' } = incoming;
    const text = await textOf(incoming);
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    const index = waiting.findIndex(({ matches }) => matches({ method, path, body }));
    const [trap] = index === -1 ? [] : waiting.splice(index, 1);
    const { status, body: answer } = trap
      ? await new Promise<Answered>((resolve, reject) => {
          const release = () => {
            const late = forward(method, path, text);
            late.then(resolve, reject);
            return late;
          };
          trap.caught({ body, release });
        })
      : await forward(method, path, text);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  };

  const server = createServer((incoming, response) => {
    serve(incoming, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(join(home, SOCKET_NAME), resolve));
  return {
    home,
    hold: (matches) => new Promise((caught) => waiting.push({ matches, caught })),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function textOf(stream: IncomingMessage): Promise<string> {
  let text = '';
  stream.setEncoding('utf8');
  for await (const part of stream) text += part;
  return text;
}

/** Weights that give this version this share. */
export function givesWeight(version: string, percent: number): Matcher {
  return ({ method, path, body }) =>
    method === 'PUT' &&
    path.endsWith('/weights') &&
    (body.weights as Record<string, number> | undefined)?.[version] === percent;
}
