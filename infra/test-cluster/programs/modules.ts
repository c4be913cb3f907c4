/** A Go module that something is taken from as it is; nothing of it is built or committed. */
export interface Module {
  readonly path: string;
  readonly version: string;
  /** Of the module's zip, as `go.sum` would have it. */
  readonly sum: string;
  /** Where its custom resource definitions are. */
  readonly files: readonly string[];
  /** Which of them are taken. */
  readonly definitions: readonly string[];
}

const gateway = ['backendtlspolicies', 'gatewayclasses', 'gateways', 'grpcroutes', 'httproutes']
  .concat(['listenersets', 'referencegrants', 'tcproutes', 'tlsroutes', 'udproutes'])
  .toSorted();

/** Definitions the cluster has, each from whoever writes it. */
export const modules: readonly Module[] = [
  {
    path: 'istio.io/api',
    version: 'v1.32.0',
    sum: 'h1:37mJvg9I0biYZAEQF+MATs4FNeCpXEIVO3LFpVb6iNM=',
    files: ['kubernetes/customresourcedefinitions.gen.yaml'],
    definitions: ['virtualservices.networking.istio.io', 'destinationrules.networking.istio.io'],
  },
  {
    path: 'sigs.k8s.io/gateway-api',
    version: 'v1.6.0',
    sum: 'h1:735YBRj5NXFrOGX0GoSjwzUIzbz8kiEOfADsqHFmHgE=',
    files: gateway.map((name) => `config/crd/standard/gateway.networking.k8s.io_${name}.yaml`),
    definitions: gateway.map((name) => `${name}.gateway.networking.k8s.io`),
  },
  {
    path: 'github.com/argoproj/argo-rollouts',
    version: 'v1.10.1',
    sum: 'h1:6oyVPGiHHxu3ixkT6mngemh88HLPDoTX1IwO6KNR1Y4=',
    files: ['analysis-run', 'analysis-template', 'cluster-analysis-template', 'experiment', 'rollout'].map(
      (name) => `manifests/crds/${name}-crd.yaml`,
    ),
    definitions: ['analysisruns', 'analysistemplates', 'clusteranalysistemplates', 'experiments', 'rollouts'].map(
      (name) => `${name}.argoproj.io`,
    ),
  },
  {
    path: 'github.com/kedacore/keda/v2',
    version: 'v2.21.0',
    sum: 'h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=',
    files: ['config/crd/bases/keda.sh_scaledobjects.yaml'],
    definitions: ['scaledobjects.keda.sh'],
  },
];
