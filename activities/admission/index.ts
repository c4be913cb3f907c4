import { createHash } from 'node:crypto';
import { Context } from '@temporalio/activity';
import { kubernetesJobsOf, type Plan, planDigest, type Whereabouts, whereabouts } from '../../src/plan/index.ts';
import { type Confirmation, confirmationOf } from '../../src/validation/confirmation.ts';
import { laneId } from '../../workflows/messages.ts';
import { ownExecution } from '../attestation/index.ts';
import { starterOf } from '../attestation/starter.ts';
import type { WorkloadState } from '../workload/port.ts';
import { mustBeAllowed, validated } from './checked.ts';
import type { Admission, AdmissionActivities, AdmitRequest } from './port.ts';

/** What a release needs of its place beside the place itself. */
export interface PlaceUses {
  /** Its metrics run Jobs there. */
  readonly jobs: boolean;
  /** What its checklist asks of the router; `null`: nothing. */
  readonly confirmation: Confirmation | null;
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
  mustBeAllowed('plan', dependencies.policyRefusals(plan));
  const { client, info } = Context.current();
  const execution = { workflowId: ownExecution(info).workflowId, runId: firstRunId };
  const startedBy = await starterOf(client, execution, queuedBy && { lane: laneId(plan), queuedBy });
  const asked = whereabouts(plan);
  const uses = { jobs: kubernetesJobsOf(plan).length > 0, confirmation: confirmationOf(plan) };
  const fence = await dependencies.acquireFence(asked, firstRunId, uses);
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
