/** Argo's canary steps (argo-rollouts `types.go`, `CanaryStep`), and the analysis beside them. */
import { z } from 'zod';
import { MAX_STEPS } from '../limits.ts';
import { duration, kindsOf, opaque, refused, rule, weight } from '../shape/fields.ts';
import { analysisReferenceFields } from './analysis-schema.ts';
import { eachPlatform } from './platform.ts';

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
export const stepSchema = eachPlatform(() =>
  z
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
    ),
);
export const stepsSchema = eachPlatform((platform) => z.array(stepSchema[platform]).max(MAX_STEPS));

export const backgroundSchema = z.strictObject({
  ...analysisReferenceFields,
  startingStep: z.int().min(0).nullish(),
  interval: opaque(),
});
