import type { KubernetesPlace, TrafficPlan } from '../../../src/plan/target.ts';
import type { JsonPatchOperation, ObjectReference, ResourceType } from '../../kubernetes/index.ts';
import type { ManagedRoute } from '../port.ts';
import { type Acceptance, gatewayAcceptance, istioAcceptance } from './acceptance.ts';
import { gatewaySplits, gatewayWeights } from './gateway.ts';
import { istioSplits, istioWeights } from './istio.ts';
import { gatewayManaged } from './managed-gateway.ts';
import { istioManaged } from './managed-istio.ts';
import type { Split } from './split.ts';

/** One object of a router that splits the requests of a service. */
export interface Router {
  readonly reference: ObjectReference;
  /** @throws SHIPLOCK_KUBERNETES_ROUTE (not retried) */
  splits(object: unknown): readonly Split[];
  weights(splits: readonly Split[], percent: number): readonly JsonPatchOperation[];
  /** Header and mirror routes: these, and no others of ours. @throws SHIPLOCK_KUBERNETES_ROUTE (not retried) */
  managed(object: unknown, routes: readonly ManagedRoute[]): readonly JsonPatchOperation[];
  acceptance(object: unknown, before?: unknown): Acceptance;
}

const NETWORKING = 'networking.istio.io/v1';
const GATEWAY = 'gateway.networking.k8s.io/v1';
export const VIRTUAL_SERVICES: ResourceType = {
  apiVersion: NETWORKING,
  kind: 'VirtualService',
  plural: 'virtualservices',
};
export const DESTINATION_RULES: ResourceType = {
  apiVersion: NETWORKING,
  kind: 'DestinationRule',
  plural: 'destinationrules',
};
const ROUTES = {
  HTTPRoute: { apiVersion: GATEWAY, kind: 'HTTPRoute', plural: 'httproutes' },
  GRPCRoute: { apiVersion: GATEWAY, kind: 'GRPCRoute', plural: 'grpcroutes' },
} as const satisfies Record<string, ResourceType>;

/** Which of the two Services has which role at the moment. */
export interface RoleServices {
  readonly stableService: string;
  readonly canaryService: string;
}

/** @param host that of the DestinationRule, where there is one */
export function routersOf(place: KubernetesPlace, roles: RoleServices, host: string): readonly Router[] {
  const { namespace, traffic } = place;
  switch (traffic.kind) {
    case 'replicas':
      return [];
    case 'gateway': {
      const { managedRoutes } = traffic;
      const sides = { namespace, ...roles, ...(managedRoutes && { managedRoutes }) };
      return traffic.routes.map(({ kind, name }) => ({
        reference: { type: ROUTES[kind], namespace, name },
        splits: (object) => gatewaySplits(kind, object, sides),
        weights: gatewayWeights,
        managed: (object, wanted) => gatewayManaged(kind, object, sides, wanted),
        acceptance: (object, before) => gatewayAcceptance(kind, object, before),
      }));
    }
    case 'istio': {
      const { destinationRule: rule, managedRoutes } = traffic;
      const subsets = rule && { host, namespace, stable: rule.stableSubset, canary: rule.canarySubset };
      const sides = { namespace, ...roles, ...(subsets && { subsets }), ...(managedRoutes && { managedRoutes }) };
      return traffic.virtualServices.map((plan) => ({
        reference: { type: VIRTUAL_SERVICES, namespace, name: plan.name },
        splits: (object) => istioSplits(object, plan, sides),
        weights: istioWeights,
        managed: (object, wanted) => istioManaged(object, plan, sides, wanted),
        acceptance: (object) => istioAcceptance('VirtualService', object),
      }));
    }
    default:
      return traffic satisfies never;
  }
}

/** Subsets of one host tell the sides apart, instead of two Services. */
export function destinationRuleOf(traffic: TrafficPlan) {
  return traffic.kind === 'istio' ? traffic.destinationRule : undefined;
}
