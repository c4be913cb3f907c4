/** Stands before an API server and counts what is asked of it; everything is passed on as it is. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { parse, stringify } from 'yaml';
import type { TestCluster } from '../../cluster/support/index.ts';
import type { Undoing } from './scope.ts';

/** One request, as the API server's own metrics name it. */
export interface Asked {
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';
  /** Of the core group `services`, of others `replicasets.apps`; subresources after a slash. */
  readonly resource: string;
}

export interface CountingProxy {
  /** Reaches the cluster through the proxy. */
  readonly kubeconfig: string;
  readonly context: string;
  /** Everything so far; whoever measures notes its length before. */
  readonly asked: Asked[];
}

/**
 * Plain HTTP on loopback, so that Go's client and Node's trust it alike; upstream is TLS as ever. Go's sends no token over
 * plain HTTP, so the proxy says who asks.
 */
export async function openCountingProxy(
  scope: Undoing,
  { kubeconfig, context, folder }: Pick<TestCluster, 'kubeconfig' | 'context' | 'folder'>,
): Promise<CountingProxy> {
  const configuration = new KubeConfig();
  configuration.loadFromFile(kubeconfig);
  configuration.setCurrentContext(context);
  const cluster = configuration.getCurrentCluster();
  if (!cluster) throw new Error(`context ${context} names no cluster`);
  const { hostname, port } = new URL(cluster.server);
  const access: RequestOptions = {};
  await configuration.applyToHTTPSOptions(access);
  const { ca, cert, key } = access;
  const agent = new Agent({ keepAlive: true, ca, cert, key });
  const asked: Asked[] = [];
  const pass = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { method = 'GET', url: path = '/', headers } = incoming;
    // A worker asks it to keep its connections, whatever is released.
    if (path !== '/livez') asked.push(requestOf(method, path));
    const proven = { ...headers, ...(access.headers as Record<string, string>) };
    const sent = request({ hostname, port, method, path, headers: proven, agent }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      outgoing.flushHeaders();
      answer.pipe(outgoing);
    });
    sent.on('error', () => outgoing.destroy());
    outgoing.on('close', () => sent.destroy());
    incoming.pipe(sent);
  };
  const server = createServer(pass);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  scope.after(async () => {
    server.closeAllConnections();
    server.close();
    agent.destroy();
  });
  const proxy = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const file = join(folder, 'counted.kubeconfig');
  writeFileSync(file, stringify(through(parse(readFileSync(kubeconfig, 'utf8')), cluster.name, proxy)), {
    mode: 0o600,
  });
  return { kubeconfig: file, context, asked };
}

interface Kubeconfig {
  readonly clusters: readonly { readonly name: string; readonly cluster: object }[];
}

function through(kubeconfig: Kubeconfig, name: string, server: string): object {
  const counted = { name, cluster: { server, 'insecure-skip-tls-verify': true } };
  return { ...kubeconfig, clusters: kubeconfig.clusters.map((each) => (each.name === name ? counted : each)) };
}

const WRITES = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' } as const;

/**
 * @example requestOf('PATCH', '/apis/apps/v1/namespaces/shop/replicasets/shop-1/scale')
 * // { verb: 'patch', resource: 'replicasets.apps/scale' }
 */
export function requestOf(method: string, path: string): Asked {
  const { pathname, searchParams } = new URL(path, 'http://api');
  const [root, ...segments] = pathname.split('/').filter((segment) => segment !== '');
  const [group, ...rest] = root === 'api' ? ['', ...segments.slice(1)] : [segments[0] ?? '', ...segments.slice(2)];
  const [plural = pathname, name, subresource] = rest[0] === 'namespaces' && rest.length > 2 ? rest.slice(2) : rest;
  const resource = `${plural}${group ? `.${group}` : ''}${subresource ? `/${subresource}` : ''}`;
  if (method in WRITES) return { verb: WRITES[method as keyof typeof WRITES], resource };
  if (searchParams.get('watch') === 'true' || searchParams.get('watch') === '1') return { verb: 'watch', resource };
  return { verb: name === undefined ? 'list' : 'get', resource };
}

/** Questions that change nothing, though they are a POST. */
const REVIEWS = /\.authorization\.k8s\.io$/;

export function isWrite({ verb, resource }: Asked): boolean {
  return !['get', 'list', 'watch'].includes(verb) && !REVIEWS.test(resource);
}
