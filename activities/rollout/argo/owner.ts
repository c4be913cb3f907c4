/** Whether a Rollout's controller has a hand in what a release without one would write. Pure: table-tested. */
import type { KubernetesPlace } from '../../../src/plan/target.ts';
import type { CanaryStrategy, RolloutObject } from './object.ts';
import { ownedByArgo } from './phase.ts';

export interface Owner {
  /** The Rollout's name. */
  readonly rollout: string;
  /** What it owns of what the release writes: `Service shop-stable`, `the pods with app=shop`. */
  readonly owns: readonly string[];
}

/**
 * The first Rollout, by name, whose controller writes what the release would; `null`: none. Held (`spec.paused`) and
 * without pods it counts all the same: its controller still writes Services and routes (argo-rollouts v1.10.1,
 * `rollout/canary.go`). One that is being deleted is no longer looked after (`rollout/controller.go`).
 */
export function ownerOf(place: KubernetesPlace, rollouts: readonly RolloutObject[]): Owner | null {
  for (const rollout of rollouts.toSorted((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1))) {
    if (!ownedByArgo(rollout) || rollout.metadata.deletionTimestamp !== undefined) continue;
    const owns = [...podsOf(rollout, place), ...servicesOf(rollout, place), ...routesOf(rollout, place)];
    if (owns.length > 0) return { rollout: rollout.metadata.name, owns };
  }
  return null;
}

type Labels = Readonly<Record<string, string>>;

/** Each would take the other's ReplicaSets for its own: Argo's controller adopts what its selector chooses. */
function podsOf({ spec }: RolloutObject, { selector, adopts }: KubernetesPlace): string[] {
  const chosen: Labels = spec.selector?.matchLabels ?? {};
  const theirs: Labels = { ...spec.template?.metadata?.labels, ...chosen };
  const pods = contains(theirs, selector) || contains(selector, chosen) ? [`the pods with ${written(selector)}`] : [];
  const { kind, name } = spec.workloadRef ?? {};
  return adopts && kind === adopts.kind && name === adopts.name ? [`${kind} ${name}`, ...pods] : pods;
}

function servicesOf({ spec }: RolloutObject, { stableService, canaryService }: KubernetesPlace): string[] {
  const { canary, blueGreen } = spec.strategy ?? {};
  const { stableService: stable, canaryService: other, pingPong } = canary ?? {};
  const theirs = [stable, other, pingPong?.pingService, pingPong?.pongService];
  const switched = [blueGreen?.activeService, blueGreen?.previewService];
  const ours = [...new Set([stableService, canaryService])];
  return ours.filter((name) => [...theirs, ...switched].includes(name)).map((name) => `Service ${name}`);
}

function routesOf({ spec }: RolloutObject, { traffic, namespace }: KubernetesPlace): string[] {
  const theirs = routesIn(spec.strategy?.canary, namespace);
  const ours = ((): readonly string[] => {
    switch (traffic.kind) {
      case 'istio': {
        const { virtualServices, destinationRule } = traffic;
        const rules = destinationRule ? [`DestinationRule ${destinationRule.name}`] : [];
        return [...virtualServices.map(({ name }) => `VirtualService ${name}`), ...rules];
      }
      case 'gateway':
        return traffic.routes.map(({ kind, name }) => `${kind} ${name}`);
      case 'replicas':
        return [];
      default:
        return traffic satisfies never;
    }
  })();
  return ours.filter((name) => theirs.includes(name));
}

/** Argo's plugin for the Gateway API (argoproj-labs/rollouts-plugin-trafficrouter-gatewayapi). */
const GATEWAY = 'argoproj-labs/gatewayAPI';

/** As `KIND NAME`. */
function routesIn(canary: CanaryStrategy | undefined, namespace: string): readonly string[] {
  const { istio, plugins } = canary?.trafficRouting ?? {};
  const named = [istio?.virtualService, ...(istio?.virtualServices ?? [])].map((one) => one?.name);
  const gateway = plugins?.[GATEWAY] ?? {};
  const of = (kind: string, ...names: readonly (string | undefined)[]): string[] =>
    names.flatMap((name) => (name === undefined ? [] : [`${kind} ${name}`]));
  const inNamespace = gateway.namespace === undefined || gateway.namespace === namespace;
  return [
    // `NAME.NAMESPACE` is of another one.
    ...of('VirtualService', ...named.map((name) => name?.replace(new RegExp(`\\.${namespace}$`), ''))),
    ...of('DestinationRule', istio?.destinationRule?.name),
    ...(inNamespace
      ? [
          ...of('HTTPRoute', gateway.httpRoute, ...(gateway.httpRoutes ?? []).map(({ name }) => name)),
          ...of('GRPCRoute', gateway.grpcRoute, ...(gateway.grpcRoutes ?? []).map(({ name }) => name)),
        ]
      : []),
  ];
}

/** Nothing is not contained in anything: a Rollout without labels chooses no pods. */
function contains(labels: Labels, some: Labels): boolean {
  const wanted = Object.entries(some);
  return wanted.length > 0 && wanted.every(([label, value]) => labels[label] === value);
}

const written = (labels: Labels): string =>
  Object.entries(labels)
    .map(([label, value]) => `${label}=${value}`)
    .join(',');
