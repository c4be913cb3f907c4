/** Who splits the traffic, and the objects that it is split in: as Flagger would generate them, with our names. */
import type { Ledger } from '../ledger.ts';
import type { Analysis, CanaryService } from './canary-schema.ts';
import { gatewayRules } from './gateway-route.ts';
import { destinationRules, ROUTE, virtualService } from './istio.ts';
import { at, metadataOf, SERVICE, type TrafficContext } from './traffic-context.ts';

export interface Traffic {
  /** `target.traffic` of the release file; `null`: refused. */
  readonly written: object | null;
  /** Manifests that have to be there before the first release. */
  readonly objects: readonly object[];
}

/** What other routers of Flagger's need to be released behind. */
const BY_ROUTE = ['contour', 'kuma', 'linkerd', 'nginx', 'traefik', 'gloo', 'apisix'];

export function trafficOf(context: TrafficContext): Traffic {
  const { provider, ledger, names, route } = context;
  const services = [serviceObject(context, names.stable, 'primary'), serviceObject(context, names.canary, 'canary')];
  const [family = ''] = provider.split(':');
  if (route !== undefined) {
    ledger.kept(['spec', 'provider'], `traffic is split by the HTTPRoute ${route}, as --route says`);
    noteRouting(context, `is for what Flagger generates; the HTTPRoute ${route} is yours`);
    return { written: { gateway: { httpRoute: route } }, objects: services };
  }
  switch (family) {
    case 'istio':
      ledger.kept(['spec', 'provider'], `weights of the VirtualService ${names.apex}`);
      return {
        written: { istio: { virtualService: { name: names.apex, routes: [ROUTE] } } },
        objects: [...services, virtualService(context), ...destinationRules(context)],
      };
    case 'gatewayapi':
      ledger.kept(['spec', 'provider'], `weights of the HTTPRoute ${names.apex}`);
      return { written: { gateway: { httpRoute: names.apex } }, objects: [...services, httpRoute(context)] };
    case 'kubernetes':
      ledger.kept(['spec', 'provider'], 'no router: the share of the pods is the share of the requests');
      noteRouting(context, 'has no router to be for');
      return { written: { replicas: {} }, objects: services };
    default: {
      const instead = BY_ROUTE.includes(family)
        ? 'where it speaks the Gateway API, write an HTTPRoute and name it with --route'
        : 'Shiplock splits traffic with Istio, the Gateway API, or by the number of pods';
      ledger.refuse(['spec', 'provider'], `${provider}: its own objects are not written; ${instead}`);
      return { written: null, objects: services };
    }
  }
}

function serviceObject(context: TrafficContext, name: string, side: 'primary' | 'canary'): object {
  const { service, namespace, selector, ledger } = context;
  const metadata = service[side];
  const { port, portName, targetPort, appProtocol, headless, trafficDistribution } = service;
  ledger.kept(at('port'), `port ${port} of the Services`);
  if (service.portDiscovery) {
    const text = `only port ${port} is written; add the further ports of the containers to both Services`;
    ledger.todo(at('portDiscovery'), text);
  }
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name,
      namespace,
      ...(metadata?.labels ? { labels: metadata.labels } : {}),
      ...(metadata?.annotations ? { annotations: metadata.annotations } : {}),
    },
    spec: {
      ...(headless ? { clusterIP: 'None' } : {}),
      selector,
      ...(trafficDistribution ? { trafficDistribution } : {}),
      ports: [
        { name: portName ?? 'http', port, targetPort: targetPort ?? port, ...(appProtocol ? { appProtocol } : {}) },
      ],
    },
  };
}

/** Flagger's HTTPRoute (flagger `pkg/router/gateway_api.go`). */
function httpRoute(context: TrafficContext): object {
  const { service, names, ledger } = context;
  const { gatewayRefs, hosts, port } = service;
  ledger.kept(SERVICE, `HTTPRoute ${names.apex}, as Flagger would write it`);
  if (!gatewayRefs?.length) {
    const message = 'is missing; an HTTPRoute is nobody’s without a gateway';
    ledger.report.error(ledger.source, at('gatewayRefs'), 'SHIPLOCK_PLAN_FIELD_MISSING', message, 'key');
  }
  for (const field of ['gateways', 'delegation', 'retries', 'trafficPolicy'] as const) {
    if (service[field] != null)
      ledger.unneeded(at(field), 'only of Istio; Flagger does not write it into an HTTPRoute either');
  }
  const backend = (name: string, weight: number) => ({ name, port, weight });
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: metadataOf(context),
    spec: {
      parentRefs: gatewayRefs ?? [],
      ...(hosts?.length ? { hostnames: hosts } : {}),
      rules: [
        { ...gatewayRules(service, ledger), backendRefs: [backend(names.stable, 100), backend(names.canary, 0)] },
      ],
    },
  };
}

/** Fields of `service` that only shape a router's object, where none is written. */
function noteRouting({ service, ledger }: TrafficContext, because: string): void {
  const fields = [
    'hosts',
    'gateways',
    'gatewayRefs',
    'match',
    'rewrite',
    'retries',
    'timeout',
    'backendTimeout',
    'headers',
    'mirror',
    'corsPolicy',
    'trafficPolicy',
    'delegation',
  ] as const;
  for (const field of fields) if (service[field] != null) ledger.unneeded(at(field), because);
}

/** Fields of a service that only App Mesh or Flagger itself has a use for, and of an analysis what no router of ours does. */
export function noteService(service: CanaryService, analysis: Analysis | null, ledger: Ledger): void {
  if (service.meshName != null) ledger.unneeded(at('meshName'), 'only of App Mesh');
  if (service.backends != null) ledger.unneeded(at('backends'), 'only of App Mesh');
  if (service.unmanagedMetadata != null) {
    ledger.unneeded(
      at('unmanagedMetadata'),
      'of Services and routes only selectors and weights are written; all metadata stays as it is',
    );
  }
  if (analysis?.sessionAffinity != null) {
    const message =
      'no cookie binds a session to one side; a router’s own session persistence is left alone. Remove it';
    ledger.refuse(['spec', 'analysis', 'sessionAffinity'], message);
  }
}
