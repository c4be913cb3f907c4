/** Argo's canary steps (argo-rollouts `types.go`, `CanaryStep`), and the analysis beside them. */
import { z } from 'zod';
import { MAX_PODS, MAX_STEPS } from '../limits.ts';
import { duration, kindsOf, opaque, refused, rule, weight } from '../shape/fields.ts';
import { analysisReferenceFields } from './analysis-schema.ts';
import { eachPlatform, inCluster } from './platform.ts';
import { headerRouteSchema, mirrorRouteSchema } from './routes.ts';

export const pauseSchema = z.strictObject({ duration: duration().nullish() });

export const canaryScaleSchema = z.strictObject({
  replicas: z.int().min(0).max(MAX_PODS).nullish(),
  weight: weight().nullish(),
  matchTrafficWeight: z.boolean().nullish(),
});

/** Kinds that may share a step with another one. */
const SHARING = ['setCanaryScale', 'setHeaderRoute', 'setMirrorRoute'] as const;
const OTHER_STEPS = ['plugin', 'replicaProgressThreshold'] as const;

/** The kinds that Argo's validation calls mutually exclusive (argo-rollouts `hasMultipleStepsType`). */
const EXCLUSIVE = ['setWeight', 'pause', 'analysis', 'experiment'] as const;

/** One step. Argo lets some kinds share a step; those that it then ignores are refused by name anyway. */
export const stepSchema = eachPlatform((platform) =>
  z
    .strictObject({
      setWeight: weight().nullish(),
      pause: pauseSchema.nullish(),
      analysis: z.strictObject(analysisReferenceFields).nullish(),
      experiment: refused('experiment'),
      setCanaryScale: inCluster(platform, 'setCanaryScale', canaryScaleSchema.nullish()),
      setHeaderRoute: inCluster(platform, 'setHeaderRoute', headerRouteSchema.nullish()),
      setMirrorRoute: inCluster(platform, 'setMirrorRoute', mirrorRouteSchema.nullish()),
      ...Object.fromEntries(OTHER_STEPS.map((name) => [name, refused(name)])),
    })
    .check(
      rule(
        (step) =>
          kindsOf(step, EXCLUSIVE).length <= 1 && kindsOf(step, [...EXCLUSIVE, ...SHARING, ...OTHER_STEPS]).length > 0,
        'SHIPLOCK_PLAN_STEP_KIND',
        (step) => {
          const kinds = kindsOf(step, EXCLUSIVE);
          const found = kinds.length === 0 ? 'does nothing' : `is ${kinds.join(' and ')} at once`;
          const more = platform === 'local' ? '' : ', setCanaryScale, setHeaderRoute, setMirrorRoute';
          return `${found}; expected exactly one of setWeight, pause, analysis${more}`;
        },
      ),
    ),
);
export const stepsSchema = eachPlatform((platform) => z.array(stepSchema[platform]).max(MAX_STEPS));

export const backgroundSchema = z.strictObject({
  ...analysisReferenceFields,
  startingStep: z.int().min(0).nullish(),
  interval: opaque(),
});
