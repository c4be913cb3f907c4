/** AnalysisTemplates whose metric is a Job, which is played. */
import type { V1Job, V1Pod } from '@kubernetes/client-node';
import type { KubernetesJob } from '../../../src/plan/plan.ts';
import type { TestCluster } from './index.ts';
import { type Play, playing } from './workloads.ts';

export const SMOKE_IMAGE = 'registry.example/smoke:1';

/** One metric `smoke`: a Job of one pod that is played like this. */
export function smoke(
  name: string,
  play: Play,
  { metric = {}, spec = {} }: { readonly metric?: object; readonly spec?: object } = {},
) {
  return smokes(name, { name: 'smoke', play, spec, ...metric });
}

/** Several of them, each with Argo's fields of a metric. */
export function smokes(
  name: string,
  ...metrics: readonly { name: string; play: Play; spec?: object; [field: string]: unknown }[]
) {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisTemplate',
    metadata: { name },
    spec: {
      metrics: metrics.map(({ play, spec = {}, ...metric }) => ({
        ...metric,
        provider: { job: { spec: { ...jobSpec(play), ...spec } } },
      })),
    },
  };
}

function jobSpec(play: Play) {
  const containers = [{ name: 'smoke', image: SMOKE_IMAGE, command: ['smoke', '--all'] }];
  return {
    backoffLimit: 0,
    template: { metadata: { annotations: playing(play) }, spec: { restartPolicy: 'Never', containers } },
  };
}

/** The same as it stands in a plan. */
export function jobPlan(play: Play, seconds: number): KubernetesJob {
  const spec = { ...jobSpec(play), activeDeadlineSeconds: seconds, ttlSecondsAfterFinished: 3_600 };
  return { kind: 'kubernetesJob', spec, timeoutMs: seconds * 1_000 };
}

export const jobsIn = (cluster: TestCluster): Promise<readonly V1Job[]> =>
  cluster.list<V1Job>('batch/v1', 'Job', 'app.kubernetes.io/managed-by=shiplock');

/** Of Jobs, those that are going left out. */
export async function jobPodsIn(cluster: TestCluster): Promise<readonly V1Pod[]> {
  const pods = await cluster.list<V1Pod>('v1', 'Pod', 'shiplock.dev/release');
  return pods.filter(({ metadata }) => !metadata?.deletionTimestamp);
}
