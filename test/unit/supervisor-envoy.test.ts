import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterStatName, endpoints, listeners, routes } from '../../infra/local/envoy/configuration.ts';
import { deploymentType, roleOf } from '../../infra/local/stack/role.ts';
import { targetsOf } from '../../infra/local/stack/targets.ts';

const HEADER = 'x-shiplock-entrance';
const route = (service: string, weights: Record<string, number>, preview: string | null = null) =>
  routes({ [service]: { weights, preview } });
const resourceOf = ({ content }: { content: string }) => JSON.parse(content).resources[0];
const routesOf = (table: { content: string }) => {
  const [preview, live] = resourceOf(table).virtual_hosts[0].routes;
  return { preview, live };
};

describe("Envoy's configuration", () => {
  it('has the digest of its content as version, so the same is never written twice', () => {
    assert.deepEqual(route('api', { a: 90, b: 10 }), route('api', { a: 90, b: 10 }));
    assert.notEqual(route('api', { a: 90, b: 10 }).version, route('api', { a: 89, b: 11 }).version);
    assert.equal(JSON.parse(route('api', {}).content).version_info, route('api', {}).version);
  });

  it('sends each share to the cluster of its version, and leaves out what has none', () => {
    const { live } = routesOf(route('api', { '1.0.0': 90, '1.1.0': 10, '0.9.0': 0 }));
    assert.deepEqual(live.route.weighted_clusters.clusters, [
      { name: 'api@1.0.0', weight: 90 },
      { name: 'api@1.1.0', weight: 10 },
    ]);
  });

  it('sends what came in by the preview listener, and only that, to the version that is shown', () => {
    const { preview, live } = routesOf(route('api', { a: 100 }, 'b'));
    assert.deepEqual(preview.route.weighted_clusters.clusters, [{ name: 'api@b', weight: 100 }]);
    assert.deepEqual(preview.match.headers, [{ name: HEADER, string_match: { exact: 'api/preview' } }]);
    assert.deepEqual(live.match.headers, [{ name: HEADER, string_match: { exact: 'api/live' } }]);
  });

  it('lets no client choose its side: both listeners set it over whatever was sent, and no service sees it', () => {
    const { resources } = JSON.parse(listeners('/x', [{ service: 'api', port: 1, preview: 2 }]).content);
    const set = resources.map(
      (one: { filter_chains: { filters: { typed_config: { early_header_mutation_extensions: unknown } }[] }[] }) =>
        one.filter_chains[0]?.filters[0]?.typed_config.early_header_mutation_extensions,
    );
    const appends = JSON.stringify(set).match(/"value":"[\w/]+"\},"append_action":"\w+"/g);
    assert.deepEqual(appends, [
      '"value":"api/live"},"append_action":"OVERWRITE_IF_EXISTS_OR_ADD"',
      '"value":"api/preview"},"append_action":"OVERWRITE_IF_EXISTS_OR_ADD"',
    ]);
    assert.deepEqual(resourceOf(route('api', { a: 100 })).request_headers_to_remove, [HEADER]);
  });

  it('tries again only what was never sent', () => {
    const { live } = routesOf(route('api', { a: 100 }));
    assert.deepEqual(live.route.retry_policy.retry_on.split(','), [
      'connect-failure',
      'refused-stream',
      'reset-before-request',
    ]);
  });

  it('keeps the routes of all services in one table, since Envoy pays for each file that it watches', () => {
    const table = routes({ api: { weights: { a: 100 }, preview: null }, web: { weights: { b: 100 }, preview: 'c' } });
    assert.equal(JSON.parse(table.content).resources.length, 1);
    assert.equal(resourceOf(table).virtual_hosts[0].routes.length, 4);
  });

  it('answers 503 with the reason while nothing carries traffic', () => {
    const { live } = routesOf(route('api', {}));
    assert.equal(live.direct_response.status, 503);
    assert.match(live.direct_response.body.inline_string, /no version of api carries traffic/);
  });

  it('stays on the loopback address', () => {
    const entrances = [{ service: 'api', port: 20_001, preview: 20_003 }];
    const text = listeners('/x', entrances).content + endpoints('api', 'a', [20_002]).content;
    assert.deepEqual(
      [...text.matchAll(/"address":"([^"]+)"/g)].map(([, address]) => address),
      ['127.0.0.1', '127.0.0.1', '127.0.0.1'],
    );
  });

  it('names statistics without dots', () => {
    assert.equal(clusterStatName('api', '1.2.0'), 'api@1_2_0');
  });
});

describe("Prometheus' targets", () => {
  const options = { service: 'api', version: '1.1.0', stableService: 'api-stable', canaryService: 'api-canary' };
  const labels = (role: 'stable' | 'canary' | 'none') =>
    targetsOf({ ...options, role, instances: [{ port: 20_005, index: 0 }] })[0]?.labels;

  it('carry the name of the side as service', () => {
    assert.deepEqual(labels('canary'), {
      service: 'api-canary',
      role: 'canary',
      version: '1.1.0',
      instance: 'api-1.1.0-0',
      shiplock_service: 'api',
    });
    assert.equal(labels('stable')?.service, 'api-stable');
  });

  it('carry none for a revision without a role, so it counts for neither side', () => {
    assert.equal(labels('none')?.service, undefined);
  });
});

describe('roles', () => {
  it('follow the service; what starts beside a stable version is a candidate', () => {
    const revisions = { '1.0.0-baseline': { spec: { baseline: { of: '1.0.0', service: 'api-baseline' } } } };
    const service = { stable: '1.0.0', canary: '1.1.0', revisions };
    assert.deepEqual(
      ['1.0.0', '1.1.0', '0.9.0', '1.0.0-baseline'].map((version) => roleOf(service, version)),
      ['stable', 'canary', 'none', 'baseline'],
    );
    assert.equal(deploymentType({ stable: '1.0.0', canary: null, revisions }, '1.1.0'), 'canary');
    assert.equal(deploymentType({ stable: null, canary: null, revisions: {} }, '1.0.0'), 'stable');
  });
});
