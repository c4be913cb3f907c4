import { hostname } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { DefaultLogger, makeTelemetryFilterString, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createLaneActivities } from '../activities/lane/lane.ts';
import { connectSupervisor } from '../infra/local/index.ts';
import { findTarget } from '../src/client/target.ts';
import { ShiplockError } from '../src/errors.ts';
import { BUILD_TASK_QUEUE, NOTIFY_TASK_QUEUE, TASK_QUEUE } from '../workflows/messages.ts';
import { buildActivities, quickActivities, tellingActivities } from './activities.ts';
import { startArchiver } from './archive.ts';
import { registerSearchAttributes } from './attributes.ts';
import { loadWorkflowBundle } from './bundle.ts';
import { deploymentOf } from './deployment.ts';
import { type HealthEndpoint, openHealth } from './health.ts';
import { jsonLine } from './log.ts';
import { readPolicy } from './policy.ts';
import { stateFolder } from './state-folder.ts';

export type WorkerRole = 'all' | 'release' | 'build' | 'notify';

export interface WorkerOptions {
  /** The policy file; without one every release is refused. Default `SHIPLOCK_POLICY`. */
  readonly policy?: string;
  /**
   * What it does: `release` carries releases and tells webhooks, `build` runs gates and builders and needs no production
   * credentials, `notify` only tells webhooks. Default `all`.
   */
  readonly role?: WorkerRole;
  /** Where logs of gates and the archive are kept. Default `SHIPLOCK_STATE`, else the user's state folder. */
  readonly state?: string;
  /** Where ended releases are archived; several workers may share it. Default `archive` in the state folder. */
  readonly archive?: string;
  /** `host:port` on which Prometheus reads this worker's metrics; none by default. */
  readonly metrics?: string;
  /** `host:port` on which it answers probes, `/livez` and `/readyz`; none by default. */
  readonly health?: string;
  /** The embedded stack's home, where releases go to the local platform. */
  readonly home?: string;
  readonly profile?: string;
  readonly configFile?: string;
  /** Ends the worker; SIGINT and SIGTERM do as well. */
  readonly signal?: AbortSignal;
  /** Called once every queue is polled. */
  readonly onReady?: (ready: { identity: string; bundle: string; readyMs: number }) => void;
}

/** A killed worker's sticky tasks wait this long for it before another worker may take them. */
const STICKY_TIMEOUT = '2s';
/** Less than what a probe waits for, so that it is given the reason. */
const HEALTH_TIMEOUT_MS = 2_000;
/** `temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY`. */
const ACTIVITY_QUEUE = 2;
/** Cached releases; others are replayed when something happens to them. 0.3 MB each was measured. */
const CACHED_RELEASES = 500;

/**
 * Runs a worker until it is told to end: releases on `shiplock`, webhooks on `shiplock-notify`, builds on
 * `shiplock-build` and on this host's own queue. Work under way gets ten seconds to end and is then done again elsewhere.
 *
 * @throws ShiplockError where Temporal, the policy or the search attributes are not as they must be.
 */
export async function runWorker(options: WorkerOptions = {}): Promise<void> {
  const began = performance.now();
  const policyFile = options.policy ?? process.env.SHIPLOCK_POLICY;
  const policy = policyFile ? await readPolicy(policyFile) : null;
  const target = await findTarget(options);
  // Its native part keeps the process alive until a connection is closed, so whatever may fail before comes before.
  installRuntime(options.metrics);
  const health = options.health === undefined ? null : await openHealth(options.health);
  const identity = `shiplock-worker ${process.pid}@${hostname()}`;
  const connection = await connect(target).catch((error) => closed(health, error));
  try {
    const { namespace } = target;
    await registerSearchAttributes(connection, namespace);
    const client = new Client({ connection, namespace, identity });
    const bundle = await loadWorkflowBundle();
    const supervisor = connectSupervisor({ home: options.home });
    const state = stateFolder(options.state);
    const hostQueue = `${BUILD_TASK_QUEUE}-${hostname()}`;
    const common = {
      connection,
      namespace,
      identity,
      maxHeartbeatThrottleInterval: '1s',
      shutdownGraceTime: '10s',
      shutdownForceTime: '30s',
    } as const;

    const workers: Worker[] = [];
    const role = options.role ?? 'all';
    const does = (part: WorkerRole): boolean => role === 'all' || role === part;
    if (does('release')) {
      workers.push(
        await Worker.create({
          ...common,
          taskQueue: TASK_QUEUE,
          workflowBundle: { code: bundle.code },
          workerDeploymentOptions: deploymentOf(bundle),
          activities: { ...quickActivities(policy, supervisor), ...createLaneActivities({ client }) },
          stickyQueueScheduleToStartTimeout: STICKY_TIMEOUT,
          maxCachedWorkflows: CACHED_RELEASES,
        }),
      );
    }
    if (does('release') || does('notify')) {
      workers.push(
        await Worker.create({
          ...common,
          taskQueue: NOTIFY_TASK_QUEUE,
          activities: tellingActivities(policy),
          maxConcurrentActivityTaskExecutions: 20,
        }),
      );
    }
    if (does('build')) {
      const activities = buildActivities(policy, { queue: hostQueue, state });
      for (const taskQueue of [BUILD_TASK_QUEUE, hostQueue]) {
        workers.push(await Worker.create({ ...common, taskQueue, activities, maxConcurrentActivityTaskExecutions: 4 }));
      }
    }
    const folder = options.archive ?? join(state, 'archive');
    const archiver = does('release') ? startArchiver({ client, folder, bundle, taskQueue: TASK_QUEUE }) : null;
    await runUntilTold(workers, options.signal, () => {
      health?.watch({
        pollers: workers.map((worker) => ({ taskQueue: worker.options.taskQueue, status: () => worker.getStatus() })),
        askTemporal: () => askQueue(connection, namespace, workers[0]?.options.taskQueue ?? TASK_QUEUE),
      });
      const ready = { identity, bundle: bundle.digest.slice(0, 12), readyMs: Math.round(performance.now() - began) };
      Runtime.instance().logger.info('worker ready', { ...ready, address: target.address, namespace, role });
      options.onReady?.(ready);
    }).finally(() => archiver?.stop());
  } finally {
    await connection.close();
    await health?.close();
  }
}

async function closed(health: HealthEndpoint | null, error: unknown): Promise<never> {
  await health?.close();
  throw error;
}

/** What only a worker of the namespace may ask, so that an expired key shows. */
function askQueue(connection: NativeConnection, namespace: string, name: string): Promise<unknown> {
  return connection.withDeadline(Date.now() + HEALTH_TIMEOUT_MS, () =>
    connection.workflowService.describeTaskQueue({ namespace, taskQueue: { name }, taskQueueType: ACTIVITY_QUEUE }),
  );
}

async function connect(target: Awaited<ReturnType<typeof findTarget>>): Promise<NativeConnection> {
  try {
    const { tls, apiKey, metadata } = target.connection as Parameters<typeof NativeConnection.connect>[0] & object;
    return await NativeConnection.connect({ address: target.address, tls, apiKey, metadata });
  } catch (cause) {
    throw new ShiplockError({
      code: 'SHIPLOCK_TEMPORAL_UNREACHABLE',
      message: `no Temporal answers at ${target.address} (from ${target.source})`,
      mend: 'start the embedded one with `shiplock local up`, or set TEMPORAL_ADDRESS',
      cause,
    });
  }
}

async function runUntilTold(
  workers: readonly Worker[],
  signal: AbortSignal | undefined,
  ready: () => void,
): Promise<void> {
  const running = Promise.all(workers.map((worker) => worker.run()));
  const end = (): void => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  // The SDK's own signal handling ends every worker on SIGINT and SIGTERM.
  signal?.addEventListener('abort', end, { once: true });
  if (signal?.aborted) end();
  ready();
  await running.finally(end);
}

/** Once a process: log lines as JSON on standard error, metrics where somebody reads them. */
function installRuntime(metrics: string | undefined): void {
  try {
    Runtime.install({
      logger: new DefaultLogger('INFO', jsonLine(process.stderr)),
      telemetryOptions: {
        logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} },
        ...(metrics && { metrics: { prometheus: { bindAddress: metrics }, metricPrefix: '' } }),
      },
    });
  } catch (cause) {
    if (!metrics) throw cause;
    throw new ShiplockError({
      code: 'SHIPLOCK_WORKER_METRICS',
      message: `the worker's metrics cannot be served on ${metrics}: ${(cause as Error).message}`,
      mend: 'name a free host:port with --metrics, or leave it out',
      cause,
    });
  }
}
