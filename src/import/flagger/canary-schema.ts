/** Flagger's Canary (flagger `pkg/apis/flagger/v1beta1/canary.go`, v1.44.0): every field that it knows. */
import { z } from 'zod';
import { MAX_METRICS } from '../../plan/limits.ts';
import { opaque, text } from '../../plan/shape/fields.ts';

const whole = (least: number, most: number) => z.int().min(least).max(most).nullish();
const percent = () => whole(0, 100);
const names = () => z.array(z.string().max(4_096)).max(200).nullish();
const map = () => z.record(z.string().max(512), z.string().max(65_536)).nullish();
const metadata = () => z.strictObject({ labels: map(), annotations: map() }).nullish();
/** Objects of Istio or of the Gateway API: copied as they are, and checked by whoever applies them. */
const copied = () => z.looseObject({}).nullish();
const copiedList = () => z.array(z.looseObject({})).max(200).nullish();

const reference = () => z.strictObject({ apiVersion: text().nullish(), kind: text().nullish(), name: text() });
const reach = () => z.strictObject({ ...reference().shape, namespace: text().nullish() });

export const PROVIDERS = [
  'apisix',
  'appmesh',
  'appmesh:v1beta2',
  'contour',
  'gatewayapi:v1',
  'gatewayapi:v1beta1',
  'gloo',
  'istio',
  'knative',
  'kubernetes',
  'kuma',
  'linkerd',
  'nginx',
  'osm',
  'skipper',
  'smi:v1alpha1',
  'smi:v1alpha2',
  'smi:v1alpha3',
  'traefik',
] as const;
export type ProviderName = (typeof PROVIDERS)[number];

export const HOOKS = [
  'confirm-rollout',
  'pre-rollout',
  'rollout',
  'confirm-traffic-increase',
  'confirm-promotion',
  'post-rollout',
  'rollback',
  'event',
] as const;
export type Hook = (typeof HOOKS)[number];

export const webhookSchema = z.strictObject({
  name: text(),
  type: z.enum(['', ...HOOKS]).nullish(),
  url: text(),
  muteAlert: z.boolean().nullish(),
  timeout: z.string().max(64).nullish(),
  retries: whole(0, 1_000),
  disableTLS: z.boolean().nullish(),
  metadata: map(),
});

export const metricSchema = z.strictObject({
  name: text(),
  interval: z.string().max(64).nullish(),
  threshold: z.number().nullish(),
  thresholdRange: z.strictObject({ min: z.number().nullish(), max: z.number().nullish() }).nullish(),
  query: z.string().max(16_384).nullish(),
  templateRef: reach().nullish(),
  templateVariables: map(),
});

export const alertSchema = z.strictObject({
  name: text().nullish(),
  severity: z.enum(['', 'info', 'warn', 'error']).nullish(),
  providerRef: reach(),
});

const sessionAffinity = z.strictObject({
  cookieName: text().nullish(),
  primaryCookieName: text().nullish(),
  domain: text().nullish(),
  httpOnly: z.boolean().nullish(),
  maxAge: z.int().nullish(),
  partitioned: z.boolean().nullish(),
  path: text().nullish(),
  sameSite: z.enum(['', 'Strict', 'Lax', 'None']).nullish(),
  secure: z.boolean().nullish(),
});

export const analysisSchema = z.strictObject({
  interval: z.string().max(64).nullish(),
  iterations: whole(0, 10_000),
  threshold: whole(-1_000_000, 1_000_000),
  maxWeight: percent(),
  stepWeight: percent(),
  stepWeights: z.array(z.int().min(0).max(100)).max(200).nullish(),
  stepWeightPromotion: percent(),
  mirror: z.boolean().nullish(),
  mirrorWeight: percent(),
  primaryReadyThreshold: percent(),
  canaryReadyThreshold: percent(),
  match: copiedList(),
  metrics: z.array(metricSchema).max(MAX_METRICS).nullish(),
  webhooks: z.array(webhookSchema).max(MAX_METRICS).nullish(),
  alerts: z.array(alertSchema).max(MAX_METRICS).nullish(),
  sessionAffinity: sessionAffinity.nullish(),
});

export const serviceSchema = z.strictObject({
  name: text().nullish(),
  port: z.int().min(1).max(65_535),
  portName: text().nullish(),
  targetPort: z.union([z.int().min(1).max(65_535), text()], 'a port or its name').nullish(),
  appProtocol: text().nullish(),
  trafficDistribution: z.enum(['PreferClose', 'PreferSameZone', 'PreferSameNode']).nullish(),
  portDiscovery: z.boolean().nullish(),
  headless: z.boolean().nullish(),
  timeout: text().nullish(),
  backendTimeout: text().nullish(),
  gateways: names(),
  gatewayRefs: copiedList(),
  hosts: names(),
  delegation: z.boolean().nullish(),
  trafficPolicy: copied(),
  match: copiedList(),
  rewrite: z.strictObject({ uri: text().nullish(), authority: text().nullish(), type: text().nullish() }).nullish(),
  retries: copied(),
  headers: copied(),
  mirror: copiedList(),
  corsPolicy: copied(),
  meshName: text().nullish(),
  backends: names(),
  apex: metadata(),
  primary: metadata(),
  canary: metadata(),
  unmanagedMetadata: z.strictObject({ annotations: names(), labels: names() }).nullish(),
});

const replicas = z.strictObject({ minReplicas: whole(1, 100_000), maxReplicas: whole(1, 100_000) });

export const specSchema = z.strictObject({
  provider: z.enum(PROVIDERS).nullish(),
  metricsServer: text().nullish(),
  targetRef: reference(),
  autoscalerRef: z
    .strictObject({ ...reference().shape, primaryScalerQueries: map(), primaryScalerReplicas: replicas.nullish() })
    .nullish(),
  ingressRef: reference().nullish(),
  routeRef: reference().nullish(),
  upstreamRef: reach().nullish(),
  service: serviceSchema,
  analysis: analysisSchema.nullish(),
  canaryAnalysis: analysisSchema.nullish(),
  progressDeadlineSeconds: whole(1, 31_536_000),
  skipAnalysis: z.boolean().nullish(),
  revertOnDeletion: z.boolean().nullish(),
  suspend: z.boolean().nullish(),
});

export const manifestFields = {
  apiVersion: z.literal('flagger.app/v1beta1'),
  metadata: z.looseObject({ name: text(), namespace: text().nullish() }),
  status: opaque(),
};

export const canarySchema = z.strictObject({ ...manifestFields, kind: z.literal('Canary'), spec: specSchema });

export type Canary = z.output<typeof canarySchema>;
export type Analysis = z.output<typeof analysisSchema>;
export type CanaryService = z.output<typeof serviceSchema>;
export type Metric = z.output<typeof metricSchema>;
export type Webhook = z.output<typeof webhookSchema>;
