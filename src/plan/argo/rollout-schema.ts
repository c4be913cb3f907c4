/** Argo's Rollout (argo-rollouts `types.go`): every field it knows, accepted or refused by name. */
import { z } from 'zod';
import { MAX_REVISIONS } from '../limits.ts';
import { opaque, refused, rule, text } from '../shape/fields.ts';
import { annotations, labels } from '../shape/labels.ts';
import { analysisReferenceFields, manifestFields } from './analysis-schema.ts';
import { eachPlatform, inCluster, looseLocally, type RolloutPlatform } from './platform.ts';
import { trafficRoutingSchema } from './routing-schema.ts';
import { backgroundSchema, stepsSchema } from './steps-schema.ts';

const count = () => z.int().min(0).max(2_147_483_647).nullish();
export const countOrPercent = () => z.union([z.int().min(0), z.string().regex(/^\d+%?$/)], 'a number or a percentage');

const metadataSchema = z.strictObject({ labels: labels().nullish(), annotations: annotations().nullish() }).nullish();

const antiAffinitySchema = z
  .strictObject({
    requiredDuringSchedulingIgnoredDuringExecution: z.strictObject({}).nullish(),
    preferredDuringSchedulingIgnoredDuringExecution: z.strictObject({ weight: z.int().min(1).max(100) }).nullish(),
  })
  .check(
    rule(
      (given) => Object.values(given ?? {}).filter((value) => value != null).length === 1,
      'SHIPLOCK_PLAN_CHOICE',
      () =>
        'expected exactly one of requiredDuringSchedulingIgnoredDuringExecution and preferredDuringSchedulingIgnoredDuringExecution',
    ),
  )
  .nullish();

const pingPongSchema = z.strictObject({ pingService: text(), pongService: text() }).check(
  rule(
    (services) => services?.pingService !== services?.pongService,
    'SHIPLOCK_PLAN_DUPLICATE',
    () => 'pingService and pongService must differ',
  ),
);

export const canarySchema = eachPlatform((platform) =>
  z.strictObject({
    canaryService: text().nullish(),
    stableService: text().nullish(),
    steps: stepsSchema[platform].nullish(),
    analysis: backgroundSchema.nullish(),
    trafficRouting: trafficRoutingSchema[platform].nullish(),
    maxSurge: countOrPercent().nullish(),
    maxUnavailable: countOrPercent().nullish(),
    canaryMetadata: looseLocally(platform, opaque(), metadataSchema),
    stableMetadata: looseLocally(platform, opaque(), metadataSchema),
    antiAffinity: looseLocally(platform, opaque(), antiAffinitySchema),
    scaleDownDelaySeconds: count(),
    scaleDownDelayRevisionLimit: count(),
    abortScaleDownDelaySeconds: count(),
    minPodsPerReplicaSet: count(),
    dynamicStableScale: inCluster(platform, 'canary.dynamicStableScale', z.boolean().nullish(), false),
    pingPong: inCluster(platform, 'canary.pingPong', pingPongSchema.nullish()),
    replicaProgressThreshold: refused('canary.replicaProgressThreshold'),
  }),
);

export const blueGreenSchema = eachPlatform((platform) =>
  z.strictObject({
    activeService: text().nullish(),
    previewService: text().nullish(),
    autoPromotionEnabled: z.boolean().nullish(),
    autoPromotionSeconds: count(),
    prePromotionAnalysis: z.strictObject(analysisReferenceFields).nullish(),
    postPromotionAnalysis: z.strictObject(analysisReferenceFields).nullish(),
    previewReplicaCount: count(),
    scaleDownDelaySeconds: count(),
    scaleDownDelayRevisionLimit: count(),
    abortScaleDownDelaySeconds: count(),
    maxUnavailable: countOrPercent().nullish(),
    activeMetadata: looseLocally(platform, opaque(), metadataSchema),
    previewMetadata: looseLocally(platform, opaque(), metadataSchema),
    antiAffinity: looseLocally(platform, opaque(), antiAffinitySchema),
  }),
);

export const workloadRefSchema = z.strictObject({
  apiVersion: text().nullish(),
  kind: z.unknown().refine((kind) => kind === 'Deployment', {
    params: { code: 'SHIPLOCK_PLAN_UNSUPPORTED', expected: '"Deployment"' },
    error: 'of what Argo Rollouts takes for workloadRef, only a Deployment is supported by this version of Shiplock',
  }),
  name: text(),
  scaleDown: z.enum(['never', 'onsuccess', 'progressively']).nullish(),
});

const rollbackWindowSchema = z.strictObject({ revisions: z.int().min(0).max(MAX_REVISIONS).nullish() });

const specOn = (platform: RolloutPlatform) =>
  z.strictObject({
    replicas: count(),
    selector: opaque(),
    template: opaque(),
    workloadRef: inCluster(platform, 'workloadRef', workloadRefSchema.nullish()),
    minReadySeconds: count(),
    revisionHistoryLimit: count(),
    progressDeadlineSeconds: count(),
    progressDeadlineAbort: z.boolean().nullish(),
    paused: refused('spec.paused', false),
    restartAt: refused('spec.restartAt'),
    rollbackWindow: inCluster(platform, 'spec.rollbackWindow', rollbackWindowSchema.nullish()),
    analysis: z.strictObject({ successfulRunHistoryLimit: count(), unsuccessfulRunHistoryLimit: count() }).nullish(),
    strategy: z
      .strictObject({ canary: canarySchema[platform].nullish(), blueGreen: blueGreenSchema[platform].nullish() })
      .check(
        rule(
          (strategy) => (strategy?.canary ?? strategy?.blueGreen) != null,
          'SHIPLOCK_PLAN_FIELD_MISSING',
          () => 'has no strategy; expected canary or blueGreen',
        ),
        rule(
          (strategy) => strategy?.canary == null || strategy.blueGreen == null,
          'SHIPLOCK_PLAN_CHOICE',
          () => 'has canary and blueGreen; expected exactly one of them',
        ),
      ),
  });

export const rolloutSchema = eachPlatform((platform) =>
  z.strictObject({
    ...manifestFields,
    kind: z.literal('Rollout'),
    spec: specOn(platform),
    status: opaque(),
  }),
);
