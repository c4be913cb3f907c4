/** What a release does about a Rollout of Argo's, whose steps stand in the cluster alone. */
import type { ArgoTarget, Plan } from '../plan.ts';
import { type Row, row } from './row.ts';
import { within } from './words.ts';

export function drivenRows({ version, canary }: Plan, target: ArgoTarget): Row[] {
  const { container, rollout, repository, pauseDeadlineMs, inconclusiveDeadlineMs, deadlineMs } = target;
  const sets = `sets container ${container} of Rollout ${rollout} to ${repository}:${version}`;
  return [
    row(0, 'canary', sets, within(canary.readyDeadlineMs)),
    row(0, 'canary', "Argo's controller takes the Rollout's own steps", within(deadlineMs)),
    row(null, 'canary', 'a pause without an end asks a person', within(pauseDeadlineMs)),
    row(null, 'canary', 'an inconclusive analysis asks a person', within(inconclusiveDeadlineMs)),
    row(null, 'canary', 'aborted or degraded by the controller', 'then back'),
  ];
}
