import type { JsonPatchOperation } from '../../kubernetes/index.ts';
import { destinationAt, pairOf, type Split, weightOperations } from './split.ts';
import { below, entriesOf, isRecord, type Spot, textOf, unfit, wholeOf } from './spot.ts';

export interface GatewaySides {
  /** Of both Services. */
  readonly namespace: string;
  readonly stableService: string;
  readonly canaryService: string;
}

export type GatewayKind = 'HTTPRoute' | 'GRPCRoute';

/**
 * All rules of a route (gateway.networking.k8s.io) that send requests to both Services; other rules are not ours.
 *
 * Source: gateway-api `BackendRef` and `HTTPRouteRule`: weights are shares of their sum, absent 1; an absent group,
 * kind and namespace mean a Service of the route's own namespace.
 *
 * @throws SHIPLOCK_KUBERNETES_ROUTE (not retried), naming the place, for anything that cannot be split
 */
export function gatewaySplits(kind: GatewayKind, object: unknown, sides: GatewaySides): readonly Split[] {
  const whole = wholeOf(kind, object);
  const namespace = textOf(below(below(whole, 'metadata'), 'namespace')) || sides.namespace;
  const rules = below(below(whole, 'spec'), 'rules');
  const both = entriesOf(rules).filter((rule) => {
    const named = backendsOf(rule, sides, namespace);
    return named.stable.length > 0 && named.canary.length > 0;
  });
  const names = { stable: sides.stableService, canary: sides.canaryService };
  if (both.length === 0)
    throw unfit(
      rules,
      `has no rule with both ${names.stable} and ${names.canary} as backends`,
      `add both to the rules that are to be split, ${names.canary} with weight 0`,
    );
  return both.map((rule) => {
    const { stable, canary, others } = backendsOf(rule, sides, namespace);
    const at = (spot: Spot) => destinationAt(spot, 1);
    return pairOf(rule, { stable: stable.map(at), canary: canary.map(at), others }, names);
  });
}

/** Operations after which every split of the route gives the canary this percentage. */
export function gatewayWeights(splits: readonly Split[], percent: number): readonly JsonPatchOperation[] {
  return weightOperations(splits, percent, (spot) =>
    ['name', 'namespace', 'port'].map((key) => below(spot, key)).filter(({ value }) => value !== undefined),
  );
}

export function backendsOf(rule: Spot, sides: GatewaySides, namespace: string) {
  const backends = entriesOf(below(rule, 'backendRefs'));
  const to = (service: string) => backends.filter((backend) => isService(backend, service, sides.namespace, namespace));
  const [stable, canary] = [to(sides.stableService), to(sides.canaryService)];
  return {
    stable,
    canary,
    others: backends.filter((backend) => !stable.includes(backend) && !canary.includes(backend)),
  };
}

function isService(backend: Spot, service: string, namespace: string, own: string): boolean {
  if (!isRecord(backend.value)) throw unfit(backend, 'is no backend');
  const of = (key: string) => textOf(below(backend, key));
  if (of('group') !== '' || (of('kind') || 'Service') !== 'Service') return false;
  return of('name') === service && (of('namespace') || own) === namespace;
}
