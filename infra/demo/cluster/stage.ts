/**
 * CredLink's release on a test cluster, with what it needs around it: pods that are processes, Traefik in the place of
 * the mesh's sidecars, Prometheus, PostgreSQL, Temporal and a worker.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { stringify } from 'yaml';
import type { Shiplock, Started } from '../../../src/client/index.ts';
import { startPostgres } from '../../local/postgres.ts';
import type { Api } from '../../test-cluster/client/index.ts';
import { type Following, followObject } from '../../test-cluster/client/index.ts';
import {
  followPods,
  followVirtualService,
  type Place,
  type SplitRoutes,
  startMetrics,
  startTraefik,
  VIRTUAL_SERVICE,
} from '../../test-cluster/router/index.ts';
import { startWorker } from '../stage.ts';
import { copyShipped, type Here } from './shipped.ts';
import { openTemporal } from './temporal.ts';

export interface ClusterStage {
  readonly shiplock: Shiplock;
  readonly folder: string;
  /** Where load is sent. */
  readonly address: string;
  /** How often the webhook `deploys` was told something. */
  told(): number;
  /** What is wrong with a build; pods that start from now on have it. */
  setFaults(version: string, faults: object): void;
  release(version: string): Promise<Started>;
  /** Tells the weights of the route as they are, `stable/canary`, and then each change of them. */
  followWeights(onWeights: (weights: string) => void): Promise<Following>;
  close(): Promise<void>;
}

export interface ClusterStageOptions {
  /** A namespace of the cluster that is there, and a folder that the caller removes. */
  readonly place: Place & { readonly api: Api };
  readonly replicas?: number;
  /** See `Here`; weights then count once they are written. */
  readonly brief?: boolean;
  /** The registry of images, and what builders there see. */
  readonly image?: { readonly repository: string; readonly environment: Readonly<Record<string, string>> };
  /** The variables of the image, beside the folder of faults. */
  readonly variables?: Readonly<Record<string, string>>;
}

const STABLE = 'credlink-api-stable';
const CANARY = 'credlink-api-canary';
const ROUTE = 'credlink-api-vsvc';
const CLUSTER = 'test';
const ROUTER_REQUESTS =
  'traefik_service_requests_total{service=~".*-svc-{{namespace}}-{{service}}-[0-9]+@kubernetesgateway"}';

export async function openClusterStage(options: ClusterStageOptions): Promise<ClusterStage> {
  const { place, image = null, variables = {}, brief = false } = options;
  const { folder } = place;
  const ends: (() => unknown)[] = [];
  const close = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const here: Here = { cluster: CLUSTER, namespace: place.namespace, image, brief, ...replicasOf(options) };
    const { file, objects } = copyShipped(folder, here);
    await place.objects.apply(objects);
    const faults = join(folder, 'faults');
    mkdirSync(faults);
    const pods = followPods(place, { image: { SAMPLE_FAULTS_DIR: faults, ...variables } });
    ends.push(() => pods.stop());
    const webhook = await openWebhook();
    ends.push(webhook.close);
    const started = async <T>(starting: Promise<T>, end: (server: T) => unknown): Promise<T> => {
      const server = await starting;
      ends.push(() => end(server));
      return server;
    };
    const router = await started(startTraefik(place), ({ stop }) => stop());
    const scraped = { services: [STABLE, CANARY], others: [new URL(router.metrics).host] };
    const starting = [
      started(startMetrics(place, scraped), (metrics) => metrics.stop()),
      started(startPostgres({ folder: join(folder, 'database') }), (database) => database.remove()),
      started(openTemporal(), (temporal) => temporal.close()),
    ] as const;
    await Promise.allSettled(starting);
    const [metrics, database, temporal] = await Promise.all(starting);
    const mesh = await followVirtualService(place, { name: ROUTE, gateway: router.gateway });
    ends.push(() => mesh.stop());
    writePolicy(place, {
      prometheus: metrics.address,
      webhook: webhook.url,
      repository: image?.repository ?? null,
      observes: !brief,
    });
    const worker = await startWorker(folder, {
      ...process.env,
      ...image?.environment,
      PATH: [pnpmIn(folder), image?.environment.PATH, process.env.PATH].filter(Boolean).join(delimiter),
      CREDLINK_DATABASE_URL: database.url,
      DEPLOYS_SECRET: `whsec_${randomBytes(24).toString('base64')}`,
      SHIPLOCK_HOME: join(folder, 'home'),
      SHIPLOCK_STATE: join(folder, 'state'),
    });
    ends.push(async () => {
      const gone = once(worker, 'exit');
      worker.kill('SIGKILL');
      if (worker.exitCode === null && worker.signalCode === null) await gone;
    });
    return {
      shiplock: temporal.shiplock,
      folder,
      address: router.address,
      told: webhook.told,
      setFaults: (version, wrong) => writeFileSync(join(faults, `${version}.json`), JSON.stringify(wrong)),
      release: (version) => temporal.shiplock.start({ file, version, autoPromote: true, ifBusy: 'wait' }),
      followWeights: (onWeights) => followWeights(place, onWeights),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function replicasOf({ replicas }: ClusterStageOptions): Pick<Here, 'replicas'> {
  return replicas === undefined ? {} : { replicas };
}

function followWeights(place: ClusterStageOptions['place'], onWeights: (weights: string) => void): Promise<Following> {
  let last = '';
  return followObject<SplitRoutes>(place, [VIRTUAL_SERVICE, 'VirtualService', ROUTE], ({ spec }) => {
    const now = spec.http.map(({ route }) => route.map(({ weight = 0 }) => weight).join('/')).join(' ');
    if (now !== last) onWeights(now);
    last = now;
  });
}

function writePolicy(
  { kubeconfig, context, namespace, folder }: Place,
  known: {
    readonly prometheus: string;
    readonly webhook: string;
    readonly repository: string | null;
    readonly observes: boolean;
  },
): void {
  // A weight counts once the router's own counters of requests show it.
  const routerMetrics = { prometheus: known.prometheus, requests: ROUTER_REQUESTS };
  const policy = {
    services: ['credlink-api'],
    environments: ['production'],
    platforms: ['kubernetes'],
    clusters: { [CLUSTER]: { kubeconfig, context, namespaces: [namespace], ...(known.observes && { routerMetrics }) } },
    commands: [['pnpm', '**']],
    directories: ['.'],
    images: { repositories: [known.repository ?? 'credlink/api'] },
    prometheus: { '*': known.prometheus },
    databases: { credlink: { url: { env: 'CREDLINK_DATABASE_URL' } } },
    webhooks: { deploys: { url: known.webhook, secret: { env: 'DEPLOYS_SECRET' } } },
  };
  writeFileSync(join(folder, 'policy.yaml'), stringify(policy));
}

/** @returns a folder for PATH whose `pnpm` is that of `pnpm.ts`. */
function pnpmIn(folder: string): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const file = join(bin, 'pnpm');
  writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' '${join(import.meta.dirname, 'pnpm.ts')}' "$@"\n`);
  chmodSync(file, 0o755);
  return bin;
}

async function openWebhook() {
  let told = 0;
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      told += 1;
      response.writeHead(204).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/releases`,
    told: () => told,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
