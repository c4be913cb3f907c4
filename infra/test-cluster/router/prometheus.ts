import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { serverPath } from '../../local/servers/index.ts';
import { replaceFile } from '../../local/stack/files.ts';
import { choosePort, LOOPBACK } from '../../local/stack/ports.ts';
import type { TargetGroup } from '../../local/stack/targets.ts';
import { type Api, until } from '../client/index.ts';
import { end, type Place, run } from './traefik.ts';

export interface Metrics {
  readonly address: string;
  stop(): Promise<void>;
}

export interface Scraped {
  /** Services of the namespace. */
  readonly services: readonly string[];
  /** `host:port` of others that have `/metrics`: a router. */
  readonly others?: readonly string[];
}

interface EndpointSlice {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> };
  readonly ports?: readonly { readonly port?: number }[];
  readonly endpoints?: readonly {
    readonly addresses: readonly string[];
    readonly conditions?: { readonly ready?: boolean };
    readonly targetRef?: { readonly name?: string };
  }[];
}

const READY_MS = 20_000;
const POLL_MS = 200;
const SERVICE_NAME = 'kubernetes.io/service-name';

/**
 * Starts Prometheus. Of each of the Services it scrapes the ready endpoints every second, with the Service's name as
 * the label `service`: what it gets in a cluster from a ServiceMonitor. Not every build has the discovery by an API
 * server, so a file tells it.
 * @throws as `serverPath`, when it does not get ready
 */
export async function startMetrics(
  { api, namespace, folder }: Pick<Place, 'namespace' | 'folder'> & { readonly api: Api },
  { services, others = [] }: Scraped,
): Promise<Metrics> {
  const { path } = await serverPath('prometheus');
  const home = join(folder, 'prometheus');
  await mkdir(home, { recursive: true });
  const port = await choosePort(null);
  await writeFile(join(home, 'prometheus.yml'), JSON.stringify(configuration(home, others)));
  const ending = new AbortController();
  const telling = tellTargets({ api, namespace, services, file: join(home, 'targets.json') }, ending.signal);
  const listen = `${LOOPBACK}:${port}`;
  const file = `--config.file=${join(home, 'prometheus.yml')}`;
  const log = join(home, 'prometheus.log');
  const child = run(path, [file, `--storage.tsdb.path=${join(home, 'data')}`, `--web.listen-address=${listen}`], log);
  const stop = async () => {
    ending.abort();
    await telling;
    await end(child);
  };
  const address = `http://${listen}`;
  const ready = async () => {
    if (child.exitCode !== null) throw new Error(`it ended: ${readFileSync(log, 'utf8').slice(-500)}`);
    return (await fetch(`${address}/-/ready`)).ok;
  };
  await until(`Prometheus is ready (its log: ${log})`, ready, READY_MS).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { address, stop };
}

function configuration(home: string, others: readonly string[]): object {
  const discovery = { files: [join(home, 'targets.json')], refresh_interval: '1s' };
  return {
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: [
      { job_name: 'services', file_sd_configs: [discovery] },
      { job_name: 'others', static_configs: [{ targets: others }] },
    ],
  };
}

async function tellTargets(
  { api, namespace, services, file }: { api: Api; namespace: string; services: readonly string[]; file: string },
  ending: AbortSignal,
): Promise<void> {
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  const look = async () => {
    const { items } = await api.ask<{ items: readonly EndpointSlice[] }>('GET', path);
    replaceFile(
      file,
      JSON.stringify(
        items.flatMap((slice) => targetsIn(slice, services)),
        null,
        1,
      ),
    );
  };
  while (!ending.aborted) {
    // What cannot be asked now is scraped as before.
    await look().catch(() => undefined);
    await delay(POLL_MS);
  }
}

function targetsIn(
  { metadata, ports = [], endpoints = [] }: EndpointSlice,
  services: readonly string[],
): TargetGroup[] {
  const service = metadata.labels?.[SERVICE_NAME] ?? '';
  if (!services.includes(service)) return [];
  const ready = endpoints.filter(({ conditions }) => conditions?.ready === true);
  return ready.map(({ addresses: [address = ''], targetRef }) => ({
    targets: [`${address}:${ports[0]?.port}`],
    labels: { service, pod: targetRef?.name ?? '' },
  }));
}
