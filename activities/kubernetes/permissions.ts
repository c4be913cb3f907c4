import type { ArgoPlace, KubernetesPlace } from '../../src/plan/target.ts';

/** What a release may ask of a cluster, by what it is for; the names are those of `features` in the chart's values. */
export type Feature =
  | 'revisions'
  | 'adoption'
  | 'istio'
  | 'gateway'
  | 'autoscaling'
  | 'keda'
  | 'jobs'
  | 'argo'
  | 'restart';

export type Verb = 'get' | 'list' | 'create' | 'update' | 'patch' | 'delete';

/** One rule of a Role. */
export interface Permission {
  /** Empty: the core group. */
  readonly group: string;
  /** In the plural, with the subresource behind a slash. */
  readonly resource: string;
  readonly verbs: readonly Verb[];
  /** What the engine does with it. */
  readonly why: string;
  /** Who lacks it does without. */
  readonly optional?: true;
}

/** Everything the engine asks of an API server. The chart's Roles are made of this list, and `doctor` asks for it. */
export const PERMISSIONS: Readonly<Record<Feature, readonly Permission[]>> = {
  revisions: [
    {
      group: 'apps',
      resource: 'replicasets',
      verbs: ['get', 'list', 'create', 'patch', 'delete'],
      why: 'each revision is a ReplicaSet of its own',
    },
    {
      group: '',
      resource: 'pods',
      verbs: ['list', 'patch'],
      why: 'whether they are ready, or why not; their role label',
    },
    {
      group: '',
      resource: 'configmaps',
      verbs: ['get', 'create', 'update', 'patch', 'delete'],
      why: "the lease of the service, and each revision's copies",
    },
    { group: '', resource: 'services', verbs: ['get', 'patch'], why: 'their selector names the revision' },
    {
      group: 'discovery.k8s.io',
      resource: 'endpointslices',
      verbs: ['list'],
      why: 'a Service must show ready pods of the revision before it is given weight',
    },
    {
      group: 'autoscaling',
      resource: 'horizontalpodautoscalers',
      verbs: ['list'],
      why: 'whether one scales the service',
    },
    { group: 'keda.sh', resource: 'scaledobjects', verbs: ['list'], why: 'whether one scales the service' },
    {
      group: 'argoproj.io',
      resource: 'rollouts',
      verbs: ['list'],
      why: "whether Argo's controller owns what the release writes",
    },
    { group: '', resource: 'events', verbs: ['list'], why: 'what a readiness probe met', optional: true },
  ],
  adoption: [
    {
      group: 'apps',
      resource: 'deployments',
      verbs: ['get', 'patch'],
      why: 'what runs before the first release; only the number of its pods is changed',
    },
  ],
  istio: [
    {
      group: 'networking.istio.io',
      resource: 'virtualservices',
      verbs: ['get', 'patch'],
      why: 'the weights of the named routes',
    },
    {
      group: 'networking.istio.io',
      resource: 'destinationrules',
      verbs: ['get', 'patch'],
      why: 'subsets, where the release names a DestinationRule',
    },
  ],
  gateway: [
    {
      group: 'gateway.networking.k8s.io',
      resource: 'httproutes',
      verbs: ['get', 'patch'],
      why: 'the weights of the named routes, and whether the router accepted them',
    },
    {
      group: 'gateway.networking.k8s.io',
      resource: 'grpcroutes',
      verbs: ['get', 'patch'],
      why: 'the weights of the named routes, and whether the router accepted them',
    },
  ],
  autoscaling: [
    {
      group: 'autoscaling',
      resource: 'horizontalpodautoscalers',
      verbs: ['get', 'patch'],
      why: "held during a release, so that the canary's load does not scale the stable side",
    },
  ],
  keda: [
    {
      group: 'keda.sh',
      resource: 'scaledobjects',
      verbs: ['get', 'patch'],
      why: "held during a release, so that the canary's load does not scale the stable side",
    },
  ],
  jobs: [
    {
      group: 'batch',
      resource: 'jobs',
      verbs: ['get', 'create', 'delete'],
      why: 'metrics whose provider is a job',
    },
    { group: '', resource: 'pods', verbs: ['list'], why: 'how the containers of a Job ended, or what holds them up' },
    { group: '', resource: 'events', verbs: ['list'], why: 'why a Job has no pods', optional: true },
  ],
  argo: [
    {
      group: 'argoproj.io',
      resource: 'rollouts',
      verbs: ['get', 'patch'],
      why: "the image, and what Argo's controller makes of it",
    },
    {
      group: 'argoproj.io',
      resource: 'rollouts/status',
      verbs: ['patch'],
      why: "promote, abort and retry, as Argo's own plugin does",
    },
    {
      group: 'argoproj.io',
      resource: 'analysisruns',
      verbs: ['list'],
      why: 'what its analyses measured, and why they fail',
    },
    { group: 'apps', resource: 'replicasets', verbs: ['get'], why: 'which images its revisions have' },
    { group: '', resource: 'configmaps', verbs: ['get', 'create', 'update'], why: 'the lease of the service' },
    {
      group: 'apps',
      resource: 'deployments',
      verbs: ['get', 'patch'],
      why: 'the image, where the Rollout has a workloadRef',
      optional: true,
    },
  ],
  restart: [
    {
      group: '',
      resource: 'pods/eviction',
      verbs: ['create'],
      why: '`shiplock restart`: each pod goes as its PodDisruptionBudget allows',
    },
    { group: '', resource: 'pods', verbs: ['list'], why: 'which there are, and whether those that came are available' },
    { group: 'apps', resource: 'replicasets', verbs: ['list'], why: 'how many pods each revision shall have' },
    { group: '', resource: 'configmaps', verbs: ['get'], why: 'the lease of the service says which one is stable' },
  ],
};

/** A Rollout of Argo's controller, which the release drives. */
export interface RolloutPlace extends Pick<ArgoPlace, 'platform' | 'cluster' | 'namespace' | 'rollout'> {
  /** The Deployment that its `workloadRef` names, which has the image then. */
  readonly workload?: string;
}

/** Where a release writes, as far as its rights are concerned. */
export type WrittenPlace = (KubernetesPlace | RolloutPlace) & {
  /** Its metrics run Jobs there. */
  readonly runsJobs?: boolean;
};

/** Which features a release to this place uses. */
export function featuresOf(place: WrittenPlace): readonly Feature[] {
  const jobs = place.runsJobs ? (['jobs'] as const) : [];
  switch (place.platform) {
    case 'kubernetes':
      return ['revisions', ...(place.adopts ? (['adoption'] as const) : []), ...ROUTERS[place.traffic.kind], ...jobs];
    case 'argo':
      return ['argo', ...jobs];
    default:
      return place satisfies never;
  }
}

const ROUTERS: Readonly<Record<KubernetesPlace['traffic']['kind'], readonly Feature[]>> = {
  istio: ['istio'],
  gateway: ['gateway'],
  replicas: [],
};
