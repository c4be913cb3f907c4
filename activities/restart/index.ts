import { Context } from '@temporalio/activity';
import { type Plan, planDigest, whereabouts } from '../../src/plan/index.ts';
import { mustBeAllowed, validated } from '../admission/checked.ts';
import { ownExecution } from '../attestation/index.ts';
import { starterOf } from '../attestation/starter.ts';
import type { BeginRestartRequest, BegunRestart, RestartActivities, RestartPlatform } from './port.ts';

export interface RestartDependencies {
  /** Why the worker's policy does not let this service be restarted where the plan says; empty where it does. */
  readonly restartRefusals: (plan: Plan) => readonly string[];
  /** SHA-256 of the policy, hex. */
  readonly policyDigest: string;
  readonly restart: RestartPlatform;
}

export function createRestartActivities(dependencies: RestartDependencies): RestartActivities {
  return {
    beginRestart: (request) => beginRestart(request, dependencies),
    restartPods: (request) => dependencies.restart.restartPods(request),
  };
}

async function beginRestart(
  { plan: sent, firstRunId }: BeginRestartRequest,
  { restartRefusals, policyDigest, restart }: RestartDependencies,
): Promise<BegunRestart> {
  const plan = validated(sent);
  mustBeAllowed('restart', restartRefusals(plan));
  const { client, info } = Context.current();
  const startedBy = await starterOf(client, { workflowId: ownExecution(info).workflowId, runId: firstRunId });
  const revisions = await restart.podsToRestart(whereabouts(plan));
  return { planDigest: planDigest(plan), policyDigest, startedBy, revisions };
}
