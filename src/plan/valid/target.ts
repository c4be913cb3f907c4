/** Where a plan runs. */
import { z } from 'zod';
import {
  MAX_CONFIG_MAP_BYTES,
  MAX_CONFIG_MAPS,
  MAX_DEPTH,
  MAX_PODS,
  MAX_ROUTES,
  MAX_TEMPLATE_BYTES,
} from '../limits.ts';
import { DNS_SUBDOMAIN } from '../shape/fields.ts';
import { annotations, isOwnLabel, labels } from '../shape/labels.ts';
import { CONFIG_KEY, CONFIG_MAP_NAME, REPOSITORY } from '../shape/names.ts';
import type { JsonObject } from '../target.ts';
import { isPlainJson } from './json.ts';
import { absolute, command, distinct, label, ms, positiveMs, text, urlPath } from './pieces.ts';

const twoServices = ({ stableService, canaryService }: { stableService: string; canaryService: string }) =>
  stableService !== canaryService;
const TWO_SERVICES = 'expected two different services';

const local = z
  .strictObject({
    platform: z.literal('local'),
    command,
    directory: absolute,
    environment: z.record(z.string(), z.string()),
    replicas: z.int().min(1).max(100),
    readinessPath: urlPath,
    stableService: text,
    canaryService: text,
  })
  .refine(twoServices, TWO_SERVICES);

const objectName = z.string().regex(DNS_SUBDOMAIN, 'expected the name of an object');
const routeNames = z
  .array(text)
  .max(MAX_ROUTES)
  .readonly()
  .refine((names) => distinct(names, (name) => name), 'expected names that differ');
const portRoutes = z
  .array(
    z.strictObject({
      port: z.int().min(1).max(65_535).optional(),
      sniHosts: z.array(text).max(MAX_ROUTES).readonly().optional(),
    }),
  )
  .max(MAX_ROUTES)
  .readonly();

const istio = z.strictObject({
  kind: z.literal('istio'),
  virtualServices: z
    .array(
      z.strictObject({
        name: objectName,
        routes: routeNames,
        tlsRoutes: portRoutes.optional(),
        tcpRoutes: portRoutes.optional(),
      }),
    )
    .min(1)
    .max(MAX_ROUTES)
    .readonly()
    .refine((all) => distinct(all, ({ name }) => name), 'expected names that differ'),
  destinationRule: z.strictObject({ name: objectName, canarySubset: text, stableSubset: text }).optional(),
  managedRoutes: routeNames.optional(),
  pingPong: z.literal(true).optional(),
});

const gateway = z.strictObject({
  kind: z.literal('gateway'),
  routes: z
    .array(z.strictObject({ kind: z.enum(['HTTPRoute', 'GRPCRoute']), name: objectName }))
    .min(1)
    .max(2 * MAX_ROUTES)
    .readonly()
    .refine((routes) => distinct(routes, ({ kind, name }) => `${kind}/${name}`), 'expected routes that differ'),
  managedRoutes: routeNames.optional(),
  pingPong: z.literal(true).optional(),
});

const traffic = z.discriminatedUnion('kind', [istio, gateway, z.strictObject({ kind: z.literal('replicas') })]);

const amount = z.union([z.int().min(0).max(MAX_PODS), z.templateLiteral([z.int().min(0).max(1_000_000), '%'])]);

const scale = z.strictObject({
  maxSurge: amount,
  maxUnavailable: amount,
  dynamicStableScale: z.boolean(),
  minPodsPerReplicaSet: z.int().min(1).max(MAX_PODS),
  abortScaleDownDelayMs: ms.nullable(),
});

const foreignLabels = (found: object) => !Object.keys(found).some(isOwnLabel);
const FOREIGN = 'expected no label of the engine';

const podLabels = labels().refine(foreignLabels, FOREIGN);
const metadata = z.strictObject({ labels: podLabels, annotations: annotations() });

const podTemplate = z.looseObject({
  metadata: z.looseObject({ labels: podLabels }),
  spec: z.looseObject({ containers: z.array(z.looseObject({ name: label, image: text })).min(1) }),
});

const template = z
  .custom<JsonObject>(
    (value) => isPlainJson(value, MAX_TEMPLATE_BYTES),
    `expected a pod template of at most ${MAX_TEMPLATE_BYTES} bytes and ${MAX_DEPTH} levels`,
  )
  .refine(
    (value) => podTemplate.safeParse(value).success,
    'expected a pod template with labels, containers and images',
  );

const configMaps = z
  .array(
    z.strictObject({
      name: z.string().regex(CONFIG_MAP_NAME, 'expected the name of a ConfigMap'),
      data: z.record(z.string().regex(CONFIG_KEY, 'expected a key'), z.string()),
    }),
  )
  .min(1)
  .max(MAX_CONFIG_MAPS)
  .readonly()
  .refine((maps) => distinct(maps, ({ name }) => name), 'expected names that differ')
  .refine(
    (maps) => Buffer.byteLength(JSON.stringify(maps)) <= MAX_CONFIG_MAP_BYTES,
    `expected at most ${MAX_CONFIG_MAP_BYTES} bytes`,
  );

const kubernetes = z
  .strictObject({
    platform: z.literal('kubernetes'),
    cluster: label,
    namespace: label,
    selector: podLabels.refine((found) => Object.keys(found).length > 0, 'expected a label'),
    stableService: label,
    canaryService: label,
    traffic,
    adopts: z
      .strictObject({
        kind: z.literal('Deployment'),
        name: objectName,
        scaleDown: z.enum(['never', 'onsuccess', 'progressively']),
      })
      .optional(),
    replicas: z.int().min(1).max(MAX_PODS),
    template,
    configMaps: configMaps.optional(),
    minReadySeconds: z.int().min(0).max(86_400),
    readinessPath: urlPath,
    scale,
    roleMetadata: z.strictObject({ canary: metadata.optional(), stable: metadata.optional() }).optional(),
    antiAffinity: z
      .discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('required') }),
        z.strictObject({ kind: z.literal('preferred'), weight: z.int().min(1).max(100) }),
      ])
      .optional(),
  })
  .refine(twoServices, TWO_SERVICES)
  .refine(selects, 'expected a selector that fits the labels of the pod template')
  .refine(
    ({ scale: { dynamicStableScale }, traffic: { kind } }) => !dynamicStableScale || kind !== 'replicas',
    'expected a router where dynamicStableScale is on',
  );

function selects({ selector, template: pods }: { selector: Record<string, string>; template: JsonObject }): boolean {
  const found = podTemplate.safeParse(pods);
  return found.success && Object.entries(selector).every(([key, value]) => found.data.metadata.labels[key] === value);
}

const argo = z
  .strictObject({
    platform: z.literal('argo'),
    cluster: label,
    namespace: label,
    rollout: objectName,
    container: label,
    repository: z.string().max(255).regex(REPOSITORY, 'expected an image without tag and digest'),
    readinessPath: urlPath,
    stableService: text,
    canaryService: text,
    pauseDeadlineMs: positiveMs,
    inconclusiveDeadlineMs: positiveMs,
    deadlineMs: positiveMs,
  })
  .refine(twoServices, TWO_SERVICES);

export const target = z.discriminatedUnion('platform', [local, kubernetes, argo]);
