import { MockActivityEnvironment } from '@temporalio/testing';
import {
  acquireFence,
  type KubernetesClusters,
  kubernetesClusters,
  type Made,
} from '../../activities/kubernetes/index.ts';
import { kubernetesWorkload } from '../../activities/workload/kubernetes/index.ts';
import type { WorkloadActivities } from '../../activities/workload/port.ts';
import type { KubernetesTarget } from '../../src/plan/target.ts';
import { SCALE } from '../fixtures/some-cluster-plan.ts';
import type { TestCluster } from './support/index.ts';
import { type Play, playing } from './support/workloads.ts';

export interface Stage {
  readonly workload: WorkloadActivities;
  readonly clusters: KubernetesClusters;
  readonly at: { readonly service: string; readonly place: KubernetesTarget };
  /** What the router says; the test's to set. */
  readonly weights: Record<string, number>;
  /** Versions that stableService was moved to. */
  readonly moved: (string | null)[];
  readonly requests: Made[];
  target(version: string, change?: Partial<KubernetesTarget>, play?: Play): KubernetesTarget;
  fence(holder: string): Promise<number>;
}

/** The adapter on a namespace of a real API server; who has traffic is what the test says. */
export function openStage(
  cluster: Pick<TestCluster, 'namespace' | 'kubeconfig' | 'context'>,
  options: Partial<KubernetesTarget> & {
    wrap?: (clusters: KubernetesClusters) => KubernetesClusters;
    signal?: () => AbortSignal;
  } = {},
): Stage {
  const { wrap = (clusters) => clusters, signal = () => undefined, ...fields } = options;
  const { namespace, kubeconfig, context } = cluster;
  const requests: Made[] = [];
  const access = { kubeconfig, context, namespaces: [namespace] };
  const made = (request: Made) => requests.push(request);
  const clusters = wrap(kubernetesClusters({ test: access }, { signal, made }));
  const weights: Record<string, number> = {};
  const moved: (string | null)[] = [];
  const target: Stage['target'] = (version, change = {}, play = {}) => ({
    platform: 'kubernetes',
    cluster: 'test',
    namespace,
    selector: { app: 'shop' },
    stableService: 'shop',
    canaryService: 'shop-canary',
    traffic: { kind: 'istio', virtualServices: [{ name: 'shop', routes: [] }] },
    replicas: 2,
    template: {
      metadata: { labels: { app: 'shop' }, annotations: playing(play) },
      spec: { containers: [{ name: 'app', image: `registry.example/shop:${version}` }] },
    },
    minReadySeconds: 0,
    readinessPath: '/ready',
    scale: SCALE,
    ...fields,
    ...change,
  });
  const workload = kubernetesWorkload({
    clusters,
    weightsOf: async () => weights,
    moveStable: async ({ stable }) => {
      moved.push(stable);
    },
  });
  const at = { service: 'shop', place: target('0') };
  const fence = (holder: string) => acquireFence(clusters.client('test'), { namespace, service: 'shop' }, holder);
  return { workload, clusters, at, weights, moved, requests, target, fence };
}

/** What waits heartbeats, and so needs to be an activity. */
export function inActivity<Result>(work: () => Promise<Result>): Promise<Result> {
  return new MockActivityEnvironment().run(work) as Promise<Result>;
}
