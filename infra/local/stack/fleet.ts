import type { Router } from '../envoy/router.ts';
import type { StackPaths } from '../home.ts';
import type { ServiceStatus } from '../protocol.ts';
import { choosePort, LOOPBACK } from './ports.ts';
import { previewOf } from './preview.ts';
import type { ProcessTable } from './process-table.ts';
import { Refused } from './refuse.ts';
import { instanceId, type Revision, runRevision } from './revision.ts';
import { deploymentType, labelsFile, roleOf, writeLabels } from './role.ts';
import type { RevisionFacts } from './rules.ts';
import type { Effect, ServiceRecord, StateStore } from './state.ts';
import { serviceTargets, targetWriter } from './targets.ts';

/** The revisions that run, kept as the stored state wants them. Decides nothing: see `services.ts`. */
export interface Fleet {
  records(): [string, ServiceRecord][];
  /** @throws Refused `SHIPLOCK_LOCAL_SERVICE_UNKNOWN` */
  record(service: string): ServiceRecord;
  /** Stores a change of one service; see `StateStore.commit`. */
  change(service: string, change: (record: ServiceRecord) => Effect | null): Promise<boolean>;
  status(service: string): ServiceStatus;
  facts(service: string): RevisionFacts[];
  /** Starts, or adopts, what is stored; does nothing when it runs. */
  start(service: string, version: string): void;
  scale(service: string, version: string, replicas: number): Promise<void>;
  /** What crashed and waits to be started again is started now. */
  restore(service: string): void;
  /** Ends the processes at once. */
  stop(service: string, version: string): Promise<void>;
  /** Takes a revision out of Envoy, lets it answer, ends it and forgets it. The same one while it lasts. */
  retire(service: string, version: string): Promise<void>;
  retiring(service: string, version: string): Promise<void> | null;
  /** Labels of all revisions and Prometheus' targets, after roles changed. */
  relabel(service: string): void;
  /** Ports of the listeners of all services. */
  ports(): Set<number>;
  /** A new service's routes are there before its listeners. */
  prepareRoutes(): void;
  /** Traffic as it is stored, and with it the preview. `''`, or why Envoy is not known to have it. */
  showRoute(service: string): Promise<string>;
  /** The same where only the side without traffic may have changed: traffic does not depend on its success. */
  showPreview(service: string): Promise<void>;
  /** `''`, or why Envoy is not known to have it. */
  showListeners(): Promise<string>;
  showClusters(): Promise<string>;
  /** Before Envoy starts: a listener's port that somebody else took meanwhile is changed, and a missing one chosen. */
  settlePorts(): Promise<void>;
  /** Brings back what is stored, goes on with removals. */
  resume(): Promise<void>;
  /** Whether what is stored wants this process. */
  wants(processId: string): boolean;
  stopAll(): Promise<void>;
}

export interface FleetOptions {
  readonly paths: StackPaths;
  readonly store: StateStore;
  readonly router: Router;
  readonly table: ProcessTable;
  readonly targetsDirectory: string;
  readonly note: (line: string) => void;
}

export function openFleet(options: FleetOptions): Fleet {
  const { paths, store, router, table, note } = options;
  const running = new Map<string, Map<string, Revision>>();
  /** What each service's preview address was told to show last. */
  const previews = new Map<string, string | null>();
  const retirements = new Map<string, Promise<void>>();
  const writeTargets = targetWriter(options.targetsDirectory);

  const records = () => Object.entries(store.read().services);
  const record = (service: string): ServiceRecord => {
    const found = store.read().services[service];
    if (!found) throw new Refused('SHIPLOCK_LOCAL_SERVICE_UNKNOWN', `there is no service ${service} here`);
    return found;
  };
  const revisionsOf = (service: string) => {
    const known = running.get(service) ?? new Map<string, Revision>();
    running.set(service, known);
    return known;
  };
  const change = (service: string, alter: (record: ServiceRecord) => Effect | null) =>
    store.commit((draft) => {
      const found = draft.services[service];
      return found ? alter(found) : null;
    });
  const label = (service: string, version: string) => {
    const file = labelsFile(paths.services, service, version);
    writeLabels(file, { role: roleOf(record(service), version), version });
    return file;
  };
  const publishTargets = () => {
    try {
      writeTargets(records().flatMap(([service, found]) => serviceTargets(service, found, revisionsOf(service))));
    } catch (error) {
      // What is measured must not decide over what runs.
      note(`cannot tell Prometheus its targets: ${(error as Error).message}`);
    }
  };
  const showListeners = () =>
    router.showListeners(records().map(([service, { port, preview }]) => ({ service, port, preview })));
  const showClusters = () =>
    router.showClusters(
      records().flatMap(([service, found]) => Object.keys(found.revisions).map((version) => ({ service, version }))),
    );

  const ports = () =>
    new Set(records().flatMap(([, { port, preview }]) => (preview === null ? [port] : [port, preview])));
  const settlePort = async (service: string, which: 'port' | 'preview', stored: number | null) => {
    const free = await choosePort(stored, ports());
    if (free === stored) return;
    if (stored !== null) note(`${service}: port ${stored} was taken meanwhile; it listens on ${free} now`);
    await change(service, (found) => {
      found[which] = free;
      return null;
    });
  };

  const facts = (service: string): RevisionFacts[] =>
    Object.entries(record(service).revisions).map(([version, { spec, removing }]) => {
      const revision = revisionsOf(service).get(version);
      const because = revision?.instances().find(({ state }) => state !== 'ready')?.because ?? '';
      return { version, replicas: spec.replicas, ready: revision?.ready() ?? 0, removing, because };
    });
  const previewNow = (service: string) => previewOf(record(service), facts(service));
  const routes = () =>
    Object.fromEntries(
      records().map(([service, { weights }]) => [service, { weights, preview: previewNow(service) }] as const),
    );
  const showRoute = async (service: string) => {
    previews.set(service, previewNow(service));
    const problem = await router.showRoutes(routes());
    if (problem) previews.delete(service);
    return problem;
  };
  const showPreview = async (service: string) => {
    if (previews.has(service) && previews.get(service) === previewNow(service)) return;
    const problem = await showRoute(service);
    if (problem) note(`${service}: the preview is not known to be shown: ${problem}`);
  };
  const changed = (service: string) => {
    publishTargets();
    void showPreview(service);
  };

  const start = (service: string, version: string) => {
    const spec = record(service).revisions[version]?.spec;
    if (!spec || revisionsOf(service).has(version)) return;
    router.prepareRevision(service, version);
    const revision = runRevision({
      home: paths.home,
      service,
      version,
      spec,
      deploymentType: () => deploymentType(record(service), version),
      labels: label(service, version),
      flagsUrl: `http://${LOOPBACK}:${store.read().ports.flags}`,
      router,
      table,
      onChange: () => changed(service),
    });
    revisionsOf(service).set(version, revision);
  };

  const retireNow = async (service: string, version: string) => {
    await revisionsOf(service).get(version)?.retire();
    revisionsOf(service).delete(version);
    await change(service, (found) => {
      delete found.revisions[version];
      return null;
    });
    publishTargets();
    await showClusters();
    if (!record(service).revisions[version]) router.forget(service, version);
  };
  const nameOf = (service: string, version: string) => `${service}/${version}`;
  const retire = (service: string, version: string) => {
    const name = nameOf(service, version);
    const retirement =
      retirements.get(name) ?? retireNow(service, version).finally(() => void retirements.delete(name));
    retirements.set(name, retirement);
    return retirement;
  };

  return {
    records,
    record,
    change,
    start,
    retire,
    retiring: (service, version) => retirements.get(nameOf(service, version)) ?? null,
    prepareRoutes: () => router.prepareRoutes(routes()),
    showRoute,
    showPreview,
    showListeners,
    showClusters,
    ports,
    scale: async (service, version, replicas) => revisionsOf(service).get(version)?.scale(replicas),
    restore: (service) => {
      for (const revision of revisionsOf(service).values()) revision.restore();
    },
    stop: async (service, version) => {
      await revisionsOf(service).get(version)?.stop();
      revisionsOf(service).delete(version);
    },

    status: (service) => {
      const { port, preview, fence, stable, canary, weights, revisions } = record(service);
      const shown = Object.entries(revisions).map(([version, { spec }]) => {
        return { version, replicas: spec.replicas, instances: revisionsOf(service).get(version)?.instances() ?? [] };
      });
      return {
        service,
        address: `http://${LOOPBACK}:${port}`,
        preview: `http://${LOOPBACK}:${preview}`,
        previewVersion: previewNow(service),
        fence,
        stable,
        canary,
        weights,
        revisions: shown,
      };
    },
    facts,

    relabel: (service) => {
      for (const version of Object.keys(record(service).revisions)) label(service, version);
      publishTargets();
    },

    settlePorts: async () => {
      for (const [service, { port, preview }] of records()) {
        await settlePort(service, 'port', port);
        await settlePort(service, 'preview', preview);
      }
      void showListeners();
    },

    resume: async () => {
      for (const [service, { preview }] of records()) {
        if (preview === null) await settlePort(service, 'preview', preview);
      }
      for (const [service, { revisions }] of records()) {
        for (const version of Object.keys(revisions)) start(service, version);
      }
      void router.showRoutes(routes());
      publishTargets();
      void showClusters();
      void showListeners();
      for (const [service, { revisions }] of records()) {
        for (const [version, { removing }] of Object.entries(revisions)) {
          if (removing) retire(service, version).catch((error: Error) => note(`${service}: ${error.message}`));
        }
      }
    },

    wants: (processId) =>
      records().some(([service, { revisions }]) =>
        Object.entries(revisions).some(([version, { spec }]) =>
          Array.from({ length: spec.replicas }, (_, index) => instanceId(service, version, index)).includes(processId),
        ),
      ),

    stopAll: async () => {
      const all = [...running.values()].flatMap((revisions) => [...revisions.values()]);
      await Promise.all(all.map((revision) => revision.stop()));
    },
  };
}
