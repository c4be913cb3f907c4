import type { KubernetesTarget } from '../../../src/plan/target.ts';
import type { Confirmation } from '../../../src/validation/confirmation.ts';
import { lookAtConfirmation } from '../../traffic/kubernetes/confirmation.ts';
import { lookAtTraffic } from '../../traffic/kubernetes/look.ts';
import { releasedBefore } from '../../workload/kubernetes/stable.ts';
import type { Subject } from '../access.ts';
import { kubernetesClusters } from '../client.ts';
import type { ClusterAccess } from '../credentials.ts';
import { lookAtCluster } from './cluster.ts';
import type { Look } from './look.ts';
import { lookAtRights } from './rights.ts';
import { lookAtWorkload } from './workload.ts';

export { type Subject, subjectOf } from '../access.ts';
export type { Look } from './look.ts';
export { examineRollout } from './rollout.ts';

export interface ExaminePlace {
  readonly target: KubernetesTarget;
  /** The service of the release file. */
  readonly service: string;
  readonly access: ClusterAccess;
  /** Its metrics run Jobs there. */
  readonly runsJobs: boolean;
  /** What its checklist asks of the router; `null`: nothing. */
  readonly confirmation: Confirmation | null;
  /** Whether the policy names counters of the router for the cluster; `null`: no policy was named. */
  readonly counted: boolean | null;
  /** Whose rights are looked at; absent: those by which the cluster is asked. */
  readonly subject?: Subject;
}

/**
 * Looks at all that a release finds in its cluster, as the adapters would: whether the API server answers, whether the
 * release may do what it will ask for, and whether Services, routes and workloads are as it needs them. Changes nothing,
 * and never throws.
 */
export async function examinePlace({
  target,
  service,
  access,
  runsJobs,
  confirmation,
  counted,
  subject,
}: ExaminePlace): Promise<readonly Look[]> {
  const cluster = await lookAtCluster(target.cluster, access);
  // Everything else would say the same.
  if (cluster.some(({ ok }) => !ok)) return cluster;
  const known = { [target.cluster]: access };
  const client = kubernetesClusters(known, { signal: () => undefined }).client(target.cluster);
  const before = () => releasedBefore(client, target, service);
  const looks = await Promise.all([
    lookAtRights(client, { ...target, runsJobs }, subject),
    lookAtWorkload(client, target, service, subject),
    lookAtTraffic(client, target),
    confirmation ? lookAtConfirmation(client, target, { confirmation, counted, before }) : [],
  ]);
  return [...cluster, ...looks.flat()];
}
