/** A Rollout and what belongs to it, as far as it is read (argo-rollouts v1.10.1, `types.go`, `analysis_types.go`). */
import type { KubernetesObject, ResourceType } from '../../kubernetes/types.ts';

export const ROLLOUTS: ResourceType = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', plural: 'rollouts' };
export const ANALYSIS_RUNS: ResourceType = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisRun',
  plural: 'analysisruns',
};

export interface PodTemplate {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: {
    readonly containers?: readonly Container[];
    readonly initContainers?: readonly Container[];
  };
}

export interface Container {
  readonly name: string;
  readonly image?: string;
}

export interface RolloutObject extends KubernetesObject {
  readonly spec: {
    readonly replicas?: number;
    readonly paused?: boolean;
    /** RFC 3339: pods that are older are evicted. */
    readonly restartAt?: string;
    readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
    readonly progressDeadlineSeconds?: number;
    readonly rollbackWindow?: { readonly revisions?: number };
    readonly template?: PodTemplate;
    readonly workloadRef?: { readonly apiVersion?: string; readonly kind?: string; readonly name?: string };
    readonly strategy?: { readonly canary?: CanaryStrategy; readonly blueGreen?: BlueGreenStrategy };
  };
  readonly status?: RolloutStatus;
}

export interface CanaryStrategy {
  readonly stableService?: string;
  readonly canaryService?: string;
  readonly pingPong?: { readonly pingService?: string; readonly pongService?: string };
  readonly trafficRouting?: TrafficRouting;
  readonly analysis?: object;
  readonly steps?: readonly RolloutStep[];
}

export interface TrafficRouting {
  readonly istio?: {
    readonly virtualService?: { readonly name?: string };
    readonly virtualServices?: readonly { readonly name?: string }[];
    readonly destinationRule?: { readonly name?: string };
  };
  readonly plugins?: Readonly<Record<string, GatewayRoutes>>;
}

/** What Argo's plugin for the Gateway API is told. */
interface GatewayRoutes {
  readonly namespace?: string;
  readonly httpRoute?: string;
  readonly httpRoutes?: readonly { readonly name?: string }[];
  readonly grpcRoute?: string;
  readonly grpcRoutes?: readonly { readonly name?: string }[];
}

export interface BlueGreenStrategy {
  readonly activeService?: string;
  readonly previewService?: string;
  readonly autoPromotionEnabled?: boolean;
  readonly autoPromotionSeconds?: number;
  readonly prePromotionAnalysis?: object;
  readonly postPromotionAnalysis?: object;
}

/** One of its keys is set. */
export interface RolloutStep {
  readonly setWeight?: number;
  readonly pause?: { readonly duration?: number | string };
  readonly analysis?: { readonly templates?: readonly { readonly templateName?: string }[] };
  readonly experiment?: object;
  readonly setCanaryScale?: object;
  readonly setHeaderRoute?: { readonly name?: string };
  readonly setMirrorRoute?: { readonly name?: string };
  readonly plugin?: { readonly name?: string };
}

export interface RolloutStatus {
  readonly abort?: boolean;
  /** The last `restartAt` that is done. */
  readonly restartedAt?: string;
  readonly pauseConditions?: readonly { readonly reason: string; readonly startTime: string }[];
  readonly controllerPause?: boolean;
  readonly currentPodHash?: string;
  readonly currentStepIndex?: number;
  readonly stableRS?: string;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly availableReplicas?: number;
  readonly observedGeneration?: string;
  readonly workloadObservedGeneration?: string;
  readonly promoteFull?: boolean;
  readonly phase?: string;
  readonly message?: string;
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  readonly canary?: {
    readonly currentStepAnalysisRunStatus?: { readonly status: string };
    readonly weights?: { readonly canary: Destination; readonly stable: Destination };
  };
  readonly blueGreen?: {
    readonly activeSelector?: string;
  };
}

interface Destination {
  readonly weight: number;
  readonly podTemplateHash?: string;
}

export interface AnalysisRunObject extends KubernetesObject {
  readonly status?: {
    readonly phase?: string;
    readonly message?: string;
    readonly metricResults?: readonly {
      readonly name: string;
      readonly phase: string;
      readonly message?: string;
      readonly successful?: number;
      readonly failed?: number;
      readonly inconclusive?: number;
      readonly error?: number;
      readonly measurements?: readonly { readonly value?: string; readonly message?: string; readonly phase: string }[];
    }[];
  };
}

/** A ReplicaSet of the Rollout, or the Deployment that its `workloadRef` names. */
export interface TemplateHolder extends KubernetesObject {
  readonly spec?: { readonly template?: PodTemplate };
}

/** All that a look at a Rollout has read. */
export interface Seen {
  readonly rollout: RolloutObject;
  /** Absent: the Rollout has the pod template itself. */
  readonly workload?: TemplateHolder;
  /** Images of other pod templates than the present one, by Argo's hash. */
  readonly images: Readonly<Record<string, string>>;
  /** Those of the present pod template, oldest first. */
  readonly runs: readonly AnalysisRunObject[];
}
