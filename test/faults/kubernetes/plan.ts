import type { KubernetesTarget, Plan } from '../../../src/plan/plan.ts';
import { CLUSTER } from '../../cluster/support/engine.ts';
import { playing } from '../../cluster/support/workloads.ts';
import { SCALE } from '../../fixtures/some-cluster-plan.ts';
import { type Canary, stepsOf } from '../kinds.ts';
import { CANARY, shortPlanFor } from '../plan.ts';

export const stableOf = (service: string): string => `${service}-stable`;
export const canaryOf = (service: string): string => `${service}-canary`;
/** The ConfigMap of the plan, of which each revision has a copy. */
export const SETTINGS = 'settings';

interface Place {
  readonly service: string;
  readonly namespace: string;
  readonly folder: string;
}

export function clusterPlan(kind: Canary, place: Place): Plan & { readonly target: KubernetesTarget } {
  return shortPlanFor(targetOf(place, CANARY), { ...place, steps: stepsOf(kind) });
}

/** Two pods a side, whose processes answer behind a router. */
export function targetOf({ service, namespace }: Place, version: string): KubernetesTarget {
  return {
    platform: 'kubernetes',
    cluster: CLUSTER,
    namespace,
    selector: { app: service },
    stableService: stableOf(service),
    canaryService: canaryOf(service),
    traffic: { kind: 'gateway', routes: [{ kind: 'HTTPRoute', name: service }] },
    replicas: 2,
    template: {
      metadata: { labels: { app: service }, annotations: playing({ served: 'true' }) },
      spec: {
        containers: [
          {
            name: 'app',
            image: `registry.example/app:${version}`,
            ports: [{ containerPort: 3000 }],
            envFrom: [{ configMapRef: { name: SETTINGS } }],
            // A router hears of a pod's end only after the pod does.
            lifecycle: { preStop: { sleep: { seconds: 3 } } },
          },
        ],
      },
    },
    configMaps: [{ name: SETTINGS, data: { greeting: version } }],
    minReadySeconds: 0,
    readinessPath: '/ready',
    scale: SCALE,
  };
}
