import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowExecutionAlreadyStartedError, WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, WorkflowNotFoundError } from '@temporalio/common';
import { DECISION_TIMEOUT_MS } from '../../workflows/messages.ts';
import {
  LONGEST_RESTART_MS,
  RESTART_WORKFLOW,
  type RestartInput,
  type RestartStatus,
  restartId,
} from '../../workflows/restart-messages.ts';
import { ShiplockError } from '../errors.ts';
import { describe, type Execution } from './execution.ts';
import { explain, isUnreachable } from './faults.ts';
import { compilePlan, type PlanOptions } from './plan.ts';
import { query } from './query.ts';
import { RPC_DEADLINE_MS, type Session, within } from './session.ts';
import { startAttributes } from './words.ts';

export interface RestartOptions extends Omit<PlanOptions, 'version' | 'autoPromote'> {
  /** Why; recorded with the restart. */
  readonly reason?: string;
  /** After how long it ends, whatever is left. Default 30 minutes, at most 24 hours. */
  readonly deadlineMs?: number;
}

export interface RestartStarted {
  readonly id: string;
  readonly firstRunId: string;
  readonly service: string;
  readonly environment: string;
}

/** What can be seen of a restart at one moment. */
export interface RestartSighting {
  readonly execution: Execution;
  /** Its own account; `null` where no worker answers. */
  readonly status: RestartStatus | null;
  /** What it says itself, or why it says nothing. */
  readonly because: string;
}

/** The release file is compiled for what it says about the service; no version of it is released. */
const NO_VERSION = 'latest';

/**
 * Restarts the pods of a service, as its release file says where they are.
 *
 * Fails with `SHIPLOCK_PLAN_INVALID`, `SHIPLOCK_PLATFORM_UNSUPPORTED` (the embedded platform has no pods), and with
 * `SHIPLOCK_RESTART_BUSY` where a restart of this service is going on.
 *
 * @example const { id } = await startRestart(session, { file: 'release.yaml', reason: 'a leak' });
 */
export async function startRestart(
  session: Session,
  { reason, deadlineMs, ...options }: RestartOptions,
): Promise<RestartStarted> {
  if (deadlineMs !== undefined && (deadlineMs <= 0 || deadlineMs > LONGEST_RESTART_MS)) throw tooLong();
  const { plan } = await compilePlan({ ...options, version: NO_VERSION });
  if (plan.target.platform === 'local') throw noPods(plan.service);
  const id = restartId(plan);
  const input: RestartInput = {
    plan,
    ...(reason !== undefined && { reason: reason.slice(0, 1_000) }),
    ...(deadlineMs !== undefined && { deadlineMs }),
  };
  const [service, environment] = startAttributes(plan);
  try {
    const handle = await within(session, RPC_DEADLINE_MS, () =>
      session.client.workflow.start(RESTART_WORKFLOW, {
        workflowId: id,
        taskQueue: session.taskQueue,
        workflowTaskTimeout: DECISION_TIMEOUT_MS,
        args: [input],
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
        typedSearchAttributes: [service, environment].filter((pair) => pair !== undefined),
        memo: { startedBy: session.identity },
        staticSummary: `restart of ${plan.service} in ${plan.environment}`.slice(0, 200),
      }),
    );
    return {
      id,
      firstRunId: handle.firstExecutionRunId,
      service: plan.service,
      environment: plan.environment,
    };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) throw busy(await describe(session, id));
    throw explain(error, session, id);
  }
}

/** The id of the restarts of a release file's service in its environment. */
export async function restartOf(options: Pick<RestartOptions, 'file' | 'environment'>): Promise<string> {
  const { plan } = await compilePlan({ ...options, version: NO_VERSION });
  return restartId(plan);
}

/** @throws SHIPLOCK_RESTART_UNKNOWN */
export async function sightRestart(session: Session, id: string): Promise<RestartSighting> {
  const execution = await describeRestart(session, id);
  const answer = await query<RestartStatus>(session, execution, 'status');
  if (answer.answered) return { execution, status: answer.value, because: answer.value.because };
  const status = execution.state === 'running' ? null : await lastStatus(session, execution);
  return { execution, status, because: status?.because ?? answer.because };
}

export interface RestartWaitOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly onSighting?: (sighting: RestartSighting) => void;
}

const LOOK_MS = 500;

/** Looks until it has ended; `null`: the wait was given up, and the restart goes on. */
export async function waitForRestart(
  session: Session,
  id: string,
  { signal, timeoutMs, onSighting }: RestartWaitOptions = {},
): Promise<RestartSighting | null> {
  const giveUpAt = timeoutMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + timeoutMs;
  while (!signal?.aborted && Date.now() < giveUpAt) {
    const seen = await sightRestart(session, id).catch((error: unknown) => {
      // Servers and workers restart meanwhile; what was asked for goes on.
      if (isUnreachable(error)) return null;
      throw error;
    });
    if (seen) onSighting?.(seen);
    if (seen && seen.execution.state !== 'running' && seen.execution.state !== 'continued') return seen;
    await delay(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
  return null;
}

/** Asks it to end: no further pod is evicted then. */
export async function cancelRestart(session: Session, id: string): Promise<void> {
  await describeRestart(session, id);
  try {
    await within(session, RPC_DEADLINE_MS, () => session.client.workflow.getHandle(id).cancel());
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return;
    throw explain(error, session, id);
  }
}

async function describeRestart(session: Session, id: string): Promise<Execution> {
  try {
    return await describe(session, id);
  } catch (error) {
    if (!(error instanceof ShiplockError) || error.code !== 'SHIPLOCK_RELEASE_UNKNOWN') throw error;
    throw new ShiplockError({
      code: 'SHIPLOCK_RESTART_UNKNOWN',
      message: `there is no restart ${id} in namespace "${session.namespace}" of ${session.address}`,
      mend: 'start one with `shiplock restart`',
      cause: error,
    });
  }
}

/** What a closed restart returned, or failed with. Needs no worker. */
async function lastStatus(session: Session, { id, runId }: Execution): Promise<RestartStatus | null> {
  try {
    return (await within(session, RPC_DEADLINE_MS, () =>
      session.client.workflow.getHandle(id, runId).result(),
    )) as RestartStatus;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw explain(error, session, id);
    const { cause } = error;
    const told = cause instanceof ApplicationFailure || cause instanceof CancelledFailure;
    return (told ? (cause.details?.[0] as RestartStatus | undefined) : undefined) ?? null;
  }
}

function busy({ id, startedBy, startedAt }: Execution): ShiplockError {
  return new ShiplockError({
    code: 'SHIPLOCK_RESTART_BUSY',
    message: `${id} is going on, started by ${startedBy ?? 'somebody'} at ${startedAt}`,
    mend: 'let it end, or end it with `shiplock restart --cancel`',
  });
}

function noPods(service: string): ShiplockError {
  return new ShiplockError({
    code: 'SHIPLOCK_PLATFORM_UNSUPPORTED',
    message: `${service} runs on the platform local, which has no pods to restart`,
    mend: 'name the release file of a service on kubernetes or argo',
  });
}

function tooLong(): ShiplockError {
  return new ShiplockError({
    code: 'SHIPLOCK_USAGE',
    message: 'a restart takes more than no time, and at most 24 hours',
    mend: 'for example --deadline 30m',
  });
}
