/** Argo's Rollout (argo-rollouts `types.go`): every field it knows, accepted or refused by name. */
import { z } from 'zod';
import { MAX_STEPS } from '../limits.ts';
import { duration, opaque, refused, rule, text, weight } from '../shape/fields.ts';
import { analysisReferenceFields, manifestFields } from './analysis-schema.ts';

export const pauseSchema = z.strictObject({ duration: duration().nullish() });

const STEP_KINDS = [
  'setWeight',
  'pause',
  'analysis',
  'setCanaryScale',
  'experiment',
  'setHeaderRoute',
  'setMirrorRoute',
  'plugin',
  'replicaProgressThreshold',
] as const;

const kindsOf = (step: unknown): string[] =>
  typeof step === 'object' && step !== null
    ? STEP_KINDS.filter((kind) => (step as Record<string, unknown>)[kind] != null)
    : [];

/** One step. Argo lets some pairs of kinds share a step and then ignores one of them; we refuse every pair. */
export const stepSchema = z
  .strictObject({
    setWeight: weight().nullish(),
    pause: pauseSchema.nullish(),
    analysis: z.strictObject(analysisReferenceFields).nullish(),
    setCanaryScale: refused('setCanaryScale'),
    experiment: refused('experiment'),
    setHeaderRoute: refused('setHeaderRoute'),
    setMirrorRoute: refused('setMirrorRoute'),
    plugin: refused('plugin'),
    replicaProgressThreshold: refused('replicaProgressThreshold'),
  })
  .check(
    rule(
      (step) => kindsOf(step).length === 1,
      'SHIPLOCK_PLAN_STEP_KIND',
      (step) => {
        const kinds = kindsOf(step);
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
  dynamicStableScale: z.literal(false, 'dynamicStableScale is not supported by this version; remove it').nullish(),
  pingPong: refused('canary.pingPong'),
  replicaProgressThreshold: refused('canary.replicaProgressThreshold'),
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
  paused: refused('spec.paused'),
  restartAt: refused('spec.restartAt'),
  rollbackWindow: refused('spec.rollbackWindow'),
  analysis: z.strictObject({ successfulRunHistoryLimit: count(), unsuccessfulRunHistoryLimit: count() }).nullish(),
  strategy: z.strictObject({ canary: canarySchema.nullish(), blueGreen: refused('strategy.blueGreen') }).check(
    rule(
      (strategy) => strategy?.canary != null || (strategy as { blueGreen?: unknown } | null)?.blueGreen != null,
      'SHIPLOCK_PLAN_FIELD_MISSING',
      () => 'has no strategy; expected canary',
    ),
  ),
});

export const rolloutSchema = z.strictObject({
  ...manifestFields,
  kind: z.literal('Rollout'),
  spec: rolloutSpecSchema,
  status: opaque(),
});
