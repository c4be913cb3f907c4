import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { replaceFile } from '../stack/files.ts';
import { LOOPBACK } from '../stack/ports.ts';
import * as configuration from './configuration.ts';

/**
 * Envoy, steered by files. Each `show…` writes what should be and resolves to `''` once Envoy itself says that it
 * is, else to why it cannot be told.
 */
export interface Router {
  /** The same without waiting for Envoy, which wants the file to be there before a listener refers to it. */
  prepareRoutes(services: Readonly<Record<string, configuration.Route>>): void;
  /** A cluster refers to a file of endpoints; Envoy wants it to exist first. */
  prepareRevision(service: string, version: string): void;
  showListeners(services: readonly configuration.Entrances[]): Promise<string>;
  showClusters(revisions: readonly { service: string; version: string }[]): Promise<string>;
  showEndpoints(service: string, version: string, ports: readonly number[]): Promise<string>;
  /** Those of all services: what is not among them is served nowhere. */
  showRoutes(services: Readonly<Record<string, configuration.Route>>): Promise<string>;
  /** Requests that a revision is answering now; `null` when Envoy does not say. */
  activeRequests(service: string, version: string): Promise<number | null>;
  /** Forgets the files of a revision that is gone. */
  forget(service: string, version: string): void;
  writeBootstrap(adminPort: number): string;
}

const CONFIRM_MS = 2_000;
const ASK_AGAIN_FIRST_MS = 1;
const ASK_AGAIN_LAST_MS = 50;
const ADMIN_TIMEOUT_MS = 1_000;
/** More than are ever waited for at a time. */
const VERSIONS_KEPT = 256;

/** @param adminPort where Envoy's admin interface is now. */
export function openRouter(directory: string, adminPort: () => number): Router {
  mkdirSync(join(directory, 'endpoints'), { recursive: true });
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });

  /** What each file held, latest last. */
  const written = new Map<string, string[]>();

  const write = (file: string, { content, version }: configuration.Discovery) => {
    replaceFile(join(directory, file), content);
    const versions = written.get(file) ?? [];
    if (versions.at(-1) !== version) versions.push(version);
    written.set(file, versions.slice(-VERSIONS_KEPT));
  };
  /** Envoy never shows a version that was overtaken by the next one, for another service, before it looked. */
  const isTakenUp = (file: string, version: string, answer: string): boolean => {
    const versions = written.get(file) ?? [];
    return versions.slice(Math.max(0, versions.lastIndexOf(version))).some((since) => answer.includes(`"${since}"`));
  };

  const apply = async (file: string, wanted: configuration.Discovery, path: string, what: string): Promise<string> => {
    try {
      write(file, wanted);
    } catch (error) {
      return `cannot tell Envoy: ${(error as Error).message}`;
    }
    const deadline = Date.now() + CONFIRM_MS;
    let pauseMs = ASK_AGAIN_FIRST_MS;
    let problem: string;
    do {
      const answer = await ask(agent, adminPort(), path);
      if (isTakenUp(file, wanted.version, answer.body)) return '';
      problem = answer.problem;
      await delay(pauseMs);
      pauseMs = Math.min(pauseMs * 1.5, ASK_AGAIN_LAST_MS);
    } while (Date.now() < deadline);
    return problem || `Envoy did not take up the new ${what} within ${CONFIRM_MS / 1000} s; see its log`;
  };
  const statistic = (name: string) => `/stats?type=TextReadouts&format=json&filter=${encodeURIComponent(`^${name}$`)}`;

  const endpointsFile = (service: string, version: string) =>
    `endpoints/${configuration.clusterName(service, version)}.json`;
  const writeOnce = (file: string, content: configuration.Discovery) => {
    if (!existsSync(join(directory, file))) write(file, content);
  };

  return {
    prepareRoutes: (services) => write('routes.json', configuration.routes(services)),
    prepareRevision: (service, version) =>
      writeOnce(endpointsFile(service, version), configuration.endpoints(service, version, [])),
    showListeners: (services) => {
      const wanted = configuration.listeners(directory, services);
      return apply('listeners.json', wanted, statistic('listener_manager.lds.version_text'), 'listeners');
    },
    showClusters: (revisions) => {
      const wanted = configuration.clusters(directory, revisions);
      return apply('clusters.json', wanted, statistic('cluster_manager.cds.version_text'), 'clusters');
    },
    showEndpoints: (service, version, ports) => {
      const wanted = configuration.endpoints(service, version, ports);
      const cluster = pattern(configuration.clusterStatName(service, version));
      const live = statistic(`cluster\\.${cluster}\\.version_text`);
      return apply(endpointsFile(service, version), wanted, live, 'endpoints');
    },
    showRoutes: (services) =>
      apply('routes.json', configuration.routes(services), '/config_dump?resource=dynamic_route_configs', 'weights'),
    activeRequests: async (service, version) => {
      const name = `^cluster\\.${pattern(configuration.clusterStatName(service, version))}\\.upstream_rq_(pending_)?active$`;
      const { body, problem } = await ask(agent, adminPort(), `/stats?filter=${encodeURIComponent(name)}`);
      if (problem) return null;
      return [...body.matchAll(/: (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
    },
    forget: (service, version) => rmSync(join(directory, endpointsFile(service, version)), { force: true }),
    writeBootstrap: (port) => {
      const file = join(directory, 'bootstrap.json');
      replaceFile(file, configuration.bootstrap({ directory, adminPort: port }));
      return file;
    },
  };
}

function pattern(literal: string): string {
  return literal.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** An admin interface that cannot be asked is an answer, too. */
function ask(agent: Agent, port: number, path: string): Promise<{ body: string; problem: string }> {
  return new Promise((resolve) => {
    const fail = (error: Error) => resolve({ body: '', problem: `Envoy's admin interface: ${error.message}` });
    const request = get({ agent, host: LOOPBACK, port, path, timeout: ADMIN_TIMEOUT_MS }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', fail);
      response.on('end', () => resolve({ body: Buffer.concat(parts).toString('utf8'), problem: '' }));
    });
    request.on('timeout', () => request.destroy(new Error('no answer within 1 s')));
    request.on('error', fail);
  });
}
