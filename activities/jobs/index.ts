import type { KubernetesClient, KubernetesClusters } from '../kubernetes/index.ts';
import { JOBS } from '../kubernetes/index.ts';
import { hasEnded, type Job } from './ending.ts';
import { isOf } from './ensure.ts';
import { follow } from './follow.ts';
import { jobName } from './manifest.ts';
import type { JobActivities } from './port.ts';

export interface JobDependencies {
  /** Whose requests end with the activity's cancellation. */
  readonly clusters: KubernetesClusters;
  /** Whose requests do not: a cancelled activity ends its Job by them. */
  readonly endings: KubernetesClusters;
}

/**
 * Metrics' Jobs in the namespaces of their releases.
 *
 * @example
 * const { runKubernetesJob } = createJobActivities({
 *   clusters: kubernetesClusters(policy.clusters, { signal: cancellationSignal }),
 *   endings: kubernetesClusters(policy.clusters, { signal: () => undefined }),
 * });
 */
export function createJobActivities({ clusters, endings }: JobDependencies): JobActivities {
  return {
    runKubernetesJob: (request) => {
      const { cluster } = request;
      return follow({ client: clusters.client(cluster), ending: endings.client(cluster) }, request);
    },
    async endKubernetesJobs({ service, cluster, namespace, readings }) {
      const client = clusters.client(cluster);
      for (const reading of readings) await end(client, namespace, jobName(service, reading), reading.key);
    },
  };
}

async function end(client: KubernetesClient, namespace: string, name: string, key: string): Promise<void> {
  const reference = { type: JOBS, namespace, name };
  const job = await client.get<Job>(reference);
  if (!job || hasEnded(job) || !isOf(job, key)) return;
  const { uid } = job.metadata;
  await client.remove(reference, uid ? { uid } : {});
}
