import {
  type KubernetesClusters,
  kubernetesClusters,
  listRevisions,
  readLease,
} from '../../../activities/kubernetes/index.ts';
import {
  type KubernetesTraffic,
  kubernetesTraffic,
  type RouterMetrics,
} from '../../../activities/traffic/kubernetes/index.ts';
import type { GatewayTraffic, IstioTraffic, KubernetesPlace, TrafficPlan } from '../../../src/plan/target.ts';
import { revisionId } from '../../../src/rollout/revision-id.ts';
import { type TestCluster, until } from './index.ts';
import { type Play, playing, service } from './workloads.ts';

export const SERVICE = 'shop';

/** A service with two Services, routes between them, and revisions as the engine makes them. */
export interface Shop {
  readonly cluster: TestCluster;
  readonly place: KubernetesPlace;
  readonly clusters: KubernetesClusters;
  readonly traffic: KubernetesTraffic;
  /** A ReplicaSet as the engine makes it, with its pods ready (unless they are played otherwise). */
  start(version: string, replicas: number, play?: Play): Promise<void>;
  setWeights(
    weights: Record<string, number>,
    fence: number,
    partial?: boolean,
  ): ReturnType<KubernetesTraffic['setWeights']>;
  moveStable(stable: string | null, canary: string | null, fence: number): Promise<void>;
  weights(): Promise<Readonly<Record<string, number>>>;
  /** What a Service selects besides `app`. */
  selected(name: string): Promise<Record<string, string>>;
  /** `stable/canary` of each split route. */
  written(): Promise<readonly string[]>;
}

export const VIRTUAL_SERVICE = ['networking.istio.io/v1', 'VirtualService', 'shop'] as const;
export const HTTP_ROUTE = ['gateway.networking.k8s.io/v1', 'HTTPRoute', 'shop'] as const;
export const ISTIO: IstioTraffic = { kind: 'istio', virtualServices: [{ name: 'shop', routes: [] }] };
export const GATEWAY: GatewayTraffic = { kind: 'gateway', routes: [{ kind: 'HTTPRoute', name: 'shop' }] };

export async function openShop(
  cluster: TestCluster,
  traffic: TrafficPlan,
  more: Partial<KubernetesPlace> = {},
  metrics?: RouterMetrics,
): Promise<Shop> {
  const place: KubernetesPlace = {
    platform: 'kubernetes',
    cluster: 'test',
    namespace: cluster.namespace,
    selector: { app: SERVICE },
    stableService: 'shop-stable',
    canaryService: 'shop-canary',
    traffic,
    ...more,
  };
  const access = { test: { kubeconfig: cluster.kubeconfig, context: cluster.context, namespaces: ['*'] } };
  const clusters = kubernetesClusters(access, { signal: () => undefined });
  const adapter = kubernetesTraffic({ clusters, signal: () => undefined, metricsOf: () => metrics });
  const client = clusters.client('test');
  await cluster.apply([service('shop-stable', { app: SERVICE }), service('shop-canary', { app: SERVICE })]);
  await cluster.apply(traffic.kind === 'istio' ? virtualService() : traffic.kind === 'gateway' ? httpRoute() : []);
  return {
    cluster,
    place,
    clusters,
    traffic: adapter,
    start: async (version, replicas, play = {}) => {
      await cluster.apply(revision(version, replicas, play));
      if (play.ready !== undefined) return;
      await until(`${replicas} available pods of ${version}`, async () => {
        const found = await listRevisions(client, place, SERVICE);
        return found.some((each) => each.version === version && each.ready === replicas);
      });
    },
    setWeights: (weights, fence, partial) =>
      adapter.setWeights({ service: SERVICE, place, weights, fence, key: 'test', ...(partial && { partial }) }),
    moveStable: async (stable, canary, fence) =>
      adapter.moveStable({
        place,
        service: SERVICE,
        fence,
        stable,
        canary,
        revisions: await listRevisions(client, place, SERVICE),
      }),
    weights: async () => adapter.weightsOf(place, SERVICE, await listRevisions(client, place, SERVICE)),
    selected: async (name) => {
      const found = await cluster.get<{ spec: { selector: Record<string, string> } }>('v1', 'Service', name);
      const { app: _, ...rest } = found?.spec.selector ?? {};
      return rest;
    },
    written: async () =>
      traffic.kind === 'istio'
        ? writtenBy(await cluster.get(...VIRTUAL_SERVICE))
        : writtenTo(await cluster.get(...HTTP_ROUTE)),
  };
}

interface VirtualService {
  readonly spec: { readonly http: readonly { readonly route: readonly { readonly weight?: number }[] }[] };
}
interface HttpRoute {
  readonly spec: { readonly rules: readonly { readonly backendRefs: readonly { readonly weight?: number }[] }[] };
}

function writtenBy(object: unknown): readonly string[] {
  const { spec } = object as VirtualService;
  return spec.http.map(({ route }) => route.map(({ weight }) => weight ?? 0).join('/'));
}

function writtenTo(object: unknown): readonly string[] {
  const { spec } = object as HttpRoute;
  return spec.rules.map(({ backendRefs }) => backendRefs.map(({ weight }) => weight ?? 1).join('/'));
}

/** The lease's fence, as a later writer leaves it. */
export async function leasedFence({ clusters, place }: Shop): Promise<number> {
  return (await readLease(clusters.client('test'), { namespace: place.namespace, service: SERVICE }))?.fence ?? 0;
}

export function virtualService(http: readonly object[] = [{ route: ['shop-stable', 'shop-canary'].map(istioTo) }]) {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'shop' },
    spec: { hosts: ['shop.example'], http },
  };
}

export const istioTo = (host: string, index = 0) => ({ destination: { host }, weight: index === 0 ? 100 : 0 });

export function httpRoute(rules: readonly object[] = [{ backendRefs: ['shop-stable', 'shop-canary'].map(gatewayTo) }]) {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'shop' },
    spec: { parentRefs: [{ name: 'public' }], hostnames: ['shop.example'], rules },
  };
}

export const gatewayTo = (name: string, index = 0) => ({ name, port: 80, weight: index === 0 ? 100 : 0 });

export function revision(version: string, replicas: number, play: Play = {}) {
  const id = revisionId(version);
  const own = { app: SERVICE, 'shiplock.dev/revision': id };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${SERVICE}-${id}`,
      // Not those of the pods: a Deployment whose selector they match would take the ReplicaSet for its own.
      labels: { 'shiplock.dev/revision': id, 'shiplock.dev/service': SERVICE },
      annotations: { 'shiplock.dev/version': version },
    },
    spec: {
      replicas,
      selector: { matchLabels: own },
      template: {
        metadata: { labels: { ...own, 'shiplock.dev/service': SERVICE }, annotations: playing(play) },
        spec: {
          containers: [
            {
              name: 'app',
              image: `registry.example/shop:${version}`,
              ports: [{ containerPort: 3000 }],
              // As in `workloads.ts`: the router hears of a pod's end after the pod does.
              ...(play.served && { lifecycle: { preStop: { sleep: { seconds: 3 } } } }),
            },
          ],
        },
      },
    },
  };
}

/** The failure's code, what is said, and whether trying again can help. */
export async function failureOf(work: Promise<unknown>): Promise<{ code: string; message: string; again: boolean }> {
  try {
    await work;
  } catch (error) {
    const { type, message, nonRetryable } = error as { type?: string; message: string; nonRetryable?: boolean };
    return { code: type ?? String(error), message, again: !nonRetryable };
  }
  throw new Error('nothing failed');
}

/** 1.0.0 is stable, 1.1.0 runs beside it, and the second release has begun. */
export async function begun(shop: Shop): Promise<void> {
  await shop.start('1.0.0', 2);
  await shop.moveStable('1.0.0', null, 1000);
  await shop.start('1.1.0', 2);
  await shop.setWeights({ '1.0.0': 90, '1.1.0': 10 }, 2000);
}

/** The first release of a version: from two Services that choose everything to a stable version. */
export async function released(shop: Shop, version: string, fence = 1000): Promise<void> {
  await shop.moveStable(null, version, fence);
  await shop.start(version, 2);
  await shop.setWeights({ [version]: 100 }, fence);
  await shop.moveStable(version, null, fence);
}
