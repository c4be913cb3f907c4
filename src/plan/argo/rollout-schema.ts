/** Argo's Rollout (argo-rollouts `types.go`): every field it knows, accepted or refused by name. */
import { z } from 'zod';
import { MAX_STEPS } from '../limits.ts';
import { duration, kindsOf, opaque, refused, rule, text, weight } from '../shape/fields.ts';
import { analysisReferenceFields, manifestFields } from './analysis-schema.ts';

export const pauseSchema = z.strictObject({ duration: duration().nullish() });

const OTHER_STEPS = [
  'setCanaryScale',
  'setHeaderRoute',
  'setMirrorRoute',
  'plugin',
  'replicaProgressThreshold',
] as const;

/** The kinds that Argo's validation calls mutually exclusive (argo-rollouts `hasMultipleStepsType`). */
const EXCLUSIVE = ['setWeight', 'pause', 'analysis', 'experiment'] as const;

/** One step. Argo lets some kinds share a step and then ignores one of them; those are refused by name anyway. */
export const stepSchema = z
  .strictObject({
    setWeight: weight().nullish(),
    pause: pauseSchema.nullish(),
    analysis: z.strictObject(analysisReferenceFields).nullish(),
    experiment: refused('experiment'),
    ...Object.fromEntries(OTHER_STEPS.map((name) => [name, refused(name)])),
  })
  .check(
    rule(
      (step) => kindsOf(step, EXCLUSIVE).length <= 1 && kindsOf(step, [...EXCLUSIVE, ...OTHER_STEPS]).length > 0,
      'SHIPLOCK_PLAN_STEP_KIND',
      (step) => {
        const kinds = kindsOf(step, EXCLUSIVE);
        const found = kinds.length === 0 ? 'does nothing' : `is ${kinds.join(' and ')} at once`;
        return `${found}; expected exactly one of setWeight, pause, analysis`;
      },
    ),
  );
export const stepsSchema = z.array(stepSchema).max(MAX_STEPS);

export const backgroundSchema = z.strictObject({
  ...analysisReferenceFields,
  startingStep: z.int().min(0).nullish(),
  interval: opaque(),
});

const virtualService = z.strictObject({
  name: text(),
  routes: z.array(text()).nullish(),
  tlsRoutes: opaque(),
  tcpRoutes: opaque(),
});

const istioSchema = z
  .strictObject({
    virtualService: virtualService.nullish(),
    virtualServices: z.array(virtualService).min(1).nullish(),
    destinationRule: z.strictObject({ name: text(), canarySubsetName: text(), stableSubsetName: text() }).nullish(),
  })
  .check(
    rule(
      (istio) => (istio?.virtualService == null) !== (istio?.virtualServices == null),
      'SHIPLOCK_PLAN_VALUE',
      () => 'expected exactly one of virtualService and virtualServices',
    ),
  );

const OTHER_ROUTERS = ['nginx', 'alb', 'smi', 'ambassador', 'appMesh', 'traefik', 'apisix', 'plugins'] as const;

const trafficRoutingSchema = z.strictObject({
  istio: istioSchema.nullish(),
  managedRoutes: z.array(z.strictObject({ name: text() })).nullish(),
  maxTrafficWeight: refused('trafficRouting.maxTrafficWeight'),
  ...Object.fromEntries(OTHER_ROUTERS.map((name) => [name, refused(`trafficRouting.${name}`)])),
});

const count = () => z.int().min(0).max(2_147_483_647).nullish();
const countOrPercent = () =>
  z.union([z.int().min(0), z.string().regex(/^\d+%?$/)], 'a number or a percentage').nullish();

export const canarySchema = z.strictObject({
  canaryService: text().nullish(),
  stableService: text().nullish(),
  steps: stepsSchema.nullish(),
  analysis: backgroundSchema.nullish(),
  trafficRouting: trafficRoutingSchema.nullish(),
  maxSurge: countOrPercent(),
  maxUnavailable: countOrPercent(),
  canaryMetadata: opaque(),
  stableMetadata: opaque(),
  antiAffinity: opaque(),
  scaleDownDelaySeconds: count(),
  scaleDownDelayRevisionLimit: count(),
  abortScaleDownDelaySeconds: count(),
  minPodsPerReplicaSet: count(),
  dynamicStableScale: refused('canary.dynamicStableScale', false),
  pingPong: refused('canary.pingPong'),
  replicaProgressThreshold: refused('canary.replicaProgressThreshold'),
});

export const blueGreenSchema = z.strictObject({
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
  maxUnavailable: countOrPercent(),
  activeMetadata: opaque(),
  previewMetadata: opaque(),
  antiAffinity: opaque(),
});

export const rolloutSpecSchema = z.strictObject({
  replicas: count(),
  selector: opaque(),
  template: opaque(),
  workloadRef: refused('workloadRef'),
  minReadySeconds: count(),
  revisionHistoryLimit: count(),
  progressDeadlineSeconds: count(),
  progressDeadlineAbort: z.boolean().nullish(),
  paused: refused('spec.paused', false),
  restartAt: refused('spec.restartAt'),
  rollbackWindow: refused('spec.rollbackWindow'),
  analysis: z.strictObject({ successfulRunHistoryLimit: count(), unsuccessfulRunHistoryLimit: count() }).nullish(),
  strategy: z.strictObject({ canary: canarySchema.nullish(), blueGreen: blueGreenSchema.nullish() }).check(
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

export const rolloutSchema = z.strictObject({
  ...manifestFields,
  kind: z.literal('Rollout'),
  spec: rolloutSpecSchema,
  status: opaque(),
});
