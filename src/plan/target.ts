/** Where a service runs, and where its traffic is split. Plain data, as all of the plan. */

export type Target = LocalTarget | KubernetesTarget | ArgoTarget;

/** Revisions are processes of this machine, behind the embedded Envoy. */
export interface LocalTarget {
  readonly platform: 'local';
  /** Argument list, no shell. `{{version}}` stands for the released version. */
  readonly command: readonly string[];
  /** Absolute working directory of the processes. */
  readonly directory: string;
  /** Extra environment; `{{version}}` is filled. `PORT`, `SERVICE_VERSION`, `DEPLOYMENT_TYPE` come from the platform. */
  readonly environment: Readonly<Record<string, string>>;
  readonly replicas: number;
  /** HTTP path that answers 200 once a replica can serve, for example `/ready`. */
  readonly readinessPath: string;
  /** The names under which Prometheus sees the two sides (label `service`), as in Argo's strategy. */
  readonly stableService: string;
  readonly canaryService: string;
}

/**
 * Where the requests of a release to its platform go. The activities of a release on Kubernetes are given it with every
 * request; it is small, where the target has a whole pod template.
 */
export interface KubernetesPlace {
  readonly platform: 'kubernetes';
  /** A cluster that the worker's policy knows by this name. */
  readonly cluster: string;
  readonly namespace: string;
  /** Labels of the pods of every revision; each revision adds one of its own. */
  readonly selector: Readonly<Record<string, string>>;
  /** Services, whose selectors the engine moves between revisions; also the names under which Prometheus sees the sides. */
  readonly stableService: string;
  readonly canaryService: string;
  readonly traffic: TrafficPlan;
  /** What carries the service before its first release by the engine; absent: nothing does. */
  readonly adopts?: AdoptedWorkload;
}

/** Revisions are ReplicaSets of one namespace, beside each other. */
export interface KubernetesTarget extends KubernetesPlace {
  /** Of the stable side; the canary's are derived from it. 1..1000. */
  readonly replicas: number;
  /** A whole PodTemplateSpec as JSON, its image that of the version. */
  readonly template: JsonObject;
  /** Its own copy for each revision, so that going back also goes back to the old one. */
  readonly configMaps?: readonly ConfigMapPlan[];
  readonly minReadySeconds: number;
  /** HTTP path that answers 200 once a pod can serve: that of the template's readiness probe, or `/ready`. */
  readonly readinessPath: string;
  readonly scale: ScalePlan;
  /** Labels and annotations that live pods carry for as long as they have the role. */
  readonly roleMetadata?: { readonly canary?: MetadataPlan; readonly stable?: MetadataPlan };
  /** Pods of the canary keep away from nodes with those of the stable side. */
  readonly antiAffinity?: { readonly kind: 'required' } | { readonly kind: 'preferred'; readonly weight: number };
}

/** Where a Rollout is that a controller of its own drives. */
export interface ArgoPlace {
  readonly platform: 'argo';
  /** A cluster that the worker's policy knows by this name. */
  readonly cluster: string;
  readonly namespace: string;
  /** Name of an existing Rollout (argoproj.io/v1alpha1). */
  readonly rollout: string;
  /** The container of its pods whose image carries the version. */
  readonly container: string;
}

/**
 * Argo Rollouts' own controller owns the pods and the routes; a release sets an image, follows what the controller
 * makes of it, and answers where it asks.
 */
export interface ArgoTarget extends ArgoPlace {
  /** The image without tag and digest, as the Rollout names it; the version is the tag. */
  readonly repository: string;
  /** HTTP path that answers 200 once a pod can serve. */
  readonly readinessPath: string;
  /** The names under which Prometheus sees the two sides: the Rollout's Services. */
  readonly stableService: string;
  readonly canaryService: string;
  /** A pause of the Rollout without an end, or one that an inconclusive analysis made, unanswered: back. */
  readonly pauseDeadlineMs: number;
  readonly inconclusiveDeadlineMs: number;
  /** The whole rollout, from the image to all traffic; then the release goes back. */
  readonly deadlineMs: number;
}

/** An existing Deployment: its pods serve until the first release has replaced them, and are never restarted. */
export interface AdoptedWorkload {
  readonly kind: 'Deployment';
  readonly name: string;
  /** When it is scaled to zero; it is never deleted. Argo's `workloadRef.scaleDown`. */
  readonly scaleDown: 'never' | 'onsuccess' | 'progressively';
}

export interface ConfigMapPlan {
  /** As the pod template names it; each revision's copy has the revision's id behind it. */
  readonly name: string;
  readonly data: Readonly<Record<string, string>>;
}

export interface MetadataPlan {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Who splits the requests. */
export type TrafficPlan = IstioTraffic | GatewayTraffic | ReplicaTraffic;

/** Weights in VirtualServices (networking.istio.io/v1). */
export interface IstioTraffic {
  readonly kind: 'istio';
  readonly virtualServices: readonly VirtualServicePlan[];
  /** Subsets of one host instead of two hosts. */
  readonly destinationRule?: { readonly name: string; readonly canarySubset: string; readonly stableSubset: string };
  /** Routes that header and mirror steps may make, in order of precedence. Argo's `managedRoutes`. */
  readonly managedRoutes?: readonly string[];
  /** The two Services change roles at each promotion, instead of the stable one's selector. Argo's `pingPong`. */
  readonly pingPong?: true;
}

export interface VirtualServicePlan {
  readonly name: string;
  /** Names of HTTP routes; empty: the only one. */
  readonly routes: readonly string[];
  readonly tlsRoutes?: readonly PortRoute[];
  readonly tcpRoutes?: readonly PortRoute[];
}

/** A TLS or TCP route is found by what it matches. */
export interface PortRoute {
  readonly port?: number;
  readonly sniHosts?: readonly string[];
}

/** Weights in routes of the Gateway API (gateway.networking.k8s.io/v1). */
export interface GatewayTraffic {
  readonly kind: 'gateway';
  readonly routes: readonly { readonly kind: 'HTTPRoute' | 'GRPCRoute'; readonly name: string }[];
  readonly managedRoutes?: readonly string[];
  /** As in `IstioTraffic`. */
  readonly pingPong?: true;
}

/** No router: the share of the pods is the share of the requests, through a Service that selects both sides. */
export interface ReplicaTraffic {
  readonly kind: 'replicas';
}

/** How far the number of pods may be from `replicas` while it changes: a number of pods, or percent (`25%`). */
export interface SurgePlan {
  readonly replicas: number;
  readonly maxSurge: number | `${number}%`;
  readonly maxUnavailable: number | `${number}%`;
}

/** How many pods each side has; Argo's fields and defaults (argo-rollouts `types.go`, `defaults.go`). */
export interface ScalePlan {
  /** These two only without a router. */
  readonly maxSurge: SurgePlan['maxSurge'];
  readonly maxUnavailable: SurgePlan['maxUnavailable'];
  /** The stable side shrinks as the canary grows. Only with a router. */
  readonly dynamicStableScale: boolean;
  /** Never fewer on either side that has traffic. Only with a router. */
  readonly minPodsPerReplicaSet: number;
  /** How long an aborted canary stays before it is removed; `null`: for ever (Argo's 0). */
  readonly abortScaleDownDelayMs: number | null;
}

/** How many pods the canary has whatever its weight, from a step on (Argo's `setCanaryScale`). */
export type CanaryScale =
  | { readonly kind: 'replicas'; readonly replicas: number }
  /** As many as this weight (percent) would have. */
  | { readonly kind: 'weight'; readonly weight: number }
  | { readonly kind: 'matchTrafficWeight' };

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** Which service, and where: what every request to a platform carries. */
export interface Whereabouts {
  readonly service: string;
  /** Absent on the embedded platform, which knows everything by the service's name. */
  readonly place?: Place;
}

export type Place = KubernetesPlace | ArgoPlace;

/** @example `whereabouts(plan)` is `{ service: 'shop' }` for the embedded platform. */
export function whereabouts({ service, target }: { readonly service: string; readonly target: Target }): Whereabouts {
  const place = placeOf(target);
  return place ? { service, place } : { service };
}

function placeOf(target: Target): Place | undefined {
  switch (target.platform) {
    case 'local':
      return undefined;
    case 'kubernetes': {
      const { platform, cluster, namespace, selector, stableService, canaryService, traffic, adopts } = target;
      return {
        platform,
        cluster,
        namespace,
        selector,
        stableService,
        canaryService,
        traffic,
        ...(adopts && { adopts }),
      };
    }
    case 'argo': {
      const { platform, cluster, namespace, rollout, container } = target;
      return { platform, cluster, namespace, rollout, container };
    }
    default:
      return target satisfies never;
  }
}
