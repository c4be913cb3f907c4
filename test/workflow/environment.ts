/** A Temporal test server whose clock skips, with one worker on the release workflow. */
import { before } from 'node:test';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { DefaultLogger, makeTelemetryFilterString, Runtime, Worker } from '@temporalio/worker';
import type { Plan } from '../../src/plan/plan.ts';
import { loadWorkflowBundle } from '../../workers/bundle.ts';
import {
  RELEASE_WORKFLOW,
  type ReleaseInput,
  type ReleaseStatus,
  releaseId,
  SEARCH_ATTRIBUTES,
} from '../../workflows/messages.ts';
import { openSkippingTemporal, type SkippingTemporal } from '../fixtures/temporal.ts';
import { watchClock } from './clock.ts';
import { buildQueue, type World } from './world.ts';

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } },
});

before(loadWorkflowBundle);

export interface Running {
  readonly env: SkippingTemporal;
  /** Starts a release; its handle. */
  start(plan: Plan, input?: Partial<ReleaseInput>): Promise<ReleaseHandle>;
}

export type ReleaseHandle = Awaited<ReturnType<SkippingTemporal['client']['workflow']['start']>>;

/** Runs one test in a world of its own; a wedged release can then hold up no other test. */
export async function withWorld<T>(world: World, act: (running: Running) => Promise<T>): Promise<T> {
  const env = await openSkippingTemporal();
  const clock = watchClock(env);
  try {
    const { operatorService } = env.connection;
    const names = Object.values(SEARCH_ATTRIBUTES);
    await operatorService.addSearchAttributes({
      namespace: 'default',
      searchAttributes: Object.fromEntries(names.map((name) => [name, 2])),
    });
    const common = { connection: env.nativeConnection, activities: world.activities };
    const worker = await Worker.create({
      ...common,
      taskQueue: 'shiplock',
      workflowBundle: await loadWorkflowBundle(),
    });
    const builds = await Worker.create({ ...common, taskQueue: buildQueue });
    const claims = await Worker.create({ ...common, taskQueue: 'shiplock-build' });
    const start = (plan: Plan, input: Partial<ReleaseInput> = {}) =>
      env.client.workflow.start(RELEASE_WORKFLOW, {
        workflowId: releaseId(plan),
        taskQueue: 'shiplock',
        args: [{ plan, ...input }],
        typedSearchAttributes: [
          {
            key: defineSearchAttributeKey(SEARCH_ATTRIBUTES.service, SearchAttributeType.KEYWORD),
            value: plan.service,
          },
        ],
      });
    const tells = await Worker.create({ ...common, taskQueue: 'shiplock-notify' });
    return await worker.runUntil(builds.runUntil(claims.runUntil(tells.runUntil(act({ env, start })))));
  } finally {
    clock.stop();
    await env.close();
  }
}

export function statusOf(handle: ReleaseHandle): Promise<ReleaseStatus> {
  return handle.query<ReleaseStatus>('status');
}

/**
 * Lets the skipping clock go on until the release waits for a person in this way; its status then.
 *
 * It looks at the search attribute instead of asking the release: a query that meets the end of a run that is carried
 * on in a new one leaves the test server's clock locked, which then goes no faster than any other.
 */
export async function untilWaitingFor(
  { env }: Running,
  handle: ReleaseHandle,
  kind: NonNullable<ReleaseStatus['waiting']>['kind'],
): Promise<ReleaseStatus> {
  const waitingFor = defineSearchAttributeKey(SEARCH_ATTRIBUTES.waitingFor, SearchAttributeType.KEYWORD);
  const { workflowId } = handle;
  for (let looks = 0; looks < 1_000; looks += 1) {
    const { typedSearchAttributes } = await env.client.workflow.getHandle(workflowId).describe();
    if (typedSearchAttributes.get(waitingFor) === kind) return statusOf(handle);
    await env.sleep(10_000);
  }
  throw new Error(`it never waited for a person as in ${kind}`);
}

/** Looks again, letting the skipping clock go on in steps of `stepMs`, until the status satisfies. */
export async function until(
  { env }: Running,
  handle: ReleaseHandle,
  holds: (status: ReleaseStatus) => boolean,
  stepMs = 10_000,
): Promise<ReleaseStatus> {
  for (let looks = 0; looks < 1_000; looks += 1) {
    const status = await statusOf(handle);
    if (holds(status)) return status;
    await env.sleep(stepMs);
  }
  throw new Error(`never: ${holds}; the last status was ${JSON.stringify(await statusOf(handle), null, 1)}`);
}
