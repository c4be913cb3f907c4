import type { ArgoTarget } from '../../../src/plan/target.ts';
import { writtenPlace } from '../../rollout/argo/admitted.ts';
import { look, mustBeDriven, rolloutAt } from '../../rollout/argo/look.ts';
import type { RolloutObject } from '../../rollout/argo/object.ts';
import type { Subject } from '../access.ts';
import { type KubernetesClient, kubernetesClusters } from '../client.ts';
import type { ClusterAccess } from '../credentials.ts';
import { lookAtCluster } from './cluster.ts';
import { type Look, lookAt, there } from './look.ts';
import { lookAtRights } from './rights.ts';

export interface ExamineRollout {
  readonly target: ArgoTarget;
  readonly access: ClusterAccess;
  /** Its metrics run Jobs there. */
  readonly runsJobs: boolean;
  /** Whose rights are looked at; absent: those by which the cluster is asked. */
  readonly subject?: Subject;
}

/**
 * As `examinePlace`, of a Rollout that its own controller drives: whether it is there and looked after, and whether the
 * release may do what it will ask for.
 */
export async function examineRollout({ target, access, runsJobs, subject }: ExamineRollout): Promise<readonly Look[]> {
  const cluster = await lookAtCluster(target.cluster, access);
  if (cluster.some(({ ok }) => !ok)) return cluster;
  const known = { [target.cluster]: access };
  const client = kubernetesClusters(known, { signal: () => undefined }).client(target.cluster);
  // Why it cannot be read is what the look at it says.
  const rollout = await client.get<RolloutObject>(rolloutAt(target)).catch(() => null);
  const place = rollout ? writtenPlace(target, rollout) : target;
  const looks = await Promise.all([
    lookAtRights(client, { ...place, runsJobs }, subject),
    lookAt(`Rollout ${target.rollout}`, () => lookOf(client, target)),
  ]);
  return [...cluster, ...looks.flat()];
}

async function lookOf(client: KubernetesClient, target: ArgoTarget): Promise<Look> {
  const looked = await look(client, target, new Map());
  mustBeDriven(looked, target);
  const { phase, because, version, steps, openPauses, pods } = looked.state;
  const stands = `${phase}${because && ` (${because})`} at ${version}, ${pods.available} of ${pods.wanted} pods available`;
  return there(`Rollout ${target.rollout}`, `${stands}; ${steps} steps, ${openPauses} that wait for a person`);
}
