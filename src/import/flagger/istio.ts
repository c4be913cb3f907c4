/** What Flagger generates for Istio (flagger `pkg/router/istio.go`). */
import type { CanaryService } from './canary-schema.ts';
import { at, metadataOf, SERVICE, type TrafficContext } from './traffic-context.ts';

/** Of the one route whose weights are moved: routes that steps make come before it. */
export const ROUTE = 'primary';

/** Flagger's `reconcileVirtualService` (flagger `pkg/router/istio.go`). */
export function virtualService(context: TrafficContext): object {
  const { service, names, ledger } = context;
  const { hosts, gateways, delegation, match, rewrite, timeout, retries, corsPolicy, headers } = service;
  ledger.kept(SERVICE, `VirtualService ${names.apex}, as Flagger would write it`);
  for (const field of ['gatewayRefs', 'backendTimeout', 'mirror'] as const) {
    if (service[field] != null) ledger.unneeded(at(field), 'only of the Gateway API');
  }
  const ownHosts = (hosts ?? []).some((host) => host === names.apex || host === '*')
    ? (hosts ?? [])
    : [...(hosts ?? []), names.apex];
  const destination = (host: string, weight: number) => ({ destination: { host }, weight });
  const rewritten = rewrite == null ? null : withoutType(rewrite);
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: metadataOf(context),
    spec: {
      ...(delegation ? {} : { hosts: ownHosts, gateways: gateways?.length ? gateways : ['mesh'] }),
      http: [
        {
          name: ROUTE,
          ...present({ match, rewrite: rewritten, timeout, retries, corsPolicy, headers }),
          route: [destination(names.stable, 100), destination(names.canary, 0)],
        },
      ],
    },
  };
}

const withoutType = ({ uri, authority }: NonNullable<CanaryService['rewrite']>) => present({ uri, authority });

/** One for each side, where there is a traffic policy (flagger `reconcileDestinationRule`). */
export function destinationRules({ service, names, namespace }: TrafficContext): object[] {
  const { trafficPolicy } = service;
  if (trafficPolicy == null) return [];
  return [names.stable, names.canary].map((host) => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name: host, namespace },
    spec: { host, trafficPolicy },
  }));
}

const present = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null));
