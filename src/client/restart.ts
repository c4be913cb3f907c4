import {
  LONGEST_REASON,
  LONGEST_RESTART_MS,
  RESTART_WORKFLOW,
  type RestartInput,
  restartId,
} from '../../workflows/restart-messages.ts';
import { ShiplockError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import { begin } from './begin.ts';
import { describe, type Execution } from './execution.ts';
import { compilePlan, type PlanOptions } from './plan.ts';
import type { Session } from './session.ts';
import { restartAttributes } from './words.ts';

export interface RestartManner {
  /** Why; recorded with the restart. */
  readonly reason?: string;
  /** After how long it ends, whatever is left. Default 30 minutes, at most 24 hours. */
  readonly deadlineMs?: number;
}

export interface RestartOptions extends RestartManner, Pick<PlanOptions, 'file' | 'environment'> {}

export interface RestartStarted {
  readonly id: string;
  readonly firstRunId: string;
  readonly service: string;
  readonly environment: string;
}

const NO_VERSION = 'latest';

/**
 * Restarts the pods of a service, as its release file says where they are.
 *
 * Fails with `SHIPLOCK_PLAN_INVALID`, `SHIPLOCK_PLATFORM_UNSUPPORTED` (the embedded platform has no pods), and with
 * `SHIPLOCK_RESTART_BUSY` where a restart of this service is going on.
 *
 * @example const { id } = await startRestart(session, { file: 'release.yaml', reason: 'a leak' });
 */
export async function startRestart(session: Session, options: RestartOptions): Promise<RestartStarted> {
  return restartPlan(session, await compileForRestart(options), options);
}

/**
 * A release file's plan, for what it says about the service; no version of it is released.
 *
 * @throws SHIPLOCK_PLAN_INVALID, SHIPLOCK_PLATFORM_UNSUPPORTED
 */
export async function compileForRestart({
  file,
  environment,
}: Pick<RestartOptions, 'file' | 'environment'>): Promise<Plan> {
  const { plan } = await compilePlan({ file, environment, version: NO_VERSION });
  if (plan.target.platform === 'local') throw noPods(plan.service);
  return plan;
}

/** The same from a plan that is compiled already. */
export async function restartPlan(
  session: Session,
  plan: Plan,
  { reason, deadlineMs }: RestartManner = {},
): Promise<RestartStarted> {
  if (deadlineMs !== undefined && (deadlineMs <= 0 || deadlineMs > LONGEST_RESTART_MS)) throw tooLong();
  const id = restartId(plan);
  const { service, environment } = plan;
  const input: RestartInput = {
    plan,
    ...(reason !== undefined && { reason: reason.slice(0, LONGEST_REASON) }),
    ...(deadlineMs !== undefined && { deadlineMs }),
  };
  const told = {
    typedSearchAttributes: restartAttributes(plan),
    memo: { startedBy: session.identity },
    staticSummary: `restart of ${service} in ${environment}`.slice(0, 200),
  };
  const firstRunId = await begin(session, { workflow: RESTART_WORKFLOW, id, input, told });
  if (firstRunId === null) throw busy(await describe(session, id));
  return { id, firstRunId, service, environment };
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
