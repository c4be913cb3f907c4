/** Where the client's tests play: a real Temporal server of their own, and workers that can be taken away. */
import { setTimeout as delay } from 'node:timers/promises';
import { DefaultLogger, NativeConnection, Runtime, Worker, type WorkflowBundle } from '@temporalio/worker';
import { createAttestationActivities } from '../../activities/attestation/index.ts';
import { createLaneActivities } from '../../activities/lane/lane.ts';
import type { WorkloadState } from '../../activities/workload/port.ts';
import { connectTo, startTemporal } from '../../infra/local/temporal.ts';
import type { Shiplock } from '../../src/client/index.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { loadWorkflowBundle } from '../../workers/bundle.ts';
import { TASK_QUEUE } from '../../workflows/messages.ts';

export interface Stage {
  readonly address: string;
  readonly shiplock: Shiplock;
  /** Starts a worker, where none runs. */
  workerUp(): Promise<void>;
  workerDown(): Promise<void>;
  close(): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  process.env.SHIPLOCK_IDENTITY = 'ann@laptop';
  const server = await startTemporal();
  const { address } = server;
  const shiplock = await connectTo(server);
  const connection = await NativeConnection.connect({ address });
  let bundle: WorkflowBundle | undefined;
  let running: { worker: Worker; done: Promise<void> } | undefined;
  const platforms = new Map<string, WorkloadState>();

  const workerUp = async (): Promise<void> => {
    if (running) return;
    bundle ??= await loadWorkflowBundle();
    const worker = await Worker.create({
      connection,
      taskQueue: TASK_QUEUE,
      workflowBundle: bundle,
      activities: {
        ...platformActivities(platforms),
        ...createAttestationActivities(),
        ...createLaneActivities({ client: shiplock.session.client }),
      },
      maxCachedWorkflows: 20,
    });
    running = { worker, done: worker.run() };
  };
  const workerDown = async (): Promise<void> => {
    running?.worker.shutdown();
    await running?.done;
    running = undefined;
  };
  const close = async (): Promise<void> => {
    await workerDown();
    await shiplock.close();
    await connection.close();
    await server.end();
  };
  return { address, shiplock, workerUp, workerDown, close };
}

/** A plan of one service of its own, so that tests do not get in each other's way. */
export function planFor(service: string, changes: Partial<Plan> = {}): Plan {
  return {
    format: 1,
    service,
    environment: 'production',
    version: '1.1.0',
    target: {
      platform: 'local',
      command: ['node', 'main.ts'],
      directory: '/srv',
      environment: {},
      replicas: 1,
      readinessPath: '/ready',
      stableService: `${service}-stable`,
      canaryService: `${service}-canary`,
    },
    gates: [],
    configuration: [],
    canary: { steps: [{ kind: 'setWeight', weight: 25 }], background: null, readyDeadlineMs: 10_000 },
    promotion: { monitor: null, approval: null },
    window: { durationMs: 60_000 },
    ...changes,
  };
}

/** A platform in memory: these tests are about messages, not about traffic. */
function platformActivities(platforms: Map<string, WorkloadState>) {
  const of = (service: string): WorkloadState =>
    platforms.get(service) ?? { stable: '1.0.0', canary: null, weights: { '1.0.0': 100 }, revisions: [] };
  const change = (service: string, changes: Partial<WorkloadState>): void => {
    platforms.set(service, { ...of(service), ...changes });
  };
  return {
    admit: async ({ plan }: { plan: Plan }) => ({
      planDigest: 'd'.repeat(64),
      binding: '1a2b3c4d',
      policyDigest: 'e'.repeat(64),
      fence: 1_000,
      before: of(plan.service),
      startedBy: { identity: 'test', principal: null },
    }),
    describeWorkload: async ({ service }: { service: string }) => of(service),
    startRevision: async () => undefined,
    awaitReady: async () => ({ ready: true, because: '1 of 1 replicas ready' }),
    // Long enough for somebody to come meanwhile.
    removeRevision: () => delay(500),
    setRoles: async ({ service, stable, canary }: { service: string; stable: string | null; canary: string | null }) =>
      change(service, { stable, canary }),
    setWeights: async ({ service, weights }: { service: string; weights: Record<string, number> }) => {
      change(service, { weights });
      return { weights, verified: true };
    },
  };
}
