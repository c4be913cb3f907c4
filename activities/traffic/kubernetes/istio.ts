import type { PortRoute, VirtualServicePlan } from '../../../src/plan/target.ts';
import type { JsonPatchOperation } from '../../kubernetes/index.ts';
import { completed } from './host.ts';
import { isManaged } from './managed-names.ts';
import { destinationAt, pairOf, type Split, weightOperations } from './split.ts';
import { below, countOf, entriesOf, isRecord, type Spot, textOf, unfit, wholeOf } from './spot.ts';

/** How the two sides are told apart in a VirtualService. */
export interface IstioSides {
  /** Of both Services. */
  readonly namespace: string;
  readonly stableService: string;
  readonly canaryService: string;
  /** Both sides are subsets of one host; then the Services' names are not looked for. */
  readonly subsets?: {
    /** As the DestinationRule writes it, and the namespace of that. */
    readonly host: string;
    readonly namespace: string;
    readonly stable: string;
    readonly canary: string;
  };
  readonly managedRoutes?: readonly string[];
}

/**
 * All splits of a VirtualService (networking.istio.io) that the plan means, mirror routes of ours among them.
 *
 * A route without a name of the plan is taken where it is the only one of its protocol. Sources: Istio's
 * `virtual-service.proto` (weights are shares of their sum, absent 0; short hosts are completed with the namespace of
 * the VirtualService); argo-rollouts' `istio.go`, whose fields mean the same.
 *
 * @throws SHIPLOCK_KUBERNETES_ROUTE (not retried), naming the place, for anything that cannot be split
 */
export function istioSplits(object: unknown, plan: VirtualServicePlan, sides: IstioSides): readonly Split[] {
  const whole = wholeOf('VirtualService', object);
  const spec = below(whole, 'spec');
  const context = { sides, namespace: textOf(below(below(whole, 'metadata'), 'namespace')) || sides.namespace };
  const http = httpRoutes(spec, plan, sides);
  const mirrors = entriesOf(below(spec, 'http')).filter(
    (route) =>
      isManaged(textOf(below(route, 'name')), sides.managedRoutes) &&
      !http.some(({ value }) => value === route.value) &&
      !isFor(route, 'canary alone', context),
  );
  const tls = portRoutes(below(spec, 'tls'), plan.tlsRoutes ?? [], context);
  const tcp = portRoutes(below(spec, 'tcp'), plan.tcpRoutes ?? [], context);
  const routes = [...http, ...mirrors, ...tls, ...tcp];
  if (routes.length === 0) throw unfit(below(spec, 'http'), 'has no route', `add one with both destinations`);
  return routes.map((route) => splitAt(route, context));
}

/** Operations after which every split of the VirtualService gives the canary this percentage. */
export function istioWeights(splits: readonly Split[], percent: number): readonly JsonPatchOperation[] {
  return weightOperations(splits, percent, (spot) =>
    [below(spot, 'name'), below(spot, 'destination')].filter(({ value }) => value !== undefined),
  );
}

interface Context {
  readonly sides: IstioSides;
  /** Of the VirtualService. */
  readonly namespace: string;
}

function httpRoutes(spec: Spot, plan: VirtualServicePlan, { managedRoutes }: IstioSides): readonly Spot[] {
  const http = below(spec, 'http');
  const routes = entriesOf(http);
  const nameOf = (route: Spot) => textOf(below(route, 'name'));
  if (plan.routes.length > 0)
    return plan.routes.map((name) => {
      const [first, second] = routes.filter((route) => nameOf(route) === name);
      if (!first) throw unfit(http, `has no route named ${name}`, `it has ${named(routes.map(nameOf))}`);
      if (second) throw unfit(second, `is a second route named ${name}`, 'rename one of them');
      return first;
    });
  const own = routes.filter((route) => !isManaged(nameOf(route), managedRoutes));
  if (own.length > 1)
    throw unfit(
      http,
      `has ${own.length} routes`,
      `name those to be split under routes; it has ${named(own.map(nameOf))}`,
    );
  return own;
}

/** TLS and TCP routes have no names: they are found by the one port and the SNI hosts that they match. */
function portRoutes(list: Spot, wanted: readonly PortRoute[], context: Context): readonly Spot[] {
  const routes = entriesOf(list);
  if (wanted.length === 0) {
    const ours = routes.filter((route) => isFor(route, 'any side', context));
    if (ours.length > 1)
      throw unfit(list, `has ${ours.length} routes to these Services`, 'name their ports in the plan');
    return ours;
  }
  const found = wanted.flatMap((one) => {
    const matching = routes.filter((route) => matches(route, one));
    if (matching.length === 0) throw unfit(list, `has no route for ${shown(one)}`, 'add it, or correct the plan');
    return matching;
  });
  return [...new Set(found)];
}

function matches(route: Spot, { port, sniHosts = [] }: PortRoute): boolean {
  const conditions = entriesOf(below(route, 'match'));
  const ports = new Set(conditions.map((condition) => countOf(below(condition, 'port'))));
  const hosts = new Set(conditions.flatMap((condition) => entriesOf(below(condition, 'sniHosts')).map(textOf)));
  if (ports.size > 1 || (ports.size === 1 ? !ports.has(port) : port !== undefined)) return false;
  return hosts.size === new Set(sniHosts).size && sniHosts.every((host) => hosts.has(host));
}

type Asked = 'any side' | 'canary alone';

function isFor(route: Spot, asked: Asked, context: Context): boolean {
  const sides = entriesOf(below(route, 'route')).map((destination) => sideOf(destination, context));
  if (asked === 'canary alone') return sides.length === 1 && sides[0] === 'canary';
  return sides.some((side) => side !== null);
}

function splitAt(route: Spot, context: Context): Split {
  const { stableService, canaryService, subsets } = context.sides;
  const destinations = entriesOf(below(route, 'route'));
  if (destinations.length === 0)
    throw unfit(route, 'has no destinations', 'a redirect, delegate or direct response cannot be split');
  const of = (side: 'stable' | 'canary' | null) =>
    destinations.filter((destination) => sideOf(destination, context) === side);
  const at = (spot: Spot) => destinationAt(spot, 0);
  return pairOf(
    route,
    { stable: of('stable').map(at), canary: of('canary').map(at), others: of(null) },
    subsets
      ? { stable: `${subsets.host} subset ${subsets.stable}`, canary: `${subsets.host} subset ${subsets.canary}` }
      : { stable: stableService, canary: canaryService },
  );
}

function sideOf(destination: Spot, { sides, namespace }: Context): 'stable' | 'canary' | null {
  if (!isRecord(destination.value)) throw unfit(destination, 'is no destination');
  const target = below(destination, 'destination');
  const host = completed(textOf(below(target, 'host')), namespace);
  const { subsets } = sides;
  if (subsets) {
    if (host !== completed(subsets.host, subsets.namespace)) return null;
    const subset = textOf(below(target, 'subset'));
    if (subset === subsets.canary) return 'canary';
    return subset === subsets.stable ? 'stable' : null;
  }
  if (host === `${sides.canaryService}.${sides.namespace}`) return 'canary';
  return host === `${sides.stableService}.${sides.namespace}` ? 'stable' : null;
}

function named(names: readonly string[]): string {
  return names.map((name) => name || '(one without a name)').join(', ') || 'none';
}

function shown({ port, sniHosts }: PortRoute): string {
  const parts = [port === undefined ? 'any port' : `port ${port}`, ...(sniHosts?.length ? [sniHosts.join(', ')] : [])];
  return parts.join(' and ');
}
