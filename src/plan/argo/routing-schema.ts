/** Argo's `trafficRouting` (argo-rollouts `types.go`), and the configuration of its plugin for the Gateway API. */
import { z } from 'zod';
import { MAX_ROUTES } from '../limits.ts';
import { opaque, refused, rule, text } from '../shape/fields.ts';
import { eachPlatform, inCluster, looseLocally, type RolloutPlatform } from './platform.ts';

export const GATEWAY_PLUGIN = 'argoproj-labs/gatewayAPI';

const port = () => z.int().min(1).max(65_535).nullish();
const tlsRoutes = z
  .array(z.strictObject({ port: port(), sniHosts: z.array(text()).max(MAX_ROUTES).nullish() }))
  .max(MAX_ROUTES)
  .nullish();
const tcpRoutes = z
  .array(z.strictObject({ port: port() }))
  .max(MAX_ROUTES)
  .nullish();

const virtualServiceOn = (platform: RolloutPlatform) =>
  z.strictObject({
    name: text(),
    routes: z.array(text()).max(MAX_ROUTES).nullish(),
    tlsRoutes: looseLocally(platform, opaque(), tlsRoutes),
    tcpRoutes: looseLocally(platform, opaque(), tcpRoutes),
  });

const istioOn = (platform: RolloutPlatform) =>
  z
    .strictObject({
      virtualService: virtualServiceOn(platform).nullish(),
      virtualServices: z.array(virtualServiceOn(platform)).min(1).max(MAX_ROUTES).nullish(),
      destinationRule: z
        .strictObject({
          name: text(),
          canarySubsetName: text(),
          stableSubsetName: text(),
          additionalSubsetNames: refused('destinationRule.additionalSubsetNames'),
        })
        .nullish(),
    })
    .check(
      rule(
        (istio) => (istio?.virtualService == null) !== (istio?.virtualServices == null),
        'SHIPLOCK_PLAN_VALUE',
        () => 'expected exactly one of virtualService and virtualServices',
      ),
    );

export const istioSchema = istioOn('kubernetes');

const pluginRoutes = z
  .array(z.strictObject({ name: text(), useHeaderRoutes: z.boolean().nullish() }))
  .max(MAX_ROUTES)
  .nullish();
const OTHER_ROUTES = ['tcpRoute', 'tcpRoutes', 'tlsRoute', 'tlsRoutes'] as const;
const SELECTORS = ['httpRouteSelector', 'grpcRouteSelector', 'tcpRouteSelector', 'tlsRouteSelector'] as const;

/** rollouts-plugin-trafficrouter-gatewayapi, `pkg/plugin/types.go`. */
const gatewayPluginSchema = z.strictObject({
  httpRoute: text().nullish(),
  httpRoutes: pluginRoutes,
  grpcRoute: text().nullish(),
  grpcRoutes: pluginRoutes,
  namespace: text().nullish(),
  configMap: opaque(),
  disableInProgressLabel: opaque(),
  inProgressLabelKey: opaque(),
  inProgressLabelValue: opaque(),
  ...Object.fromEntries([...OTHER_ROUTES, ...SELECTORS].map((name) => [name, refused(`${GATEWAY_PLUGIN}: ${name}`)])),
});

const pluginsSchema = z.looseObject({ [GATEWAY_PLUGIN]: gatewayPluginSchema.nullish() }).check(
  rule(
    (plugins) => Object.keys(plugins ?? {}).every((name) => name === GATEWAY_PLUGIN),
    'SHIPLOCK_PLAN_UNSUPPORTED',
    (plugins) => {
      const others = Object.keys(plugins ?? {}).filter((name) => name !== GATEWAY_PLUGIN);
      return `${others.join(', ')}: of Argo's plugins only ${GATEWAY_PLUGIN} is supported; remove it`;
    },
  ),
);

const OTHER_ROUTERS = ['nginx', 'alb', 'smi', 'ambassador', 'appMesh', 'traefik', 'apisix'] as const;

export const trafficRoutingSchema = eachPlatform((platform) =>
  z.strictObject({
    istio: istioOn(platform).nullish(),
    plugins: inCluster(platform, 'trafficRouting.plugins', pluginsSchema.nullish()),
    managedRoutes: z
      .array(z.strictObject({ name: text() }))
      .max(MAX_ROUTES)
      .nullish(),
    maxTrafficWeight: refused('trafficRouting.maxTrafficWeight', platform === 'local' ? undefined : 100),
    ...Object.fromEntries(OTHER_ROUTERS.map((name) => [name, refused(`trafficRouting.${name}`)])),
  }),
);
