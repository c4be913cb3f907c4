import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { serverPath } from '../../local/servers/index.ts';
import { inheritedEnvironment } from '../../local/stack/environment.ts';
import { choosePort, LOOPBACK } from '../../local/stack/ports.ts';
import { type Objects, until } from '../client/index.ts';

/** Where a cluster's objects are made, and reached. */
export interface Place {
  readonly objects: Objects;
  readonly namespace: string;
  readonly kubeconfig: string;
  readonly context: string;
  /** For files and logs. */
  readonly folder: string;
}

/** Traefik as the router of one namespace. */
export interface Router {
  /** Where load is sent: `http://127.0.0.1:PORT`. */
  readonly address: string;
  /** Where Prometheus asks it: `http://127.0.0.1:PORT/metrics`. */
  readonly metrics: string;
  /** The Gateway in the namespace, for an HTTPRoute's `parentRefs`. */
  readonly gateway: string;
  stop(): Promise<void>;
}

const GATEWAY = 'public';
const GRACE_MS = 3_000;
const READY_MS = 30_000;

/**
 * Starts Traefik, which follows the Gateway API's objects of one namespace, and makes its class and Gateway. Ready when
 * it has accepted the Gateway.
 * @throws as `serverPath`, when it does not get ready
 */
export async function startTraefik(place: Place): Promise<Router> {
  const { path } = await serverPath('traefik');
  const [web, admin] = [await choosePort(null), await choosePort(null)];
  const log = join(place.folder, 'traefik.log');
  const child = run(path, [...(await access(place)), ...entries(web, admin)], log);
  const stop = () => end(child);
  const className = `traefik-${place.namespace}`;
  try {
    await place.objects.apply([
      {
        ...gatewayApi('GatewayClass', className),
        spec: { controllerName: 'traefik.io/gateway-controller' },
      },
      {
        ...gatewayApi('Gateway', GATEWAY),
        spec: { gatewayClassName: className, listeners: [{ name: 'web', protocol: 'HTTP', port: web }] },
      },
    ]);
    await until(
      `Traefik accepts its Gateway (its log: ${log})`,
      async () => {
        if (child.exitCode !== null) throw new Error(`it ended: ${readFileSync(log, 'utf8').slice(-500)}`);
        const found = await place.objects.get<Accepted>(VERSION, 'Gateway', GATEWAY);
        return found?.status?.conditions?.some(({ type, status }) => type === 'Programmed' && status === 'True');
      },
      READY_MS,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    address: `http://${LOOPBACK}:${web}`,
    metrics: `http://${LOOPBACK}:${admin}/metrics`,
    gateway: GATEWAY,
    async stop() {
      await stop();
      await place.objects.remove(VERSION, 'GatewayClass', className);
    },
  };
}

const VERSION = 'gateway.networking.k8s.io/v1';

interface Accepted {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

function gatewayApi(kind: string, name: string) {
  return { apiVersion: VERSION, kind, metadata: { name } };
}

/** The API server, by files: a token among the arguments could be read by anybody on the machine. */
async function access({ kubeconfig, context, namespace, folder }: Place): Promise<readonly string[]> {
  const configuration = new KubeConfig();
  configuration.loadFromFile(kubeconfig);
  configuration.setCurrentContext(context);
  const cluster = configuration.getCurrentCluster();
  const token = join(folder, 'traefik-token');
  const authority = join(folder, 'traefik-authority.pem');
  await writeFile(token, configuration.getCurrentUser()?.token ?? '', { mode: 0o600 });
  await writeFile(authority, Buffer.from(cluster?.caData ?? '', 'base64'));
  const provider = '--providers.kubernetesgateway';
  return [
    `${provider}=true`,
    `${provider}.endpoint=${cluster?.server}`,
    `${provider}.token=${token}`,
    `${provider}.certauthfilepath=${authority}`,
    `${provider}.namespaces=${namespace}`,
  ];
}

function entries(web: number, admin: number): readonly string[] {
  return [
    `--entrypoints.web.address=${LOOPBACK}:${web}`,
    `--entrypoints.admin.address=${LOOPBACK}:${admin}`,
    '--metrics.prometheus.entrypoint=admin',
    '--metrics.prometheus.addserviceslabels=true',
    // Its default of 2 s between two configurations would hide how soon a weight is live.
    '--providers.providersthrottleduration=50ms',
    '--global.checknewversion=false',
    '--global.sendanonymoususage=false',
    '--log.level=INFO',
  ];
}

export function run(path: string, args: readonly string[], log: string): ChildProcess {
  const output = openSync(log, 'a', 0o600);
  const child = spawn(path, args, { env: inheritedEnvironment(), stdio: ['ignore', output, output] });
  closeSync(output);
  child.on('error', () => undefined);
  return child;
}

/** Asks a child to end, and makes it end after a grace. */
export async function end(child: ChildProcess, graceMs = GRACE_MS): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  const insist = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await ended;
  clearTimeout(insist);
}
