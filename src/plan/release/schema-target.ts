/** The section `target` of a release file, for each platform. */
import { z } from 'zod';
import { eachPlatform } from '../argo/platform.ts';
import { countOrPercent } from '../argo/rollout-schema.ts';
import { istioSchema } from '../argo/routing-schema.ts';
import { MAX_CONFIG_MAPS, MAX_PODS, MAX_ROUTES } from '../limits.ts';
import { DNS_SUBDOMAIN, dnsLabel, duration, text } from '../shape/fields.ts';
import { argoTargetSchema } from './schema-driven.ts';
import { command, exactlyOne, path, urlPath } from './schema-fields.ts';

const PLATFORMS = ['local', 'kubernetes', 'argo'] as const;

export const localTargetSchema = z.strictObject({
  platform: z.enum(PLATFORMS).describe('local: processes of this machine behind the embedded Envoy.'),
  command: command('Starts one replica; {{version}} stands for the released version.'),
  directory: path('Working directory of the processes.').optional(),
  environment: z.record(z.string().regex(/^[A-Za-z_]\w*$/, 'the name of a variable'), z.string().max(4_096)).optional(),
  replicas: z.int().min(1).max(100).optional().describe("Default: the Rollout's replicas."),
  readinessPath: urlPath('Default: /ready.').optional(),
  stableService: text().optional().describe("Default: the Rollout's stableService, else SERVICE-stable."),
  canaryService: text().optional().describe("Default: the Rollout's canaryService, else SERVICE-canary."),
});

const objectName = () =>
  z.string().regex(DNS_SUBDOMAIN, 'the name of an object of this namespace: a-z, 0-9, - and ., at most 253 characters');

const adoptedFields = z.strictObject({
  name: objectName(),
  scaleDown: z
    .enum(['never', 'onsuccess', 'progressively'])
    .optional()
    .describe("When it is scaled to zero. Default: the Rollout's workloadRef.scaleDown, else never."),
});
export const adoptsSchema = z.union([objectName(), adoptedFields], 'the name of a Deployment, or name and scaleDown');

const gatewaySchema = z
  .strictObject({
    httpRoute: objectName().optional(),
    httpRoutes: z.array(objectName()).max(MAX_ROUTES).optional(),
    grpcRoutes: z.array(objectName()).max(MAX_ROUTES).optional(),
  })
  .describe('Weights in HTTPRoutes and GRPCRoutes of the Gateway API.');

export const trafficSchema = z
  .strictObject({
    istio: istioSchema.optional().describe("Weights in VirtualServices, as in Argo's trafficRouting.istio."),
    gateway: gatewaySchema.optional(),
    replicas: z.strictObject({}).optional().describe('No router: the share of the pods is the share of the requests.'),
    pingPong: z
      .boolean()
      .optional()
      .describe(
        'At each promotion the two Services change roles, and no selector of one with traffic moves. Default: false.',
      ),
    managedRoutes: z
      .array(dnsLabel())
      .max(MAX_ROUTES)
      .optional()
      .describe('Routes that header and mirror steps may make, the first goes before the others.'),
  })
  .check(exactlyOne(['istio', 'gateway', 'replicas']));

export const scaleSchema = z.strictObject({
  maxSurge: countOrPercent().optional().describe('Pods, or percent of replicas; without a router only. Default: 25%.'),
  maxUnavailable: countOrPercent().optional().describe('The same. Default: 25%.'),
  dynamicStableScale: z
    .boolean()
    .optional()
    .describe('The stable side shrinks as the canary grows; with a router only. Default: false.'),
  minPodsPerReplicaSet: z
    .int()
    .min(1)
    .max(MAX_PODS)
    .optional()
    .describe('The least pods of a side that has traffic; with a router only. Default: 1.'),
  abortScaleDownDelay: z
    .union([z.literal('never'), duration()])
    .optional()
    .describe('How long the pods of an aborted canary stay, or never. Default: 30s with a router, else 0s.'),
});

export const kubernetesTargetSchema = z.strictObject({
  platform: z.literal('kubernetes').describe('ReplicaSets beside each other in one namespace.'),
  cluster: dnsLabel().optional().describe("A cluster of the worker's policy. Default: default."),
  namespace: dnsLabel().optional().describe("Default: that of the Rollout, or of the Deployment's manifest."),
  container: dnsLabel()
    .optional()
    .describe('Whose image carries the version. Default: the only one, or the one with image.repository.'),
  deployment: z
    .strictObject({
      file: path('A manifest with a Deployment: its pod template, selector and replicas.'),
      name: text().optional().describe('Default: the only Deployment of the file.'),
    })
    .optional()
    .describe('Instead of a Rollout with a pod template, or for its workloadRef.'),
  adopts: adoptsSchema
    .optional()
    .describe(
      "The Deployment that serves until the first release; none of its pods is restarted. Default: the Rollout's workloadRef.",
    ),
  replicas: z.int().min(1).max(MAX_PODS).optional().describe("Default: the Rollout's, else the Deployment's."),
  stableService: dnsLabel().optional().describe("Default: the Rollout's stableService, else SERVICE-stable."),
  canaryService: dnsLabel().optional().describe("Default: the Rollout's canaryService, else SERVICE-canary."),
  minReadySeconds: z
    .int()
    .min(0)
    .max(86_400)
    .optional()
    .describe("How long a pod must stay ready before it counts. Default: the Rollout's, else 0."),
  readinessPath: urlPath("Default: that of the container's readiness probe, else /ready.").optional(),
  configMaps: z
    .array(path('A manifest with ConfigMaps, of which each revision has its own copy.'))
    .max(MAX_CONFIG_MAPS)
    .optional(),
  traffic: trafficSchema.optional().describe("Who splits the requests. Default: the Rollout's trafficRouting."),
  scale: scaleSchema
    .optional()
    .describe("How many pods each side has. Default: the Rollout's fields of the same names."),
});

export const targetSchema = eachPlatform((platform) =>
  platform === 'local' ? localTargetSchema : kubernetesTargetSchema,
);

/** For editors, which see the whole file. */
export const anyTargetSchema = z.discriminatedUnion('platform', [
  localTargetSchema.extend({
    platform: z.literal('local').describe('Processes of this machine behind the embedded Envoy.'),
  }),
  kubernetesTargetSchema,
  argoTargetSchema,
]);
