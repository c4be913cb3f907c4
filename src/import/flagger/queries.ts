/**
 * What `request-success-rate` and `request-duration` ask, by provider (flagger `pkg/metrics/observers`, v1.44.0, which is
 * Apache-2.0): the same series, labels and functions.
 */
import type { ProviderName } from './canary-schema.ts';

export const BUILT_IN = ['request-success-rate', 'request-duration'] as const;
export type BuiltIn = (typeof BUILT_IN)[number];

interface Observer {
  readonly series: string;
  /** Labels of all requests; `GOOD` stands where the next one is put in. */
  readonly labels: string;
  /** Which of them are good. */
  readonly good: string;
  readonly duration:
    | { readonly buckets: string; readonly labels: string; readonly factor?: string }
    | { readonly sum: string; readonly count: string; readonly labels: string };
  /** The duration is in seconds; Flagger compares milliseconds. */
  readonly seconds?: true;
}

const PODS = 'kubernetes_namespace="{{ namespace }}",kubernetes_pod_name=~"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"';
const ISTIO =
  'reporter="destination",destination_workload_namespace="{{ namespace }}",destination_workload=~"{{ target }}"';
const CONTOUR = 'envoy_cluster_name=~"{{ namespace }}_{{ service }}-canary_[0-9a-zA-Z-]+"';
const GLOO = 'envoy_cluster_name=~"{{ namespace }}-{{ target }}-canaryupstream-[0-9a-zA-Z-]+_[0-9a-zA-Z-]+"';
const KUMA = 'service=~"{{ target }}-canary_{{ namespace }}_svc_[0-9a-zA-Z-]+"';
const NGINX = 'namespace="{{ namespace }}",ingress="{{ ingress }}",canary!=""';
const TRAEFIK = 'service=~"{{ namespace }}-{{ target }}-canary-[0-9a-zA-Z-]+@kubernetescrd"';
const OSM = 'destination_namespace="{{ namespace }}",destination_kind="Deployment",destination_name="{{ target }}"';
const APISIX = 'route=~"{{ namespace }}_{{ route }}-{{ target }}-canary_.+"';
const SKIPPER = 'route=~"kube(ew)?_{{ namespace }}__{{ ingress }}_canary__.*__{{ service }}_canary(_[0-9]+)?"';

/** Envoy's own counters, under the name by which each mesh knows the canary. */
const envoy = (labels: string): Observer => ({
  series: 'envoy_cluster_upstream_rq',
  labels: `${labels},GOOD`,
  good: 'envoy_response_code!~"5.*"',
  duration: { buckets: 'envoy_cluster_upstream_rq_time_bucket', labels },
});

const OBSERVERS = {
  istio: {
    series: 'istio_requests_total',
    labels: `${ISTIO},GOOD`,
    good: 'response_code!~"5.*"',
    duration: { buckets: 'istio_request_duration_milliseconds_bucket', labels: ISTIO },
  },
  http: {
    series: 'http_request_duration_seconds_count',
    labels: `${PODS},GOOD`,
    good: 'status!~"5.*"',
    duration: { buckets: 'http_request_duration_seconds_bucket', labels: PODS },
    seconds: true,
  },
  nginx: {
    series: 'nginx_ingress_controller_requests',
    labels: `${NGINX},GOOD`,
    good: 'status!~"5.*"',
    duration: {
      sum: 'nginx_ingress_controller_response_duration_seconds_sum',
      count: 'nginx_ingress_controller_response_duration_seconds_count',
      labels: NGINX,
    },
  },
  linkerd: {
    series: 'response_total',
    labels: 'namespace="{{ namespace }}",deployment=~"{{ target }}",GOOD,direction="inbound"',
    good: 'classification!="failure"',
    duration: {
      buckets: 'response_latency_ms_bucket',
      labels: 'namespace="{{ namespace }}",deployment=~"{{ target }}",direction="inbound"',
    },
  },
  traefik: {
    series: 'traefik_service_request_duration_seconds_bucket',
    labels: `${TRAEFIK},GOOD,le="+Inf"`,
    good: 'code!~"5.."',
    duration: { buckets: 'traefik_service_request_duration_seconds_bucket', labels: TRAEFIK, factor: ' * 1000' },
  },
  osm: {
    series: 'osm_request_total',
    labels: `${OSM},GOOD`,
    good: 'response_code!~"5.*"',
    duration: { buckets: 'osm_request_duration_ms_bucket', labels: OSM },
  },
  apisix: {
    series: 'apisix_http_status',
    labels: `${APISIX},GOOD`,
    good: 'code!~"5.."',
    duration: { buckets: 'apisix_http_latency_bucket', labels: `type=~"request",${APISIX}` },
  },
  skipper: {
    series: 'skipper_response_duration_seconds_bucket',
    labels: `${SKIPPER},GOOD,le="+Inf"`,
    good: 'code!~"5.."',
    duration: {
      sum: 'skipper_serve_route_duration_seconds_sum',
      count: 'skipper_serve_route_duration_seconds_count',
      labels: SKIPPER,
    },
  },
  contour: envoy(CONTOUR),
  gloo: envoy(GLOO),
  kuma: envoy(KUMA),
  appmesh: envoy(PODS),
  knative: envoy('envoy_cluster_name=~"{{ namespace }}/{{ route }}"'),
} as const satisfies Record<string, Observer>;
export type ObserverName = keyof typeof OBSERVERS;
export const OBSERVER_NAMES = Object.keys(OBSERVERS) as readonly ObserverName[];

/** Whose metrics Flagger reads for a provider (`observers/factory.go`): what it does not know is read as Istio's. */
export function observerOf(provider: ProviderName): ObserverName {
  const [family = ''] = provider.split(':');
  if (family === 'kubernetes' || family === 'gatewayapi') return 'http';
  return OBSERVER_NAMES.find((name) => name === family) ?? 'istio';
}

/** PromQL with Flagger's variables still in it. */
export function builtInQuery(observer: ObserverName, metric: BuiltIn): string {
  const { series, labels, good, duration }: Observer = OBSERVERS[observer];
  if (metric === 'request-success-rate') {
    const all = labels.replace(/,?GOOD/, '');
    return `${rate(series, labels.replace('GOOD', good))}\n/\n${rate(series, all)}\n* 100`;
  }
  if ('sum' in duration) {
    return `${rate(duration.sum, duration.labels)}\n/\n${rate(duration.count, duration.labels)}\n* 1000`;
  }
  return `histogram_quantile(0.99, ${rate(duration.buckets, duration.labels)} by (le))${duration.factor ?? ''}`;
}

export const inSeconds = (observer: ObserverName): boolean => 'seconds' in OBSERVERS[observer];

const rate = (series: string, labels: string) => `sum(rate(${series}{${labels}}[{{ interval }}]))`;
