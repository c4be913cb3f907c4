import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Router } from '../envoy/router.ts';
import type { InstanceStatus } from '../protocol.ts';
import { inheritedEnvironment } from './environment.ts';
import type { Launch } from './launch.ts';
import { choosePort } from './ports.ts';
import { probeHttp } from './probe.ts';
import type { ProcessTable } from './process-table.ts';
import type { RevisionSpec } from './state.ts';
import { type Supervised, supervise, type View } from './supervised.ts';

/** The processes of one version of one service, and what Envoy knows of them. */
export interface Revision {
  instances(): InstanceStatus[];
  /** Those that answer and that Envoy sends requests to. */
  ready(): number;
  /** Ports of everything that runs, for Prometheus. */
  targets(): { readonly port: number; readonly index: number }[];
  /** Those that wait to be started again are started now. */
  restore(): void;
  scale(replicas: number): Promise<void>;
  /** Out of Envoy, its last requests answered, then ended. */
  retire(): Promise<void>;
  /** Ends its processes at once, without asking anybody. */
  stop(): Promise<void>;
}

export interface RevisionOptions {
  readonly home: string;
  readonly service: string;
  readonly version: string;
  readonly spec: RevisionSpec;
  readonly deploymentType: () => string;
  /** Where the flag service answers. */
  readonly flagsUrl: string;
  readonly labels: string;
  readonly router: Router;
  readonly table: ProcessTable;
  readonly onChange: () => void;
}

/** How long requests may still take that a revision was given before it was taken out. */
const DRAIN_MS = 10_000;
const DRAIN_POLL_MS = 20;
/** Between SIGTERM and SIGKILL. */
const GRACE_MS = 5_000;
const ANNOUNCE_AGAIN_MS = 100;

export function instanceId(service: string, version: string, index: number): string {
  return `instance/${service}/${version}/${index}`;
}

export function runRevision(options: RevisionOptions): Revision {
  const { service, version, spec, router, table } = options;
  const instances: Supervised[] = [];
  let announced: ReadonlySet<number> = new Set();
  let unannounced = 'Envoy does not know it yet';
  let announcing: Promise<void> | null = null;
  let stale = false;
  let silenced = false;

  const readyPorts = () =>
    silenced ? [] : instances.flatMap((one) => (one.view().state === 'ready' ? (one.view().port ?? []) : []));

  /** Tells Envoy the ready ones; a change during that is told next. */
  const announce = (): Promise<void> => {
    stale = true;
    announcing ??= (async () => {
      while (stale) {
        stale = false;
        const ports = readyPorts();
        unannounced = await router.showEndpoints(service, version, ports);
        if (unannounced === '') announced = new Set(ports);
        else if (!silenced) stale = await delay(ANNOUNCE_AGAIN_MS, true, { ref: false });
        options.onChange();
      }
      announcing = null;
    })();
    return announcing;
  };

  const launchOf = async (index: number): Promise<Launch> => {
    const port = await choosePort(null, table.ports());
    // A baseline is what it is a copy of, under another name.
    const runs = spec.baseline?.of ?? version;
    const filled = (text: string) => text.replaceAll('{{version}}', runs);
    const own = Object.entries(spec.environment).map(([name, value]) => [name, filled(value)] as const);
    return {
      id: instanceId(service, version, index),
      home: options.home,
      command: spec.command.map(filled),
      directory: spec.directory,
      port,
      environment: {
        ...inheritedEnvironment(),
        FLAGS_URL: options.flagsUrl,
        ...Object.fromEntries(own),
        PORT: String(port),
        SERVICE_VERSION: runs,
        DEPLOYMENT_TYPE: options.deploymentType(),
        SHIPLOCK_POD_LABELS: options.labels,
      },
    };
  };

  const startInstance = (index: number): Supervised => {
    const id = instanceId(service, version, index);
    const adoptable = table.adoptable(id);
    if (adoptable?.ready && adoptable.port) announced = new Set([...announced, adoptable.port]);
    let served = adoptable?.ready ? adoptable.port : null;
    return supervise({
      log: join(dirname(options.labels), `${index}.log`),
      adoptable,
      prepare: () => launchOf(index),
      probe: (port) => probeHttp(port, spec.readinessPath),
      onEnd: () => table.endLeftovers(id),
      onChange: (view, record) => {
        table.record(id, record);
        const serves = view.state === 'ready' ? view.port : null;
        if (serves !== served) void announce();
        served = serves;
        options.onChange();
      },
    });
  };

  const grow = (replicas: number) => {
    while (instances.length < replicas) instances.push(startInstance(instances.length));
  };
  const restore = () => {
    for (const one of instances) one.nudge();
  };
  const end = (ending: readonly Supervised[]) => Promise.all(ending.map((one) => one.stop(GRACE_MS)));
  const status = (view: View): InstanceStatus => {
    const known = view.state !== 'ready' || (view.port !== null && announced.has(view.port));
    const shown = known ? view : { ...view, state: 'starting' as const, because: unannounced || 'Envoy is being told' };
    return { ...shown, port: view.port ?? 0 };
  };

  grow(spec.replicas);
  void announce();

  return {
    instances: () => instances.map((one) => status(one.view())),
    ready: () => instances.filter((one) => status(one.view()).state === 'ready').length,
    targets: () =>
      instances.flatMap((one, index) => {
        const { pid, port } = one.view();
        return pid === null || port === null ? [] : [{ port, index }];
      }),
    restore,
    scale: async (replicas) => {
      restore();
      grow(replicas);
      await end(instances.splice(replicas));
    },
    retire: async () => {
      const deadline = Date.now() + DRAIN_MS;
      await drained(router, service, version, deadline);
      silenced = true;
      await announce();
      await drained(router, service, version, deadline);
      await end(instances);
    },
    stop: async () => {
      silenced = true;
      await end(instances);
    },
  };
}

/** Waits until a revision has answered all it was given; bounded, since a stream may never end. */
async function drained(router: Router, service: string, version: string, deadline: number): Promise<void> {
  while (Date.now() < deadline) {
    const active = await router.activeRequests(service, version);
    if (active === 0 || active === null) return;
    await delay(DRAIN_POLL_MS);
  }
}
