import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hasCode, kubernetesClusters, PODS, SERVICES } from '../../activities/kubernetes/index.ts';

const SERVICE = { type: SERVICES, namespace: 'shop', name: 'api' };

test('a server that accepts and never answers ends in a time-out that names it', async (t) => {
  const { port } = await hung(t);
  const { client } = await reach(t, port, { timeoutMs: 150 });
  await assert.rejects(client.get(SERVICE), {
    type: 'SHIPLOCK_KUBERNETES_TIMEOUT',
    nonRetryable: false,
    message: /cluster test has not answered within 150 ms: get services in namespace shop/,
  });
});

test('a server that stops in the middle of its answer is a time-out, too', async (t) => {
  const port = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"metadata":');
  });
  const { client } = await reach(t, port, { timeoutMs: 150 });
  await assert.rejects(client.get(SERVICE), { type: 'SHIPLOCK_KUBERNETES_TIMEOUT' });
});

test('cancelling the activity ends the request with the reason of the cancellation', async (t) => {
  const { port, connected } = await hung(t);
  const cancellation = new AbortController();
  const { client } = await reach(t, port, { signal: () => cancellation.signal });
  const asked = client.get(SERVICE);
  await connected;
  cancellation.abort(new Error('an abort came'));
  await assert.rejects(asked, /an abort came/);
});

test('nobody listening is unavailable, tried again', async (t) => {
  const { port, server } = await hung(t);
  await new Promise((closed) => server.close(closed));
  const { client } = await reach(t, port);
  await assert.rejects(client.get(SERVICE), {
    type: 'SHIPLOCK_KUBERNETES_UNAVAILABLE',
    nonRetryable: false,
    message: /is not reached .*ECONNREFUSED/,
  });
});

test('one connection carries one request after the other, and a closed one is replaced', async (t) => {
  let connections = 0;
  let requests = 0;
  const port = await serve(
    t,
    (request, response) => {
      requests += 1;
      if (requests === 4) request.socket.destroy();
      else json(response, { metadata: { name: 'api' } });
    },
    () => {
      connections += 1;
    },
  );
  const { client } = await reach(t, port);
  for (let asked = 0; asked < 6; asked += 1) assert.equal((await client.get(SERVICE))?.metadata.name, 'api');
  assert.equal(requests, 7, 'the fourth came just when the server closed the connection');
  assert.equal(connections, 2);
});

test('connections that nobody uses for a while are there when they are needed again', async (t) => {
  const closing = new Map<Socket, NodeJS.Timeout>();
  const over = Promise.withResolvers<string>();
  let touches = 0;
  const port = await serve(t, ({ socket, url }, response) => {
    clearTimeout(closing.get(socket));
    // As an API server does, after 90 s.
    const close = () => over.resolve('one is closed, since nobody uses it');
    closing.set(socket, setTimeout(close, 2_000));
    if (url === '/livez') touches += 1;
    if (touches === 3 * 25) over.resolve('all are there after 25 rounds');
    setTimeout(json, 20, response, { metadata: { name: 'api' } });
  });
  const { client } = await reach(t, port, { touchMs: 100 });
  await Promise.all([client.get(SERVICE), client.get(SERVICE), client.get(SERVICE)]);
  assert.equal(closing.size, 3);
  assert.equal(await over.promise, 'all are there after 25 rounds');
  assert.equal(closing.size, 3, 'by the connections that there were');
  for (const timer of closing.values()) clearTimeout(timer);
});

test('a list is read page by page', async (t) => {
  const asked: string[] = [];
  const port = await serve(t, (request, response) => {
    asked.push(request.url ?? '');
    const more = request.url?.includes('continue=next') ? {} : { continue: 'next' };
    json(response, { metadata: more, items: [{ metadata: { name: `pod-${asked.length}` } }] });
  });
  const { client } = await reach(t, port);
  const pods = await client.list(PODS, 'shop', { labelSelector: 'app=api' });
  assert.deepEqual(
    pods.map(({ metadata }) => metadata.name),
    ['pod-1', 'pod-2'],
  );
  assert.deepEqual(asked, [
    '/api/v1/namespaces/shop/pods?limit=500&labelSelector=app%3Dapi',
    '/api/v1/namespaces/shop/pods?limit=500&labelSelector=app%3Dapi&continue=next',
  ]);
});

test('something that is no JSON, and something without an end, are refused', async (t) => {
  const port = await serve(t, (request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    if (request.url?.endsWith('/api')) response.end('<html>');
    else {
      const more = () => response.writable && response.write('x'.repeat(1024 * 1024), () => setImmediate(more));
      more();
    }
  });
  const { client } = await reach(t, port, { timeoutMs: 5_000 });
  await assert.rejects(client.get(SERVICE), { type: 'SHIPLOCK_KUBERNETES_ANSWER', message: /no JSON/ });
  await assert.rejects(client.list(SERVICES, 'shop'), { type: 'SHIPLOCK_KUBERNETES_ANSWER', message: /larger than/ });
});

test('credentials that a server does not take are read again for the next attempt', async (t) => {
  const seen: (string | undefined)[] = [];
  const port = await serve(t, (request, response) => {
    seen.push(request.headers.authorization);
    if (request.headers.authorization === 'Bearer new') json(response, { metadata: { name: 'api' } });
    else {
      response.writeHead(401, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ kind: 'Status', message: 'Unauthorized', reason: 'Unauthorized' }));
    }
  });
  const { client, kubeconfig } = await reach(t, port, { token: 'old' });
  await assert.rejects(client.get(SERVICE), { type: 'SHIPLOCK_KUBERNETES_CREDENTIALS', nonRetryable: false });
  await writeFile(kubeconfig, configuration(port, { token: 'new' }));
  assert.equal((await client.get(SERVICE))?.metadata.name, 'api');
  assert.deepEqual(seen, ['Bearer old', 'Bearer new']);
});

test('a credential plugin that hangs, or fails, does not hold up a request', async (t) => {
  const port = await serve(t, (_, response) => json(response, {}));
  const slow = await reach(t, port, { timeoutMs: 200, exec: ['sleep', '2'] });
  await assert.rejects(slow.client.get(SERVICE), { type: 'SHIPLOCK_KUBERNETES_TIMEOUT' });
  const failing = await reach(t, port, { exec: ['sh', '-c', 'echo no session >&2; exit 1'] });
  await assert.rejects(failing.client.get(SERVICE), {
    type: 'SHIPLOCK_KUBERNETES_CREDENTIALS',
    message: /no session/,
  });
});

test('a path that stands before the API is kept', async (t) => {
  let asked = '';
  const port = await serve(t, (request, response) => {
    asked = request.url ?? '';
    json(response, { metadata: { name: 'api' } });
  });
  const { client } = await reach(t, port, { path: '/k8s/clusters/c-1' });
  await client.get(SERVICE);
  assert.equal(asked, '/k8s/clusters/c-1/api/v1/namespaces/shop/services/api');
});

test('a cluster that the policy does not know, and a kubeconfig that is none, are refused for good', async (t) => {
  const clusters = kubernetesClusters({ a: { kubeconfig: '/nowhere', namespaces: [] } }, { signal: () => undefined });
  assert.throws(() => clusters.client('b'), { type: 'SHIPLOCK_KUBERNETES_CLUSTER_UNKNOWN', nonRetryable: true });
  assert.throws(() => clusters.client('toString'), { type: 'SHIPLOCK_KUBERNETES_CLUSTER_UNKNOWN' });
  await assert.rejects(clusters.client('a').get(SERVICE), {
    type: 'SHIPLOCK_KUBERNETES_CREDENTIALS',
    nonRetryable: true,
    message: /no way into cluster a: ENOENT/,
  });
  const { client } = await reach(t, 1, { context: 'other' });
  await assert.rejects(client.get(SERVICE), (error) => {
    assert.ok(hasCode(error, 'SHIPLOCK_KUBERNETES_CREDENTIALS'));
    return /there is no context other, only test/.test((error as Error).message);
  });
});

test('plain HTTP is refused where the kubeconfig does not ask for it', async (t) => {
  const { client } = await reach(t, 1, { secure: true });
  await assert.rejects(client.get(SERVICE), { type: 'SHIPLOCK_KUBERNETES_CREDENTIALS', message: /is not https/ });
});

interface Reach {
  readonly timeoutMs?: number;
  readonly touchMs?: number;
  readonly signal?: () => AbortSignal;
  readonly token?: string;
  readonly exec?: readonly string[];
  readonly path?: string;
  readonly context?: string;
  readonly secure?: boolean;
}

async function reach(t: TestContext, port: number, options: Reach = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'shiplock-kubernetes-'));
  t.after(() => rm(folder, { recursive: true }));
  const kubeconfig = join(folder, 'config');
  await writeFile(kubeconfig, configuration(port, options));
  const { timeoutMs, touchMs, signal = () => undefined, context } = options;
  const access = { kubeconfig, namespaces: ['*'], ...(context && { context }) };
  const clusters = kubernetesClusters(
    { test: access },
    { signal, ...(timeoutMs && { timeoutMs }), ...(touchMs && { touchMs }) },
  );
  return { client: clusters.client('test'), kubeconfig };
}

function configuration(port: number, { token, exec, path = '', secure = false }: Reach): string {
  const [command, ...args] = exec ?? [];
  const plugin = { exec: { apiVersion: 'client.authentication.k8s.io/v1', command, args, interactiveMode: 'Never' } };
  return JSON.stringify({
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    clusters: [
      { name: 'test', cluster: { server: `http://127.0.0.1:${port}${path}`, 'insecure-skip-tls-verify': !secure } },
    ],
    users: [{ name: 'test', user: { ...(token && { token }), ...(exec && plugin) } }],
  });
}

/** A TCP server that accepts and says nothing. */
async function hung(t: TestContext) {
  const sockets = new Set<Socket>();
  const { promise: connected, resolve } = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', () => resolve());
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, server, connected };
}

async function serve(t: TestContext, listener: RequestListener, onConnection = () => {}): Promise<number> {
  const server = createHttpServer(listener);
  server.on('connection', onConnection);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function json(response: import('node:http').ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
