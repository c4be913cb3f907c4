/** Who splits the requests of a target on Kubernetes: what the release file says, else the Rollout's `trafficRouting`. */
import type { z } from 'zod';
import { CANARY } from '../argo/rollout.ts';
import { GATEWAY_PLUGIN, type istioSchema, trafficRoutingSchema } from '../argo/routing-schema.ts';
import type { Path } from '../problem.ts';
import { piece, valueAt } from '../shape/check.ts';
import { DNS_SUBDOMAIN } from '../shape/fields.ts';
import { show } from '../shape/show.ts';
import type { GatewayTraffic, IstioTraffic, PortRoute, TrafficPlan, VirtualServicePlan } from '../target.ts';
import type { Source } from '../yaml/read.ts';
import type { Context } from './context.ts';
import { given } from './schema-fields.ts';
import type { trafficSchema } from './schema-target.ts';

type WrittenIstio = z.output<typeof istioSchema>;
interface Place {
  readonly source: Source;
  readonly path: Path;
}

/** `null` with the reason reported. */
export function compileTraffic(
  context: Context,
  written: z.output<typeof trafficSchema> | undefined,
  rollout: Source | null,
  namespace: string | null,
): TrafficPlan | null {
  if (written === undefined) return rolloutTraffic(context, rollout, namespace);
  const place = { source: context.source, path: ['target', 'traffic'] };
  const managed = ofEngine(context, below(place, 'managedRoutes'), written.managedRoutes ?? [], written.pingPong);
  if (written.istio) return istio(context, below(place, 'istio'), written.istio, managed);
  if (written.gateway) {
    const { httpRoute, httpRoutes, grpcRoutes } = written.gateway;
    const http = [...(httpRoute === undefined ? [] : [httpRoute]), ...(httpRoutes ?? [])];
    return gateway(context, below(place, 'gateway'), { http, grpc: grpcRoutes ?? [] }, managed);
  }
  const needy = given(written, ['managedRoutes', 'pingPong']);
  for (const field of needy) {
    const message = 'needs a router; expected istio or gateway beside it';
    context.report.error(place.source, [...place.path, field], 'SHIPLOCK_PLAN_NEEDS', message, 'key');
  }
  return needy.length === 0 ? { kind: 'replicas' } : null;
}

function withoutRouter(context: Context, rollout: Source | null): TrafficPlan | null {
  const path = [...CANARY, 'pingPong'];
  if (rollout === null || valueAt(rollout.value, path) == null) return { kind: 'replicas' };
  context.report.error(
    rollout,
    path,
    'SHIPLOCK_PLAN_NEEDS',
    'needs a router; expected trafficRouting beside it',
    'key',
  );
  return null;
}

/** What a router of either kind may have. */
type OfEngine = Pick<IstioTraffic, 'managedRoutes' | 'pingPong'>;

const below = ({ source, path }: Place, ...more: Path): Place => ({ source, path: [...path, ...more] });

function rolloutTraffic(context: Context, rollout: Source | null, namespace: string | null): TrafficPlan | null {
  const path: Path = [...CANARY, 'trafficRouting'];
  const raw = rollout === null ? undefined : valueAt(rollout.value, path);
  if (rollout === null || raw === undefined || raw === null) return withoutRouter(context, rollout);
  const routing = piece(trafficRoutingSchema.kubernetes, raw);
  if (routing === undefined) return null;
  const place = { source: rollout, path };
  const names = (routing.managedRoutes ?? []).map(({ name }) => name);
  const pingPong = valueAt(rollout.value, [...CANARY, 'pingPong']) != null;
  const managed = ofEngine(context, below(place, 'managedRoutes'), names, pingPong);
  const plugin = routing.plugins?.[GATEWAY_PLUGIN];
  if ((routing.istio == null) === (plugin == null)) {
    const found = routing.istio == null ? 'names no router' : 'names two routers';
    const message = `${found}; expected exactly one of istio and the plugin ${GATEWAY_PLUGIN}`;
    context.report.error(rollout, path, 'SHIPLOCK_PLAN_CHOICE', message, 'key');
    return null;
  }
  if (routing.istio != null) return istio(context, below(place, 'istio'), routing.istio, managed);
  const at = below(place, 'plugins', GATEWAY_PLUGIN);
  if (plugin?.namespace != null && namespace !== null && plugin.namespace !== namespace) {
    const message = `is ${show(plugin.namespace)}; routes of another namespace than the target's ${show(namespace)} are not supported`;
    context.report.error(rollout, [...at.path, 'namespace'], 'SHIPLOCK_PLAN_UNSUPPORTED', message);
  }
  const named = (one: string | null | undefined, several: readonly { name: string }[] | null | undefined) => [
    ...(one == null ? [] : [one]),
    ...(several ?? []).map(({ name }) => name),
  ];
  const http = named(plugin?.httpRoute, plugin?.httpRoutes);
  const grpc = named(plugin?.grpcRoute, plugin?.grpcRoutes);
  return gateway(context, at, { http, grpc }, managed);
}

function ofEngine(context: Context, place: Place, names: readonly string[], pingPong: boolean | undefined): OfEngine {
  checkDistinct(context, place, names, 'managed route');
  return { ...(names.length > 0 && { managedRoutes: names }), ...(pingPong && { pingPong }) };
}

function checkDistinct(context: Context, place: Place, names: readonly string[], what: string): void {
  for (const [index, name] of names.entries()) {
    if (names.indexOf(name) === index) continue;
    const message = `${show(name)} is a second ${what} of that name`;
    context.report.error(place.source, [...place.path, index], 'SHIPLOCK_PLAN_DUPLICATE', message);
  }
}

function istio(context: Context, place: Place, written: WrittenIstio, managed: OfEngine): IstioTraffic {
  const { virtualService, virtualServices, destinationRule } = written;
  const all: readonly [Path, NonNullable<WrittenIstio['virtualService']>][] =
    virtualService != null
      ? [[['virtualService'], virtualService]]
      : (virtualServices ?? []).map((found, index) => [['virtualServices', index], found]);
  for (const [path, { name }] of all) checkVirtualService(context, below(place, ...path, 'name'), name);
  checkDistinct(
    context,
    below(place, 'virtualServices'),
    all.map(([, { name }]) => name),
    'VirtualService',
  );
  return {
    kind: 'istio',
    virtualServices: all.map(([, found]) => virtualServicePlan(found)),
    ...(destinationRule != null && {
      destinationRule: {
        name: destinationRule.name,
        canarySubset: destinationRule.canarySubsetName,
        stableSubset: destinationRule.stableSubsetName,
      },
    }),
    ...managed,
  };
}

/** Argo takes `NAME.NAMESPACE` (argo-rollouts `utils/istio/istio.go`); a target is of one namespace. */
function checkVirtualService(context: Context, { source, path }: Place, name: string): void {
  if (name.includes('.')) {
    const message = `is ${show(name)}; a VirtualService of another namespace is not supported`;
    context.report.error(source, path, 'SHIPLOCK_PLAN_UNSUPPORTED', message);
  } else if (!DNS_SUBDOMAIN.test(name)) {
    const message = `is ${show(name)}; expected the name of a VirtualService: a-z, 0-9 and -`;
    context.report.error(source, path, 'SHIPLOCK_PLAN_VALUE', message);
  }
}

function virtualServicePlan(found: NonNullable<WrittenIstio['virtualService']>): VirtualServicePlan {
  const { name, routes, tlsRoutes, tcpRoutes } = found;
  return {
    name,
    routes: routes ?? [],
    ...(tlsRoutes?.length && { tlsRoutes: tlsRoutes.map(portRoute) }),
    ...(tcpRoutes?.length && { tcpRoutes: tcpRoutes.map(portRoute) }),
  };
}

const portRoute = (route: { port?: number | null; sniHosts?: readonly string[] | null }): PortRoute => ({
  ...(route.port != null && { port: route.port }),
  ...(route.sniHosts?.length && { sniHosts: route.sniHosts }),
});

function gateway(
  context: Context,
  { source, path }: Place,
  { http, grpc }: { readonly http: readonly string[]; readonly grpc: readonly string[] },
  managed: OfEngine,
): GatewayTraffic | null {
  const routes: GatewayTraffic['routes'] = [
    ...http.map((name) => ({ kind: 'HTTPRoute' as const, name })),
    ...grpc.map((name) => ({ kind: 'GRPCRoute' as const, name })),
  ];
  const refuse = (code: 'SHIPLOCK_PLAN_NEEDS' | 'SHIPLOCK_PLAN_DUPLICATE' | 'SHIPLOCK_PLAN_VALUE', message: string) =>
    context.report.error(source, path, code, message, 'key');
  if (routes.length === 0)
    refuse('SHIPLOCK_PLAN_NEEDS', 'names no route; expected an httpRoute, httpRoutes or grpcRoutes');
  for (const [index, { kind, name }] of routes.entries()) {
    if (!DNS_SUBDOMAIN.test(name)) refuse('SHIPLOCK_PLAN_VALUE', `${show(name)} is no name of a route`);
    const twin = routes.findIndex((other) => other.kind === kind && other.name === name);
    if (twin !== index) refuse('SHIPLOCK_PLAN_DUPLICATE', `names the ${kind} ${name} twice`);
  }
  return routes.length === 0 ? null : { kind: 'gateway', routes, ...managed };
}
