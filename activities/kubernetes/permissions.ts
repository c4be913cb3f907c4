import type { KubernetesPlace } from '../../src/plan/target.ts';

/** What a release may ask of a cluster, by what it is for; the names are those of `features` in the chart's values. */
export type Feature = 'revisions' | 'adoption' | 'istio' | 'gateway' | 'autoscaling' | 'keda' | 'jobs' | 'argo';

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
}

/** Everything the engine asks of an API server. The chart's Roles are made of this list, and `doctor` asks for it. */
export const PERMISSIONS: Readonly<Record<Feature, readonly Permission[]>> = {
  revisions: [
    {
      group: 'apps',
      resource: 'replicasets',
      verbs: ['get', 'list', 'create', 'update', 'patch', 'delete'],
      why: 'each revision is a ReplicaSet of its own',
    },
    { group: '', resource: 'pods', verbs: ['get', 'list', 'patch'], why: 'readiness and its reasons; the role label' },
    {
      group: '',
      resource: 'configmaps',
      verbs: ['get', 'list', 'create', 'update', 'patch', 'delete'],
      why: "the lease, and each revision's copies",
    },
    { group: '', resource: 'services', verbs: ['get', 'patch'], why: 'the selector names the revision' },
    {
      group: 'discovery.k8s.io',
      resource: 'endpointslices',
      verbs: ['list'],
      why: 'a Service must show ready pods of the revision before it is given weight',
    },
  ],
  adoption: [
    {
      group: 'apps',
      resource: 'deployments',
      verbs: ['get', 'patch'],
      why: 'what runs before the first release; it is scaled down after it, never changed otherwise',
    },
  ],
  istio: [
    {
      group: 'networking.istio.io',
      resource: 'virtualservices',
      verbs: ['get', 'patch'],
      why: 'the two weights of the named routes',
    },
    {
      group: 'networking.istio.io',
      resource: 'destinationrules',
      verbs: ['get', 'patch'],
      why: 'the subsets, where the release names them',
    },
  ],
  gateway: [
    {
      group: 'gateway.networking.k8s.io',
      resource: 'httproutes',
      verbs: ['get', 'patch'],
      why: 'the two weights of the named routes, and whether the router accepted them',
    },
    { group: 'gateway.networking.k8s.io', resource: 'grpcroutes', verbs: ['get', 'patch'], why: 'the same' },
  ],
  autoscaling: [
    {
      group: 'autoscaling',
      resource: 'horizontalpodautoscalers',
      verbs: ['get', 'list', 'patch'],
      why: "held during a release, so that the canary's load does not scale the stable side",
    },
  ],
  keda: [{ group: 'keda.sh', resource: 'scaledobjects', verbs: ['get', 'list', 'patch'], why: 'the same, of KEDA' }],
  jobs: [{ group: 'batch', resource: 'jobs', verbs: ['get', 'create', 'delete'], why: 'metrics of the provider job' }],
  argo: [
    {
      group: 'argoproj.io',
      resource: 'rollouts',
      verbs: ['get', 'patch'],
      why: "the image, and following Argo's controller",
    },
    {
      group: 'argoproj.io',
      resource: 'rollouts/status',
      verbs: ['patch'],
      why: 'promote, abort and retry, as its plugin does',
    },
    { group: 'argoproj.io', resource: 'analysisruns', verbs: ['get', 'list'], why: 'what its analyses say' },
    { group: 'apps', resource: 'replicasets', verbs: ['get', 'list'], why: 'the revisions that it made' },
  ],
};

/** Which features a release to this place uses. */
export function featuresOf({ traffic, adopts }: KubernetesPlace): readonly Feature[] {
  const router: Readonly<Record<KubernetesPlace['traffic']['kind'], readonly Feature[]>> = {
    istio: ['istio'],
    gateway: ['gateway'],
    replicas: [],
  };
  return ['revisions', ...(adopts ? (['adoption'] as const) : []), ...router[traffic.kind]];
}

/** The rules of all these features, each verb once. */
export function permissionsOf(features: readonly Feature[]): readonly Permission[] {
  const rules = new Map<string, Permission>();
  for (const rule of features.flatMap((feature) => PERMISSIONS[feature])) {
    const key = `${rule.group}/${rule.resource}`;
    const known = rules.get(key);
    rules.set(key, known ? { ...known, verbs: [...new Set([...known.verbs, ...rule.verbs])] } : rule);
  }
  return [...rules.values()];
}
