/** A program the cluster is made of. */
export type ProgramName = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'kwok';

/** What tests want besides: Helm renders the chart of the workers, Argo's controller is driven by releases. */
export type ToolName = 'helm' | 'rollouts-controller';

/** What is built together, from one `go.mod` of ours. */
export type BuildName = 'etcd' | 'kubernetes' | 'kwok' | 'helm' | 'argo-rollouts';

export interface Program {
  readonly name: ProgramName | ToolName;
  /** The environment variable that names its executable. */
  readonly variable: string;
  /** Its version in the output of `--version`, or of what it wants to be asked. */
  readonly version: RegExp;
  readonly asks?: readonly string[];
  /** The oldest version taken from `KUBEBUILDER_ASSETS` or `PATH`: the one that tests were written on. */
  readonly minimum: string;
  readonly from: BuildName;
}

export interface Build {
  readonly name: BuildName;
  /** The version of its Go module, as `go.mod` has it. */
  readonly version: string;
  /** Go's names of what is built. */
  readonly packages: readonly string[];
  readonly programs: readonly (ProgramName | ToolName)[];
  /** For the linker: without it a program built from its module does not know its own version. */
  readonly versionVariable: string | null;
  /** On two cores with nothing cached. */
  readonly takes: string;
}

const kubernetes = (name: 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler', variable: string) =>
  ({ name, variable, version: /v(\d+\.\d+\.\d+)/, minimum: '1.37.0', from: 'kubernetes' }) as const;

export const programs: Readonly<Record<ProgramName | ToolName, Program>> = {
  // Before 3.5 it lacks the progress of watches, and every watch ends with an error.
  etcd: {
    name: 'etcd',
    variable: 'SHIPLOCK_ETCD',
    version: /Version: (\d+\.\d+\.\d+)/,
    minimum: '3.5.0',
    from: 'etcd',
  },
  'kube-apiserver': kubernetes('kube-apiserver', 'SHIPLOCK_KUBE_APISERVER'),
  'kube-controller-manager': kubernetes('kube-controller-manager', 'SHIPLOCK_KUBE_CONTROLLER_MANAGER'),
  'kube-scheduler': kubernetes('kube-scheduler', 'SHIPLOCK_KUBE_SCHEDULER'),
  kwok: { name: 'kwok', variable: 'SHIPLOCK_KWOK', version: /v(\d+\.\d+\.\d+)/, minimum: '0.8.0', from: 'kwok' },
  helm: {
    name: 'helm',
    variable: 'SHIPLOCK_HELM',
    version: /v(\d+\.\d+\.\d+)/,
    asks: ['version', '--short'],
    minimum: '3.18.0',
    from: 'helm',
  },
  'rollouts-controller': {
    name: 'rollouts-controller',
    variable: 'SHIPLOCK_ROLLOUTS_CONTROLLER',
    version: /v(\d+\.\d+\.\d+)/,
    minimum: '1.10.1',
    from: 'argo-rollouts',
  },
};

export const builds: Readonly<Record<BuildName, Build>> = {
  etcd: {
    name: 'etcd',
    version: '3.6.6',
    packages: ['.'],
    programs: ['etcd'],
    versionVariable: null,
    takes: 'about 1 minute',
  },
  kubernetes: {
    name: 'kubernetes',
    version: '1.37.2',
    packages: ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].map(
      (command) => `k8s.io/kubernetes/cmd/${command}`,
    ),
    programs: ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'],
    versionVariable: 'k8s.io/component-base/version.gitVersion',
    takes: '6 to 10 minutes',
  },
  kwok: {
    name: 'kwok',
    version: '0.8.0',
    packages: ['sigs.k8s.io/kwok/cmd/kwok'],
    programs: ['kwok'],
    versionVariable: null,
    takes: 'about 2 minutes',
  },
  helm: {
    name: 'helm',
    version: '3.22.0',
    packages: ['helm.sh/helm/v3/cmd/helm'],
    programs: ['helm'],
    versionVariable: 'helm.sh/helm/v3/internal/version.version',
    takes: 'about 2 minutes',
  },
  'argo-rollouts': {
    name: 'argo-rollouts',
    version: '1.10.1',
    packages: ['github.com/argoproj/argo-rollouts/cmd/rollouts-controller'],
    programs: ['rollouts-controller'],
    versionVariable: 'github.com/argoproj/argo-rollouts/utils/version.version',
    takes: '5 to 8 minutes',
  },
};
