/** The first process of a cluster: starts its servers and keeps them. With it, all of them end. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { replaceFile } from '../../local/stack/files.ts';
import { choosePort, LOOPBACK } from '../../local/stack/ports.ts';
import { clusterPaths } from '../home.ts';
import type { ProgramName } from '../programs/index.ts';
import { type Order, POD_RANGE, type Ready } from '../protocol.ts';
import { stagesDocument } from '../stages/index.ts';
import { connectApi } from './api.ts';
import { kubeconfig, makeCredentials, serverCertificate } from './credentials.ts';
import { furnish, until } from './furnish.ts';
import { type Kept, keep } from './keep.ts';
import { argumentsOf, type Ports } from './servers.ts';

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0));

// The last line is what the starter shows.
process.on('uncaughtException', (error) => {
  console.error(error);
  fail(error.message);
});

const began = Date.now();
const order = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Order;
const paths = clusterPaths(order.home);
if (order.ownNetwork) furnishNetwork();

const credentials = makeCredentials(paths);
const [etcd, peer, api, kwok] = [await port(), await port(), await port(), await port()];
const ports: Ports = { etcd, peer, api, kwok };
const kept: Kept[] = [];

start('etcd');
await until(async () => {
  if (!(await fetch(`http://${LOOPBACK}:${ports.etcd}/health`)).ok) throw new Error('etcd is not ready');
});
note('etcd answers');
start('kube-apiserver');
const certificate = () => serverCertificate(paths);
const client = connectApi({ host: LOOPBACK, port: ports.api, token: credentials.adminToken, certificate });
await until(() => client.ask('GET', '/readyz'));
note('the API server answers');

const server = `https://${LOOPBACK}:${ports.api}`;
const access = kubeconfig({ server, certificate: certificate(), token: credentials.adminToken });
writeFileSync(paths.stages, stagesDocument());
writeFileSync(paths.kubeconfig, access, { mode: 0o600 });
for (const name of ['kube-controller-manager', 'kube-scheduler', 'kwok'] as const) start(name);
await furnish(client, order);

for (const one of kept) one.settled();
const ready: Ready = { server, token: credentials.adminToken, readyAfterMs: Date.now() - began };
replaceFile(paths.ready, JSON.stringify(ready));
note('ready');

function note(line: string): void {
  console.log(`${((Date.now() - began) / 1000).toFixed(2)} s: ${line}`);
}

function port(): Promise<number> {
  return choosePort(null);
}

function start(name: ProgramName): void {
  const { path } = order.programs[name];
  const given = argumentsOf(name, { paths, ports, credentials });
  kept.push(keep({ name, path, arguments: given, paths, onGivenUp: fail }));
}

function furnishNetwork(): void {
  ip('link', 'set', 'lo', 'up');
  ip('route', 'add', 'local', POD_RANGE, 'dev', 'lo');
}

function ip(...args: string[]): void {
  const { error, status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (error || status !== 0) fail(`ip ${args.join(' ')}: ${error?.message ?? stderr.trim()}`);
}

function fail(because: string): never {
  console.log(`failed: ${because}`);
  process.exit(1);
}
