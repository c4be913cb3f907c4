import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SEARCH_ATTRIBUTES } from '../../../workflows/messages.ts';
import type { Router } from '../envoy/router.ts';
import { ownHome, type StackPaths } from '../home.ts';
import type { ServerStatus, StackStatus } from '../protocol.ts';
import { inheritedEnvironment } from './environment.ts';
import { readJson, replaceFile } from './files.ts';
import { entryOf } from './own.ts';
import { choosePort, LOOPBACK } from './ports.ts';
import { probeHttp } from './probe.ts';
import type { ProcessTable } from './process-table.ts';
import { prometheusConfiguration } from './prometheus.ts';
import type { PortName, StateStore } from './state.ts';
import { type Supervised, supervise } from './supervised.ts';

/** Those that are binaries, found or fetched. */
export const BINARY_NAMES = ['temporal', 'envoy', 'prometheus'] as const;
type BinaryName = (typeof BINARY_NAMES)[number];
export const SERVER_NAMES = [...BINARY_NAMES, 'flags'] as const;
export type ServerName = (typeof SERVER_NAMES)[number];

/** Where the binaries are; written by whoever starts the supervisor, who may also fetch them. */
export type Binaries = Readonly<Record<BinaryName, { readonly path: string; readonly version: string }>>;

export interface Servers {
  status(): StackStatus['servers'];
  stop(): Promise<void>;
}

export interface ServersOptions {
  readonly paths: StackPaths;
  readonly store: StateStore;
  readonly table: ProcessTable;
  readonly router: Router;
  /** What the flag service reads. */
  readonly flagsFile: string;
  /** Runs before Envoy starts. */
  readonly beforeEnvoy: () => Promise<void>;
}

/**
 * Temporal's own defaults, since that is where people look; for their own stack only. Two that come up in the same
 * moment must never find the same port free, or one would take the other's answers for its own.
 */
const PREFERRED: Readonly<Partial<Record<PortName, number>>> = { temporal: 7233, ui: 8233 };
const GRACE_MS = 5_000;
const FLAGD_VERSION: string = createRequire(import.meta.url)('@openfeature/flagd-core/package.json').version;

/** The servers, adopted or started, each on a port that was free. */
export function runServers(options: ServersOptions): Servers {
  const { paths, store, table, router } = options;

  /** The port of last time if nobody took it, so that clients find the server again. */
  const settle = async (name: PortName): Promise<number> => {
    const ports = store.read().ports;
    const preferred = paths.home === ownHome() ? PREFERRED[name] : undefined;
    const port = await choosePort(ports[name] ?? preferred ?? null, table.ports());
    await store.commit((draft) => {
      draft.ports[name] = port;
      return null;
    });
    return port;
  };
  const run = (
    name: ServerName,
    prepare: () => Promise<{ command: readonly string[]; port: number }>,
    probe: (port: number | null) => Promise<string>,
  ): Supervised => {
    const id = `server/${name}`;
    return supervise({
      log: join(paths[name], `${name}.log`),
      adoptable: table.adoptable(id),
      prepare: async () => {
        mkdirSync(paths[name], { recursive: true });
        const { command, port } = await prepare();
        const environment = { ...inheritedEnvironment(), HOME: paths[name] };
        return { id, home: paths.home, command, directory: paths[name], environment, port };
      },
      probe,
      onEnd: () => table.endLeftovers(id),
      onChange: (_view, record) => table.record(id, record),
    });
  };

  const temporal = run(
    'temporal',
    async () => {
      const port = await settle('temporal');
      const args = temporalArguments(port, await settle('ui'), join(paths.temporal, 'temporal.db'));
      return { port, command: [binaryOf(paths, 'temporal'), ...args] };
    },
    () => probeHttp(store.read().ports.ui, '/api/v1/namespaces/default'),
  );
  const envoy = run(
    'envoy',
    async () => {
      const port = await settle('envoyAdmin');
      await options.beforeEnvoy();
      return { port, command: [binaryOf(paths, 'envoy'), '-c', router.writeBootstrap(port), ...ENVOY_ARGUMENTS] };
    },
    (port) => probeHttp(port, '/ready'),
  );
  const prometheus = run(
    'prometheus',
    async () => {
      const port = await settle('prometheus');
      const file = join(paths.prometheus, 'prometheus.yml');
      replaceFile(file, prometheusConfiguration({ directory: paths.prometheus, ruleFiles: ruleFiles() }));
      const args = prometheusArguments(port, file, join(paths.prometheus, 'data'));
      return { port, command: [binaryOf(paths, 'prometheus'), ...args] };
    },
    (port) => probeHttp(port, '/-/ready'),
  );

  const flags = run(
    'flags',
    async () => {
      // Never another one while revisions run: they would ask nobody, and a ramp that reaches nobody would look verified.
      const port = store.read().ports.flags ?? 0;
      const main = entryOf('../flags/main');
      const args = ['--file', options.flagsFile, '--port', String(port)];
      return { port, command: [process.execPath, '--disable-warning=ExperimentalWarning', main, ...args] };
    },
    (port) => probeHttp(port, '/ready'),
  );

  return {
    status: () => {
      const { ports } = store.read();
      const state = (name: BinaryName, server: Supervised) => serverStatus(server, versionOf(paths, name));
      return {
        temporal: {
          ...state('temporal', temporal),
          address: `${LOOPBACK}:${ports.temporal}`,
          ui: `http://${LOOPBACK}:${ports.ui}`,
        },
        envoy: { ...state('envoy', envoy), admin: `http://${LOOPBACK}:${ports.envoyAdmin}` },
        prometheus: { ...state('prometheus', prometheus), address: `http://${LOOPBACK}:${ports.prometheus}` },
        flags: { ...serverStatus(flags, FLAGD_VERSION), address: `http://${LOOPBACK}:${ports.flags}` },
      };
    },
    stop: async () => {
      await Promise.all([temporal, envoy, prometheus, flags].map((server) => server.stop(GRACE_MS)));
    },
  };
}

const ENVOY_ARGUMENTS = ['--concurrency', '1', '--disable-hot-restart', '--log-level', 'warning'];

function temporalArguments(port: number, ui: number, database: string): string[] {
  return [
    ...['server', 'start-dev', '--ip', LOOPBACK, '--port', String(port), '--ui-port', String(ui)],
    ...['--db-filename', database, '--ui-disable-news-fetch', '--log-level', 'error'],
    ...Object.values(SEARCH_ATTRIBUTES).flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
  ];
}

function prometheusArguments(port: number, configuration: string, data: string): string[] {
  return [
    `--config.file=${configuration}`,
    `--storage.tsdb.path=${data}`,
    '--storage.tsdb.retention.time=2d',
    // New targets are scraped within 6 s instead of 10 s; the other 5 s are a constant of Prometheus' discovery.
    '--scrape.discovery-reload-interval=1s',
    `--web.listen-address=${LOOPBACK}:${port}`,
    '--log.level=warn',
  ];
}

/** Rules that ship with this package, from the sources or from the built tree; without the tests beside them. */
function ruleFiles(): string[] {
  const here = dirname(fileURLToPath(import.meta.url));
  const directory = ['../../prometheus', '../../../../infra/prometheus'].map((up) => join(here, up)).find(existsSync);
  if (!directory) return [];
  return readdirSync(directory)
    .filter((name) => name.endsWith('.yaml') && !name.endsWith('.test.yaml'))
    .map((name) => join(directory, name));
}

function binaryOf(paths: StackPaths, name: BinaryName): string {
  const path = (readJson(paths.binaries) as Binaries | null)?.[name]?.path;
  if (!path || !existsSync(path)) throw new Error(`the binary of ${name} is gone; shiplock local up fetches it again`);
  return path;
}

function versionOf(paths: StackPaths, name: BinaryName): string {
  return (readJson(paths.binaries) as Binaries | null)?.[name]?.version ?? 'unknown';
}

function serverStatus(server: Supervised, version: string): ServerStatus {
  const { pid, state, because } = server.view();
  if (state === 'ready') return { pid, version, state, because };
  return { pid, version, state: state === 'starting' ? 'starting' : 'down', because };
}
