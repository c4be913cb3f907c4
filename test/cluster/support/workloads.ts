import { PLAYED } from '../../../infra/test-cluster/index.ts';

/** How a pod is played: `{ fails: 'OOMKilled', failsTimes: '1' }`; the names of `PLAYED`. */
export type Play = Partial<Readonly<Record<keyof typeof PLAYED, string>>>;

/** The annotations of a pod template that say how its pods are played. */
export function playing(play: Play): Record<string, string> {
  return Object.fromEntries(Object.entries(play).map(([name, value]) => [PLAYED[name as keyof typeof PLAYED], value]));
}

export interface DeploymentOptions {
  readonly name: string;
  readonly replicas?: number;
  readonly image?: string;
  readonly play?: Play;
  /** Variables of its container. */
  readonly env?: Readonly<Record<string, string>>;
  /** More fields of its `spec`. */
  readonly spec?: object;
}

/** A Deployment of one container `app` on port 3000, whose pods have the label `app: NAME`. */
export function deployment({
  name,
  replicas = 1,
  image = 'registry.example/app:1.0.0',
  play = {},
  env = {},
  spec,
}: DeploymentOptions) {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      ...spec,
      replicas,
      selector: { matchLabels: { app: name } },
      template: podTemplate({ name, image, play, env }),
    },
  };
}

/** A Service of port 80 on the pods with the label `app: NAME`. */
export function service(name: string, selector: Readonly<Record<string, string>> = { app: name }) {
  const ports = [{ name: 'http', port: 80, targetPort: 3000 }];
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { selector, ports } };
}

/** A Job of one pod. */
export function job(name: string, play: Play = {}, spec: object = {}) {
  const template = podTemplate({ name, image: 'registry.example/job:1.0.0', play, env: {} });
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: { backoffLimit: 0, ...spec, template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } } },
  };
}

/** An HTTPRoute of all requests of a Gateway in the same namespace, over Services of port 80. */
export function route(options: {
  readonly name: string;
  readonly gateway: string;
  readonly weights: Readonly<Record<string, number>>;
}) {
  const { name, gateway, weights } = options;
  const backendRefs = Object.entries(weights).map(([service, weight]) => ({ name: service, port: 80, weight }));
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name },
    spec: { parentRefs: [{ name: gateway }], rules: [{ backendRefs }] },
  };
}

function podTemplate(options: {
  readonly name: string;
  readonly image: string;
  readonly play: Play;
  readonly env: Readonly<Record<string, string>>;
}) {
  const { name, image, play } = options;
  const env = Object.entries(options.env).map(([variable, value]) => ({ name: variable, value }));
  // A router hears of a pod's end only after the pod does: without a pause it sends on requests that nobody answers.
  const lifecycle = play.served === undefined ? undefined : { preStop: { sleep: { seconds: 3 } } };
  const ports = [{ containerPort: 3000 }];
  return {
    metadata: { labels: { app: name }, annotations: playing(play) },
    spec: { containers: [{ name: 'app', image, env, ports, lifecycle }] },
  };
}
