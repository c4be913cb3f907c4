/** A real Temporal server with a worker on the shipped bundle, and releases that take a second. */
import { DefaultLogger, makeTelemetryFilterString, Runtime, Worker } from '@temporalio/worker';
import { createLaneActivities } from '../../activities/lane/lane.ts';
import type { AnalysisPlan, MetricPlan, Plan } from '../../src/plan/plan.ts';
import { loadWorkflowBundle, type WorkflowBundle } from '../../workers/bundle.ts';
import { deploymentOf } from '../../workers/deployment.ts';
import {
  BUILD_TASK_QUEUE,
  LANE_ENQUEUE,
  LANE_WORKFLOW,
  laneId,
  RELEASE_WORKFLOW,
  type ReleaseInput,
  releaseId,
  TASK_QUEUE,
} from '../../workflows/messages.ts';
import { openTemporal, type TestTemporal } from '../fixtures/temporal.ts';
import { credlinkPlan, LATENCY, SUCCESS } from '../workflow/plans.ts';
import { buildQueue, createWorld, type World } from '../workflow/world.ts';
import { realWitnesses } from './witnesses.ts';

Runtime.install({
  logger: new DefaultLogger('ERROR', () => {}),
  telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } },
});

export interface Server {
  readonly client: TestTemporal['client'];
  readonly bundle: WorkflowBundle;
  /** Each release finds a world of its own, so one at a time. */
  start(plan: Plan, input?: Partial<ReleaseInput>): Promise<Handle>;
  /** As `start`, by way of the lane. */
  enqueue(plan: Plan): Promise<Handle>;
  close(): Promise<void>;
}

export type Handle = Awaited<ReturnType<TestTemporal['client']['workflow']['start']>>;

export async function openServer(): Promise<Server> {
  const env = await openTemporal();
  const bundle = await loadWorkflowBundle();
  let world = newWorld();
  const names = Object.keys(world.activities) as (keyof World['activities'])[];
  const call = (name: keyof World['activities']) => (request: never) => world.activities[name](request);
  const activities = {
    ...Object.fromEntries(names.map((name) => [name, call(name)])),
    ...createLaneActivities({ client: env.client }),
  };
  const common = { connection: env.nativeConnection, activities };
  const workers = [
    await Worker.create({
      ...common,
      taskQueue: TASK_QUEUE,
      workflowBundle: { code: bundle.code },
      workerDeploymentOptions: deploymentOf(bundle),
    }),
    await Worker.create({ ...common, taskQueue: BUILD_TASK_QUEUE }),
    await Worker.create({ ...common, taskQueue: buildQueue }),
  ];
  const running = Promise.all(workers.map((worker) => worker.run()));
  return {
    client: env.client,
    bundle,
    start(plan, input = {}) {
      world = newWorld();
      return env.client.workflow.start(RELEASE_WORKFLOW, {
        workflowId: releaseId(plan),
        taskQueue: TASK_QUEUE,
        args: [{ plan, ...input }],
      });
    },
    async enqueue(plan) {
      world = newWorld();
      const lane = await env.client.workflow.signalWithStart(LANE_WORKFLOW, {
        workflowId: laneId(plan),
        taskQueue: TASK_QUEUE,
        args: [{ environment: plan.environment, service: plan.service }],
        signal: LANE_ENQUEUE,
        signalArgs: [{ id: 'request', mode: 'wait', input: { plan }, summary: '', details: '', memo: {} }],
      });
      await lane.result();
      const release = env.client.workflow.getHandle(releaseId(plan));
      const { runId } = await release.describe();
      return Object.assign(release, { firstExecutionRunId: runId, eagerlyStarted: false }) as Handle;
    },
    async close() {
      for (const worker of workers) worker.shutdown();
      await running;
      await env.close();
    },
  };
}

function newWorld(): World {
  const world = createWorld({ canaryVersion: '1.1.0' });
  Object.assign(world.activities, realWitnesses(world));
  return world;
}

/** CredLink's plan with moments instead of minutes; each service is a target of its own. */
export function quickPlan(service: string, changes: Partial<Plan> = {}): Plan {
  const plan = credlinkPlan();
  const pause = { kind: 'pause', durationMs: 1_200, deadlineMs: 60_000 } as const;
  const weight = (percent: number) => ({ kind: 'setWeight', weight: percent }) as const;
  const quick = (metric: MetricPlan): MetricPlan => ({ ...metric, initialDelayMs: 0, intervalMs: 1_000 });
  const analysis: AnalysisPlan = {
    templates: [],
    metrics: [quick(SUCCESS), quick(LATENCY)],
    minimumReadings: 1,
    inconclusiveDeadlineMs: 60_000,
    deadlineMs: 60_000,
  };
  return {
    ...plan,
    service,
    configuration: [],
    canary: {
      ...plan.canary,
      steps: [weight(10), pause, weight(50), pause],
      background: { startingStep: 1, analysis },
    },
    promotion: { monitor: null, approval: plan.promotion.approval },
    window: { durationMs: 200 },
    ...changes,
  };
}
