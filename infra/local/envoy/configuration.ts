import { createHash } from 'node:crypto';
import { LOOPBACK } from '../stack/ports.ts';

/** One file of Envoy's dynamic configuration: a `DiscoveryResponse` whose version is the digest of its content. */
export interface Discovery {
  readonly version: string;
  readonly content: string;
}

const TYPE = 'type.googleapis.com/envoy';
/** Shorter than the 5 s after which Node closes an idle connection, so that no request meets a closing one. */
const UPSTREAM_IDLE = '3s';

/** By which listener a request came in, of which service and for which side; services never see it. */
const ENTRANCE_HEADER = 'x-shiplock-entrance';
/** The one table of all services: Envoy watches each file with an inotify instance, of which a user has 128. */
const TABLE = 'services';

export function clusterName(service: string, version: string): string {
  return `${service}@${version}`;
}

/** Statistics use dots as separators, so a version shows there as `1_2_0`. */
export function clusterStatName(service: string, version: string): string {
  return clusterName(service, version).replaceAll('.', '_');
}

export function bootstrap(options: { directory: string; adminPort: number }): string {
  return JSON.stringify({
    node: { id: 'shiplock', cluster: 'shiplock' },
    admin: { address: address(options.adminPort) },
    dynamic_resources: {
      lds_config: fileSource(`${options.directory}/listeners.json`),
      cds_config: fileSource(`${options.directory}/clusters.json`),
    },
  });
}

/** Ports on which requests come in for one service. */
export interface Entrances {
  readonly service: string;
  readonly port: number;
  /** `null` while it has none. */
  readonly preview: number | null;
}

/** Two for each service: one for its users, one for whoever looks at the side without traffic. */
export function listeners(directory: string, services: readonly Entrances[]): Discovery {
  return discovery(
    services.flatMap(({ service, port, preview }) => [
      listener(directory, service, 'live', port),
      ...(preview === null ? [] : [listener(directory, service, 'preview', preview)]),
    ]),
  );
}

export function clusters(directory: string, revisions: readonly { service: string; version: string }[]): Discovery {
  return discovery(revisions.map(({ service, version }) => cluster(directory, service, version)));
}

export function endpoints(service: string, version: string, ports: readonly number[]): Discovery {
  return discovery([
    {
      '@type': `${TYPE}.config.endpoint.v3.ClusterLoadAssignment`,
      cluster_name: clusterName(service, version),
      endpoints: [{ lb_endpoints: ports.map((port) => ({ endpoint: { address: address(port) } })) }],
    },
  ]);
}

/** Where the requests of one service go. */
export interface Route {
  readonly weights: Readonly<Record<string, number>>;
  /** The version of the side without traffic; `null` where there is none. */
  readonly preview: string | null;
}

/**
 * Where requests go, those to preview addresses too: one table, so a switch changes both of a service's listeners at
 * once. Without weights every request is answered with 503 and why.
 */
export function routes(services: Readonly<Record<string, Route>>): Discovery {
  return discovery([
    {
      '@type': `${TYPE}.config.route.v3.RouteConfiguration`,
      name: TABLE,
      request_headers_to_remove: [ENTRANCE_HEADER],
      virtual_hosts: [{ name: TABLE, domains: ['*'], routes: Object.entries(services).flatMap(routesOf) }],
    },
  ]);
}

function routesOf([service, { weights, preview }]: readonly [string, Route]) {
  const shares = Object.entries(weights)
    .filter(([, weight]) => weight > 0)
    .map(([version, weight]) => ({ name: clusterName(service, version), weight }));
  const shown = preview === null ? [] : [{ name: clusterName(service, preview), weight: 100 }];
  return [
    { match: through(service, 'preview'), ...destination(shown, `no version of ${service} can be shown`) },
    { match: through(service, 'live'), ...destination(shares, `no version of ${service} carries traffic`) },
  ];
}

function through(service: string, side: Side) {
  const exact = entrance(service, side);
  return { prefix: '/', headers: [{ name: ENTRANCE_HEADER, string_match: { exact } }] };
}

type Side = 'live' | 'preview';

function entrance(service: string, side: Side): string {
  return `${service}/${side}`;
}

function destination(shares: readonly { name: string; weight: number }[], otherwise: string) {
  if (shares.length === 0) return { direct_response: { status: 503, body: { inline_string: `${otherwise}\n` } } };
  return { route: { timeout: '0s', weighted_clusters: { clusters: shares }, retry_policy: unsentOnly() } };
}

/**
 * Never repeats a request that a process may have seen: only a connection that could not be made, or was lost
 * before anything was sent, is tried on another instance of the same revision.
 */
function unsentOnly() {
  return {
    retry_on: 'connect-failure,refused-stream,reset-before-request',
    num_retries: 3,
    retry_host_predicate: [
      {
        name: 'envoy.retry_host_predicates.previous_hosts',
        typed_config: { '@type': `${TYPE}.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate` },
      },
    ],
    host_selection_retry_max_attempts: 5,
    retry_back_off: { base_interval: '0.005s', max_interval: '0.05s' },
  };
}

/** Every listener sets the header itself, over whatever a client sent, so it says where a request came in. */
function listener(directory: string, service: string, side: Side, port: number) {
  const manager = `${TYPE}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`;
  const name = side === 'live' ? service : `${service}@${side}`;
  return {
    '@type': `${TYPE}.config.listener.v3.Listener`,
    name,
    address: address(port),
    filter_chains: [
      {
        filters: [
          {
            name: 'envoy.filters.network.http_connection_manager',
            typed_config: {
              '@type': manager,
              stat_prefix: name,
              early_header_mutation_extensions: [setHeader(ENTRANCE_HEADER, entrance(service, side))],
              rds: { route_config_name: TABLE, config_source: fileSource(`${directory}/routes.json`) },
              http_filters: [
                {
                  name: 'envoy.filters.http.router',
                  typed_config: { '@type': `${TYPE}.extensions.filters.http.router.v3.Router` },
                },
              ],
            },
          },
        ],
      },
    ],
  };
}

function setHeader(key: string, value: string) {
  return {
    name: 'envoy.http.early_header_mutation.header_mutation',
    typed_config: {
      '@type': `${TYPE}.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation`,
      mutations: [{ append: { header: { key, value }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' } }],
    },
  };
}

function cluster(directory: string, service: string, version: string) {
  const name = clusterName(service, version);
  const options = `${TYPE}.extensions.upstreams.http.v3.HttpProtocolOptions`;
  return {
    '@type': `${TYPE}.config.cluster.v3.Cluster`,
    name,
    alt_stat_name: clusterStatName(service, version),
    type: 'EDS',
    lb_policy: 'LEAST_REQUEST',
    connect_timeout: '2s',
    eds_cluster_config: { service_name: name, eds_config: fileSource(`${directory}/endpoints/${name}.json`) },
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': options,
        common_http_protocol_options: { idle_timeout: UPSTREAM_IDLE },
        explicit_http_config: { http_protocol_options: {} },
      },
    },
  };
}

function discovery(resources: readonly object[]): Discovery {
  const version = createHash('sha256').update(JSON.stringify(resources)).digest('hex').slice(0, 16);
  return { version, content: JSON.stringify({ version_info: version, resources }) };
}

function fileSource(path: string) {
  return { resource_api_version: 'V3', path_config_source: { path } };
}

function address(port: number) {
  return { socket_address: { address: LOOPBACK, port_value: port } };
}
