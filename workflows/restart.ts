import { ApplicationFailureCategory } from '@temporalio/common';
import {
  ApplicationFailure,
  ContinueAsNew,
  continueAsNew,
  isCancellation,
  log,
  workflowInfo,
} from '@temporalio/workflow';
import type { BegunRestart, RestartProgress } from '../activities/restart/port.ts';
import { whereabouts } from '../src/plan/target.ts';
import { admitting, restarting } from './activities.ts';
import { problemOf } from './door.ts';
import {
  LONGEST_REASON,
  LONGEST_RESTART_MS,
  RESTART_DEADLINE_MS,
  type RestartInput,
  type RestartOutcome,
  type RestartStatus,
} from './restart-messages.ts';
import { type Shown, showRestart } from './restart-page.ts';
import { rootMessage } from './steps.ts';

/**
 * Replaces the pods of a service that run when it starts, also in the middle of a release, by pods of the same templates.
 * Whatever becomes of it, nothing has to be taken back.
 *
 * @throws ApplicationFailure with the last status as its detail: `SHIPLOCK_RESTART_UNFINISHED` at the deadline, the code of
 * the activity that failed, or `SHIPLOCK_PLAN_INVALID`. A cancellation ends it as cancelled.
 */
export async function restart(input: RestartInput): Promise<RestartStatus> {
  const shown = showRestart(input.resume?.status ?? opened(input));
  try {
    const begun = input.resume?.begun ?? (await begin(input, shown));
    const progress = await replace(input, begun, shown);
    if (progress.done) return ended(shown, 'restarted', progress.because);
    throw unfinished(ended(shown, 'unfinished', `not all pods are restarted: ${progress.because}`));
  } catch (error) {
    if (error instanceof ContinueAsNew || shown.status().outcome === 'unfinished') throw error;
    if (isCancellation(error)) {
      ended(shown, 'cancelled', `cancelled: ${shown.status().because}`);
      throw error;
    }
    throw refused(error, shown);
  }
}

async function begin({ plan }: RestartInput, { change }: Shown): Promise<BegunRestart> {
  const firstRunId = workflowInfo().firstExecutionRunId;
  const begun = await admitting('policy, and which pods there are').beginRestart({ plan, firstRunId });
  const { identity, principal } = begun.startedBy;
  const pods = begun.revisions.reduce((sum, revision) => sum + revision.pods.length, 0);
  change({ startedBy: principal ?? identity, pods, waitsFor: 'replacements' });
  return begun;
}

/** @returns what was last seen: it is done, or its time is up. */
async function replace(input: RestartInput, begun: BegunRestart, { status, change }: Shown): Promise<RestartProgress> {
  const { target } = input.plan;
  const { startedAt, deadline } = status();
  const [sinceMs, untilMs] = [Date.parse(startedAt), Date.parse(deadline)];
  const request = {
    ...whereabouts(input.plan),
    revisions: begun.revisions,
    sinceMs,
    untilMs,
    maxUnavailable: target.platform === 'kubernetes' ? target.scale.maxUnavailable : 1,
  };
  for (;;) {
    const { replaced, pods, waitsFor } = status();
    const act = restarting(`${replaced} of ${pods} pods replaced`, Math.max(0, untilMs - Date.now()));
    const progress = await act.restartPods({
      ...request,
      shown: { replaced, waitsFor: waitsFor ?? 'replacements' },
    });
    change({ because: progress.because, replaced: progress.replaced, waitsFor: progress.waitsFor });
    if (progress.done || Date.now() >= untilMs) return progress;
    if (workflowInfo().continueAsNewSuggested)
      await continueAsNew<typeof restart>({ ...input, resume: { status: status(), begun } });
  }
}

/** @throws ApplicationFailure for what is no plan, and no restart */
function opened(input: RestartInput): RestartStatus {
  const because = problemOf(input) ?? problemOfManner(input);
  if (because) throw atTheDoor(because);
  const { plan, reason = '', deadlineMs = RESTART_DEADLINE_MS } = input;
  const { workflowId, firstExecutionRunId, startTime } = workflowInfo();
  return {
    id: workflowId,
    firstRunId: firstExecutionRunId,
    service: plan.service,
    environment: plan.environment,
    reason,
    startedBy: null,
    startedAt: startTime.toISOString(),
    deadline: new Date(startTime.getTime() + deadlineMs).toISOString(),
    endedAt: null,
    outcome: null,
    because: '',
    pods: 0,
    replaced: 0,
    waitsFor: null,
  };
}

function problemOfManner({ reason = '', deadlineMs = RESTART_DEADLINE_MS }: RestartInput): string | null {
  if (typeof reason !== 'string' || reason.length > LONGEST_REASON) return 'its reason is no text of 1,000 characters';
  const isTime = Number.isInteger(deadlineMs) && deadlineMs > 0 && deadlineMs <= LONGEST_RESTART_MS;
  return isTime ? null : 'its deadline is no time up to 24 hours';
}

function atTheDoor(because: string): ApplicationFailure {
  return ApplicationFailure.create({
    message: `this is no restart: ${because}. Start one with \`shiplock restart\``,
    type: 'SHIPLOCK_PLAN_INVALID',
    nonRetryable: true,
  });
}

function ended({ status, change }: Shown, outcome: RestartOutcome, because: string): RestartStatus {
  change({ outcome, because, waitsFor: null, endedAt: new Date().toISOString() });
  log.info('restart ended', { outcome, because });
  return status();
}

function unfinished(status: RestartStatus): ApplicationFailure {
  return ApplicationFailure.create({
    message: status.because,
    type: 'SHIPLOCK_RESTART_UNFINISHED',
    nonRetryable: true,
    category: ApplicationFailureCategory.BENIGN,
    details: [status],
  });
}

/** What an activity failed of, which trying again does not mend; anything else is a fault of this code. */
function refused(error: unknown, shown: Shown): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  if (!cause) return error;
  const status = ended(shown, 'refused', rootMessage(error));
  const type = (cause instanceof ApplicationFailure && cause.type) || 'SHIPLOCK_RESTART_UNFINISHED';
  return ApplicationFailure.create({ message: status.because, type, nonRetryable: true, details: [status] });
}
