/** What Argo's own tests apply: a Rollout, its Services, its VirtualService; as objects. */
import { type Play, playing } from './workloads.ts';

/** The fields of Argo's `spec.strategy.canary`, as it writes them. */
export type CanaryFields = Readonly<Record<string, unknown>>;

export interface RolloutOptions {
  readonly name: string;
  readonly replicas?: number;
  readonly canary?: CanaryFields;
  readonly play?: Play;
  /** Over the pod template's own `spec`. */
  readonly pod?: object;
  /** Further annotations of the pod template, by which two revisions differ. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Further fields of the Rollout's `spec`. */
  readonly spec?: object;
}

/** The repository of every image of these tests; nothing pulls it. */
export const REPOSITORY = 'registry.example/app';

export function rollout({
  name,
  replicas = 1,
  canary = {},
  play = {},
  pod = {},
  annotations = {},
  spec = {},
}: RolloutOptions) {
  const labels = { app: name };
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      strategy: { canary },
      template: {
        metadata: { labels, annotations: { ...playing(play), ...annotations } },
        spec: { containers: [{ name: 'app', image: `${REPOSITORY}:1.0.0`, ports: [{ containerPort: 3000 }] }], ...pod },
      },
      ...spec,
    },
  };
}

export const stableOf = (name: string): string => `${name}-stable`;
export const canaryOf = (name: string): string => `${name}-canary`;

/** Argo's fields of a canary with two Services and one VirtualService of one route, all named after the service. */
export function istio(name: string, steps: readonly object[], more: CanaryFields = {}): CanaryFields {
  return {
    stableService: stableOf(name),
    canaryService: canaryOf(name),
    trafficRouting: { istio: { virtualService: { name, routes: ['primary'] } } },
    steps,
    ...more,
  };
}

/** Two destinations, all to the stable one. */
export function destinations(name: string): object[] {
  return [
    { destination: { host: stableOf(name) }, weight: 100 },
    { destination: { host: canaryOf(name) }, weight: 0 },
  ];
}

export function virtualService(
  name: string,
  spec: object = { http: [{ name: 'primary', route: destinations(name) }] },
) {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name },
    spec: { hosts: [`${name}.example`], gateways: ['mesh'], ...spec },
  };
}
