import { createHash } from 'node:crypto';
import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { ShiplockError } from '../../src/errors.ts';
import {
  kubernetesJobsOf,
  type Plan,
  planDigest,
  validatePlan,
  type Whereabouts,
  whereabouts,
} from '../../src/plan/index.ts';
import { laneId } from '../../workflows/messages.ts';
import { historyOf } from '../attestation/history.ts';
import { ownExecution } from '../attestation/index.ts';
import { personOf } from '../attestation/person.ts';
import { failure } from '../failure.ts';
import type { WorkloadState } from '../workload/port.ts';
import type { Admission, AdmissionActivities, AdmitRequest } from './port.ts';

/** What a release needs of its place beside the place itself. */
export interface PlaceUses {
  /** Its metrics run Jobs there. */
  readonly jobs: boolean;
}

export interface AdmissionDependencies {
  /** Why the worker's policy does not carry a plan; empty where it does. */
  readonly policyRefusals: (plan: Plan) => readonly string[];
  /** SHA-256 of the policy, hex. */
  readonly policyDigest: string;
  /** The platform's next fencing number of a service; the same holder gets the same again. */
  readonly acquireFence: (request: Whereabouts, holder: string, uses: PlaceUses) => Promise<number>;
  readonly describeWorkload: (request: Whereabouts) => Promise<WorkloadState>;
}

/** The first thing a release does: nothing is believed of a plan because a client sent it. */
export function createAdmissionActivities(dependencies: AdmissionDependencies): AdmissionActivities {
  return { admit: (request) => admit(request, dependencies) };
}

async function admit(
  { plan: sent, firstRunId, queuedBy }: AdmitRequest,
  dependencies: AdmissionDependencies,
): Promise<Admission> {
  const plan = validated(sent);
  const refusals = dependencies.policyRefusals(plan);
  if (refusals.length > 0) {
    throw failure(
      {
        code: 'SHIPLOCK_POLICY_REFUSED',
        message: `the worker's policy refuses this plan: ${refusals.join('; ')}`,
        mend: 'change the release, or have the policy allow it',
      },
      { retry: 'never' },
    );
  }
  const { client, info } = Context.current();
  const execution = { workflowId: ownExecution(info).workflowId, runId: firstRunId };
  const startedBy = await starter(client, execution, queuedBy && { lane: laneId(plan), queuedBy });
  const asked = whereabouts(plan);
  const fence = await dependencies.acquireFence(asked, firstRunId, { jobs: kubernetesJobsOf(plan).length > 0 });
  const before = await dependencies.describeWorkload(asked);
  const digest = planDigest(plan);
  return {
    planDigest: digest,
    binding: bindingOf(digest, firstRunId),
    policyDigest: dependencies.policyDigest,
    fence,
    before,
    startedBy,
  };
}

/** Eight hex digits that differ for every release, also of the same plan. */
export function bindingOf(digest: string, firstRunId: string): string {
  return createHash('sha256').update(`${digest}${firstRunId}`).digest('hex').slice(0, 8);
}

function validated(sent: unknown): Plan {
  try {
    return validatePlan(sent);
  } catch (error) {
    if (!(error instanceof ShiplockError)) throw error;
    throw failure(
      { code: 'SHIPLOCK_PLAN_INVALID', message: error.message, mend: error.mend, cause: error },
      { retry: 'never' },
    );
  }
}

/**
 * Who started the release stands in the first event of its first run, which no client can write. Where the lane
 * started it, the lane says who asked.
 */
async function starter(
  client: Client,
  execution: { workflowId: string; runId: string },
  queued: { lane: string; queuedBy: Admission['startedBy'] } | undefined,
): Promise<Admission['startedBy']> {
  for await (const event of historyOf(client, execution, { pageSize: 1 })) {
    const started = event.workflowExecutionStartedEventAttributes;
    if (queued && started?.parentWorkflowExecution?.workflowId === queued.lane) return queued.queuedBy;
    const { identity, principal } = personOf({ identity: started?.identity, principal: event.principal });
    return { identity, principal };
  }
  throw failure(
    { code: 'SHIPLOCK_ATTESTATION_MISSING', message: `the history of ${execution.workflowId} has no events` },
    { retry: 'later' },
  );
}
