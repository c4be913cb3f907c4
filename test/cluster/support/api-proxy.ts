/** Stands between a worker and the API server, on loopback: what passes may be seen, held, answered otherwise, or cut. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { stringify } from 'yaml';

/** A request on its way. */
export interface Asked {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** `httproutes`, `pods`; of a subresource `pods/eviction`. */
  readonly resource: string;
  /** It changes something: neither a read nor a question about rights. */
  readonly writes: boolean;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** `cut`: the connection ends without an answer. */
export type Passes = (asked: Asked, forward: () => Promise<Reply>) => Promise<Reply | 'cut'>;

export interface ApiProxy {
  /** By which a worker reaches the API server through it. */
  readonly kubeconfig: string;
  /** What becomes of every request from now on; `null`: it is sent on. */
  through(passes: Passes | null): void;
  close(): Promise<void>;
}

/**
 * @param place who is asked, and as whom: a kubeconfig's context. `folder`: for the kubeconfig that leads to the proxy.
 * @example `proxy.through(async ({ writes }, forward) => (writes ? refusal(429) : forward()))`
 */
export async function openApiProxy(place: {
  readonly kubeconfig: string;
  readonly context: string;
  readonly folder: string;
}): Promise<ApiProxy> {
  const configuration = new KubeConfig();
  configuration.loadFromFile(place.kubeconfig);
  configuration.setCurrentContext(place.context);
  const base = configuration.getCurrentCluster()?.server ?? '';
  const access: RequestOptions = {};
  await configuration.applyToHTTPSOptions(access);
  // Whatever is broken on this side is broken on purpose: the other one has connections of its own.
  const { agent: _, headers: authority, ...trust } = access;
  const agent = new Agent({ keepAlive: true, ...trust } as object);
  let passes: Passes | null = null;

  const send = (incoming: IncomingMessage, body: string): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const { host: _host, connection: _connection, ...given } = incoming.headers;
      const headers = { ...given, ...(authority as Record<string, string>) };
      const sent = request(new URL(incoming.url ?? '/', base), { ...trust, agent, method: incoming.method, headers });
      sent.once('response', (response) =>
        textOf(response).then(
          (text) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
          reject,
        ),
      );
      sent.on('error', reject);
      sent.end(body);
    });

  const serve = async (incoming: IncomingMessage, response: ServerResponse) => {
    const body = await textOf(incoming);
    const forward = () => send(incoming, body);
    const reply = passes ? await passes(askedBy(incoming), forward) : await forward();
    if (reply === 'cut') return response.destroy();
    const { 'transfer-encoding': _chunked, 'content-length': _length, connection: _, ...headers } = reply.headers;
    response.writeHead(reply.status, { ...headers, 'content-length': Buffer.byteLength(reply.body) }).end(reply.body);
  };
  const server = createServer((incoming, response) => {
    serve(incoming, response).catch(() => response.destroy());
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const kubeconfig = join(place.folder, `through-proxy-${randomBytes(4).toString('hex')}.kubeconfig`);
  await writeFile(kubeconfig, stringify(leadingTo(address, place.context)), { mode: 0o600 });
  return {
    kubeconfig,
    through: (next) => {
      passes = next;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      agent.destroy();
    },
  };
}

/** An answer of the API server's own form. */
export function refusal(status: number, reason: string, message: string, headers: IncomingHttpHeaders = {}): Reply {
  const body = JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code: status });
  return { status, headers: { 'content-type': 'application/json', ...headers }, body };
}

function askedBy({ method = 'GET', url = '/' }: IncomingMessage): Asked {
  const [path = ''] = url.split('?');
  const [, , ...below] = path
    .replace(/^\/api\//, '/apis/core/')
    .split('/')
    .slice(1);
  const [resource = '', , subresource] =
    below[1] === 'namespaces' && below.length > 3 ? below.slice(3) : below.slice(1);
  const writes = method !== 'GET' && !resource.startsWith('selfsubject');
  return { method, path, resource: subresource ? `${resource}/${subresource}` : resource, writes };
}

function leadingTo(server: string, context: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': context,
    contexts: [{ name: context, context: { cluster: context, user: context } }],
    // The client refuses a server without TLS where nobody says that this is meant.
    clusters: [{ name: context, cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: context, user: {} }],
  };
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}
